"""The way of the hands from a possible origin to a possible destination, and whether it is a lift. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events import lift_origin as posture
from spotter.ergonomics.events.lift_hands import Hands
from spotter.ergonomics.events.lift_signals import LiftSignals
from spotter.ergonomics.events.lift_steps import Steps
from spotter.ergonomics.events.lift_turns import Level, Still, Turns

_FAR_M = 0.25
"""Least way down of a lowering, up from a place that is reached without bending, and up to where the person is bent
still, m [D]: hands come down and rise for many reasons."""

_RIGID_M = 0.2
"""A load keeps the hands as far apart as they are, within this, m [D]."""

_BEYOND_HIPS_M = 0.05
"""Hands with a load rise by so much more than the hips, m [D]; those of someone who only gets up do not."""

_BANDS_M = tuple(0.03 * step for step in range(2, 9))
_BAND_SHARE = 0.2
"""Hands are still at the origin within this share of the way that they will have gone, from 0.06 to 0.24 m [D]: a load
is first pulled tight, tilted or slid, and keypoints tremble."""

_LATE = from_seconds(0.1)
"""By so much the smoothed speed of the hands lags behind them [D]."""

_LONG_GRASP = from_seconds(1.5)
"""Longer than most loads are taken hold of [D]."""

_LEAST = from_seconds(0.25)
"""Hands with a load do not get anywhere faster [D]; keypoints that jump do."""

_BLURRED_M = 0.15
"""Hands whose places have a greater standard deviation, m, are seen too badly to tell whether they rest at the origin;
then the feet must be still [D]."""

_NOISES = 3.0
"""A way counts when it is this many standard deviations of a hand's place [D]."""

_BEFORE = from_seconds(0.5)
_WALK = 0.15
"""Hips that go further than this, statures, in this time before the hands leave the origin: the person walks [D]."""

_LONG_RESTS, _MOSTLY = 2, 0.7
"""Without bending, hands must rest this many times `rest_s` at both ends, both seen for this share of the way [D]."""

_ONE_HAND = 0.5
"""Of two hands, one that moves by less than this share of the other one's way is not on the load [D]."""


