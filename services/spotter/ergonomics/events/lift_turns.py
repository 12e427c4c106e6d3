"""Where the hands turn: lowest and highest places of a height over time, and how long they stayed there. Pure.

A height turns when it has come back by more than a given way (a zigzag): small movement and noise do not count. Around
each turn the signals are averaged over the time in which the hands were near it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from spotter.core.clock import SECOND, from_seconds
from spotter.ergonomics.events.lift_hands import Hands
from spotter.ergonomics.events.lift_signals import LiftSignals, LiftView

_NEAR_M = (0.06, 0.12)
"""Hands within this of a turn are still there, m [D]: what 0.15 m/s makes in 0.4 s; more where they are seen badly, one
standard deviation of their place, up to the second figure."""

_MOST_WAY_M = 0.25
_NOISES = 2.0
"""Where hands are seen badly they turn only after this many standard deviations, up to so much, m [D]."""

_RECENT, _EVERY = from_seconds(2.5), from_seconds(0.08)
"""How far back, and at what steps at least, heights are kept to look where the hands have been."""


@dataclass(slots=True)
class Still:
    """Means of the signals over the frames of one turn; a field that was never seen is None.

    Attributes:
        values: by `FIELDS`.
        settled: whether the person's size was known from upright frames.
        view: of the newest frame.
    """

    values: list[float | None]
    settled: bool
    view: LiftView

    def __getitem__(self, name: str) -> float:
        value = self.values[FIELDS.index(name)]
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str) -> float | None:
        """As [], None where it was never seen."""
        return self.values[FIELDS.index(name)]

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [list(self.values), self.settled, self.view.state()]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """What `state` was taken from."""
        values, settled, view = state
        return cls(list(values), settled, LiftView.restore(view))


FIELDS = (
    "middle_x", "middle_y", "left_x", "left_y", "right_x", "right_y", "hips_x", "hips_y", "shoulders_x", "shoulders_y",
    "feet_x", "floor", "ankle_left_x", "ankle_left_y", "ankle_right_x", "ankle_right_y", "knees_y", "trunk", "knee",
    "hip", "shank", "apart", "noise", "stature", "px", "px_low", "px_high",
)  # fmt: skip
"""What is averaged: places px, angles degrees, `px` pixels to a metre."""
_HIPS_X, _FLOOR, _STATURE, _NOISE, _PX = (FIELDS.index(name) for name in ("hips_x", "floor", "stature", "noise", "px"))

_DEPTH = 2.5
"""Times by which a way towards the camera is longer than it looks, at a usual pitch of 24 degrees [D]."""

Sample = list[float | None]


def sample(signals: LiftSignals, hands: Hands) -> Sample:
    """One frame by `FIELDS`."""
    ankles, legs, px = signals.ankles, signals.legs, signals.px_per_m
    ends: Sample = [None] * 4 if ankles is None else [*ankles[0], *ankles[1]]
    return [
        *hands.middle, *hands.left, *hands.right, *signals.hips, *signals.shoulders, *signals.feet, *ends,
        None if signals.knees is None else signals.knees[1], signals.trunk,
        *((None, None, None) if legs is None else legs), hands.apart, signals.noise, signals.stature, *px,
    ]  # fmt: skip


@dataclass(slots=True)
class Level:
    """A highest or lowest place so far.

    Attributes:
        sign: 1 for a highest, -1 for a lowest.
        height: of the extreme, m.
        since, until: first and last time near it, UTC ns.
        reached_at: when it was reached.
        left_at: first time of a frame in which the hands were no longer near it; None while they are.
        spent: the way from here is not a lift: a load has just been put down.
        band: m around it that count as near.
        far: -sign times the height furthest from the extreme that still counts as near it.
        begun, gone: where the hips and the floor were at first, px, and how far they have gone since, statures.
        sums, counts: over the frames from the first near it to the last; `later`, `laters` of those that follow, which
            count once the hands are near again.
        settled, view: of the newest frame near it.
    """

    sign: int
    height: float
    since: int
    until: int
    reached_at: int
    band: float
    left_at: int | None = None
    spent: bool = False
    far: float = 0.0
    begun: tuple[float, float] | None = None
    gone: float = 0.0
    sums: list[float] = field(default_factory=lambda: [0.0] * len(FIELDS))
    counts: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    later: list[float] = field(default_factory=lambda: [0.0] * len(FIELDS))
    laters: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    settled: bool = False
    view: LiftView = field(default_factory=LiftView)

    @property
    def stayed(self) -> int:
        """Nanoseconds near it."""
        return self.until - self.since

    def near(self, height: float) -> bool:
        return abs(height - self.height) <= self.band

    def still(self) -> Still:
        """The means."""
        means = [total / count if count else None for total, count in zip(self.sums, self.counts, strict=True)]
        return Still(means, self.settled, self.view)

    def add(self, at: int, height: float, sample: Sample, view: LiftView, settled: bool) -> None:
        """One more frame."""
        for index, value in enumerate(sample):
            if value is not None:
                self.later[index] += value
                self.laters[index] += 1
        if not self.near(height):
            self.left_at = at if self.left_at is None else self.left_at
            return
        self.left_at = None
        self.sums = [one + more for one, more in zip(self.sums, self.later, strict=True)]
        self.counts = [one + more for one, more in zip(self.counts, self.laters, strict=True)]
        self.later, self.laters = [0.0] * len(FIELDS), [0] * len(FIELDS)
        self.until = at
        self.far = max(self.far, -self.sign * height)
        self.view, self.settled = view, settled
        x, floor, stature = sample[_HIPS_X] or 0.0, sample[_FLOOR] or 0.0, sample[_STATURE] or 1.0
        if self.begun is None:
            self.begun = x, floor
        # A floor that is a guess goes with the ankles' noise; one that is known moves only with the person.
        down = floor - self.begun[1] if settled else 0.0
        self.gone = max(self.gone, math.hypot(x - self.begun[0], _DEPTH * down) / stature)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [
            [getattr(self, name) for name in _PLAIN], None if self.begun is None else list(self.begun),
            list(self.sums), list(self.counts), list(self.later), list(self.laters), self.view.state(),
        ]  # fmt: skip

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The level that `state` was taken from."""
        plain, begun, sums, counts, later, laters, view = state
        return cls(
            **dict(zip(_PLAIN, plain, strict=True)),
            begun=None if begun is None else (begun[0], begun[1]),
            sums=list(sums),
            counts=list(counts),
            later=list(later),
            laters=list(laters),
            view=LiftView.restore(view),
        )


