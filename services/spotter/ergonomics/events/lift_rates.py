"""Lifts a minute, with the interval that a count allows. Pure.

Lifts come about like rare events: the exact interval of a Poisson count is Garwood's (1936, Biometrika 28:437-442): the
rates at which so many or more, and so many or fewer, would each be seen in 2.5 % of cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from spotter.core.contracts import Measure, Status

WINDOW_S = 900.0
"""The lifting equation's frequency is the mean of 15 minutes (METHODS 1.2)."""

COVERAGE = 0.95

_MOST_PER_MIN = 60.0
"""Nobody lifts more often: the greatest rate where nothing is known [D]."""


def frequency(count: int, window_s: float, coverage: float = COVERAGE) -> Measure:
    """Lifts a minute from `count` lifts in `window_s` seconds that were watched.

    Shorter windows than 15 minutes say how often it was at least, over 15 minutes, and nothing more: work that has been
    seen for less is not extrapolated.

    Raises:
        ValueError: a count or a time below zero.
    """
    if count < 0 or not window_s >= 0:
        raise ValueError(f"{count} lifts in {window_s} s is not possible; give a count and seconds of 0 or more")
    low, high = poisson_interval(count, coverage)
    if window_s < WINDOW_S:
        seen = f"{window_s / 60:.3g} minutes seen, less than the 15 that a frequency needs"
        least = min(round(low / (WINDOW_S / 60), 4), _MOST_PER_MIN)
        return Measure.not_observable(seen, least, _MOST_PER_MIN, "1/min")
    minutes = window_s / 60
    value, least, most = (round(one / minutes, 4) for one in (float(count), low, high))
    return Measure(value, least, most, "1/min", Status.OK)


def poisson_interval(count: int, coverage: float = COVERAGE) -> tuple[float, float]:
    """(least, greatest) expected count that goes with an observed one."""
    out = (1 - coverage) / 2
    away = 10.0 * math.sqrt(count + 1.0) + 20.0
    least, top = max(0.0, count - away), count + away
    low = 0.0 if count == 0 else _root(lambda mean: 1 - _at_most(count - 1, mean) - out, least, float(count))
    return low, _root(lambda mean: out - _at_most(count, mean), float(count), top)


def _at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson variable, from logarithms, so that nothing over- or underflows.

    Terms that are more than 25 standard deviations below the count add nothing for means within 10 of it.
    """
    if mean <= 0:
        return 1.0
    first = max(0, count - int(25 * math.sqrt(count)) - 100)
    steps = math.log(mean) - np.log(np.arange(first + 1, count + 1))
    start = first * math.log(mean) - mean - math.lgamma(first + 1)
    return float(np.exp(start + np.concatenate([[0.0], np.cumsum(steps)])).sum())


def _root(rises: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0, by bisection to the last bit that matters."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) > 0 else (middle, high)
    return (low + high) / 2
