"""Trunk flexion, lateral bend and inclination from one camera whose view of the person is known in part. Pure.

The trunk in the picture says only that the trunk in space lies in one half plane: w(t) = cos t * across + sin t * along
the line of sight. With the view known, METHODS 6.2 picks one t: the one in the person's sagittal plane. Here the view
is known as draws (camera, heading, noise of the keypoints), and every t of every draw counts by how well it fits what
is known of bodies: little lateral bend, hardly any backward lean, and a trunk as long as this person's. The middle 90 %
are the interval. With exact view and no lateral bend that is METHODS' closed form.

Where the interval is wider than `ok` allows, its lower end is not above what the picture proves for every direction of
view (METHODS 6.2, "view unknown"): what is proven rests neither on the heading nor on a length.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import TRUNK, Context
from spotter.ergonomics.angles.steady import line_noise
from spotter.ergonomics.angles.trunk import MIN_LENGTH_PX
from spotter.ergonomics.angles.values import Angles, Degrees
from spotter.ergonomics.geometry.ground import DRAWS
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.joints import ANKLES, HIPS, SHOULDERS

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]

OK_HALF_WIDTH_DEG = 10.0
"""An interval up to this half width is `ok` (METHODS 6.3.2)."""

OK_LENGTH_PX = 40.0
"""A shorter trunk is never `ok` (METHODS 6.3.2)."""

BANDS_DEG = (20.0, 60.0)
"""EN 1005-4's edges: an interval that proves nothing about either is not worth publishing (METHODS 6.3.2)."""

MODEL_SD_DEG = 2.5
"""What shoulders and hips of a model are off against the joints' centres as an angle of the line between them, beyond
their noise [D]."""

_UPRIGHT_DEG = 20.0
"""Up to this lean in the picture the line's noise is that of this person's upright moments (`Context.steady`)."""

_LATERAL_SD, _LATERAL_SEEN_SD = np.sin(np.radians([5.0, 12.0]))
_BACKWARD_DEG, _BACKWARD_SD = -25.0, 10.0
_FLEXION_SEEN_SD_DEG = 20.0
"""Lateral bend of upright and bent work, standard deviation with heavy tails: to judge flexion by, and a wider
one, with that of flexion, to judge lateral bend by, which is judged of upright people only; and the backward lean from
which on it is held less and less likely [D]: the lumbar spine extends by 15 to 30 degrees at most."""

_LENGTH_SD = 0.10
"""Of the trunk's apparent length against this person's own, relative [D]."""

_NEARLY_UPRIGHT_DEG = 8.0
"""An inclination that begins below this begins at 0: it has no sign, and noise can make it too large only [D]."""

_LOW_HIPS = 0.12
"""Hips above the ankles in the picture, in statures, of somebody who squats as low as people do: 0.15 to 0.2 [D]."""

_LATERAL_YAW_DEG, _LATERAL_INCLINATION_DEG = 60.0, 30.0
"""Lateral bend is seen from this yaw on, and up to this inclination (METHODS 6.3.4)."""

_T = np.radians(np.linspace(-87.0, 87.0, 30)).astype(np.float32)[:, None, None]
_STEP = 2

_OUT = 0.03
"""Share of the weight on either side of an interval: less than half of the 10 % that may be outside, because intervals
that are narrow enough to be `ok` are so by chance, too."""


@dataclass(frozen=True, slots=True, eq=False)
class TrunkPose:
    """(N,) each. `draws` are flexions of the draws in the sagittal plane, (D, N), for the neck."""

    flexion: Angles
    lateral: Angles
    inclination: Angles
    draws: Degrees


def trunk_pose(context: Context) -> TrunkPose:
    """Judge the trunks of N people."""
    length = _length(context)
    across, along = _noisy(context, length)
    forward, right = level_axes(context)
    parts = [_parts(across, axis).astype(np.float32) for axis in (forward, right)]
    parts += [_parts(along, axis).astype(np.float32) for axis in (forward, right)]
    up, deep = across[..., 2].astype(np.float32), along[..., 2].astype(np.float32)
    cosine, sine = np.cos(_T), np.sin(_T)
    ahead = cosine * parts[0] + sine * parts[2]
    aside = cosine * parts[1] + sine * parts[3]
    rise = cosine * up + sine * deep
    flexion = np.degrees(np.arctan2(ahead, rise))
    weight = _weight(context, flexion, length, cosine)
    tilts, bend = aside * aside, flexion / np.float32(_FLEXION_SEEN_SD_DEG)
    plain = weight * (1 + tilts / np.float32(_LATERAL_SEEN_SD**2)) ** -2 * (1 + bend * bend) ** -2
    sides = _quantiles(np.degrees(np.arcsin(np.clip(aside, -1, 1))), plain, -90, 90)
    weight *= (1 + tilts / np.float32(_LATERAL_SD**2)) ** -2
    bends = _quantiles(flexion, weight, -180, 180)
    leans = _quantiles(np.degrees(np.arccos(np.clip(rise, -1, 1))), weight, 0, 180)
    proven, shown = np.quantile(_least(up, deep), (_OUT, 0.5), axis=0)
    visible, reason = _visible(context, length)
    fits = np.isfinite(bends[1])
    visible &= fits
    lying = _lying(context)
    large = visible & (length >= OK_LENGTH_PX) & ~lying
    reason = np.where(lying, "not on their feet", reason).astype(np.object_)
    reason = np.where(fits, reason, "the trunk does not fit this person's size and direction").astype(np.object_)
    return TrunkPose(
        _flexion(context, bends, proven, visible, large, reason),
        _lateral(context, sides, visible, large, reason),
        _inclination(leans, proven, shown, visible, large, reason),
        _sagittal(parts, up, deep),
    )


