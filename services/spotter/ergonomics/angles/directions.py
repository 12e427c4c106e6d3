"""Directions in space that the segments of a body may have, given one picture of them. Pure and deterministic.

A segment that points along cos t * across + sin t * along (see `sight`) is out of the picture's plane by t, of which a
picture shows only how short it looks: l = L cos t. So t gets a density over -90..90 degrees. All directions in space
are equally likely beforehand (density cos t), the length L that the segment should have is normal about what is
expected of this person, and parts that the skeleton holds near the sagittal plane (trunk, thighs, shanks) stay near it
as far as the heading is known. With the length unknown and no such part every t is equally likely. Draws from these
densities, `TIMES` for each camera and heading that may be the true ones, stand for what may be true; both signs of t
are among them where nothing tells them apart.

Axes: x, y, z first, then people (N), segments (S), draws (M); single precision, which is enough for a thousandth of a
degree and half the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.geometry.ground import DRAWS as CAMERAS
from spotter.ergonomics.joints import HIPS, SHOULDERS

Floats = npt.NDArray[np.float32]

MID_SHOULDERS, MID_HIPS = 17, 18
"""Further joints: the middles of the shoulders and of the hips."""

TIMES = 3
DRAWS = TIMES * CAMERAS
"""Directions drawn of each segment: enough for the ends of an interval."""

PERSPECTIVE_SD = 0.03
"""A limb may be this much nearer or farther than the body's middle, share of the distance, standard deviation: 0.15 m
at 5 m [D]."""

TILT = 0.12
"""Sine by which both segments of a leg, or the trunk, are out of the sagittal plane together: 7 degrees, standard
deviation [D]."""

TOGETHER = 0.35
"""Correlation of the errors of the two ends of a segment with the default model: 0.34 to 0.42 for arms, thighs, shanks
and sides on COCO images, 0.3 to 0.6 on simulated workers (benchmarks/angles.py errors)."""

SLACK = 0.1
"""Share of the probability that a segment does not keep to the sagittal plane at all: knees apart, side bends [D]."""

_STEP = np.float32(np.radians(6.0))
_T = np.radians(np.arange(-87.0, 88.0, 6.0)).astype(np.float32)
_SIN, _COS = np.sin(_T), np.cos(_T)
_LEAST = np.float32(-np.pi / 2)
_SHARED = 2
"""Cameras and headings that share one density: headings come in order, so that neighbours are alike."""

_NONE = 0.3
"""Density of a segment that keeps to no plane, where it is 1 in the plane."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of the body.

    Attributes:
        lower, upper: joints; the segment points from the one to the other.
        length: column of `Context.lengths`.
        stretch: its length as a multiple of that.
        outward: usual sine of the angle by which it points out of the sagittal plane, to the person's right.
        spread: standard deviation of that sine, beside `TILT`; 0 where the joint leaves every direction open.
        forward: least usual share that points forwards; -1 where any may.
    """

    lower: int
    upper: int
    length: int
    stretch: float = 1.0
    outward: float = 0.0
    spread: float = 0.0
    forward: float = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Of S segments of N people.

    Attributes:
        vectors: (3, N, S, M) unit vectors in the world of `Sight`, z up.
        ratio: (N, S) length in the picture over the length expected, nan where none is.
        seen: (N, S) both ends pass the gate.
        across, along: (3, N, S, D) what the picture says of each, by camera (see `Sight.segment`).
        sigma: (N, S) standard deviation of its direction in the picture, radians (METHODS 6.3.5).
        turned: (N, S, M) by how much the draws turn it in the picture, tangents.
        ratio_sd: (N, S) standard deviation of `ratio`.
        right, forward: (3, N, 1, M) level unit vectors to the person's right and ahead; nan where unknown.
    """

    vectors: Floats
    ratio: npt.NDArray[np.float64]
    seen: npt.NDArray[np.bool_]
    across: Floats
    along: Floats
    sigma: npt.NDArray[np.float64]
    turned: Floats
    ratio_sd: npt.NDArray[np.float64]
    right: Floats
    forward: Floats


