"""Alerts as JSON: the one form that the outbox, `spotter alerts` and the dashboard's API share.

An alert is one object with `schema_version`; the keys are the field names of `contracts.Alert`. Times are ISO 8601 in
UTC with microseconds ("2026-01-31T08:15:00.250000Z") or null, so nothing is lost on the way. Evidence is an object of
`{value, threshold, unit, comparison}` by name; a number that JSON cannot hold is written as "nan", "inf" or "-inf".
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from spotter.core.clock import from_datetime, to_datetime
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
from spotter.core.errors import WireError

_READABLE = tuple(version for version in (SCHEMA_VERSION - 1, SCHEMA_VERSION) if version > 0)


def alert_json(alert: Alert) -> dict[str, Any]:
    """`alert` as a JSON-ready dict; `alert_from_json` gives an equal alert back."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": str(alert.id),
        "site": alert.site,
        "camera_id": alert.camera_id,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "zone": alert.zone,
        "track_id": alert.track_id,
        "started_at": time_json(alert.started_at),
        "raised_at": time_json(alert.raised_at),
        "ended_at": time_json(alert.ended_at),
        "open": alert.open,
        "evidence": evidence_json(alert.evidence),
        "versions": dict(alert.versions),
        "ledger": {field.name: time_json(getattr(alert.ledger, field.name)) for field in fields(Ledger)},
        "frames_considered": alert.frames_considered,
        "frames_dropped": alert.frames_dropped,
    }


def alert_from_json(value: Mapping[str, Any]) -> Alert:
    """The alert that `alert_json` wrote.

    Raises:
        WireError: another schema version, or a field missing or of the wrong form.
    """
    _check_version(value)
    try:
        return Alert(
            id=uuid.UUID(value["id"]),
            site=value["site"],
            camera_id=value["camera_id"],
            kind=AlertKind(value["kind"]),
            severity=Severity(value["severity"]),
            zone=value["zone"],
            track_id=value["track_id"],
            started_at=_time(value["started_at"]),
            raised_at=_time(value["raised_at"]),
            ended_at=_time_or_none(value["ended_at"]),
            evidence=evidence_from_json(value["evidence"]),
            versions=dict(value["versions"]),
            ledger=Ledger(
                captured=_time(value["ledger"]["captured"]),
                **{name: _time_or_none(at) for name, at in value["ledger"].items() if name != "captured"},
            ),
            frames_considered=value["frames_considered"],
            frames_dropped=value["frames_dropped"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable("alert", error) from None


def update_json(update: AlertUpdate) -> dict[str, Any]:
    """`update` as a JSON-ready dict."""
    return {
        "schema_version": SCHEMA_VERSION,
        "alert_id": str(update.alert_id),
        "number": update.number,
        "kind": update.kind.value,
        "at": time_json(update.at),
        "evidence": evidence_json(update.evidence),
    }


def update_from_json(value: Mapping[str, Any]) -> AlertUpdate:
    """The update that `update_json` wrote.

    Raises:
        WireError: another schema version, or a field missing or of the wrong form.
    """
    _check_version(value)
    try:
        return AlertUpdate(
            alert_id=uuid.UUID(value["alert_id"]),
            number=value["number"],
            kind=UpdateKind(value["kind"]),
            at=_time(value["at"]),
            evidence=evidence_from_json(value["evidence"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable("alert update", error) from None


def message_json(alert: Alert, update: AlertUpdate) -> dict[str, Any]:
    """What the outbox carries: `{schema_version, alert, update}`, the alert as it stood after the update."""
    return {"schema_version": SCHEMA_VERSION, "alert": alert_json(alert), "update": update_json(update)}


def evidence_json(evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """Evidence by name as JSON-ready objects; numpy scalars become plain numbers."""
    return {
        name: {
            "value": _number_json(one.value),
            "threshold": _number_json(one.threshold),
            "unit": one.unit,
            "comparison": one.comparison,
        }
        for name, one in evidence.items()
    }


def evidence_from_json(value: Mapping[str, Any]) -> dict[str, Evidence]:
    """The evidence that `evidence_json` wrote."""
    return {
        name: Evidence(float(one["value"]), float(one["threshold"]), one["unit"], one["comparison"])
        for name, one in value.items()
    }


def time_json(nanoseconds: int | None) -> str | None:
    """UTC nanoseconds as ISO 8601 with microseconds and "Z"; None stays None."""
    if nanoseconds is None:
        return None
    return to_datetime(nanoseconds).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _time(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def _time_or_none(text: str | None) -> int | None:
    return None if text is None else _time(text)


def _number_json(number: float) -> float | str:
    plain = float(number)
    return plain if math.isfinite(plain) else str(plain)


def _check_version(value: Mapping[str, Any]) -> None:
    version = value.get("schema_version") if isinstance(value, Mapping) else None
    if version not in _READABLE:
        raise WireError(
            f"alert JSON has schema version {version!r}; this Spotter reads {' and '.join(map(str, _READABLE))}",
            mend="Use the Spotter that wrote it, or a newer one",
        )


def _unreadable(what: str, error: Exception) -> WireError:
    return WireError(f"{what} JSON cannot be read: {type(error).__name__}: {error}", mend="Export it again")
