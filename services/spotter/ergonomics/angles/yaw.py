"""Which way people face, against the line of sight. Pure.

The heading is measured in the level plane from the picture's right: 0 faces to the right in the picture, 90 away from
the camera, 180 to the left, -90 towards it. METHODS 6.2's yaw is the angle between the picture's plane and the person's
sagittal plane: asin |sin heading|, 0 in a side view and 90 in a frontal one; its s is the sign of sin heading.

Each frame says how likely each heading is (METHODS 6.3.1): shoulders, hips and ears are as wide as the sine of the
heading lets them look, against the person's stature, never against their trunk, which is foreshortened when they bend;
from above the far side of a pair is higher in the picture; nose and eyes are ahead of the ears; whoever is bent is bent
forward. `angles.memory` adds this up over the last second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.values import BOUNDED, NOT_OBSERVABLE, OK, Degrees

Array = npt.NDArray[np.float64]

BINS = 48
"""Headings that are weighed, 7.5 degrees apart."""

HEADINGS: Degrees = np.asarray((np.arange(BINS) + 0.5) * (360.0 / BINS) - 180.0, np.float64)

SHOULDERS, HIPS, EARS = (5, 6), (11, 12), (3, 4)
_PAIRS = (SHOULDERS, HIPS, EARS)

SHARES = np.array([0.225, 0.123, 0.09])
"""Shoulders, hips and ears apart, as a share of stature: 0.259, 0.115 and 0.09 in METHODS' figure, 0.194, 0.116 and
0.09 in the simulated bodies, and 0.219, 0.133 and 0.091 as the default model places their keypoints."""

_SHARE_SD = np.array([0.14, 0.09, 0.10])
"""Relative standard deviation of `SHARES` over people and models [D]: covers the figures above."""

_TURN_SD = np.sin(np.radians([10.0, 5.0, 25.0]))
"""How far shoulders, hips and head turn against the pelvis in upright work, standard deviations 10, 5 and 25 degrees
[D]."""

_TILT_SD = np.sin(np.radians([6.0, 5.0, 8.0]))
"""How far each pair is off level, degrees [D]."""

FACE_AHEAD, _FACE_SD = 0.044, 0.015
"""Middle of nose and eyes ahead of the middle of the ears, as a share of stature, and its standard deviation: measured
with the default model on simulated workers; the same over METHODS' figure is 0.05."""

_WRONG = 0.05
"""Share of frames in which a model takes left for right, or a keypoint is nowhere near [D]."""

_LEANING_DEG = 25.0
"""Someone who leans this far in the picture is bent forward rather than to the side or backward."""

DISAGREE_DEG = 25.0
"""Shoulders, hips and ears that give yaws further apart than this are not believed (METHODS 6.3.1)."""

_BLUR_SD_DEG = 7.0
"""What is not known of a heading however sure the frames are, degrees [D]: the default model sees simulated workers in
oblique views up to 20 degrees more from the front than they are."""

_OK_HALF_WIDTH_DEG = 15.0
_CERTAIN = 0.95
_EXTREME_DEG = 7.5