def directions(context: Context, parts: tuple[Part, ...]) -> Directions:
    """Draw directions of each of `parts` of everybody."""
    plan = _plan(parts)
    across, along = _picture(context, plan)
    length, sigma, moves, seen = _lengths(context, plan)
    expected = context.lengths[:, plan.columns] * plan.stretch
    heading = np.radians(context.facing.headings.T)
    ahead, right = (_first(vectors)[:, :, None] for vectors in (context.sight.ahead, context.sight.right))
    cosine, sine = (np.asarray(turn(heading), np.float32)[:, None] for turn in (np.cos, np.sin))
    forward = cosine * right + sine * ahead
    outward = np.stack([forward[1], -forward[0], forward[2]])
    t = np.empty((*length.shape, TIMES, CAMERAS), np.float32)
    density = _length_density(length, sigma, expected, context.length_sd)
    if len(plan.free):
        t[:, plan.free] = _inverse(density[:, plan.free, None], plan.even[plan.free])
    if len(plan.bound):
        both = density[:, plan.bound, None] * _plane_density(plan, across, along, outward, forward)
        t[:, plan.bound] = _inverse(both, plan.even[plan.bound])
    # The ends move in the picture, shared by the segments that meet in a joint.
    small = np.maximum(length, 1e-6).astype(np.float32)[:, :, None, None]
    far, aside = np.maximum(1.0 + moves[0] / small, np.float32(0.1)), moves[1] / small
    shrink = np.cos(t) / np.sqrt(far * far + aside * aside)
    side = cross(along, across)[..., None, :]
    vectors = (shrink * far) * across[..., None, :] + (shrink * aside) * side + np.sin(t) * along[..., None, :]
    tall = (3, len(context), 1, DRAWS)
    return Directions(
        vectors.reshape(3, *length.shape, DRAWS), length / expected, seen, across, along,
        sigma / np.maximum(length, 1e-6), (aside / far).reshape(*length.shape, DRAWS),
        np.hypot(np.hypot(context.length_sd, PERSPECTIVE_SD) * length, sigma) / expected,
        *(np.broadcast_to(each[:, :, :, None], (3, len(context), 1, TIMES, CAMERAS)).reshape(tall)
          for each in (outward, forward)),
    )  # fmt: skip