def _flexion(
    context: Context, bends: Array, proven: Degrees, visible: npt.NDArray[np.bool_], large: npt.NDArray[np.bool_],
    reason: npt.NDArray[np.object_],
) -> Angles:  # fmt: skip
    low, value, high = bends - context.trunk_offset
    ok = large & (high - low <= 2 * OK_HALF_WIDTH_DEG)
    backward = low < BANDS_DEG[0] / 2
    low = np.where(ok | backward, low, np.minimum(low, proven - np.abs(context.trunk_offset)))
    return Angles.judged(
        value, low, high, ok=ok, bounded=visible & _tells(low, high), reason=reason, span=(-90.0, 180.0)
    )


def _inclination(
    leans: Array, proven: Degrees, shown: Degrees, visible: npt.NDArray[np.bool_], large: npt.NDArray[np.bool_],
    reason: npt.NDArray[np.object_],
) -> Angles:  # fmt: skip
    low, value, high = leans
    low = np.where(low <= _NEARLY_UPRIGHT_DEG, 0.0, low)
    ok = large & (high - low <= 2 * OK_HALF_WIDTH_DEG)
    low = np.where(ok, low, np.minimum(low, proven))
    low = np.where(low <= _NEARLY_UPRIGHT_DEG, 0.0, low)
    # What cannot be told from upright leans by no more than it shows.
    value = np.where(ok & (low <= 0.0), np.minimum(value, shown), value)
    return Angles.judged(value, low, high, ok=ok, bounded=visible & _tells(low, high), reason=reason, span=(0.0, 180.0))


def _lateral(
    context: Context, sides: Array, visible: npt.NDArray[np.bool_], large: npt.NDArray[np.bool_],
    reason: npt.NDArray[np.object_],
) -> Angles:  # fmt: skip
    low, value, high = sides
    frontal = np.nan_to_num(context.facing.yaw_low) >= _LATERAL_YAW_DEG
    upright = np.abs(context.lean) < _LATERAL_INCLINATION_DEG
    ok = large & frontal & upright & (high - low <= 2 * OK_HALF_WIDTH_DEG)
    why = np.where(frontal, "the trunk is too inclined to tell its lateral bend", "not seen from the front or the back")
    why = np.where(visible & ~(frontal & upright), why, reason).astype(np.object_)
    return Angles.judged(value, low, high, ok=ok, bounded=visible & frontal & upright, reason=why, span=(-90.0, 90.0))


def _tells(low: Degrees, high: Degrees) -> npt.NDArray[np.bool_]:
    """Something is proven about a band: bent beyond the first edge, or not beyond one of them."""
    return (low >= BANDS_DEG[0]) | (high <= BANDS_DEG[1])


def _length(context: Context) -> Array:
    """(N,) px of the trunk in the picture."""
    line = context.keypoints[:, SHOULDERS].mean(axis=1) - context.keypoints[:, HIPS].mean(axis=1)
    return np.asarray(np.hypot(line[:, 0], line[:, 1]))


def _visible(context: Context, length: Array) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.object_]]:
    """Which trunks can be judged, and what to say of those that are not `ok`."""
    seen = context.seen[:, [*SHOULDERS, *HIPS]].all(axis=1)
    long = length >= MIN_LENGTH_PX
    reason = np.full(len(context), "seen from a direction that leaves a wide interval", np.object_)
    for which, why in (
        (length < OK_LENGTH_PX, "trunk small in the image"),
        (context.facing.status > 0, context.facing.reason),
        (~context.usable, context.obstacle),
        (~long, "trunk too short in the image"),
        (~seen, "shoulders or hips not seen clearly"),
    ):
        reason = np.where(which, why, reason).astype(np.object_)
    return seen & long & context.usable, reason


def _lying(context: Context) -> npt.NDArray[np.bool_]:
    """(N,) whose hips are hardly above their ankles: they lie, fall or sit on the ground."""
    legs = context.keypoints[:, HIPS].mean(axis=1) - context.keypoints[:, ANKLES].mean(axis=1)
    seen = context.seen[:, ANKLES].all(axis=1) & np.isfinite(context.stature)
    return np.asarray(seen & ((legs * context.up).sum(axis=1) < _LOW_HIPS * context.stature))


