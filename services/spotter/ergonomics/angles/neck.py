"""Neck flexion from one camera: the head line against the trunk, less the person's neutral one (METHODS 6.1). Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.trunk_pose import OK_HALF_WIDTH_DEG, TrunkPose, draw_noise, level_axes, sagittal_turn
from spotter.ergonomics.angles.values import Angles, Degrees
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.joints import SHOULDERS

EARS = (3, 4)

SPAN_DEG = (-90.0, 180.0)

MODEL_SD_DEG = 5.0
"""What ears and shoulders of a model are off as an angle of the head line, and the head's own tilt to the side, beyond
the noise of the keypoints [D]."""

_WIDEST_DEG = 60.0
"""A wider interval is the neck's whole range and says nothing."""

_OUT = 0.03


def head_line(context: Context, trunk: TrunkPose) -> Degrees:
    """(D, N) degrees of the head line against the trunk in the sagittal plane, of each draw; not yet flexion, see
    `joints3d.neck_angle`. nan where no ear is seen."""
    across, along = _half_planes(context)
    forward, right = level_axes(context)
    t = sagittal_turn(_level(across, right), _level(along, right))
    cosine, sine = np.cos(t), np.sin(t)
    ahead = cosine * _level(across, forward) + sine * _level(along, forward)
    rise = cosine * across[..., 2] + sine * along[..., 2]
    turned = np.degrees(np.arctan2(ahead, rise))
    return np.asarray((turned - trunk.draws + 180.0) % 360.0 - 180.0)


def neck_flexion(context: Context, line: Degrees) -> Angles:
    """Judge the necks of N people by their `head_line`."""
    known = ~np.isnan(context.neck_neutral)
    seen = context.seen[:, EARS].any(axis=1) & context.seen[:, SHOULDERS].all(axis=1)
    ordered = np.sort(line - np.where(known, context.neck_neutral, 0.0), axis=0)
    last = len(ordered) - 1
    low, high = ordered[int(_OUT * last)], ordered[int(np.ceil((1 - _OUT) * last))]
    width = np.where(np.isfinite(high - low), high - low, np.inf)
    judged = known & seen & context.usable
    ok = judged & (width <= 2 * OK_HALF_WIDTH_DEG)
    bounded = judged & (width <= 2 * _WIDEST_DEG)
    reason = np.full(len(context), "seen from a direction that leaves a wide interval", np.object_)
    for which, why in (
        (context.facing.status > 0, context.facing.reason),
        (~context.usable, context.obstacle),
        (~seen, "ears or shoulders not seen clearly"),
        (~known, "this person's neutral head posture is not known yet"),
    ):
        reason = np.where(which, why, reason).astype(np.object_)
    fill = np.where(np.isfinite(ordered), ordered, 0.0)
    middle = fill[len(fill) // 2]
    return Angles.judged(
        middle, fill[int(_OUT * last)], fill[int(np.ceil((1 - _OUT) * last))],
        ok=ok, bounded=bounded, reason=reason, span=SPAN_DEG,
    )  # fmt: skip


def _half_planes(context: Context) -> tuple[Points, Points]:
    """As `Sight.segment`, from the shoulders to the middle of the ears, or to the only ear that is seen."""
    rays, seen = context.sight.rays, context.seen[:, EARS]
    share = np.where(seen.any(axis=1, keepdims=True), seen, np.nan) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
    end = share[:, 0, None] * rays[:, :, EARS[0]] + share[:, 1, None] * rays[:, :, EARS[1]]
    end = end / np.linalg.norm(end, axis=-1, keepdims=True)
    start = context.sight.at(SHOULDERS)
    across, along = end - start, end + start
    across = across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-12)
    along = along / np.linalg.norm(along, axis=-1, keepdims=True)
    turn = (_NOISE[: len(across), None] * _sigma(context, share))[..., None]
    return np.cos(turn) * across + np.sin(turn) * np.cross(along, across), along


def _sigma(context: Context, share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(N,) standard deviation of the head line's direction in the picture, radians."""
    weights = np.nan_to_num(share)
    ears = (weights[..., None] * context.keypoints[:, EARS]).sum(axis=1)
    length = np.linalg.norm(ears - context.keypoints[:, SHOULDERS].mean(axis=1), axis=1)
    noise = (weights**2 * context.deviations[:, EARS] ** 2).sum(axis=1)
    noise = noise + (context.deviations[:, SHOULDERS] ** 2).sum(axis=1) / 4.0
    return np.asarray(np.hypot(np.sqrt(noise) / np.maximum(length, 1.0), np.radians(MODEL_SD_DEG)))


def _level(vectors: Points, axis: Points) -> npt.NDArray[np.float64]:
    return np.asarray((vectors[..., :2] * axis[..., :2]).sum(axis=-1))


_NOISE = draw_noise(np.sqrt(3.0))
