"""Time. Event time is UTC nanoseconds since 1970 as `int`, whole microseconds, so that every store keeps it exactly.

Rules see event time only (`captured_at`); the wall clock is read here, by shells, and nowhere else.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

MICROSECOND = 1_000


def now() -> int:
    """The wall clock: UTC nanoseconds, whole microseconds."""
    return whole_microseconds(time.time_ns())


def whole_microseconds(nanoseconds: int) -> int:
    """Round down to whole microseconds, the precision that every store keeps."""
    return nanoseconds - nanoseconds % MICROSECOND


def from_seconds(seconds: float) -> int:
    """Seconds to nanoseconds, rounded to whole microseconds."""
    return round(seconds * 1_000_000) * MICROSECOND


def to_seconds(nanoseconds: int) -> float:
    """Nanoseconds to seconds."""
    return nanoseconds / SECOND


def to_datetime(nanoseconds: int) -> datetime:
    """UTC nanoseconds to an aware datetime (UTC), exact to the microsecond."""
    seconds, rest = divmod(nanoseconds, SECOND)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest // MICROSECOND)


def from_datetime(moment: datetime) -> int:
    """An aware datetime to UTC nanoseconds.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    whole = moment.astimezone(UTC)
    return int(whole.replace(microsecond=0).timestamp()) * SECOND + whole.microsecond * MICROSECOND


def isoformat(nanoseconds: int) -> str:
    """UTC nanoseconds as ISO 8601 with milliseconds, for people."""
    return to_datetime(nanoseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
