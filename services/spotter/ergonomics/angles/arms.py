"""Upper arms against the trunk and against gravity, and elbows, from one camera. Pure, vectorised over people.

Definitions as in `joints3d`; the intervals are over every direction that the picture allows (see `directions`). The
split into flexion and abduction is in the trunk's frame, so it needs the heading.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spotter.ergonomics.angles.context import FOREARM, TRUNK, UPPER_ARM, Context
from spotter.ergonomics.angles.directions import (
    MID_HIPS,
    MID_SHOULDERS,
    Directions,
    Floats,
    Part,
    cross,
    directions,
    dot,
)
from spotter.ergonomics.angles.drawn import (
    MAX_HALF_WIDTH,
    MIN_RATIO,
    between,
    centred,
    ends,
    evened,
    judged,
    may_be_straight,
    noise_between,
)
from spotter.ergonomics.angles.values import OK, Angles, Degrees

PARTS = (
    Part(MID_HIPS, MID_SHOULDERS, TRUNK, 1.0, 0.0, 0.10, -0.25),
    Part(5, 7, UPPER_ARM), Part(6, 8, UPPER_ARM), Part(7, 9, FOREARM), Part(8, 10, FOREARM),
)  # fmt: skip

_FIRST, _SECOND = [0, 0, 1, 2, 0, 0, 0, 0, 1, 2], [1, 2, 1, 2, 1, 2, 1, 2, 3, 4]
"""Rows of `PARTS` that each angle of `ArmAngles` is between; one with itself stands against gravity."""

_LEAST = np.array([0.0] * 4 + [-180.0] * 2 + [-90.0] * 2 + [0.0] * 2)
_MOST = np.array([180.0] * 6 + [90.0] * 2 + [180.0] * 2)
_FLEXION, _FRAMED = slice(4, 6), slice(4, 8)
"""Angles in the trunk's frame, which need the heading; the first two of them go round."""

_GRAVITY = slice(2, 4)

_TURNS = 1.645 * np.linspace(-1.0, 1.0, 5)
"""Standard deviations by which the line of an arm is turned in the picture: the middle 90 %."""

_SINGULAR = 60.0
"""Flexion of an arm that is raised sideways by more than this says little: it turns about itself [D]."""


class ArmAngles(NamedTuple):
    """Fields of `BodyAngles`, (N,) each."""

    left_upper_arm_trunk: Angles
    right_upper_arm_trunk: Angles
    left_upper_arm_gravity: Angles
    right_upper_arm_gravity: Angles
    left_upper_arm_flexion: Angles
    right_upper_arm_flexion: Angles
    left_upper_arm_abduction: Angles
    right_upper_arm_abduction: Angles
    left_elbow_flexion: Angles
    right_elbow_flexion: Angles


def arm_angles(context: Context) -> ArmAngles:
    """Judge the arms of everybody in the frame."""
    found = directions(context, PARTS)
    trunk, uppers, forearms = found.vectors[:, :, :1], found.vectors[:, :, 1:3], found.vectors[:, :, 3:]
    right = found.right - dot(found.right, trunk) * trunk
    right = np.nan_to_num(right / np.maximum(np.sqrt(dot(right, right)), np.float32(1e-6)))
    joints = np.concatenate(
        [180.0 - between(trunk, uppers), np.degrees(np.arccos(np.clip(-uppers[2], -1.0, 1.0)))], axis=1
    )
    flexion = np.degrees(np.arctan2(dot(uppers, cross(trunk, right)), -dot(uppers, trunk)))
    middle, around = centred(flexion)
    sideways = np.degrees(np.arcsin(np.clip(dot(uppers, right), -1.0, 1.0)))
    sideways[:, 0] *= -1.0
    elbows = between(uppers, forearms)
    flat = np.ones_like(flexion)
    draws = np.concatenate([joints, around, sideways, elbows], axis=1)
    weights = np.concatenate([evened(joints), flat, flat, evened(elbows)], axis=1)
    low, high = ends(draws, weights)
    noise = noise_between(found, _FIRST, _SECOND)
    low[:, :2][may_be_straight(found, noise[:, :2], _FIRST[:2], _SECOND[:2], opposed=True)] = 0.0
    low[:, 8:][may_be_straight(found, noise[:, 8:], _FIRST[8:], _SECOND[8:])] = 0.0
    low[:, _FLEXION] += middle
    high[:, _FLEXION] += middle
    _close(low, high)
    # What is proven must not rest on a length: such an interval is taken as it is only where it may be `ok`.
    sure = ((high - low)[:, _GRAVITY] <= 2.0 * MAX_HALF_WIDTH) & (found.ratio[:, 1:3] >= MIN_RATIO)
    low[:, _GRAVITY] = np.where(sure, low[:, _GRAVITY], np.minimum(low[:, _GRAVITY], _proven(found)))
    nowhere = np.isnan(context.facing.headings).any(axis=0)
    low[nowhere, _FRAMED], high[nowhere, _FRAMED] = _LEAST[_FRAMED], _MOST[_FRAMED]
    known = np.ones(low.shape, np.bool_)
    known[:, _FRAMED] = (context.facing.status == OK)[:, None]
    return ArmAngles(
        *judged(
            context,
            low,
            high,
            seen=found.seen[:, _FIRST] & found.seen[:, _SECOND],
            ratio=np.minimum(found.ratio[:, _FIRST], found.ratio[:, _SECOND]),
            noise=noise,
            known=known,
            least=_LEAST,
            most=_MOST,
        )
    )


def _proven(found: Directions) -> Degrees:
    """(N, 2) the inclination of the upper arms from hanging that the picture proves whatever their length (METHODS 6.2,
    "view unknown"): least over all directions, the noise of the line and the cameras, 5 % of these left out."""
    across, along = found.across[:, :, 1:3], found.along[:, :, 1:3]
    side = cross(along, across)
    least = []
    for share in _TURNS:
        turn = (share * found.sigma[:, 1:3]).astype(np.float32)[..., None]
        down, deep = -(np.cos(turn) * across[2] + np.sin(turn) * side[2]), -along[2]
        nearest = np.where(down > 0, np.sqrt(down * down + deep * deep), np.abs(deep))
        least.append(np.degrees(np.arccos(np.clip(nearest, -1.0, 1.0))))
    ordered = np.sort(np.min(least, axis=0), axis=-1)
    return np.asarray(ordered[..., len(ordered[0, 0]) // 20] if ordered.size else ordered[..., 0], np.float64)


def _close(low: Floats, high: Floats) -> None:
    """Flexion that passes the end of its range, or is singular, may be any: in place."""
    raised = np.maximum(np.abs(low[:, 6:8]), np.abs(high[:, 6:8])) > _SINGULAR
    anywhere = raised | (low[:, _FLEXION] < -180.0) | (high[:, _FLEXION] > 180.0)
    low[:, _FLEXION] = np.where(anywhere, np.float32(-180.0), low[:, _FLEXION])
    high[:, _FLEXION] = np.where(anywhere, np.float32(180.0), high[:, _FLEXION])
