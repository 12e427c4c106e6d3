"""Discrete states of many postures, with what is reachable and how likely it is, sent through score tables. Pure.

Methods such as REBA turn inputs into small whole numbers and look these up in tables. Here an input is not one number
but a row of states: which of them the input allows, and with what probability. Tables enumerate all combinations of
independent inputs, so lowest, highest and probabilities are exact. Arrays are (N, K): N postures, K states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

MIDDLE_90 = 1.6448536269514722
"""Standard deviations from the middle of a normal distribution to the ends of its middle 90 %."""

_Z = np.linspace(-MIDDLE_90, MIDDLE_90, 4097)
_PHI = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in _Z])
_SHARE = (_PHI - _PHI[0]) / (_PHI[-1] - _PHI[0])
"""Distribution function of a normal distribution within its middle 90 %; read between the points, error < 1e-7."""


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """States 0..K-1 of N postures.

    Attributes:
        reach: (N, K) the state is possible.
        chance: (N, K) its probability; rows add up to 1. A possible state may have probability 0: the end of an
            interval that touches a band.
    """

    reach: Bools
    chance: Floats

    @classmethod
    def exact(cls, states: npt.ArrayLike, count: int) -> Chances:
        """Known states, of `count` that there are."""
        reach = np.atleast_1d(np.asarray(states, np.int64))[:, None] == np.arange(count)
        return cls(reach, reach.astype(np.float64))

    @classmethod
    def alike(cls, reach: npt.ArrayLike) -> Chances:
        """Every possible state equally likely."""
        possible = np.atleast_2d(np.asarray(reach, np.bool_))
        return cls(possible, possible / possible.sum(axis=1, keepdims=True))

    @classmethod
    def weighted(cls, reach: npt.ArrayLike, weights: npt.ArrayLike) -> Chances:
        """Possible states by weight; where all weights are 0, equally likely."""
        possible = np.atleast_2d(np.asarray(reach, np.bool_))
        heavy = np.where(possible, np.atleast_2d(np.asarray(weights, np.float64)), 0.0)
        total = heavy.sum(axis=1, keepdims=True)
        even = possible / possible.sum(axis=1, keepdims=True)
        return cls(possible, np.where(total > 0, heavy / np.where(total > 0, total, 1.0), even))

    def __len__(self) -> int:
        return len(self.reach)

    def rows(self, start: int, stop: int) -> Chances:
        """Some of the postures; the one row that holds for all as it is."""
        return self if len(self) == 1 else Chances(self.reach[start:stop], self.chance[start:stop])

    def lowest(self) -> Whole:
        """(N,) lowest possible state."""
        return np.asarray(np.argmax(self.reach, axis=1), np.int64)

    def highest(self) -> Whole:
        """(N,) highest possible state."""
        return _last(self.reach)

    def likeliest(self) -> Whole:
        """(N,) most probable state; of equally probable ones the highest."""
        rounded = np.round(self.chance, 9)
        return _last(rounded == rounded.max(axis=1, keepdims=True))


_BLOCK = 128
"""Rows that go through a table at a time: all combinations of that many fit a processor's cache."""


class Table:
    """A score table of any number of dimensions: `values[i, j, ...]` is the state for the states i, j, ...

    Call it with the `Chances` of each dimension, which must be independent of each other; `at` is the plain look-up.
    """

    def __init__(self, values: npt.ArrayLike) -> None:
        self.values: Whole = np.asarray(values, np.int64)
        self.values.setflags(write=False)
        self._columns: Floats = np.eye(int(self.values.max()) + 1)[self.values.ravel()]

    def __call__(self, *inputs: Chances) -> Chances:
        sizes = tuple(each.reach.shape[1] for each in inputs)
        if sizes != self.values.shape:
            raise ValueError(f"table of {self.values.shape} was asked for {sizes}")
        rows = max(map(len, inputs))
        parts = [
            self._look_up([each.rows(start, start + _BLOCK) for each in inputs]) for start in range(0, rows, _BLOCK)
        ]
        if len(parts) == 1:
            return parts[0]
        return Chances(np.concatenate([each.reach for each in parts]), np.concatenate([each.chance for each in parts]))

    def _look_up(self, inputs: Sequence[Chances]) -> Chances:
        chance, reach = inputs[0].chance, inputs[0].reach.astype(np.float64)
        for each in inputs[1:]:
            chance, reach = _outer(chance, each.chance), _outer(reach, each.reach)
        return Chances(reach @ self._columns > 0, chance @ self._columns)

    def at(self, *states: npt.ArrayLike) -> Whole:
        """The entries for known states; arrays broadcast."""
        found: Whole = self.values[tuple(np.asarray(state, np.int64) for state in states)]
        return found


