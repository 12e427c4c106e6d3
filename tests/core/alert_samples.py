"""Alerts for tests, with every field set to something of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spotter.core.clock import SECOND
from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    Evidence,
    Ledger,
    Severity,
    UpdateKind,
    alert_id,
)

START = 1_769_847_300 * SECOND + 123_456_000
"""2026-01-31T08:15:00.123456Z, UTC ns."""


def make_alert(number: int = 0, **changes: Any) -> Alert:
    """Alert `number`: raised `number` seconds after `START`, on camera "dock" unless `changes` say otherwise."""
    started = START + number * SECOND - 3 * SECOND
    camera = changes.get("camera_id", "dock")
    alert = Alert(
        id=alert_id("site", camera, AlertKind.POSSIBLE_FALL, START, started, number),
        site="site",
        camera_id="dock",
        kind=AlertKind.POSSIBLE_FALL,
        severity=Severity.P2,
        started_at=started,
        raised_at=started + 3 * SECOND,
        track_id=f"p{number}",
        evidence={"on_ground": Evidence(3.25, 3.0, "s"), "trunk_inclination_low": Evidence(71.5, 60.0, "deg")},
        versions={"rule": "fall/1", "pose": "movenet-multipose/1"},
        ledger=Ledger(captured=started + 3 * SECOND, published=started + 3 * SECOND + 5_000_000, posed=None),
        frames_considered=29,
        frames_dropped=2,
        zone="gate 4",
    )
    return replace(alert, **changes)


def make_update(alert: Alert, number: int = 0, kind: UpdateKind = UpdateKind.RAISED, after_s: float = 0) -> AlertUpdate:
    """Update `number` of `alert`, `after_s` seconds after it was raised."""
    at = alert.raised_at + round(after_s * 1_000_000) * 1000
    return AlertUpdate(alert.id, number, kind, at, {"still_s": Evidence(float(number), 0.5, "s", ">")})
