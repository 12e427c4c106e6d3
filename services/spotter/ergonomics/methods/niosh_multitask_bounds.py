"""Bounds of the composite lifting index from intervals of each task. Pure.

The index depends on the order of the tasks, which intervals may leave open. A search over sets of tasks takes every
order that the intervals of STLI allow; in each, a task adds at least its least FILI times the least rise of 1 / FM, and
at most the greatest of both. Nothing that the inputs allow lies outside. Exact inputs give the exact index; where the
order or a frequency is open the bounds can be somewhat wider than what is reachable, because FILI, STLI and frequencies
are bounded one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.methods.niosh import FM_FREQUENCIES, System, frequency_multiplier
from spotter.ergonomics.methods.niosh_bounds import Interval

Array = npt.NDArray[np.float64]

MOST_ORDERS = 5_000
"""Sets of tasks that the search visits at most; beyond, the order is too open to bound the index."""


@dataclass(frozen=True, slots=True)
class Task:
    """(low, high) of one task: FILI with the greatest load, FIRWL-based STLI, lifts per minute, V at the origin."""

    fili: Interval
    stli: Interval
    f: Interval
    v: Interval


class OrderTooOpenError(Exception):
    """More orders are possible than can be tried."""


def composite_bounds(tasks: Sequence[Task], duration: str, system: System) -> Interval:
    """(lowest, highest) CLI; infinite where the combined frequency leaves the table, or a task has no answer.

    Raises:
        OrderTooOpenError: too many orders of the tasks are possible.
    """
    everything = (1 << len(tasks)) - 1
    first = _must_come_first(tasks)
    visited = 0

    def possible(done: int) -> list[int]:
        return [n for n in range(len(tasks)) if not done >> n & 1 and not first[n] & ~done]

    @cache
    def rest(done: int) -> Interval:
        """What the tasks outside `done` add, at least and at most."""
        nonlocal visited
        visited += 1
        if visited > MOST_ORDERS:
            raise OrderTooOpenError
        if done == everything:
            return 0.0, 0.0
        before = _sum(tasks[n].f for n in range(len(tasks)) if done >> n & 1)
        lowest, highest = math.inf, 0.0
        for n in possible(done):
            least, most = _rise(before, tasks[n].f, tasks[n].v, duration, system)
            further = rest(done | 1 << n)
            lowest = min(lowest, _times(tasks[n].fili[0], least) + further[0])
            highest = max(highest, _times(tasks[n].fili[1], most) + further[1])
        return lowest, highest

    lowest, highest = math.inf, 0.0
    floor = max(task.stli[0] for task in tasks)
    for n in possible(0):
        further = rest(1 << n)
        lowest = min(lowest, max(floor, tasks[n].stli[0]) + further[0])
        highest = max(highest, tasks[n].stli[1] + further[1])
    return lowest, highest


def ranks(tasks: Sequence[Task]) -> list[tuple[int, int]]:
    """First and last place, from 1, that each task can have in the order by STLI."""
    others = range(len(tasks))
    return [
        (
            1 + sum(_before(tasks, k, n) and not _before(tasks, n, k) for k in others if k != n),
            len(tasks) - sum(_before(tasks, n, k) and not _before(tasks, k, n) for k in others if k != n),
        )
        for n in others
    ]


def _must_come_first(tasks: Sequence[Task]) -> list[int]:
    """For each task the set, as bits, of those that come before it in every order."""
    places = range(len(tasks))
    return [sum(1 << k for k in places if k != n and not _before(tasks, n, k)) for n in places]


def _before(tasks: Sequence[Task], n: int, k: int) -> bool:
    """Task n can come before task k: its STLI can be higher, or equal with a frequency that is not lower [D]."""
    mine, other = tasks[n], tasks[k]
    if mine.stli[0] == mine.stli[1] == other.stli[0] == other.stli[1]:
        if mine.f[0] == mine.f[1] == other.f[0] == other.f[1]:
            return n < k
        return mine.f[1] > other.f[0] or (mine.f[1] == other.f[0] and n < k)
    return mine.stli[1] >= other.stli[0]


@lru_cache(maxsize=1 << 16)
def _rise(before: Interval, f: Interval, v: Interval, duration: str, system: System) -> Interval:
    """Least and greatest 1 / FM(S + F) - 1 / FM(S) for S in `before` and F in `f`; it grows with F."""
    heights = {v[0], v[1]} if (v[0] < system.v_neutral) != (v[1] < system.v_neutral) else {v[0]}
    least = min(min(_rises(before, f[0], height, duration, system)) for height in heights)
    most = max(max(_rises(before, f[1], height, duration, system)) for height in heights)
    return least, most


def _rises(before: Interval, f: float, v: float, duration: str, system: System) -> list[float]:
    """The rise at every S where it can be least or greatest: ends, rows of the table, and between them the point where
    both hyperbolas 1 / FM are equally steep."""
    low, high = before
    rows = [row for shift in (0.0, f) for row in FM_FREQUENCIES - shift if low < row < high]
    knots = sorted({low, high, *rows})
    points = list(knots)
    for left, right in pairwise(knots):
        # From just inside, as FM drops to 0 beyond its last row.
        inside = np.array([left + (right - left) * share for share in (0.25, 0.75)])
        here, there = _fm(inside, v, duration, system), _fm(inside + f, v, duration, system)
        if not (here.all() and there.all()):
            points.append(float(inside[0]))
            continue
        slopes = [max((fm[0] - fm[1]) / (inside[1] - inside[0]), 0.0) for fm in (here, there)]
        levels = [fm[0] + slope * inside[0] for fm, slope in zip((here, there), slopes, strict=True)]
        steep = [math.sqrt(slope) for slope in slopes]
        over = steep[0] * slopes[1] - steep[1] * slopes[0]
        if over:
            at = (steep[0] * levels[1] - steep[1] * levels[0]) / over
            if left < at < right:
                points.append(float(at))
    sums = np.array(points)
    here, there = _fm(sums, v, duration, system), _fm(sums + f, v, duration, system)
    return [1 / b - 1 / a if a > 0 and b > 0 else math.inf for a, b in zip(here.tolist(), there.tolist(), strict=True)]


def _fm(f: Array, v: float, duration: str, system: System) -> Array:
    return frequency_multiplier(np.maximum(f, 0.0), duration, v, system)


def _sum(intervals: Iterable[Interval]) -> Interval:
    low = high = 0.0
    for interval in intervals:
        low, high = low + interval[0], high + interval[1]
    return low, high


def _times(factor: float, rise: float) -> float:
    return math.inf if math.isinf(rise) or math.isinf(factor) else factor * rise