@dataclass(slots=True)
class Way:
    """What has been under way since an origin; with a destination it waits for what the hands do next.

    Attributes:
        sign: 1 up, -1 down.
        reached_at, origin_at: when the hands set out for the origin, and when they left it.
        height, stayed, walked: of the origin: m as the turns have it, ns for which the hands were there, and statures
            that the hips went then.
        destination_at: when they came to the destination, at `top` m; `rise` m between the two and `rested` ns there.
        steps, stepped: so far, and until the destination.
        frames, both: since the origin, and with both hands seen.
    """

    sign: int
    reached_at: int
    origin_at: int
    height: float
    stayed: int
    walked: float
    origin: Still
    steps: Steps
    bands: list[tuple[int, int]]
    stays: list[int]
    frames: int = 0
    both: int = 0
    destination_at: int = 0
    destination: Still | None = None
    stepped: int = 0
    top: float = 0.0
    rise: float = 0.0
    rested: int = 0

    @classmethod
    def begin(cls, level: Level, sign: int, reached_at: int | None, turns: Turns, slow: float) -> Self:
        """From a turn of the hands."""
        still = level.still()
        steps = Steps(still["feet_x"], still["floor"], still["hips_y"])
        walked = max(level.gone, turns.gone(min(level.since, level.until - _BEFORE)) / still["stature"])
        bands = [turns.around(level, band, slow) for band in _BANDS_M]
        spans = [turns.around(level, band, math.inf) for band in _BANDS_M]
        stays = [until - since for since, until in spans]
        reached = level.since if reached_at is None else min(reached_at, level.since)
        return cls(sign, reached, level.until, level.height, level.stayed, walked, still, steps, bands, stays)

    def accompany(self, at: int, height: float, slow: bool, signals: LiftSignals, hands: Hands) -> None:
        """One more frame; height as the turns have it, m."""
        if self.destination is None and slow:
            gone = abs(height - self.height)
            self.bands = [
                (since, max(until, at - _LATE) if gone <= band else until)
                for band, (since, until) in zip(_BANDS_M, self.bands, strict=True)
            ]
        self.frames += 1
        self.both += all(hands.seen)
        pitch = sum(signals.view.pitch) / 2
        self.steps.observe(signals.feet[0], signals.floor, signals.hips[1], signals.stature, pitch)

    def arrive(self, level: Level, turns: Turns) -> None:
        """The hands have come to a new place."""
        self.destination_at, self.destination = level.since, level.still()
        self.stepped, self.top = self.steps.count, level.height
        self.rise = abs(level.height - self.height)
        if not self.stepped:
            # Of somebody who stands the floor does not move: only what the hands go in the picture counts.
            seen = (self.origin["middle_y"] - self.destination["middle_y"]) / self.destination["px"]
            self.rise = min(self.rise, max(self.sign * seen, 0.0))
        band = sum(band <= _BAND_SHARE * self.rise for band in _BANDS_M[1:])
        since, until = turns.around(level, _BANDS_M[band], math.inf)
        # Hands that nobody saw in between may have rested there until they were seen elsewhere.
        self.rested = max(until, level.left_at or 0) - since
        since, self.origin_at = self.bands[band]
        self.stayed = max(self.stayed, self.origin_at - since, self.stays[band])
        self.reached_at = min(self.reached_at, since)

    @property
    def noise(self) -> float:
        """Standard deviation of a hand's place at the origin, m."""
        return self.origin["noise"] / self.origin["px"]

    @property
    def one_hand(self) -> bool:
        """Both hands were seen for most of the way, and one of them hardly went along."""
        if self.destination is None or self.both * 2 < self.frames:
            return False
        ways = [_gone(self.origin, self.destination, hand) for hand in ("left", "right")]
        return min(ways) < _ONE_HAND * max(ways)

    @property
    def working_hand(self) -> str:
        """The hand that goes further."""
        if self.destination is None:
            return "middle"
        left, right = (_gone(self.origin, self.destination, hand) for hand in ("left", "right"))
        return "left" if left > right else "right"

    def is_lift(self, parameters: LiftParameters) -> bool:
        """Whether hands that went so far may have had a load in them."""
        origin, destination, rest = self.origin, self.destination, from_seconds(parameters.rest_s)
        if destination is None or self.rested < rest or self.walked > _WALK:
            return False
        if self.stayed < rest and self.noise <= _BLURRED_M:
            return False
        if self.rise < max(parameters.least_rise_m, _NOISES * self.noise):
            return False
        if self.destination_at - self.origin_at < _LEAST or (self.noise > _BLURRED_M and self.stepped > 1):
            return False
        if (
            posture.lying(origin)
            or posture.lying(destination)
            or posture.at_own_foot(origin, long=self.stayed >= _LONG_GRASP)
        ):
            return False
        if not self.one_hand and origin["apart"] > parameters.hands_apart_m * origin["px"]:
            return False
        sits = posture.seated(origin, destination)
        if sits and not posture.over_lap(destination if self.sign > 0 else origin):
            return False
        if self.sign > 0 and not sits and posture.bent(origin):
            return self._from_below(origin, destination, parameters)
        return self._from_before(origin, destination, rest)

    def _from_below(self, origin: Still, destination: Still, parameters: LiftParameters) -> bool:
        """Up from where the person had to bend."""
        low = posture.down(origin)
        if self.stayed > from_seconds(parameters.longest_grasp_s) or (self.one_hand and not low):
            return False
        least = _FAR_M if not low or posture.down(destination) else 0.0
        return self.rise >= max(least, _risen(origin, destination, "hips") + _BEYOND_HIPS_M)

    def _from_before(self, origin: Still, destination: Still, rest: int) -> bool:
        """From where the hands were before an upright or sitting body, or down with a load."""
        if self.one_hand or self.rise < _FAR_M or self.both < _MOSTLY * self.frames or not posture.held_up(origin):
            return False
        if min(self.stayed, self.rested) < _LONG_RESTS * rest or self.steps.count > 0:
            return False
        rigid = abs(destination["apart"] / destination["px"] - origin["apart"] / origin["px"]) <= _RIGID_M
        return rigid and (posture.down(destination) or posture.held_up(destination))

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [
            [getattr(self, name) for name in _PLAIN], self.origin.state(),
            None if self.destination is None else self.destination.state(), self.steps.state(),
            [list(ends) for ends in self.bands], list(self.stays),
        ]  # fmt: skip

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The way that `state` was taken from."""
        plain, origin, destination, steps, bands, stays = state
        return cls(
            **dict(zip(_PLAIN, plain, strict=True)),
            origin=Still.restore(origin),
            destination=None if destination is None else Still.restore(destination),
            steps=Steps.restore(steps),
            bands=[(since, until) for since, until in bands],
            stays=list(stays),
        )


_PLAIN = (
    "sign", "reached_at", "origin_at", "height", "stayed", "walked", "frames", "both", "destination_at", "stepped",
    "top", "rise", "rested",
)  # fmt: skip
"""Fields of a way that are plain values."""


def _risen(origin: Still, destination: Still, name: str) -> float:
    """How far something came up between two turns, m."""
    before, after = (one["floor"] - one[f"{name}_y"] for one in (origin, destination))
    return (after - before) / destination["px"]


def _gone(origin: Still, destination: Still, hand: str) -> float:
    return abs(_risen(origin, destination, hand))