def dot(a: Floats, b: Floats) -> Floats:
    """(3, ...), (3, ...) -> (...)."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], np.float32)


def cross(a: Floats, b: Floats) -> Floats:
    """(3, ...), (3, ...) -> (3, ...)."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _first(vectors: npt.NDArray[np.float64]) -> Floats:
    """(D, ..., 3) -> (3, ..., D)."""
    return np.ascontiguousarray(np.swapaxes(vectors.astype(np.float32), 0, -1))


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What follows from the parts alone: S segments, B of them bound to the sagittal plane."""

    lower: list[int]
    upper: list[int]
    columns: list[int]
    stretch: npt.NDArray[np.float64]
    bound: npt.NDArray[np.intp]
    free: npt.NDArray[np.intp]
    centre: Floats
    spread: Floats
    forward: Floats
    even: Floats
    normal: Floats


@cache
def _plan(parts: tuple[Part, ...]) -> _Plan:
    """Left and right share draws: no angle has both."""
    ends = [(_PAIRS[part.lower], _PAIRS[part.upper]) for part in parts]
    segments = list(dict.fromkeys(ends))
    joints = list(dict.fromkeys(joint for pair in ends for joint in pair))
    wanted = len(segments) + 2 * (len(joints) + 1)
    shares = np.outer(_GENERATORS[:wanted], np.arange(1, DRAWS + 1)) % _MODULUS / _MODULUS
    even = shares[: len(segments)].reshape(-1, TIMES, CAMERAS)
    own = _normal(shares[len(segments) :]).reshape(len(joints) + 1, 2, TIMES, CAMERAS)
    normal = np.sqrt(TOGETHER) * own[-1] + np.sqrt(1.0 - TOGETHER) * own[:-1]
    tilt = _normal(np.arange(1, CAMERAS + 1) * _TILT_STEP % (CAMERAS + 1) / (CAMERAS + 1))
    bound = np.array([index for index, part in enumerate(parts) if part.spread > 0], np.intp)
    outward, spread, forward = (
        np.array([getattr(parts[index], name) for index in bound], np.float32)
        for name in ("outward", "spread", "forward")
    )
    return _Plan(
        [part.lower for part in parts], [part.upper for part in parts], [part.length for part in parts],
        np.array([part.stretch for part in parts]), bound, np.setdiff1d(np.arange(len(parts)), bound),
        (outward[:, None] + TILT * tilt).astype(np.float32)[..., None], spread[:, None, None], forward[:, None, None],
        even[[segments.index(pair) for pair in ends]].astype(np.float32),
        np.stack([normal[[joints.index(pair[end]) for pair in ends]] for end in (0, 1)]).astype(np.float32),
    )  # fmt: skip


def _normal(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.vectorize(NormalDist().inv_cdf)(shares), np.float64)


def _picture(context: Context, plan: _Plan) -> tuple[Floats, Floats]:
    """(across, along), (3, N, S, D) unit vectors at right angles, as `Sight.segment`."""
    rays = _first(context.sight.rays)
    middles = [rays[:, :, pair[0]] + rays[:, :, pair[1]] for pair in (SHOULDERS, HIPS)]
    middles = [each / np.sqrt(dot(each, each)) for each in middles]
    every = np.concatenate([rays, np.stack(middles, axis=2)], axis=2)
    start, end = every[:, :, plan.lower], every[:, :, plan.upper]
    across, along = end - start, end + start
    across /= np.maximum(np.sqrt(dot(across, across)), np.float32(1e-9))
    return across, along / np.sqrt(dot(along, along))


def _lengths(
    context: Context, plan: _Plan
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Floats, npt.NDArray[np.bool_]]:
    """(length in the picture (N, S) px, its standard deviation (N, S), draws of how the ends move apart along the
    segment and square to it (2, N, S, TIMES, D) px, seen (N, S))."""
    pairs = (SHOULDERS, HIPS)
    middles = [(context.keypoints[:, left] + context.keypoints[:, right]) / 2.0 for left, right in pairs]
    points = np.concatenate([context.keypoints, np.stack(middles, axis=1)], axis=1)
    spreads = [np.hypot(context.deviations[:, left], context.deviations[:, right]) / 2.0 for left, right in pairs]
    sd = np.concatenate([context.deviations, np.stack(spreads, axis=1)], axis=1)
    both = [context.seen[:, left] & context.seen[:, right] for left, right in pairs]
    seen = np.concatenate([context.seen, np.stack(both, axis=1)], axis=1)
    line = points[:, plan.upper] - points[:, plan.lower]
    length = np.hypot(line[..., 0], line[..., 1])
    start, end = sd[:, plan.lower], sd[:, plan.upper]
    # Moves are drawn along the picture's axes, then turned to the segment's own.
    cosine, sine, first, last = (
        each.astype(np.float32)[..., None, None]
        for each in (line[..., 0] / np.maximum(length, 1e-6), line[..., 1] / np.maximum(length, 1e-6), start, end)
    )
    x, y = (last * plan.normal[1, :, axis] - first * plan.normal[0, :, axis] for axis in (0, 1))
    own = np.stack([cosine * x + sine * y, cosine * y - sine * x])
    apart = np.sqrt(start * start + end * end - 2.0 * TOGETHER * start * end)
    return length, apart, own, seen[:, plan.upper] & seen[:, plan.lower]


def _length_density(
    length: npt.NDArray[np.float64], noise: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], length_sd: float
) -> Floats:
    """(N, S, T), up to a factor; the density of directions in space, cos t, is cancelled by dL/dl = 1 / cos t."""
    given = np.isfinite(expected)
    known = np.where(given, expected, 1.0)
    # A segment that looks longer than expected is no surer to lie in the picture's plane: the expectation is too short.
    shown = np.minimum(length, known)
    seen_long, long, blur = (each.astype(np.float32)[..., None] for each in (shown, known, noise))
    spread = (length_sd**2 + PERSPECTIVE_SD**2) * long**2 + (blur / _COS) ** 2
    exponent = -0.5 * (seen_long / _COS - long) ** 2 / spread
    exponent -= exponent.max(axis=-1, keepdims=True)
    return np.where(given[..., None], np.exp(exponent), np.float32(1.0))


def _plane_density(plan: _Plan, across: Floats, along: Floats, outward: Floats, forward: Floats) -> Floats:
    """(N, B, D / `_SHARED`, T), up to a factor: how well each t fits the sagittal plane of each heading."""
    flat, deep = across[:, :, plan.bound, ::_SHARED], along[:, :, plan.bound, ::_SHARED]
    aside, aside_deep, ahead, ahead_deep = (
        dot(each, axis[..., ::_SHARED])[..., None] for axis in (outward, forward) for each in (flat, deep)
    )
    off = (aside * _COS + aside_deep * _SIN - plan.centre[:, ::_SHARED]) / plan.spread
    fits = np.exp(np.float32(-0.5) * off * off)
    backward = (plan.forward - ahead * _COS - ahead_deep * _SIN) * np.float32(10.0)
    fits /= np.float32(1.0) + np.exp(np.minimum(backward, np.float32(30.0)))
    fits = (1.0 - SLACK) * fits + SLACK * _NONE
    return np.where(np.isnan(fits), np.float32(1.0), fits)


def _inverse(density: Floats, even: Floats) -> Floats:
    """(N, S, D / shared, T) densities and (S, TIMES, D) shares -> (N, S, TIMES, D) angles t, radians, linear in a cell.

    Neighbours share a density: (S, TIMES, D) is taken as (S, TIMES, D / shared, shared).
    """
    total = np.cumsum(density, axis=-1)[:, :, None, :, None]
    groups = density.shape[2]
    wanted = even.reshape(1, *even.shape[:2], groups, -1) * total[..., -1]
    cell = (total >= wanted[..., None]).argmax(axis=-1)
    people, segments, columns = (np.arange(size)[shape] for size, shape in zip(density.shape, _GRID, strict=False))
    upto = total[:, :, 0, :, 0][people, segments, columns, cell]
    share = density[people, segments, columns, cell]
    inside = 1.0 - (upto - wanted) / np.maximum(share, np.float32(1e-30))
    t = _LEAST + (cell + np.clip(inside, 0.0, 1.0)) * _STEP
    return np.asarray(t, np.float32).reshape(*cell.shape[:3], CAMERAS)


_GRID = (
    np.s_[:, None, None, None, None], np.s_[None, :, None, None, None], np.s_[None, None, None, :, None],
)  # fmt: skip

_MODULUS = DRAWS + 1
"""A prime, so that every row of the lattice takes each of the shares 1/97 to 96/97 once."""

_GENERATORS = np.array([10, 26, 14, 43, 17, 8, 31, 25, 12, 15, 21, 23, 39, 44, 18, 32])
"""Of a rank-1 lattice; each was chosen for the longest shortest vector of the dual lattices with those before it, with
1 and with 3 (the order of the cameras), so that no two rows go together."""

_TILT_STEP = 10
"""Order in which the cameras take the 32 tilts: 10 and 33 have no common factor."""

_PAIRS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 10)
"""Left and right of a joint have the same number; the middles have their own."""
