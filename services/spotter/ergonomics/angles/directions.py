"""Directions in space that the segments of a body may have, given one picture of them. Pure and deterministic.

A segment that points along cos t * across + sin t * along (see `sight`) is out of the picture's plane by t, of which a
picture shows only how short it looks: l = L cos t. So t gets a density over -90..90 degrees. All directions in space
are equally likely beforehand (density cos t), the length L that the segment should have is normal about what is
expected of this person, and parts that the skeleton holds near the sagittal plane (trunk, thighs, shanks) stay near it
as far as the heading is known. With the length unknown and no such part every t is equally likely. Draws from these
densities, one set for each camera that may be the true one, stand for what may be true; both signs of t are among them
where nothing tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.values import Degrees
from spotter.ergonomics.joints import HIPS, SHOULDERS

Vectors = npt.NDArray[np.float64]

MID_SHOULDERS, MID_HIPS = 17, 18
"""Further joints: the middles of the shoulders and of the hips."""

DRAWS = 96
"""Directions drawn of each segment: a multiple of the cameras drawn by `Sight`, enough for the ends of the middle
90 %."""

PERSPECTIVE_SD = 0.03
"""A limb may be this much nearer or farther than the body's middle, share of the distance, standard deviation: 0.15 m
at 5 m [D]."""

SLACK = 0.1
"""Share of the probability that a segment does not keep to the sagittal plane at all: knees apart, side bends [D]."""

_STEP = 3.0
_ANGLES = np.radians(np.arange(-87.0, 88.0, _STEP))
_SINES, _COSINES = np.sin(_ANGLES), np.cos(_ANGLES)
_EDGES = np.radians(np.arange(-88.5, 89.0, _STEP))
_HEADINGS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of the body.

    Attributes:
        lower, upper: joints; the segment points from the one to the other.
        length: column of `Context.lengths`.
        stretch: its length as a multiple of that.
        outward: usual sine of the angle by which it points out of the sagittal plane, to the person's right.
        spread: standard deviation of that sine; 0 where the joint leaves every direction open.
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
        vectors: (DRAWS, N, S, 3) unit vectors in the world of `Sight`, z up.
        ratio: (N, S) length in the picture over the length expected, nan where none is.
        sigma: (N, S) standard deviation of the segment's direction in the picture, degrees (METHODS 6.3.5).
        seen: (N, S) both ends pass the gate.
        right, forward: (DRAWS, N, 3) level unit vectors to the person's right and ahead; nan where unknown.
    """

    vectors: Vectors
    ratio: npt.NDArray[np.float64]
    sigma: Degrees
    seen: npt.NDArray[np.bool_]
    right: Vectors
    forward: Vectors