def _noisy(context: Context, length: Array) -> tuple[Points, Points]:
    """The trunk's half planes (see `Sight.segment`), each draw turned in the picture by its share of the noise."""
    across, along = context.sight.segment(HIPS, SHOULDERS)
    across = np.where(np.isfinite(across), across, (0.0, 0.0, 1.0))
    share = np.where(np.abs(context.lean) <= _UPRIGHT_DEG, context.steady, 1.0)
    sigma = np.hypot(share * line_noise(context.deviations, length), np.radians(MODEL_SD_DEG))
    turn = (_NOISE[: len(across), None] * sigma)[..., None]
    return np.cos(turn) * across + np.sin(turn) * np.cross(along, across), along


def level_axes(context: Context) -> tuple[Points, Points]:
    """Forward and right of each person in each draw, level unit vectors (D, N, 3)."""
    turn = np.radians(context.facing.headings)[..., None]
    ahead, right = context.sight.ahead, context.sight.right
    return np.cos(turn) * right + np.sin(turn) * ahead, np.sin(turn) * right - np.cos(turn) * ahead


def _parts(vectors: Points, axis: Points) -> Array:
    return np.asarray((vectors[..., :2] * axis[..., :2]).sum(axis=-1))


def _weight(context: Context, flexion: Floats, length: Array, cosine: Floats) -> Floats:
    """How well each t of each draw fits what is known of bodies but for lateral bend, (T, D, N)."""
    weight = np.exp(-0.5 * (np.minimum(flexion - np.float32(_BACKWARD_DEG), 0) / np.float32(_BACKWARD_SD)) ** 2)
    usual = context.lengths[:, TRUNK]
    ratio = np.where(np.isfinite(usual), length / np.maximum(usual, 1.0), -1.0).astype(np.float32)
    fits = np.exp(-0.5 * ((cosine - np.minimum(ratio, 1.0)) / np.float32(_LENGTH_SD)) ** 2) + np.float32(0.02)
    return np.asarray(weight * np.where(ratio >= 0, fits, np.float32(1.0)), np.float32)


def _least(up: Floats, deep: Floats) -> Degrees:
    """Least inclination of any t (METHODS 6.2, "view unknown"), degrees."""
    steepest = np.where(up >= 0, np.hypot(up, deep), np.abs(deep))
    return np.asarray(np.degrees(np.arccos(np.clip(steepest, -1.0, 1.0))), np.float64)


def _sagittal(parts: list[Floats], up: Floats, deep: Floats) -> Degrees:
    """Flexion of each draw without any lateral bend: METHODS' closed form, (D, N) degrees."""
    t = sagittal_turn(parts[1], parts[3])
    cosine, sine = np.cos(t), np.sin(t)
    flexion = np.arctan2(cosine * parts[0] + sine * parts[2], cosine * up + sine * deep)
    return np.asarray(np.degrees(flexion), np.float64)


def sagittal_turn(across_right: Floats, along_right: Floats) -> Floats:
    """t in -90..90 degrees at which a segment has no part to the right, radians: by those parts of both its axes."""
    sign = np.where(along_right >= 0, 1.0, -1.0)
    return np.asarray(np.arctan2(-across_right * sign, np.abs(along_right)))


def _quantiles(degrees: Floats, weight: Floats, least: int, most: int) -> Array:
    """(3, N): 5 %, the middle and 95 % of (T, D, N) weighed angles; nan where nothing has a weight."""
    people, bins = degrees.shape[-1], (most - least) // _STEP
    at = np.clip((degrees - np.float32(least)) / np.float32(_STEP), 0, bins - 1).astype(np.intp)
    at += np.arange(people) * bins
    count = np.bincount(at.ravel(), weight.ravel(), people * bins).reshape(people, bins)
    total = np.cumsum(count, axis=1)
    whole = total[:, -1]
    found = np.full((3, people), np.nan)
    for row, share in enumerate((_OUT, 0.5, 1.0 - _OUT)):
        wanted = share * whole[:, None]
        index = np.minimum((total < wanted).sum(axis=1), bins - 1)
        rows = np.arange(people)
        within = (wanted[:, 0] - (total - count)[rows, index]) / np.maximum(count[rows, index], 1e-30)
        found[row] = np.where(whole > 1e-9, least + _STEP * (index + np.clip(within, 0.0, 1.0)), np.nan)
    return found


def draw_noise(step: float) -> Array:
    """`DRAWS` standard normal figures, even and without a random generator, in an order of their own for each
    irrational `step`."""
    order = np.argsort((np.arange(1, DRAWS + 1) * step) % 1.0)
    even = np.array([NormalDist().inv_cdf((index + 0.5) / DRAWS) for index in range(DRAWS)])
    return np.asarray(even[np.argsort(order)] / even.std(), np.float64)


_NOISE = draw_noise(np.sqrt(2.0))
