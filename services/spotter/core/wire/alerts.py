"""Alerts and their updates <-> bytes. Every function raises `WireError`, and nothing else, on what does not fit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from spotter.core.contracts import (
    SCHEMA_VERSION,
    Alert,
    AlertKind,
    AlertUpdate,
    Evidence,
    Ledger,
    Severity,
    UpdateKind,
)
from spotter.core.wire.envelope import as_wire_errors, parse
from spotter.core.wire.generated import alert_pb2

_LEDGER = tuple(field.name for field in fields(Ledger))


def encode_alert(alert: Alert) -> bytes:
    """`alert` as bytes."""
    with as_wire_errors("encode", "alert"):
        return alert_pb2.Alert(
            schema_version=SCHEMA_VERSION,
            id=alert.id.bytes,
            site=alert.site,
            camera_id=alert.camera_id,
            kind=f"ALERT_KIND_{alert.kind.name}",
            severity=f"SEVERITY_{alert.severity.name}",
            zone=alert.zone,
            track_id=alert.track_id,
            started_at=alert.started_at,
            raised_at=alert.raised_at,
            ended_at=alert.ended_at,
            evidence=_evidence_messages(alert.evidence),
            versions=dict(alert.versions),
            ledger=alert_pb2.Ledger(**{name: getattr(alert.ledger, name) for name in _LEDGER}),
            frames_considered=alert.frames_considered,
            frames_dropped=alert.frames_dropped,
        ).SerializeToString(deterministic=True)


def decode_alert(data: bytes) -> Alert:
    """The alert that `encode_alert` wrote; evidence and versions come in the order of their names."""
    message = parse(alert_pb2.Alert(), "alert", data)
    with as_wire_errors("decode", "alert"):
        return Alert(
            id=uuid.UUID(bytes=message.id),
            site=message.site,
            camera_id=message.camera_id,
            kind=AlertKind[alert_pb2.AlertKind.Name(message.kind).removeprefix("ALERT_KIND_")],
            severity=Severity[alert_pb2.Severity.Name(message.severity).removeprefix("SEVERITY_")],
            zone=_optional(message, "zone"),
            track_id=message.track_id,
            started_at=message.started_at,
            raised_at=message.raised_at,
            ended_at=_optional(message, "ended_at"),
            evidence=_evidence(message.evidence),
            versions={name: message.versions[name] for name in sorted(message.versions)},
            ledger=Ledger(
                captured=message.ledger.captured,
                **{name: _optional(message.ledger, name) for name in _LEDGER if name != "captured"},
            ),
            frames_considered=message.frames_considered,
            frames_dropped=message.frames_dropped,
        )


def encode_alert_update(update: AlertUpdate) -> bytes:
    """`update` as bytes."""
    with as_wire_errors("encode", "alert update"):
        return alert_pb2.AlertUpdate(
            schema_version=SCHEMA_VERSION,
            alert_id=update.alert_id.bytes,
            number=update.number,
            kind=f"UPDATE_KIND_{update.kind.name}",
            at=update.at,
            evidence=_evidence_messages(update.evidence),
        ).SerializeToString(deterministic=True)


def decode_alert_update(data: bytes) -> AlertUpdate:
    """The update that `encode_alert_update` wrote; evidence comes in the order of its names."""
    message = parse(alert_pb2.AlertUpdate(), "alert update", data)
    with as_wire_errors("decode", "alert update"):
        return AlertUpdate(
            alert_id=uuid.UUID(bytes=message.alert_id),
            number=message.number,
            kind=UpdateKind[alert_pb2.UpdateKind.Name(message.kind).removeprefix("UPDATE_KIND_")],
            at=message.at,
            evidence=_evidence(message.evidence),
        )


def _evidence_messages(evidence: Mapping[str, Evidence]) -> dict[str, alert_pb2.Evidence]:
    return {
        name: alert_pb2.Evidence(value=one.value, threshold=one.threshold, unit=one.unit, comparison=one.comparison)
        for name, one in evidence.items()
    }


def _evidence(messages: Mapping[str, alert_pb2.Evidence]) -> dict[str, Evidence]:
    return {
        name: Evidence(messages[name].value, messages[name].threshold, messages[name].unit, messages[name].comparison)
        for name in sorted(messages)
    }


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None
