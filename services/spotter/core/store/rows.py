"""Contracts <-> table rows."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    CameraHealth,
    CameraState,
    Ledger,
    Severity,
    UpdateKind,
)
from spotter.core.store.alert_json import evidence_from_json, evidence_json
from spotter.core.store.records import CameraRecord, OutboxEntry
from spotter.core.store.tables import AlertRow, AlertUpdateRow, CameraRow, OutboxRow

LEDGER = tuple(field.name for field in fields(Ledger))
"""Steps of the latency ledger; each has a column `ledger_<name>`."""


def alert_values(alert: Alert) -> dict[str, Any]:
    """Column values of `alerts`."""
    return {
        "id": alert.id,
        "site": alert.site,
        "camera_id": alert.camera_id,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "zone": alert.zone,
        "track_id": alert.track_id,
        "started_at": alert.started_at,
        "raised_at": alert.raised_at,
        "ended_at": alert.ended_at,
        "evidence": evidence_json(alert.evidence),
        "versions": dict(alert.versions),
        "frames_considered": alert.frames_considered,
        "frames_dropped": alert.frames_dropped,
    } | {f"ledger_{name}": getattr(alert.ledger, name) for name in LEDGER}


def alert_of(row: AlertRow) -> Alert:
    """The alert that a row holds."""
    return Alert(
        id=row.id,
        site=row.site,
        camera_id=row.camera_id,
        kind=AlertKind(row.kind),
        severity=Severity(row.severity),
        zone=row.zone,
        track_id=row.track_id,
        started_at=row.started_at,
        raised_at=row.raised_at,
        ended_at=row.ended_at,
        evidence=evidence_from_json(row.evidence),
        versions=dict(row.versions),
        ledger=Ledger(**{name: getattr(row, f"ledger_{name}") for name in LEDGER}),
        frames_considered=row.frames_considered,
        frames_dropped=row.frames_dropped,
    )


def update_values(update: AlertUpdate) -> dict[str, Any]:
    """Column values of `alert_updates`."""
    return {
        "alert_id": update.alert_id,
        "number": update.number,
        "kind": update.kind.value,
        "at": update.at,
        "evidence": evidence_json(update.evidence),
    }


def update_of(row: AlertUpdateRow) -> AlertUpdate:
    """The update that a row holds."""
    return AlertUpdate(row.alert_id, row.number, UpdateKind(row.kind), row.at, evidence_from_json(row.evidence))


def camera_values(health: CameraHealth, site: str, source: str) -> dict[str, Any]:
    """Column values of `cameras` for a camera seen for the first time."""
    return {
        "site": site,
        "id": health.camera_id,
        "source": source,
        "state": health.state.value,
        "detail": health.detail,
        "width": health.width,
        "height": health.height,
        "fps": health.frames_per_second,
        "first_seen": health.at,
        "last_seen": health.at,
        "trusted": health.trusted,
        "problems": list(health.problems),
    }


def camera_of(row: CameraRow) -> CameraRecord:
    """The camera that a row holds."""
    return CameraRecord(
        site=row.site,
        id=row.id,
        source=row.source,
        state=CameraState(row.state),
        detail=row.detail,
        width=row.width,
        height=row.height,
        fps=row.fps,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        trusted=row.trusted,
        problems=tuple(row.problems),
    )


def outbox_of(row: OutboxRow) -> OutboxEntry:
    """The message that a row holds."""
    return OutboxEntry(
        id=row.id,
        alert_id=row.alert_id,
        update_number=row.update_number,
        topic=row.topic,
        payload=row.payload,
        created_at=row.created_at,
        attempts=row.attempts,
    )
