"""Angles with intervals from draws of what may be true, and the gates that a limb's angle has to pass. Pure.

Axes: people (N), angles of one kind (K), draws (M) last.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.directions import Directions, Floats, dot
from spotter.ergonomics.angles.values import BOUNDED, NOT_OBSERVABLE, OK, Angles

COVERAGE = 0.94
"""Share of the draws within an interval: a little more than the 90 % that it is meant to hold, because the narrow
intervals that become `ok` are those that are narrow by chance too (benchmarks/angles.py)."""

MAX_HALF_WIDTH = 10.0
"""Greatest half width of an interval whose status is `ok`, degrees (METHODS 6.3.2)."""

MAX_NOISE = 5.1
"""Greatest standard deviation of an `ok` angle in the picture, degrees: 10 degrees are then 1.96 of it."""

MIN_RATIO = 0.8
"""Least length in the picture of both segments of an `ok` joint over the expected one: out of plane by 37 degrees at
most (METHODS 6.3.3)."""

MAX_RATIO = 1.5
"""A segment that looks this much longer than expected is not where the model put it [D]."""

VOID_HALF_WIDTH = 55.0
"""An interval that is wider either way says nothing worth keeping [D]."""

EVEN_FLOOR = 0.12
"""Least sine that `evened` divides by: 7 degrees."""

Flags = npt.NDArray[np.bool_]

_STARTS = np.linspace(0.0, 1.0 - COVERAGE, 5)
"""Shares of the draws below an interval among which the shortest is looked for."""

STRAIGHT = 6.0
"""An interval that begins below this begins at the end of the range, degrees [D]: no keypoints tell such an angle from
none."""

EVEN_FLOOR = 0.12
"""Least sine that `evened` divides by: 7 degrees."""


STRAIGHT_Z = 2.0
"""Standard deviations that tell a bent joint from a straight one, in the picture and in how foreshortened it is."""


def between(a: Floats, b: Floats) -> Floats:
    """Angle between unit vectors (3, ...), degrees in 0..180: (...)."""
    return np.asarray(np.degrees(np.arccos(np.clip(dot(a, b), -1.0, 1.0))), np.float32)


def evened(draws: Floats) -> Floats:
    """Weights that make all angles between two directions equally likely beforehand.

    In space there are few directions close to another one: without the weights a straight joint, which is the most
    usual one, would count as next to impossible.
    """
    return np.asarray(1.0 / np.maximum(np.sin(np.radians(draws)), np.float32(EVEN_FLOOR)), np.float32)


def ends(draws: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The shortest interval that holds `COVERAGE` of (N, K, M) draws by their weights: (low, high), (N, K).

    Near the end of an angle's range it begins at that end, where the middle of the draws would leave out the straight
    joint that is most likely.
    """
    order = np.argsort(draws, axis=-1)
    ordered = np.take_along_axis(draws, order, axis=-1)
    below = np.cumsum(np.take_along_axis(weights, order, axis=-1), axis=-1)
    below /= below[..., -1:]
    edges = np.concatenate([_STARTS, _STARTS + COVERAGE - 1e-6]).astype(np.float32)
    index = (below[..., None, :] >= edges[:, None]).argmax(axis=-1)
    found = np.take_along_axis(ordered, index, axis=-1)
    lows, highs = found[..., : len(_STARTS)], found[..., len(_STARTS) :]
    shortest = np.argmin(highs - lows, axis=-1)[..., None]
    return np.take_along_axis(lows, shortest, axis=-1)[..., 0], np.take_along_axis(highs, shortest, axis=-1)[..., 0]


def noise_between(found: Directions, first: list[int], second: list[int]) -> npt.NDArray[np.float64]:
    """(N, K) standard deviation of the angle of two segments in the picture, degrees; of one with itself, of its
    direction (METHODS 6.3.5)."""
    alone = np.array(first) == np.array(second)
    apart = (found.turned[:, first] - found.turned[:, second]).std(axis=-1)
    return np.degrees(np.where(alone, found.sigma[:, first], apart))