def directions(context: Context, parts: tuple[Part, ...]) -> Directions:
    """Draw directions of each of `parts` of everybody."""
    plan = _plan(parts)
    across, along = _picture(context, plan)
    length, sigma, noise, seen = _lengths(context, plan)
    expected = context.lengths[:, plan.columns] * plan.stretch
    heading = np.radians(context.facing.headings)[..., None]
    ahead = np.cos(heading) * context.sight.right + np.sin(heading) * context.sight.ahead
    right = np.stack([ahead[..., 1], -ahead[..., 0], ahead[..., 2]], axis=-1)
    density = _length_density(length, sigma, expected, context.length_sd)
    if plan.bound.size:
        density[:, plan.bound] *= _plane_density(plan, across, along, right, ahead)
    t = _inverse(density, plan.even)[..., None]
    times = DRAWS // len(across)
    across, along, right, ahead = (np.concatenate([each] * times) for each in (across, along, right, ahead))
    # The ends move in the picture, shared by the segments that meet in a joint.
    side = np.cross(along, across)
    moved = (noise / np.maximum(length, 1e-9)[..., None])[..., None]
    across = across * (1.0 + moved[..., 0, :]) + side * moved[..., 1, :]
    across /= np.maximum(np.sqrt((across * across).sum(axis=-1, keepdims=True)), 1e-12)
    vectors = np.cos(t) * across + np.sin(t) * along
    return Directions(vectors, length / expected, np.degrees(sigma / np.maximum(length, 1e-9)), seen, right, ahead)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What follows from the parts alone: S segments, B of them bound to the sagittal plane."""

    lower: list[int]
    upper: list[int]
    columns: list[int]
    stretch: npt.NDArray[np.float64]
    bound: npt.NDArray[np.int64]
    outward: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    forward: npt.NDArray[np.float64]
    even: npt.NDArray[np.float64]
    normal: npt.NDArray[np.float64]


@cache
def _plan(parts: tuple[Part, ...]) -> _Plan:
    """Left and right share draws: no angle has both."""
    ends = [(_PAIRS[part.lower], _PAIRS[part.upper]) for part in parts]
    segments = list(dict.fromkeys(ends))
    joints = list(dict.fromkeys(joint for pair in ends for joint in pair))
    shares = np.outer(np.arange(1, DRAWS + 1), _GENERATORS[: len(segments) + 2 * len(joints)]) % _MODULUS / _MODULUS
    even, normal = shares[:, : len(segments)], np.vectorize(NormalDist().inv_cdf)(shares[:, len(segments) :])
    normal = normal.reshape(DRAWS, len(joints), 2)
    bound = np.array([index for index, part in enumerate(parts) if part.spread > 0], np.int64)
    outward, spread, forward = (
        np.array([getattr(parts[index], name) for index in bound]) for name in ("outward", "spread", "forward")
    )
    return _Plan(
        [part.lower for part in parts], [part.upper for part in parts], [part.length for part in parts],
        np.array([part.stretch for part in parts]), bound, outward, spread, forward,
        even[:, [segments.index(pair) for pair in ends]],
        np.stack([normal[:, [joints.index(pair[end]) for pair in ends]] for end in (0, 1)], axis=2),
    )  # fmt: skip


def _picture(context: Context, plan: _Plan) -> tuple[Vectors, Vectors]:
    """(across, along), (D, N, S, 3) unit vectors at right angles, as `Sight.segment`."""
    rays = context.sight.rays
    middles = [rays[:, :, pair[0]] + rays[:, :, pair[1]] for pair in (SHOULDERS, HIPS)]
    middles = [each / np.linalg.norm(each, axis=-1, keepdims=True) for each in middles]
    all_rays = np.concatenate([rays, np.stack(middles, axis=2)], axis=2)
    start, end = all_rays[:, :, plan.lower], all_rays[:, :, plan.upper]
    across, along = end - start, end + start
    size = np.linalg.norm(across, axis=-1, keepdims=True)
    return across / np.maximum(size, 1e-12), along / np.linalg.norm(along, axis=-1, keepdims=True)


def _lengths(
    context: Context, plan: _Plan
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(length in the picture (N, S) px, its standard deviation (N, S), draws of how the ends move apart (M, N, S, 2)
    along the segment and square to it, seen (N, S))."""
    middles = [context.keypoints[:, pair].mean(axis=1) for pair in (SHOULDERS, HIPS)]
    points = np.concatenate([context.keypoints, np.stack(middles, axis=1)], axis=1)
    pairs = [np.hypot(*context.deviations[:, pair].T) / 2.0 for pair in (SHOULDERS, HIPS)]
    sd = np.concatenate([context.deviations, np.stack(pairs, axis=1)], axis=1)
    both = [context.seen[:, pair].all(axis=1) for pair in (SHOULDERS, HIPS)]
    seen = np.concatenate([context.seen, np.stack(both, axis=1)], axis=1)
    line = points[:, plan.upper] - points[:, plan.lower]
    length = np.hypot(line[..., 0], line[..., 1])
    start, end = sd[:, plan.lower], sd[:, plan.upper]
    # Moves are drawn along the picture's axes, then turned to the segment's own.
    moves = end[..., None] * plan.normal[:, None, :, 1] - start[..., None] * plan.normal[:, None, :, 0]
    cosine, sine = line[..., 0] / np.maximum(length, 1e-9), line[..., 1] / np.maximum(length, 1e-9)
    own = np.stack(
        [cosine * moves[..., 0] + sine * moves[..., 1], cosine * moves[..., 1] - sine * moves[..., 0]], axis=-1
    )
    return length, np.hypot(start, end), own, seen[:, plan.upper] & seen[:, plan.lower]