_PLAIN = ("sign", "height", "since", "until", "reached_at", "band", "left_at", "spent", "far", "gone", "settled")
"""Fields of a level that are plain values."""


class Turns:
    """The zigzag of one height.

    Args:
        way: m by which a height must come back for a turn.

    Attributes:
        low, high: the extremes that are looked for now; one of them alone once the first turn was found.
        paused: where the hands were before this frame took them on in the same direction.
    """

    def __init__(self, way: float) -> None:
        self._way = way
        self.low: Level | None = None
        self.high: Level | None = None
        self.paused: Level | None = None
        self._recent: deque[tuple[int, float, float]] = deque()

    def update(self, at: int, height: float, sample: Sample, view: LiftView, settled: bool) -> Level | None:
        """One frame: height m; returns the turn that is certain with it."""
        noise = (sample[_NOISE] or 0.0) / (sample[_PX] or 1.0)
        way = max(self._way, min(_NOISES * noise, _MOST_WAY_M))
        band = min(max(noise, _NEAR_M[0]), _NEAR_M[1])
        while self._recent and at - self._recent[0][0] > _RECENT:
            self._recent.popleft()
        if not self._recent or at - self._recent[-1][0] >= _EVERY:
            self._recent.append((at, height, sample[_HIPS_X] or 0.0))
        if self.low is None and self.high is None:
            self.low, self.high = self._new(-1, at, height, band), self._new(1, at, height, band)
        self.paused = None
        self.low = None if self.low is None else self._follow(self.low, at, height, band)
        self.high = None if self.high is None else self._follow(self.high, at, height, band)
        for level in (self.low, self.high):
            if level is not None:
                level.add(at, height, sample, view, settled)
        if self.low is not None and height - self.low.height >= way:
            found, self.low = self.low, None
            self.high = self._new(1, at, height, band)
        elif self.high is not None and self.high.height - height >= way:
            found, self.high = self.high, None
            self.low = self._new(-1, at, height, band)
        else:
            return None
        begun = self.low or self.high
        assert begun is not None
        begun.add(at, height, sample, view, settled)
        return found

    def around(self, level: Level, band: float, slow: float) -> tuple[int, int]:
        """First and last time, without a break, at which the height was within `band` m of a turn; it goes back for
        a few seconds. Away from the turn only heights that are left no faster than `slow` m/s count."""
        since, until = level.since, level.reached_at
        rows = list(self._recent)
        for index in range(len(rows) - 1, -1, -1):
            when, height, _ = rows[index]
            if abs(level.height - height) <= band:
                since = min(since, when)
                (before_at, before, _), (after_at, after, _) = (
                    rows[max(index - 1, 0)],
                    rows[min(index + 1, len(rows) - 1)],
                )
                if abs(after - before) <= slow * (after_at - before_at) / SECOND:
                    until = max(until, when)
            elif when < level.reached_at:
                break
        return since, until

    def gone(self, since: int) -> float:
        """How far the hips went across the picture from `since` on, px; it goes back for a few seconds."""
        places = [hips for when, _, hips in self._recent if when >= since]
        return max(places) - min(places) if places else 0.0

    def _new(self, sign: int, at: int, height: float, band: float) -> Level:
        return Level(sign, height, at, at, at, band, far=-sign * height)

    def _follow(self, level: Level, at: int, height: float, band: float) -> Level:
        """The level with one more height; another one where the extreme has moved on from what it was."""
        if level.sign * (height - level.height) <= 0:
            return level
        if level.far + level.sign * height <= level.band:
            level.height, level.reached_at = height, at
            return level
        self.paused = level
        fresh = self._new(level.sign, at, height, band)
        for when, before, _ in reversed(self._recent):
            if not fresh.near(before):
                break
            fresh.since, fresh.far = when, max(fresh.far, -fresh.sign * before)
        return fresh

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        ends = [None if level is None else level.state() for level in (self.low, self.high)]
        return [*ends, [list(row) for row in self._recent]]

    @classmethod
    def restore(cls, way: float, state: Sequence[Any]) -> Self:
        """The zigzag that `state` was taken from."""
        turns = cls(way)
        low, high, recent = state
        turns.low = None if low is None else Level.restore(low)
        turns.high = None if high is None else Level.restore(high)
        turns._recent.extend((at, height, hips) for at, height, hips in recent)
        return turns