def may_be_straight(
    found: Directions, noise: npt.NDArray[np.float64], first: list[int], second: list[int], *, opposed: bool = False
) -> Flags:
    """(N, K) pairs of segments that the picture does not tell from two in one line, which look straight and equally
    foreshortened from everywhere; `noise` as of `noise_between`, `opposed`: of those that then point opposite ways."""
    one, other = found.across[:, :, first, 0], found.across[:, :, second, 0]
    apparent = between(one, -other if opposed else other)
    ratios = [np.minimum(found.ratio[:, rows], 1.0) for rows in (first, second)]
    apart = np.abs(ratios[0] - ratios[1]) / np.hypot(found.ratio_sd[:, first], found.ratio_sd[:, second])
    return np.asarray((apparent <= STRAIGHT_Z * noise) & ~(apart > STRAIGHT_Z))


def centred(draws: Floats) -> tuple[Floats, Floats]:
    """Angles that go round, (N, K, M): (their mean direction (N, K), the draws against it, -180..180)."""
    radians = np.radians(draws)
    middle = np.degrees(np.arctan2(np.sin(radians).sum(axis=-1), np.cos(radians).sum(axis=-1)))
    return middle, (draws - middle[..., None] + np.float32(180.0)) % np.float32(360.0) - np.float32(180.0)


def judged(
    context: Context,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    seen: npt.NDArray[np.bool_],
    ratio: npt.NDArray[np.float64],
    noise: npt.NDArray[np.float64],
    known: npt.NDArray[np.bool_],
    least: npt.NDArray[np.float64],
    most: npt.NDArray[np.float64],
) -> list[Angles]:
    """(N, K) intervals to K angles with status and reason.

    Args:
        seen: (N, K) every joint that the angle needs is seen.
        ratio: (N, K) length in the picture over the expected one of its shortest segment; nan where none is expected.
        noise: (N, K) degrees, as of `noise_between`.
        known: (N, K) what else an `ok` angle needs is known; the heading, for angles in the trunk's frame.
        least, most: (K,) range that the angle can have at all.
    """
    low, high = (np.clip(np.asarray(end, np.float64), least, most) for end in (low, high))
    low, high = np.where(low < least + STRAIGHT, least, low), np.where(high > most - STRAIGHT, most, high)
    half = (high - low) / 2.0
    rules: tuple[tuple[npt.NDArray[np.bool_], int, str], ...] = (
        (half > MAX_HALF_WIDTH, BOUNDED, "the view allows a wide range"),
        (noise > MAX_NOISE, BOUNDED, "the joints are not seen sharply enough"),
        (~known, BOUNDED, "which way the person faces is not known well"),
        (ratio < MIN_RATIO, BOUNDED, "the limb points towards or away from the camera"),
        (np.isnan(ratio), BOUNDED, "the person's size is not known yet"),
        (half > VOID_HALF_WIDTH, NOT_OBSERVABLE, "the view shows nothing of it"),
        (ratio > MAX_RATIO, NOT_OBSERVABLE, "the limb looks longer than it can be"),
        (~seen, NOT_OBSERVABLE, "joints not seen clearly"),
    )
    status = np.full(low.shape, OK, np.uint8)
    reason = np.full(low.shape, "", np.object_)
    for where, state, words in rules:
        status[where] = state
        reason[where] = words
    status[~context.usable] = NOT_OBSERVABLE
    reason[~context.usable] = context.obstacle[~context.usable, None]
    nothing = status == NOT_OBSERVABLE
    value = np.where(nothing, np.nan, (low + high) / 2.0)
    low, high = np.where(nothing, least, low), np.where(nothing, most, high)
    return [
        Angles(value[:, one], low[:, one], high[:, one], status[:, one], reason[:, one]) for one in range(low.shape[1])
    ]
