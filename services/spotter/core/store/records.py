"""What the store answers: plain frozen dataclasses, no database types."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spotter.core.contracts import Alert, AlertUpdate, CameraState


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert with all that happened to it, in order of `number`."""

    alert: Alert
    updates: tuple[AlertUpdate, ...]


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """The newest that the store heard of a camera. Times are wall clock, UTC ns; `source` is redacted."""

    site: str
    id: str
    source: str
    state: CameraState
    detail: str
    width: int
    height: int
    fps: float
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message that waits for delivery. `payload` is `alert_json.message_json` of its alert and update."""

    id: int
    alert_id: uuid.UUID
    update_number: int
    topic: str
    payload: Mapping[str, Any]
    created_at: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows in the store."""

    cameras: int
    alerts: int
    alerts_open: int
    outbox_pending: int
