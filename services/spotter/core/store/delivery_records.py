"""What the store answers about deliveries: plain frozen dataclasses, no database types."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

NOBODY = "-"
"""Channel of a delivery that no channel took."""


class DeliveryState(StrEnum):
    """Where a delivery stands; see `tables.DeliveryRow`."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    WITHHELD = "withheld"
    EXPIRED = "expired"
    NO_CHANNEL = "no_channel"


@dataclass(frozen=True, slots=True)
class FanOut:
    """What one look into the outbox brought: messages taken, and new deliveries by channel and state."""

    messages: int = 0
    made: Mapping[tuple[str, DeliveryState], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in hand until its lease ends.

    Attributes:
        attempts: tries including this one; also tells this claim from a later one.
        payload: what the outbox holds, or None for a summary.
        summary: what a summary stands for, or None.
        created_at: when the message was written to the outbox, or the summary was made; UTC ns.
        withheld: why it is held back instead; nothing is to be sent then.
        expired: True when its time is over; nothing is to be sent, and it is dead.
    """

    id: int
    channel: str
    severity: str
    attempts: int
    payload: Mapping[str, Any] | None
    summary: Mapping[str, Any] | None
    created_at: int
    withheld: str = ""
    expired: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery for people to read. Times are wall clock, UTC ns.

    Attributes:
        channel: its name, or `NOBODY`.
        alert_id, update_number, camera_id, kind, update: what it tells of; None in a summary.
        count: messages that a summary stands for; None in others.
        summary_id: the summary that stands for this withheld delivery.
    """

    id: int
    channel: str
    state: DeliveryState
    severity: str
    attempts: int
    created_at: int
    due_at: int
    finished_at: int | None
    error: str
    alert_id: uuid.UUID | None
    update_number: int | None
    camera_id: str | None
    kind: str | None
    update: str | None
    count: int | None
    summary_id: int | None


@dataclass(frozen=True, slots=True)
class ChannelBacklog:
    """What waits on one channel. `oldest` is when the oldest pending delivery was made (UTC ns), None without one."""

    pending: int = 0
    dead: int = 0
    withheld: int = 0
    oldest: int | None = None
