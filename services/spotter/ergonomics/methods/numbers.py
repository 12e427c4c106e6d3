"""Inputs of methods that work with numbers, as distributions, and what knowing one of them would be worth. Pure.

Draws come from a rank-1 lattice, not from a random generator: the same inputs give the same probabilities to the bit.
Each coordinate of the lattice runs once through the `DRAWS` evenly spaced quantiles of its input, so with one uncertain
input a probability is exact to 1 / DRAWS; with several it is within about 0.01.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.methods.api import Asked, Given, Kind
from spotter.ergonomics.methods.inputs import choices_of

Array = npt.NDArray[np.float64]

DRAWS = 4093
GENERATOR = 1516
"""Points and generator of the lattice (Korobov): coordinate j of point i is i GENERATOR^j mod DRAWS. DRAWS is prime."""

NINETY_PERCENT = 1.6448536269514722
"""Half the middle 90 % of a normal distribution, in standard deviations."""


def is_open(given: Given) -> bool:
    """More than one value is possible."""
    return len(given.choices) > 1 if given.choices else given.low < given.high


def best(given: Given) -> float:
    """The measured value of a number, else the middle of its interval."""
    return given.low + (given.high - given.low) / 2 if given.value is None else given.value


def draws(asks: Iterable[Asked], inputs: Mapping[str, Given]) -> dict[str, Array]:
    """(DRAWS,) values of each number, and indices into `choices_of` of each choice; (1,) of what is known exactly.

    A number with a best `value` is normal to either side of it, with `low` and `high` 1.645 standard deviations away,
    and stays in the range that is asked for; a number without one is uniform. Choices go by their weights.
    """
    drawn = {}
    coordinate = 0
    for ask in asks:
        if ask.kind is Kind.TABLE:
            continue
        given = inputs[ask.name]
        if not is_open(given):
            known = choices_of(ask).index(given.choices[0]) if given.choices else given.low
            drawn[ask.name] = np.array([known], np.float64)
            continue
        drawn[ask.name] = _drawn(ask, given, _ranks(coordinate))
        coordinate += 1
    return drawn


def shares(levels: Mapping[str, npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Share of the draws in each level, in order; levels that no draw reaches count 0."""
    return {name: round(float(np.mean(inside)), 6) for name, inside in levels.items()}


def widening(
    asks: Iterable[Asked], inputs: Mapping[str, Given], width: Callable[[Mapping[str, Given]], float], *extra: float
) -> tuple[tuple[str, float], ...]:
    """See `Result.widening`: (name, what is taken off the width at most), widest first, in the order asked where equal.

    Each open number is tried at both ends, its best value and those of `extra` inside it; each choice at every answer.
    """
    whole = width(inputs)
    taken = []
    for ask in asks:
        given = inputs[ask.name]
        if ask.kind is Kind.TABLE or not is_open(given):
            continue
        tried = [replace(given, choices=(choice,), weights=()) for choice in given.choices] or [
            replace(given, low=at, high=at, value=None)
            for at in (given.low, given.high, best(given), *(e for e in extra if given.low < e < given.high))
        ]
        taken.append((ask.name, whole - min(width({**inputs, ask.name: option}) for option in tried)))
    return tuple(sorted(((name, w) for name, w in taken if w > 1e-9), key=lambda pair: -pair[1]))


def _drawn(ask: Asked, given: Given, ranks: npt.NDArray[np.int64]) -> Array:
    if given.choices:
        members = np.array([choices_of(ask).index(choice) for choice in given.choices], np.float64)
        weights = np.array(given.weights or (1.0,) * len(members))
        upto = np.cumsum(weights) / weights.sum()
        return members[np.minimum(np.searchsorted(upto, (ranks + 0.5) / DRAWS, side="right"), len(members) - 1)]
    if given.value is None:
        return given.low + (given.high - given.low) * (ranks + 0.5) / DRAWS
    normal = _normal_quantiles()[ranks] / NINETY_PERCENT
    side = np.where(normal < 0, given.value - given.low, given.high - given.value)
    return np.clip(given.value + side * normal, ask.low, ask.high)


@cache
def _ranks(coordinate: int) -> npt.NDArray[np.int64]:
    ranks: npt.NDArray[np.int64] = np.arange(DRAWS, dtype=np.int64) * pow(GENERATOR, coordinate, DRAWS) % DRAWS
    ranks.setflags(write=False)
    return ranks


@cache
def _normal_quantiles() -> Array:
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank + 0.5) / DRAWS) for rank in range(DRAWS)])
