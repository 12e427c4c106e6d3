"""The two hands of one person, smoothed as they come: outliers out, noise down, fast movement hardly late. Pure.

A median of three frames takes out single wrong ones; a One-Euro filter (Casiez, Roussel & Vogel 2012, "1€ Filter",
CHI) smooths slow movement to about 1.5 Hz and lets fast movement through, METHODS 7.1's 3 to 4 Hz at 1 m/s. Both go by
event time. A hand that is hidden goes along with the other one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.clock import SECOND, from_seconds
from spotter.ergonomics.events.lift_signals import Spot

_CUTOFF = 1.5
"""Hz, of hands at rest [D]."""

_GAIN = 4.0
"""Hz that the cutoff rises for each stature per second [D]: 3.8 Hz at 1 m/s."""

_SPEED_CUTOFF = 2.0
"""Hz, of the speed that sets the cutoff [D]."""

_MEDIAN = from_seconds(0.25)
"""The median takes frames of this time: at low frame rates there is none, because it would be late [D]."""

_AFRESH = from_seconds(1.0)
"""After so long unseen a hand is where it is seen next [D]."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Smoothed, px.

    Attributes:
        seen: whether left and right were seen within the last second.
        rising: vertical speed of their middle, up, px/s.
    """

    left: Spot
    right: Spot
    seen: tuple[bool, bool]
    rising: float = 0.0

    @property
    def middle(self) -> Spot:
        return (self.left[0] + self.right[0]) / 2, (self.left[1] + self.right[1]) / 2

    @property
    def apart(self) -> float:
        return math.hypot(self.left[0] - self.right[0], self.left[1] - self.right[1])


class _Hand:
    """One hand: raw places of the last frames, and the filter's state."""

    def __init__(self) -> None:
        self.raw: list[tuple[int, float, float]] = []
        self.at: int | None = None
        self.spot: Spot = (0.0, 0.0)
        self.speed: Spot = (0.0, 0.0)

    def observe(self, at: int, spot: Spot, stature: float) -> None:
        if self.at is None or at - self.at > _AFRESH:
            self.raw, self.spot, self.speed = [(at, *spot)], spot, (0.0, 0.0)
        else:
            self.raw = [*self.raw[-2:], (at, *spot)]
            x, y = self._median(at, spot)
            elapsed = (at - self.at) / SECOND
            self.spot, self.speed = _smooth((x, y), self.spot, self.speed, elapsed, stature)
        self.at = at

    def _median(self, at: int, spot: Spot) -> Spot:
        if len(self.raw) < 3 or at - self.raw[0][0] > _MEDIAN:
            return spot
        return sorted(row[1] for row in self.raw)[1], sorted(row[2] for row in self.raw)[1]


class HandFilter:
    """Both hands of one track."""

    def __init__(self) -> None:
        self._hands = (_Hand(), _Hand())

    def update(self, at: int, left: Spot | None, right: Spot | None, stature: float) -> Hands | None:
        """One frame at event time `at`; None while neither hand has been seen for a second."""
        before = [hand.spot for hand in self._hands]
        for hand, spot in zip(self._hands, (left, right), strict=True):
            if spot is not None:
                hand.observe(at, spot, stature)
        known = [hand.at is not None and at - hand.at <= _AFRESH for hand in self._hands]
        if not any(known):
            return None
        for mine, other in ((0, 1), (1, 0)):
            if not known[mine]:
                self._hands[mine].spot = self._hands[other].spot
            elif (left, right)[mine] is None and (left, right)[other] is not None:
                x, y = self._hands[mine].spot
                moved = self._hands[other].spot
                self._hands[mine].spot = x + moved[0] - before[other][0], y + moved[1] - before[other][1]
        rising = -sum(hand.speed[1] for hand in self._hands) / 2
        return Hands(self._hands[0].spot, self._hands[1].spot, (known[0], known[1]), rising)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [[[list(row) for row in one.raw], one.at, list(one.spot), list(one.speed)] for one in self._hands]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The filter that `state` was taken from."""
        both = cls()
        for hand, (raw, at, (x, y), (vx, vy)) in zip(both._hands, state, strict=True):
            hand.raw = [(row[0], row[1], row[2]) for row in raw]
            hand.at, hand.spot, hand.speed = at, (x, y), (vx, vy)
        return both


def _smooth(now: Spot, spot: Spot, speed: Spot, elapsed: float, stature: float) -> tuple[Spot, Spot]:
    """One step of the filter: (place, speed)."""
    keep = _share(_SPEED_CUTOFF, elapsed)
    vx = speed[0] + keep * ((now[0] - spot[0]) / elapsed - speed[0])
    vy = speed[1] + keep * ((now[1] - spot[1]) / elapsed - speed[1])
    take = _share(_CUTOFF + _GAIN * math.hypot(vx, vy) / stature, elapsed)
    return (spot[0] + take * (now[0] - spot[0]), spot[1] + take * (now[1] - spot[1])), (vx, vy)


def _share(cutoff: float, elapsed: float) -> float:
    """How much of a new value a first-order low-pass takes."""
    rate = 2 * math.pi * cutoff * elapsed
    return rate / (rate + 1)
