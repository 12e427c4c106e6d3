"""Angles with intervals from draws of what may be true, and the gates that a limb's angle has to pass. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.values import BOUNDED, NOT_OBSERVABLE, OK, Angles, Degrees

COVERAGE = 0.94
"""Share of the draws within an interval: a little more than the 90 % that it is meant to hold, because the narrow
intervals that become `ok` are those that are narrow by chance too (benchmarks/angles.py)."""

MAX_HALF_WIDTH = 10.0
"""Greatest half width of an interval whose status is `ok`, degrees (METHODS 6.3.2)."""

MIN_RATIO = 0.8
"""Least length in the picture of both segments of an `ok` joint over the expected one: out of plane by 37 degrees at
most (METHODS 6.3.3)."""

VOID_HALF_WIDTH = 55.0
"""An interval that is wider either way says nothing worth keeping [D]."""

EVEN_FLOOR = 0.05
"""Least sine that `evened` divides by: 3 degrees."""

_STARTS = np.linspace(0.0, 1.0 - COVERAGE, 5)
"""Shares of the draws below an interval among which the shortest is looked for."""

STRAIGHT = 6.0
"""An interval that begins below this begins at the end of the range, degrees [D]: no keypoints tell such an angle from
none."""

Vectors = npt.NDArray[np.float64]


def unit(vectors: Vectors) -> Vectors:
    """(..., 3) -> of length 1."""
    return np.asarray(vectors / np.maximum(np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True)), 1e-12))


def dot(a: Vectors, b: Vectors) -> npt.NDArray[np.float64]:
    """(..., 3), (..., 3) -> (...)."""
    return np.asarray((a * b).sum(axis=-1))


def between(a: Vectors, b: Vectors) -> Degrees:
    """Angle between unit vectors, degrees in 0..180."""
    return np.degrees(np.arccos(np.clip(dot(a, b), -1.0, 1.0)))


def ends(draws: Degrees, weights: npt.ArrayLike = 1.0) -> tuple[Degrees, Degrees]:
    """The shortest interval that holds `COVERAGE` of (M, ...) draws by their weights: (low, high).

    Near the end of an angle's range it begins at that end, where the middle of the draws would leave out the straight
    joint that is most likely.
    """
    order = np.argsort(draws, axis=0)
    ordered = np.take_along_axis(draws, order, axis=0)
    below = np.cumsum(np.take_along_axis(np.broadcast_to(np.asarray(weights), draws.shape), order, axis=0), axis=0)
    below /= below[-1]
    found = [
        [np.take_along_axis(ordered, np.argmax(below >= edge, axis=0)[None], axis=0)[0] for edge in edges]
        for edges in ((share, share + COVERAGE - 1e-9) for share in _STARTS)
    ]
    lows, highs = (np.stack([pair[end] for pair in found]) for end in (0, 1))
    shortest = np.argmin(highs - lows, axis=0)[None]
    return np.take_along_axis(lows, shortest, axis=0)[0], np.take_along_axis(highs, shortest, axis=0)[0]


def evened(draws: Degrees) -> npt.NDArray[np.float64]:
    """Weights that make all angles between two directions equally likely beforehand.

    In space there are few directions close to another one: without the weights a straight joint, which is the most
    usual one, would count as next to impossible.
    """
    return np.asarray(1.0 / np.maximum(np.sin(np.radians(draws)), EVEN_FLOOR))


def turning(draws: Degrees, weights: npt.ArrayLike = 1.0) -> tuple[Degrees, Degrees]:
    """As `ends`, of angles that go round: the interval is about their mean direction and may pass 180 degrees."""
    radians = np.radians(draws)
    share = np.asarray(weights)
    middle = np.degrees(np.arctan2((share * np.sin(radians)).sum(axis=0), (share * np.cos(radians)).sum(axis=0)))
    low, high = ends((draws - middle + 180.0) % 360.0 - 180.0, weights)
    return middle + low, middle + high


def judged(
    context: Context,
    low: Degrees,
    high: Degrees,
    *,
    seen: npt.NDArray[np.bool_],
    ratio: npt.NDArray[np.float64],
    known: npt.NDArray[np.bool_] | bool = True,
    least: float = 0.0,
    most: float = 180.0,
) -> Angles:
    """(N,) intervals to angles with status and reason.

    Args:
        seen: (N,) every joint that the angle needs is seen.
        ratio: (N, segments) length in the picture over the expected one; nan where none is expected.
        known: (N,) what else an `ok` angle needs is known; the heading, for angles in the trunk's frame.
        least, most: range that the angle can have at all.
    """
    low, high = np.clip(low, least, most), np.clip(high, least, most)
    low, high = np.where(low < least + STRAIGHT, least, low), np.where(high > most - STRAIGHT, most, high)
    half = (high - low) / 2.0
    unseen, unsized = ~seen, ~np.isfinite(ratio).all(axis=-1)
    short = ~unsized & (np.nan_to_num(ratio, nan=1.0).min(axis=-1) < MIN_RATIO)
    void = half > VOID_HALF_WIDTH
    wide = half > MAX_HALF_WIDTH
    rules: list[tuple[npt.NDArray[np.bool_], int, str]] = [
        (wide, BOUNDED, "the view allows a wide range"),
        (np.asarray(np.logical_not(np.broadcast_to(known, seen.shape))), BOUNDED, "which way the person faces is not known well"),
        (short, BOUNDED, "the limb points towards or away from the camera"),
        (unsized, BOUNDED, "the person's size is not known yet"),
        (void, NOT_OBSERVABLE, "the view shows nothing of it"),
        (unseen, NOT_OBSERVABLE, "joints not seen clearly"),
    ]
    status = np.full(len(seen), OK, np.uint8)
    reason = np.full(len(seen), "", np.object_)
    for where, state, words in rules:
        status[where] = state
        reason[where] = words
    status[~context.usable] = NOT_OBSERVABLE
    reason[~context.usable] = context.obstacle[~context.usable]
    nothing = status == NOT_OBSERVABLE
    return Angles(
        np.where(nothing, np.nan, (low + high) / 2.0),
        np.where(nothing, least, low),
        np.where(nothing, most, high),
        status,
        reason,
    )
