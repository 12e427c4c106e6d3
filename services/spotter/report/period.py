"""The stretches of time that a report counts, from days and shifts on the site's clock. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from spotter.core.clock import from_datetime, to_datetime
from spotter.core.errors import ConfigError
from spotter.core.shifts import ShiftParameters
from spotter.ergonomics.exposure.shifts import periods
from spotter.report.catalogue import time_of
from spotter.report.data import Window

MOST_DAYS = 400
"""As long as exposure is kept by default (`store.retention`)."""


def span(since: str | None, until: str | None, zone: ZoneInfo, now: int) -> tuple[int, int]:
    """Beginning and end of a report, UTC ns: a day as `until` is included. Default: today until now.

    Args:
        since, until: ISO 8601 days or times, on the site's clock where they name no offset.

    Raises:
        ConfigError: not written so, the wrong way round, or longer than `MOST_DAYS`.
    """
    today = to_datetime(now).astimezone(zone).date()
    start = _midnight(today, zone) if since is None else time_of("--from", since, zone)
    if until is None:
        end = now if since is None or start < now else start
    else:
        day = _day(until)
        end = time_of("--to", until, zone) if day is None else _midnight(day + timedelta(days=1), zone)
    if end <= start:
        raise ConfigError(
            f"--to {until or 'now'} is not after --from {since or 'the beginning of today'}",
            mend="Write --from and --to so that there is time between them; a day as --to is included",
        )
    if end - start > MOST_DAYS * 86_400 * 10**9:
        raise ConfigError(f"--from {since} --to {until} is longer than {MOST_DAYS} days", mend="Write a shorter period")
    return start, end


def windows(
    start: int, end: int, zone: ZoneInfo, shifts: Sequence[ShiftParameters], wanted: Iterable[str] = ()
) -> tuple[Window, ...]:
    """The shifts within `start` <= t < `end`, cut to it; without shifts, or with none wanted, all of the time.

    Where two shifts overlap, the time counts for the one that began first.

    Raises:
        ConfigError: a wanted shift is not in the settings, or none of them falls into the time.
    """
    names = tuple(wanted)
    for name in names:
        if name not in {shift.name for shift in shifts}:
            known = ", ".join(shift.name for shift in shifts)
            raise ConfigError(
                f"--shift '{name}' is no shift of the site",
                mend=f"Known are {known}" if known else "The settings name none; write them under `shifts:`",
            )
    if not names:
        return (Window(start, end),)
    chosen = [shift for shift in shifts if shift.name in names]
    found: list[Window] = []
    for one in periods(start, end, zone.key, shifts=chosen):
        begin = max(one.start, start, found[-1].end if found else start)
        if begin < min(one.end, end):
            found.append(Window(begin, min(one.end, end), one.name))
    if not found:
        raise ConfigError(
            f"no shift '{', '.join(names)}' falls into that time",
            mend="Look at its days and hours with `spotter config`",
        )
    return tuple(found)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _midnight(day: date, zone: ZoneInfo) -> int:
    return from_datetime(datetime.combine(day, time(), zone))
