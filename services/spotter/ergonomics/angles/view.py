"""All angles of the people of a frame, from one camera. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spotter.core.clock import SECOND
from spotter.ergonomics.angles.arms import arm_angles
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.legs import leg_angles
from spotter.ergonomics.angles.memory import AngleMemory, learn_neutral, observe
from spotter.ergonomics.angles.neck import head_line, neck_flexion
from spotter.ergonomics.angles.trunk_pose import trunk_pose
from spotter.ergonomics.angles.values import Angles, Degrees
from spotter.ergonomics.geometry.ground import Ground

_TWIST = "one camera does not show the twist of the trunk"
_UPRIGHT_DEG = 20.0
_NEUTRAL_HALF_WIDTH_DEG = 12.0
_LEGS_STRAIGHT = 0.40
"""Hips this far above the ankles, in statures: standing or walking, not sitting [D]."""

_LONGEST_S = 1.0


def body_angles(context: Context) -> BodyAngles:
    """Judge N people."""
    return _judge(context)[0]


def assess(
    memories: Sequence[AngleMemory],
    at: int,
    keypoints: npt.ArrayLike,
    confidences: npt.ArrayLike,
    deviations: npt.ArrayLike | None,
    stature: npt.ArrayLike,
    ground: Ground,
) -> tuple[Context, BodyAngles]:
    """Take in a frame, judge its people, and learn their neutral postures; arguments as of `memory.observe`."""
    elapsed = np.array([0.0 if one.at is None else min((at - one.at) / SECOND, _LONGEST_S) for one in memories])
    context = observe(memories, at, keypoints, confidences, deviations, stature, ground)
    angles, trunk, neck = _judge(context)
    learn_neutral(memories, elapsed, _standing(context, angles), trunk, neck)
    return context, angles


def _judge(context: Context) -> tuple[BodyAngles, Degrees, Degrees]:
    """(angles, trunk flexion and head line as they look before any correction (N,), nan where seen too badly)."""
    count = len(context)
    trunk = trunk_pose(context)
    line = head_line(context, trunk)
    fields = {
        "trunk_flexion": trunk.flexion,
        "trunk_lateral": trunk.lateral,
        "trunk_twist": Angles.not_observable(count, _TWIST, low=-180.0, high=180.0),
        "trunk_inclination": trunk.inclination,
        "neck_flexion": neck_flexion(context, line),
    }
    fields.update(arm_angles(context)._asdict())
    fields.update(leg_angles(context)._asdict())
    flexion = trunk.flexion
    narrow = flexion.high - flexion.low <= 2 * _NEUTRAL_HALF_WIDTH_DEG
    bent = np.where(narrow, flexion.value + context.trunk_offset, np.nan)
    ordered = np.sort(line, axis=0) if count else line
    tenth = len(line) // 20
    sharp = count and ordered[-1 - tenth] - ordered[tenth] <= 4 * _NEUTRAL_HALF_WIDTH_DEG
    head = np.where(sharp, ordered[len(line) // 2], np.nan)
    return BodyAngles(**fields), bent, head


def _standing(context: Context, angles: BodyAngles) -> npt.NDArray[np.bool_]:
    """Who stands or walks upright: little inclined, on straight legs."""
    hips, ankles = context.keypoints[:, [11, 12]].mean(axis=1), context.keypoints[:, [15, 16]].mean(axis=1)
    tall = np.linalg.norm(hips - ankles, axis=1) >= _LEGS_STRAIGHT * context.stature
    low = np.nan_to_num(angles.trunk_inclination.value, nan=90.0) <= _UPRIGHT_DEG
    return np.asarray(tall & low & context.seen[:, [15, 16]].all(axis=1) & context.usable)
