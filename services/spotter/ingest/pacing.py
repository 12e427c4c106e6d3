"""When a frame is due: the rate limit of every camera, and real-time playing of finite sources. Pure; times come in.

All times are nanoseconds. `RateLimit` sees event time for finite sources and arrival time for live ones.
"""

from __future__ import annotations

from enum import Enum

from spotter.core.clock import SECOND, from_seconds

MAX_LAG_NS = SECOND // 2
"""A finite source this far behind real time skips frames until it has caught up [D]."""

MAX_CATCH_UP_NS = 2 * SECOND
"""A source still behind after skipping for this long (wall time) plays slower instead, so that something is seen."""

_EARLY_SHARE = 0.25
"""A frame may come early by this share of the period: times jitter, the average rate stays bounded."""


class RateLimit:
    """Lets at most `per_second` frames a second through, on average; evenly, not in bursts."""

    def __init__(self, per_second: float) -> None:
        self._period = SECOND / per_second
        self._due: float | None = None

    def admits(self, at: int) -> bool:
        """Whether the frame at `at` is within the rate. Times must not fall."""
        if self._due is None:
            self._due = at + self._period
            return True
        if at < self._due - _EARLY_SHARE * self._period:
            return False
        self._due = max(self._due + self._period, at)
        return True


class Moment(Enum):
    """What the time of a frame means for its reader."""

    EARLY = "early"
    DUE = "due"
    LATE = "late"


class RealTimePacer:
    """Plays media time against the wall clock, one second per second.

    Event time is `epoch + media time` whatever happens. When the machine cannot keep up even by skipping, the schedule
    moves back and `clock_offset_ns` says by how much event time then trails the wall clock.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.clock_offset_ns = 0
        self._catching_up_since: int | None = None

    def captured_at(self, media_time_s: float) -> int:
        """Event time of a frame, UTC ns, whole microseconds."""
        return self.epoch + from_seconds(media_time_s)

    def wait_ns(self, captured_at: int, wall: int) -> int:
        """Nanoseconds until the frame is to be shown; negative when it is overdue."""
        return captured_at - self.clock_offset_ns - wall

    def judge(self, captured_at: int, wall: int) -> Moment:
        """Whether to wait for the frame's time, to show it at once, or to skip it. Call once per frame, in order."""
        wait = self.wait_ns(captured_at, wall)
        if wait > 0:
            self._catching_up_since = None
            return Moment.EARLY
        if self._catching_up_since is None:
            if -wait <= MAX_LAG_NS:
                return Moment.DUE
            self._catching_up_since = wall
        if wall - self._catching_up_since > MAX_CATCH_UP_NS:
            self.clock_offset_ns += wait
            self._catching_up_since = None
            return Moment.DUE
        return Moment.LATE

    @property
    def catching_up(self) -> bool:
        """True while overdue frames are skipped; they need not be decoded."""
        return self._catching_up_since is not None
