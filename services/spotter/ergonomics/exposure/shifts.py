"""Stretches of event time that exposure is told for: shifts, days and hours on the site's clock. Pure.

Clocks that are set forward or back are taken into account: a shift over such a night is an hour shorter or longer. A
time of day that does not exist is taken as the same moment on the clock before; of one that comes twice, the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from spotter.core.clock import from_datetime, to_datetime
from spotter.core.shifts import DAYS, WHOLE_DAY, ShiftParameters

By = Literal["shift", "day", "hour"]


@dataclass(frozen=True, slots=True)
class Period:
    """`start` included, `end` not; UTC ns. `name` is that of the shift, or empty; `day` is the one it begins on."""

    name: str
    day: date
    start: int
    end: int


def periods(
    since: int, until: int, timezone: str, *, by: By = "shift", shifts: Sequence[ShiftParameters] = ()
) -> list[Period]:
    """All shifts, days or hours that have a part in `since` <= t < `until` (UTC ns), in order of time; whole ones."""
    zone = ZoneInfo(timezone)
    first = to_datetime(since).astimezone(zone).date() - timedelta(days=1)
    last = to_datetime(max(until - 1, since)).astimezone(zone).date()
    found: list[Period] = []
    while first <= last:
        found += _hours(first, zone) if by == "hour" else _shifts(first, zone, (shifts if by == "shift" else ()))
        first += timedelta(days=1)
    found = [one for one in found if one.end > since and one.start < until]
    return sorted(found, key=lambda one: (one.start, one.end, one.name))


def _shifts(day: date, zone: ZoneInfo, shifts: Sequence[ShiftParameters]) -> Iterator[Period]:
    for shift in shifts or (WHOLE_DAY,):
        if DAYS[day.weekday()] not in shift.days:
            continue
        last = day if shift.begins < shift.ends else day + timedelta(days=1)
        start, end = _moment(day, shift.begins, zone), _moment(last, shift.ends, zone)
        if start < end:
            yield Period(shift.name if shifts else "", day, start, end)


def _hours(day: date, zone: ZoneInfo) -> Iterator[Period]:
    """Hours of real time from midnight on: 23 or 25 where the clock was set."""
    start, end = _moment(day, time(), zone), _moment(day + timedelta(days=1), time(), zone)
    hour = 3600 * 1_000_000_000
    for begin in range(start, end, hour):
        yield Period("", day, begin, min(begin + hour, end))


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    return from_datetime(datetime.combine(day, at, zone).astimezone(UTC))
