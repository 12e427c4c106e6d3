"""Whether a live camera delivers as it usually does: its frame rate and its share of undecodable frames. Pure.

A camera is degraded when over the last `WINDOW_S` it delivered less than half of its usual rate, or a fifth of its
frames could not be decoded; it is well again above 70 % and below 5 %. The two limits of each keep it from flickering.
What is usual is stated (`expected_fps` of the camera) or learned: the median rate of its good windows. All times are
monotonic seconds that come in; nothing is judged before a whole window has passed since the camera was opened.
"""

from __future__ import annotations

import statistics
from collections import deque

WINDOW_S = 10.0
"""Long enough for a stream that comes in bursts of segments, short enough to tell within the minute [D]."""

FEW, ENOUGH = 0.5, 0.7
"""Shares of the usual rate: below the first is degraded, from the second on is well [D]."""

DAMAGED, SOUND = 0.2, 0.05
"""Shares of undecodable frames: from the first on is degraded, up to the second is well [D]."""

LEARN_S = 20.0
"""Seconds of good delivery before a rate counts as usual [D]."""

_REMEMBERED = 300
"""Seconds of good delivery that the usual rate is the median of."""

_JUDGE_EVERY_S = 1.0


class Flow:
    """The delivery of one camera; one item at a time, and a judgement once a second.

    Args:
        expected_fps: stated rate, frames per second; None learns it.

    Attributes:
        rate: items per second over the last `WINDOW_S`; None until so long has passed.
    """

    def __init__(self, expected_fps: float | None = None) -> None:
        self._expected = expected_fps
        self._good_rates: deque[float] = deque(maxlen=_REMEMBERED)
        self._items: deque[tuple[float, bool]] = deque()
        self._damaged = 0
        self._since: float | None = None
        self._judged_at = 0.0
        self.degraded = ""
        self.rate: float | None = None

    @property
    def usual_fps(self) -> float | None:
        """What the camera should deliver, frames per second; None while it is not known."""
        if self._expected is not None:
            return self._expected
        return statistics.median(self._good_rates) if len(self._good_rates) >= LEARN_S else None

    def begin(self, now: float, *, opened: bool) -> None:
        """The camera delivers again after a silence, and what came before is not counted. Once it was `opened` anew
        it is no longer held to be degraded; what is usual stays."""
        self._items.clear()
        self._damaged = 0
        self.rate = None
        self._since = self._judged_at = now
        if opened:
            self.degraded = ""

    def item(self, now: float) -> None:
        """One item came."""
        self._items.append((now, True))

    def undecodable(self) -> None:
        """The newest item could not be decoded."""
        at, _ = self._items.pop()
        self._items.append((at, False))
        self._damaged += 1

    def judge(self, now: float) -> str:
        """Why the camera counts as degraded, for people; empty while it is well. Also kept in `degraded`."""
        if self._since is None or now - self._judged_at < _JUDGE_EVERY_S:
            return self.degraded
        self._judged_at = now
        while self._items and self._items[0][0] <= now - WINDOW_S:
            self._damaged -= not self._items.popleft()[1]
        if now - self._since < WINDOW_S:
            return self.degraded
        rate = self.rate = len(self._items) / WINDOW_S
        self.degraded = self._damage() or self._slowness(rate)
        if not self.degraded:
            self._good_rates.append(rate)
        return self.degraded

    def _damage(self) -> str:
        share = self._damaged / len(self._items) if self._items else 0.0
        bad = share > SOUND if self.degraded else share >= DAMAGED
        return f"{share:.0%} of the frames cannot be decoded" if bad else ""

    def _slowness(self, rate: float) -> str:
        usual = self.usual_fps
        limit = ENOUGH if self.degraded else FEW
        if usual is None or rate >= limit * usual:
            return ""
        return f"{rate:.1f} frames a second, usually {usual:.1f}"
