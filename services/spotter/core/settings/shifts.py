"""Settings of a site's clock: its time zone and its shifts."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from spotter.core.shifts import ShiftParameters


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; write it as in the IANA database, for example Europe/Berlin") from None
    return name


def _apart(shifts: tuple[ShiftParameters, ...]) -> tuple[ShiftParameters, ...]:
    names = [shift.name for shift in shifts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two shifts are named '{twice}'; give each a name of its own")
    return shifts


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Shifts = Annotated[tuple[ShiftParameters, ...], AfterValidator(_apart)]
