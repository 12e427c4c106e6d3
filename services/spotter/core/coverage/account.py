"""The account of one camera's time: signs of its health and assessed frames come in, spans of each minute come out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from spotter.core.clock import SECOND
from spotter.core.contracts import CameraHealth, CameraState

WATCHED = "watched"

EARNING = "earning_trust"
"""It delivers, nothing is wrong, and it has not been seen for long enough to be trusted."""

NOT_ASSESSED = "not_assessed"
"""It delivers and is trusted, and no frame went through pose and rules in time."""

NOT_HEARD = "not_heard"
"""Nothing was heard of it: ingest or the bus is down."""

LAG = 10 * SECOND
"""An account is settled so far behind the present: frames that are assessed later than this count as missed, because
nobody could have been told in time [D]."""

_MS = 1_000_000
_MINUTE_MS = 60_000

_JOINED_MS = 2_000
"""Frames at most this far apart cover the time between them, as for `spotter_coverage_seconds`."""

_HEARD_MS = 10_000
"""A sign holds for this long; ingest gives one every 2 s [D]."""

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Minute:
    """What became of each moment of one minute, as far as it is known.

    Attributes:
        start: wall clock, UTC ns, a whole multiple of 60 s.
        spans: (begin, end, what) in order, whole milliseconds since `start`.
    """

    start: int
    spans: tuple[Span, ...]


class Account:
    """What became of each moment of a camera from `begin` on.

    Args:
        begin: wall clock, UTC ns.

    Attributes:
        over: nothing more will be settled.
    """

    def __init__(self, camera_id: str, begin: int) -> None:
        self.camera_id = camera_id
        self.begin = begin
        self.over = False
        self._done = begin // _MS
        self._signs: deque[tuple[int, str]] = deque()
        self._covers: deque[tuple[int, int]] = deque()
        self._frame: int | None = None
        self._minutes: dict[int, list[Span]] = {}

    def health(self, health: CameraHealth) -> None:
        """A sign of the camera; older than the last one, it changes nothing. The end of the camera ends the account."""
        at = health.at // _MS
        if self.over or (self._signs and at < self._signs[-1][0]):
            return
        self._signs.append((at, _gap_of(health)))
        if health.state is CameraState.ENDED:
            self.settle(health.at)
            self.over = True

    def frame(self, at: int) -> None:
        """A frame that was taken at `at` (wall clock, UTC ns) has been assessed; in order."""
        at //= _MS
        if self._frame is not None and 0 <= at - self._frame <= _JOINED_MS:
            if self._covers and self._covers[-1][1] == self._frame:
                self._covers[-1] = (self._covers[-1][0], at)
            else:
                self._covers.append((self._frame, at))
        self._frame = at if self._frame is None else max(at, self._frame)

    def settle(self, until: int) -> dict[str, int]:
        """Decide on all time up to `until` (UTC ns), once and for all: ms by what became of it."""
        end = until // _MS
        found: dict[str, int] = {}
        if self.over:
            return found
        while self._done < end:
            what, stop = self._next(end)
            found[what] = found.get(what, 0) + stop - self._done
            self._write(self._done, stop, what)
            self._done = stop
        self._forget()
        return found

    def close(self, now: int) -> dict[str, int]:
        """Settle the account at the end of this process' work: up to the last frame where that is near, else up to
        `now` (UTC ns)."""
        near = self._frame is not None and 0 <= now // _MS - self._frame <= _JOINED_MS
        found = self.settle(self._frame * _MS if near and self._frame is not None else now)
        self.over = True
        return found

    def take(self) -> list[Minute]:
        """The minutes that are over, each once; all that are left once the account is over."""
        complete = [start for start in self._minutes if self.over or start + _MINUTE_MS <= self._done]
        return [Minute(start * _MS, tuple(self._minutes.pop(start))) for start in complete]

    def _next(self, end: int) -> tuple[str, int]:
        """What became of the time from where the account stands, and until when at most that goes on."""
        at, gap = self._done, NOT_HEARD
        for begin, label in self._signs:
            if begin > at:
                end = min(end, begin)
                break
            gap = label if at < begin + _HEARD_MS else NOT_HEARD
            if at < begin + _HEARD_MS:
                end = min(end, begin + _HEARD_MS)
        if gap != NOT_ASSESSED:
            return gap, end
        for begin, stop in self._covers:
            if begin <= at < stop:
                return WATCHED, min(end, stop)
            if begin > at:
                return NOT_ASSESSED, min(end, begin)
        return NOT_ASSESSED, end

    def _write(self, begin: int, end: int, what: str) -> None:
        while begin < end:
            minute = begin - begin % _MINUTE_MS
            stop = min(end, minute + _MINUTE_MS)
            spans = self._minutes.setdefault(minute, [])
            if spans and spans[-1][1:] == (begin - minute, what):
                spans[-1] = (spans[-1][0], stop - minute, what)
            else:
                spans.append((begin - minute, stop - minute, what))
            begin = stop

    def _forget(self) -> None:
        while len(self._signs) > 1 and self._signs[1][0] <= self._done:
            self._signs.popleft()
        while self._covers and self._covers[0][1] <= self._done and len(self._covers) > 1:
            self._covers.popleft()


def _gap_of(health: CameraHealth) -> str:
    """The reason why a camera is not watched, or, if it could be, what it is while no frame is assessed."""
    if not health.state.delivers:
        return health.state.value
    if health.problems:
        return health.problems[0]
    return NOT_ASSESSED if health.trusted else EARNING
