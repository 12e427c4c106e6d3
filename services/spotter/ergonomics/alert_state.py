"""Alerts and their updates <-> plain values (lists, numbers, text), exact, for snapshots. Pure.

Evidence keeps its order, because an alert that comes out of a snapshot must be the same to the last bit.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Evidence, Ledger, Severity, UpdateKind

Plain = list[Any]


def alert_state(alert: Alert) -> Plain:
    """`alert` as plain values."""
    return [
        alert.id.bytes, alert.site, alert.camera_id, alert.kind.value, alert.severity.value, alert.started_at,
        alert.raised_at, alert.track_id, _evidence_state(alert.evidence), dict(alert.versions),
        list(astuple(alert.ledger)), alert.frames_considered, alert.frames_dropped, alert.zone, alert.ended_at,
    ]  # fmt: skip


def alert_from(state: Sequence[Any]) -> Alert:
    """The alert that `alert_state` was given."""
    identity, site, camera, kind, severity, started, raised, track, evidence, versions, ledger, *rest = state
    considered, dropped, zone, ended = rest
    return Alert(
        id=uuid.UUID(bytes=identity),
        site=site,
        camera_id=camera,
        kind=AlertKind(kind),
        severity=Severity(severity),
        started_at=started,
        raised_at=raised,
        track_id=track,
        evidence=_evidence_from(evidence),
        versions=versions,
        ledger=Ledger(*ledger),
        frames_considered=considered,
        frames_dropped=dropped,
        zone=zone,
        ended_at=ended,
    )


def update_state(update: AlertUpdate) -> Plain:
    """`update` as plain values."""
    return [update.alert_id.bytes, update.number, update.kind.value, update.at, _evidence_state(update.evidence)]


def update_from(state: Sequence[Any]) -> AlertUpdate:
    """The update that `update_state` was given."""
    identity, number, kind, at, evidence = state
    return AlertUpdate(uuid.UUID(bytes=identity), number, UpdateKind(kind), at, _evidence_from(evidence))


def _evidence_state(evidence: Mapping[str, Evidence]) -> Plain:
    return [[name, float(e.value), float(e.threshold), e.unit, e.comparison] for name, e in evidence.items()]


def _evidence_from(state: Sequence[Any]) -> dict[str, Evidence]:
    return {name: Evidence(*numbers) for name, *numbers in state}