def _last(marked: Bools) -> Whole:
    """(N,) last column that is marked."""
    return np.asarray(marked.shape[1] - 1 - np.argmax(marked[:, ::-1], axis=1), np.int64)


def _outer(left: Floats, right: npt.NDArray[Any]) -> Floats:
    rows = max(len(left), len(right))
    product: Floats = (left[:, :, None] * right[:, None, :]).reshape(rows, -1)
    return product


def higher(count: int) -> Table:
    """The higher of two states of `count`: the arm that counts."""
    states = np.arange(count)
    return Table(np.maximum.outer(states, states))


def added(*counts: int, cap: int | None = None) -> Table:
    """The sum of states of `counts`, at most `cap`."""
    total = np.zeros(1, np.int64)
    for count in counts:
        total = np.add.outer(total, np.arange(count))
    total = total.reshape(counts)
    return Table(total if cap is None else np.minimum(total, cap))


class Bands:
    """A number cut into bands at edges, state 0 below the first edge.

    Args:
        ends: edges that still belong to the band below: the band above begins beyond them.
        starts: edges that already belong to the band above.
    """

    def __init__(self, *, ends: Sequence[float] = (), starts: Sequence[float] = ()) -> None:
        beyond = [float(np.nextafter(edge, np.inf)) for edge in ends]
        self._thresholds: Floats = np.array(sorted([*beyond, *map(float, starts)]))
        self.count = len(self._thresholds) + 1
        if any(a >= b for a, b in pairwise(self._thresholds)):
            raise ValueError("two edges of bands are the same")

    def at(self, numbers: npt.ArrayLike) -> Whole:
        """The band of each number."""
        return np.asarray(np.searchsorted(self._thresholds, np.asarray(numbers, np.float64), side="right"), np.int64)

    def reach(self, low: Floats, high: Floats) -> Bools:
        """(N, count) bands that the intervals from `low` to `high` touch."""
        states = np.arange(self.count)
        return (self.at(low)[:, None] <= states) & (states <= self.at(high)[:, None])

    def chances(self, low: npt.ArrayLike, high: npt.ArrayLike, value: npt.ArrayLike, unknown: npt.ArrayLike) -> Chances:
        """Bands of N numbers.

        Args:
            low, high: (N,) ends of the intervals.
            value: (N,) best single figures, nan where there is none: see `share_below`.
            unknown: (N,) where nothing is known, every band that can be reached is equally likely: the width of a
                band says nothing about how often people are in it.
        """
        low, high = np.atleast_1d(np.asarray(low, np.float64)), np.atleast_1d(np.asarray(high, np.float64))
        possible = self.reach(low, high)
        below = share_below(self._thresholds, low, high, np.asarray(value, np.float64))
        rows = len(low)
        edges = np.concatenate([np.zeros((rows, 1)), below, np.ones((rows, 1))], axis=1)
        alike = np.asarray(unknown, np.bool_).reshape(-1, 1) | (possible.sum(axis=1, keepdims=True) == 1)
        return Chances.weighted(possible, np.where(alike, 1.0, np.diff(edges, axis=1)))


def share_below(thresholds: Floats, low: Floats, high: Floats, value: Floats) -> Floats:
    """(N, E) probability that a number known as `low` to `high` is below each of E thresholds, (E,) or (N, E).

    With a `value` the interval is the middle 90 % of a normal distribution with this median and one standard deviation
    on either side of it (they differ where the value is not in the middle), taken within the interval, so that
    probabilities never contradict what is reachable. Without one every number of the interval is equally likely.
    """
    low, high = low[:, None], high[:, None]
    measured = ~np.isnan(value)[:, None]
    middle = np.clip(np.where(measured, value[:, None], (low + high) / 2), low, high)
    upward, downward = high - middle, middle - low
    above = _ratio(thresholds - middle, upward)
    beneath = _ratio(middle - thresholds, downward)
    z = np.where(thresholds >= middle, above, -beneath)
    normal = np.interp(z * MIDDLE_90, _Z, _SHARE)
    return np.where(measured, normal, _ratio(thresholds - low, high - low))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """`part` of `whole` within 0..1; of nothing, 0 below or at it and 1 beyond."""
    empty = whole <= 0
    share: Floats = np.clip(part, 0.0, np.where(empty, 0.0, whole)) / np.where(empty, 1.0, whole)
    return np.where(empty, (part > 0).astype(np.float64), share)
