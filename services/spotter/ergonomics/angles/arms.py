"""Upper arms against the trunk and against gravity, and elbows, from one camera. Pure, vectorised over people.

Definitions as in `joints3d`; the intervals are over every direction that the picture allows (see `directions`). The
split into flexion and abduction is in the trunk's frame, so it needs the heading.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spotter.ergonomics.angles.context import FOREARM, TRUNK, UPPER_ARM, Context
from spotter.ergonomics.angles.directions import MID_HIPS, MID_SHOULDERS, Floats, Part, cross, directions, dot
from spotter.ergonomics.angles.drawn import between, centred, ends, evened, judged
from spotter.ergonomics.angles.values import OK, Angles

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
    low, high = ends(
        np.concatenate([joints, around, sideways, elbows], axis=1),
        np.concatenate([evened(joints), flat, flat, evened(elbows)], axis=1),
    )
    low[:, _FLEXION] += middle
    high[:, _FLEXION] += middle
    _close(low, high)
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
            known=known,
            least=_LEAST,
            most=_MOST,
        )
    )


def _close(low: Floats, high: Floats) -> None:
    """Flexion that passes the end of its range, or is singular, may be any: in place."""
    raised = np.maximum(np.abs(low[:, 6:8]), np.abs(high[:, 6:8])) > _SINGULAR
    anywhere = raised | (low[:, _FLEXION] < -180.0) | (high[:, _FLEXION] > 180.0)
    low[:, _FLEXION] = np.where(anywhere, np.float32(-180.0), low[:, _FLEXION])
    high[:, _FLEXION] = np.where(anywhere, np.float32(180.0), high[:, _FLEXION])