@dataclass(frozen=True, slots=True, eq=False)
class Facing:
    """(N,) people in one frame.

    Attributes:
        heading: most probable, degrees in -180..180; nan where unknown.
        headings: (D, N) headings that stand for what may be true, equally likely, one for each of the sight's cameras.
        yaw, yaw_low, yaw_high: degrees in 0..90; the interval holds 90 %; nan, 0 and 90 where unknown.
        away: 1 faces away from the camera (leaning forward is away), -1 towards it, 0 not known.
        right: 1 faces to the right in the picture, -1 to the left, 0 not known.
        status: as in `Angles`: `ok` where the yaw interval's half width is at most 15 degrees and `away` or `right` is
            known, `bounded` where something is known.
        reason: for people, where the status is not `ok`.
    """

    heading: Degrees
    headings: Degrees
    yaw: Degrees
    yaw_low: Degrees
    yaw_high: Degrees
    away: npt.NDArray[np.int8]
    right: npt.NDArray[np.int8]
    status: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.heading)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one frame's keypoints look like, against the upright direction at each person's place.

    Attributes:
        widths: (N, 3, 2) right keypoint less left one, of shoulders, hips and ears: to the right and up, in statures.
        noise: (N, 3) standard deviation of each of these figures, in statures.
        face: (N,) nose and eyes to the right of the ears, in statures.
        face_noise: (N,) its standard deviation.
        lean: (N,) degrees of the trunk from upright in the picture, to the right positive.
        seen: (N, 5) shoulders, hips, ears, face, trunk.
    """

    widths: Array
    noise: Array
    face: Array
    face_noise: Array
    lean: Degrees
    seen: npt.NDArray[np.bool_]


def lean(keypoints: Array, up: Array) -> Degrees:
    """(N,) degrees of the trunk from upright in the picture, to the right positive: (N, 17, 2) px, (N, 2) up."""
    trunk = keypoints[:, SHOULDERS].mean(axis=1) - keypoints[:, HIPS].mean(axis=1)
    across = np.stack([-up[:, 1], up[:, 0]], axis=-1)
    return np.asarray(np.degrees(np.arctan2((trunk * across).sum(-1), (trunk * up).sum(-1))))


def look(
    keypoints: Array, deviations: Array, seen: npt.NDArray[np.bool_], stature: Array, up: Array, leans: Degrees
) -> Look:
    """Measure (N, 17, 2) px keypoints.

    Args:
        deviations: (N, 17) px.  seen: (N, 17).
        stature: (N,) px square to the line of sight; nan: widths say nothing.
        up: (N, 2) unit vectors, up at the person's place in the picture.
        leans: (N,) as of `lean`.
    """
    left, right = [pair[0] for pair in _PAIRS], [pair[1] for pair in _PAIRS]
    across = np.stack([-up[:, 1], up[:, 0]], axis=-1)
    size = np.where(np.isfinite(stature), np.maximum(stature, 1.0), 1.0)
    apart = (keypoints[:, right] - keypoints[:, left]) / size[:, None, None]
    widths = np.stack([(apart * across[:, None]).sum(-1), (apart * up[:, None]).sum(-1)], axis=-1)
    noise = np.hypot(deviations[:, left], deviations[:, right]) / size[:, None]
    face = (keypoints[:, :3].mean(axis=1) - keypoints[:, 3:5].mean(axis=1)) / size[:, None]
    face_noise = np.sqrt((deviations[:, :3] ** 2).sum(axis=1) / 9 + (deviations[:, 3:5] ** 2).sum(axis=1) / 4) / size
    sized = np.isfinite(stature)
    pairs = [seen[:, pair].all(axis=1) & sized for pair in _PAIRS]
    faces = seen[:, :3].all(axis=1) & seen[:, EARS].any(axis=1) & sized
    both = np.stack([*pairs, faces, seen[:, [*SHOULDERS, *HIPS]].all(axis=1)], axis=1)
    return Look(widths, noise, (face * across).sum(-1), face_noise, leans, both)


def likelihood(seen: Look, pitch: Degrees, pitch_sd: Degrees) -> Array:
    """Logarithm of how likely the frame is for each heading: (N, BINS).

    Args:
        pitch: (N,) degrees by which the line of sight looks down.  pitch_sd: its standard deviation.
    """
    sine, cosine = np.sin(np.radians(HEADINGS)), np.cos(np.radians(HEADINGS))
    down, down_sd = np.sin(np.radians(pitch))[:, None, None], np.radians(pitch_sd)[:, None, None]
    share = SHARES[:, None]
    level, rise = share * sine, -share * cosine * down
    noise = seen.noise[..., None] ** 2
    level_var = noise + ((_SHARE_SD[:, None] * level) ** 2 + (share * _TURN_SD[:, None] * cosine) ** 2)
    rise_var = noise + (share * _TILT_SD[:, None]) ** 2 + (share * cosine * down_sd) ** 2
    rise_var += (share * _TURN_SD[:, None] * sine * down) ** 2
    x, y = seen.widths[..., 0, None], seen.widths[..., 1, None]
    right = _normal((x - level) ** 2 / level_var + (y - rise) ** 2 / rise_var, level_var * rise_var)
    swapped = _normal((x + level) ** 2 / level_var + (y + rise) ** 2 / rise_var, level_var * rise_var)
    total = (_log_mixture(right, swapped) * seen.seen[:, :3, None]).sum(axis=1)
    ahead = FACE_AHEAD * cosine
    face_var = seen.face_noise[:, None] ** 2 + _FACE_SD**2 + (FACE_AHEAD * _TURN_SD[2] * sine) ** 2
    face = _normal((seen.face[:, None] - ahead) ** 2 / face_var, face_var)
    total += np.where(seen.seen[:, 3, None], _log_mixture(face, np.zeros_like(face)), 0.0)
    forward = 1.0 / (1.0 + np.exp(-8.0 * cosine * np.sign(seen.lean)[:, None]))
    leans = seen.seen[:, 4] & (np.abs(seen.lean) >= _LEANING_DEG)
    total += np.where(leans[:, None], np.log(_WRONG + (1 - _WRONG) * forward), 0.0)
    return np.asarray(total, np.float64)


def disagree(seen: Look) -> npt.NDArray[np.bool_]:
    """(N,) where the yaws by shoulders, hips and ears are further apart than `DISAGREE_DEG`, noise apart."""
    ratio = np.abs(seen.widths[..., 0]) / SHARES
    noise = seen.noise / SHARES + _SHARE_SD * ratio
    low = np.degrees(np.arcsin(np.clip(ratio - noise, 0.0, 1.0)))
    high = np.degrees(np.arcsin(np.clip(ratio + noise, 0.0, 1.0)))
    visible = seen.seen[:, :3]
    highest_low = np.where(visible, low, 0.0).max(axis=1)
    lowest_high = np.where(visible, high, 90.0).min(axis=1)
    return np.asarray(highest_low - lowest_high > DISAGREE_DEG)


def facing(weights: Array, draws: int) -> Facing:
    """What (N, BINS) logarithms of weights say of the headings."""
    share = np.exp(weights - weights.max(axis=1, keepdims=True))
    share = share @ _BLUR
    share /= share.sum(axis=1, keepdims=True)
    headings = _spread(share, draws)
    turn = np.radians(HEADINGS)
    mean_sine, mean_cosine = share @ np.sin(turn), share @ np.cos(turn)
    together = np.hypot(mean_sine, mean_cosine) > 0.5
    heading = np.where(together, np.degrees(np.arctan2(mean_sine, mean_cosine)), HEADINGS[share.argmax(axis=1)])
    yaws = np.sort(np.degrees(np.arcsin(np.abs(np.sin(np.radians(headings))))), axis=0)
    outside = 0.05 * (draws - 1)
    low, middle, high = yaws[int(outside)], yaws[draws // 2], yaws[int(np.ceil(draws - 1 - outside))]
    # Headings on either side of a pure side or frontal view give yaws on one side of it only.
    low, high = np.where(low < _EXTREME_DEG, 0.0, low), np.where(high > 90.0 - _EXTREME_DEG, 90.0, high)
    away = _sign(share @ (np.sin(turn) > 0))
    right = _sign(share @ (np.cos(turn) > 0))
    known = high - low < 75.0
    sure = known & (high - low <= 2 * _OK_HALF_WIDTH_DEG) & ((away != 0) | (right != 0))
    status = np.where(sure, OK, np.where(known, BOUNDED, NOT_OBSERVABLE)).astype(np.uint8)
    reason = np.full(len(heading), "which way the person faces is not known", np.object_)
    reason[known] = "which way the person faces is known only roughly"
    reason[sure] = ""
    unknown = ~known
    return Facing(
        np.where(unknown, np.nan, heading), headings, np.where(unknown, np.nan, middle),
        np.where(unknown, 0.0, low), np.where(unknown, 90.0, high), away, right, status, reason,
    )  # fmt: skip


def _blur() -> Array:
    apart = (HEADINGS[:, None] - HEADINGS[None] + 180.0) % 360.0 - 180.0
    kernel = np.exp(-0.5 * (apart / _BLUR_SD_DEG) ** 2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


_BLUR = _blur()


def _spread(share: Array, draws: int) -> Degrees:
    """(draws, N) headings at equal steps of the distribution, even within a bin."""
    total = np.cumsum(share, axis=1)
    at = (np.arange(draws) + 0.5) / draws
    bins = np.minimum((total[None] < at[:, None, None]).sum(axis=2), BINS - 1)
    rows = np.arange(len(share))[None]
    within = (at[:, None] - (total - share)[rows, bins]) / np.maximum(share[rows, bins], 1e-12)
    return np.asarray(HEADINGS[bins] + (np.clip(within, 0.0, 1.0) - 0.5) * (360.0 / BINS))


def _sign(probability: Array) -> npt.NDArray[np.int8]:
    return np.where(probability >= _CERTAIN, 1, np.where(probability <= 1 - _CERTAIN, -1, 0)).astype(np.int8)


def _normal(squares: Array, variance: Array) -> Array:
    """Normal density up to a factor, by the sum of squares over their variances and the product of these."""
    return np.asarray(np.exp(-0.5 * squares) / np.sqrt(variance))


def _log_mixture(right: Array, swapped: Array) -> Array:
    """With left for right at times, and anything at all at times: a hundredth of the best of this frame."""
    best = np.maximum(right.max(axis=-1, keepdims=True), 1e-12)
    return np.asarray(np.log((1 - _WRONG) * right + _WRONG * swapped + 0.01 * best))
