"""Quiet hours: whether a moment lies in a daily window of local time.

The moment is turned to local time first, so a window is judged by what the clock on the wall shows: on the day on which
the clocks change it is an hour longer or shorter, and an hour that comes twice is quiet twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time, tzinfo

from spotter.core.clock import to_datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin` (included) to `end` (not included), local time.

    Attributes:
        days: weekdays (Monday is 0) on which it begins. A window over midnight goes on into the next day.
        begin, end: equal ends are the whole day.
    """

    begin: time
    end: time
    days: Collection[int] = range(7)

    def holds(self, at: int, zone: tzinfo) -> bool:
        """Whether the moment `at` (UTC ns) lies in it."""
        local = to_datetime(at).astimezone(zone)
        today, yesterday = local.weekday(), (local.weekday() - 1) % 7
        clock = local.time()
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        return (today in self.days and clock >= self.begin) or (yesterday in self.days and clock < self.end)


def parse_window(between: str, days: Collection[int] = range(7)) -> Window:
    """The window that "22:00-06:00" describes.

    Raises:
        ValueError: it does not.
    """
    begin, end = (time.fromisoformat(part) for part in between.split("-"))
    return Window(begin, end, days)