def _length_density(
    length: npt.NDArray[np.float64], noise: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], length_sd: float
) -> npt.NDArray[np.float64]:
    """(N, S, T), up to a factor; the density of directions in space, cos t, is cancelled by dL/dl = 1 / cos t."""
    known = np.where(np.isfinite(expected), expected, 1.0)[..., None]
    spread = np.hypot(np.hypot(length_sd, PERSPECTIVE_SD) * known, noise[..., None] / _COSINES)
    # A segment that looks longer than expected is no surer to lie in the picture's plane: the expectation is too short.
    shown = np.minimum(length[..., None], known)
    exponent = -0.5 * ((shown / _COSINES - known) / spread) ** 2
    exponent -= exponent.max(axis=-1, keepdims=True)
    return np.where(np.isfinite(expected)[..., None], np.exp(exponent), 1.0)


def _plane_density(plan: _Plan, across: Vectors, along: Vectors, right: Vectors, ahead: Vectors) -> Vectors:
    """(N, B, T), up to a factor: how well each t fits the sagittal plane, mean over the headings that may be true."""
    some = slice(None, None, max(1, len(across) // _HEADINGS))

    def share(axis: Vectors) -> Vectors:
        flat, deep = ((each[some][:, :, plan.bound] * axis[some][:, :, None]).sum(axis=-1) for each in (across, along))
        return np.asarray(flat[..., None] * _COSINES + deep[..., None] * _SINES)

    fits = np.exp(-0.5 * ((share(right) - plan.outward[:, None]) / plan.spread[:, None]) ** 2)
    fits *= 1.0 / (1.0 + np.exp(-(share(ahead) - plan.forward[:, None]) / 0.1))
    fits = np.where(np.isnan(fits), 1.0, (1.0 - SLACK) * fits + SLACK * 0.3)
    return np.asarray(fits.mean(axis=0))


def _inverse(density: npt.NDArray[np.float64], even: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(N, S, T) densities and (M, S) shares -> (M, N, S) angles t, radians, between the grid's points linearly."""
    total = np.cumsum(density, axis=-1)
    total = total / np.maximum(total[..., -1:], 1e-300)
    wanted = np.moveaxis(even, 0, -1)[None]
    cell = (total[..., None, :] < wanted[..., None]).sum(axis=-1)
    cell = np.minimum(cell, len(_ANGLES) - 1)
    upto = np.take_along_axis(total, cell, axis=-1)
    before = np.where(cell > 0, np.take_along_axis(total, np.maximum(cell - 1, 0), axis=-1), 0.0)
    inside = (wanted - before) / np.maximum(upto - before, 1e-300)
    return np.moveaxis(_EDGES[0] + (cell + np.clip(inside, 0.0, 1.0)) * np.radians(_STEP), -1, 0)


_MODULUS = DRAWS + 1
"""A prime, so that every column of the lattice takes each of the shares 1/97 to 96/97 once."""

_GENERATORS = np.array([10, 26, 14, 43, 17, 8, 31, 25, 12, 15, 21, 23, 39, 44, 18, 32])
"""Of a rank-1 lattice; each was chosen for the longest shortest vector of the dual lattices with those before it, with
1 and with 3 (the order of the cameras), so that no two columns go together."""

_PAIRS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 10)
"""Left and right of a joint have the same number; the middles have their own."""
