"""Exact angles and hand places from 3D joints (METHODS 6.1 and 7.1). Pure, vectorised over people and time.

Joints are COCO-17 in any unit of length for the angles, in metres for the hands; a joint that is not known is nan, and
what depends on it is not observable. The trunk is the line from mid-hip to mid-shoulder, which is not the spine; the
sagittal plane is square to the level part of the hip line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import Angles, Degrees
from spotter.ergonomics.joints import ANKLES, HIPS, SHOULDERS

Vectors = npt.NDArray[np.float64]

UP = (0.0, 0.0, 1.0)

EARS = (3, 4)

KNUCKLES = 0.046
"""Wrist to the knuckles of a gripping hand as a share of stature [D] (METHODS 7.1): 8 cm at 1.75 m. NIOSH measures at
the knuckles (Applications Manual 94-110, 1994, revised 2021, fig. 1)."""


@dataclass(frozen=True, slots=True, eq=False)
class TrunkFrame:
    """Axes of pelvis and trunk, unit vectors (..., 3): up, right and forward are level; along goes up the trunk."""

    up: Vectors
    right: Vectors
    forward: Vectors
    along: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """Where the hands are, (N,) each; nan where a joint is not known.

    Attributes:
        horizontal: H, floor distance from the middle of the ankles to the middle of the hands, cm.
        vertical: V, height of that middle above the floor, cm.
        asymmetry: A, angle on the floor between the heading and the line to the hands, degrees in 0..180.
        apart: distance between the hands, cm.
    """

    horizontal: npt.NDArray[np.float64]
    vertical: npt.NDArray[np.float64]
    asymmetry: Degrees
    apart: npt.NDArray[np.float64]


def body_angles_3d(
    joints: npt.ArrayLike, *, up: npt.ArrayLike = UP, neck_neutral: npt.ArrayLike = float("nan")
) -> BodyAngles:
    """All angles of a body, exactly.

    Args:
        joints: (..., 17, 3); leading axes are people or moments, and are one axis in the result, in C order.
        up: (3,) or (..., 3), away from the floor; any length.
        neck_neutral: (...) degrees, what `neck_angle` says of the person standing upright; nan where unknown, and the
            neck's flexion is then not observable.
    """
    points = np.asarray(joints, np.float64)
    people = points.shape[:-2]
    points = points.reshape(-1, *points.shape[-2:])
    upward = np.broadcast_to(np.asarray(up, np.float64), (*people, 3)).reshape(-1, 3)
    neutral = np.broadcast_to(np.asarray(neck_neutral, np.float64), people).reshape(-1)
    frame = trunk_frame(points, upward)
    left, right = _arm(points, frame, 0), _arm(points, frame, 1)
    return BodyAngles(
        trunk_flexion=Angles.exact(_turn(_dot(frame.along, frame.forward), _dot(frame.along, frame.up))),
        trunk_lateral=Angles.exact(_rise(_dot(frame.along, frame.right))),
        trunk_twist=Angles.exact(_twist(points, frame)),
        trunk_inclination=Angles.exact(_between(frame.along, frame.up)),
        neck_flexion=_neck(points, frame, neutral),
        left_upper_arm_trunk=Angles.exact(left[0]),
        right_upper_arm_trunk=Angles.exact(right[0]),
        left_upper_arm_gravity=Angles.exact(left[1]),
        right_upper_arm_gravity=Angles.exact(right[1]),
        left_upper_arm_flexion=Angles.exact(left[2]),
        right_upper_arm_flexion=Angles.exact(right[2]),
        left_upper_arm_abduction=Angles.exact(left[3]),
        right_upper_arm_abduction=Angles.exact(right[3]),
        left_elbow_flexion=Angles.exact(_bend(points, 5, 7, 9)),
        right_elbow_flexion=Angles.exact(_bend(points, 6, 8, 10)),
        left_hip_flexion=Angles.exact(_bend(points, 5, 11, 13)),
        right_hip_flexion=Angles.exact(_bend(points, 6, 12, 14)),
        left_knee_flexion=Angles.exact(_bend(points, 11, 13, 15)),
        right_knee_flexion=Angles.exact(_bend(points, 12, 14, 16)),
    )


def trunk_frame(joints: Vectors, up: npt.ArrayLike = UP) -> TrunkFrame:
    """Axes of (..., 17, 3) joints: right is the level part of the hip line, forward is up x right (METHODS 6.1)."""
    upward = _unit(np.broadcast_to(np.asarray(up, np.float64), (*joints.shape[:-2], 3)))
    hips = joints[..., HIPS[1], :] - joints[..., HIPS[0], :]
    right = _unit(hips - _dot(hips, upward)[..., None] * upward)
    along = _unit(_middle(joints, SHOULDERS) - _middle(joints, HIPS))
    return TrunkFrame(upward, right, np.cross(upward, right), along)


def neck_angle(joints: npt.ArrayLike, up: npt.ArrayLike = UP) -> Degrees:
    """Head line (mid-shoulder to mid-ear) against the trunk in the sagittal plane, degrees, forward positive: (...,).

    Not yet flexion: ears are in front of the shoulders of whoever stands upright. That angle is taken off as the
    person's neutral one.
    """
    points = np.asarray(joints, np.float64)
    frame = trunk_frame(points, up)
    head = _middle(points, EARS) - _middle(points, SHOULDERS)
    turned = _turn(_dot(head, frame.forward), _dot(head, frame.up))
    bent = _turn(_dot(frame.along, frame.forward), _dot(frame.along, frame.up))
    return np.asarray((turned - bent + 180.0) % 360.0 - 180.0, np.float64)


def hands(
    joints: npt.ArrayLike,
    *,
    stature: npt.ArrayLike,
    floor: float = 0.0,
    heading: npt.ArrayLike | None = None,
    up: npt.ArrayLike = UP,
) -> Hands:
    """Where the hands are by the terms of the NIOSH equation, with the knuckles `KNUCKLES` beyond the wrists.

    Args:
        joints: (..., 17, 3) m; leading axes as in `body_angles_3d`.
        stature: m, one or (...).
        floor: height of the floor along `up`, m.
        heading: (3,) or (..., 3), or two figures where up is z: the neutral sagittal direction; the pelvis' own
            forward direction where it is not given, which is right only while the feet stand square under it.
    """
    points = np.asarray(joints, np.float64)
    tall = np.broadcast_to(np.asarray(stature, np.float64), points.shape[:-2]).reshape(-1)
    upward = np.broadcast_to(np.asarray(up, np.float64), (*points.shape[:-2], 3)).reshape(-1, 3)
    points = points.reshape(-1, *points.shape[-2:])
    frame = trunk_frame(points, upward)
    both = [points[:, wrist] + KNUCKLES * tall[:, None] * _unit(points[:, wrist] - points[:, elbow])
            for elbow, wrist in ((7, 9), (8, 10))]  # fmt: skip
    middle = (both[0] + both[1]) / 2
    reach = middle - _middle(points, ANKLES)
    level = reach - _dot(reach, frame.up)[:, None] * frame.up
    ahead = frame.forward if heading is None else _level_heading(heading, frame.up)
    return Hands(
        100.0 * np.linalg.norm(level, axis=-1),
        100.0 * (_dot(middle, frame.up) - floor),
        _between(level, ahead),
        100.0 * np.linalg.norm(both[0] - both[1], axis=-1),
    )


def _level_heading(heading: npt.ArrayLike, up: Vectors) -> Vectors:
    given = np.asarray(heading, np.float64)
    if given.shape[-1] == 2:
        given = np.concatenate([given, np.zeros((*given.shape[:-1], 1))], axis=-1)
    given = np.broadcast_to(given.reshape(-1, 3), up.shape)
    return np.asarray(given - _dot(given, up)[:, None] * up)


def _neck(points: Vectors, frame: TrunkFrame, neutral: Degrees) -> Angles:
    flexion = (neck_angle(points, frame.up) - neutral + 180.0) % 360.0 - 180.0
    angles = Angles.exact(flexion)
    angles.reason[np.isnan(neutral)] = "this person's neutral head posture is not known yet"
    return angles


def _arm(points: Vectors, frame: TrunkFrame, side: int) -> tuple[Degrees, Degrees, Degrees, Degrees]:
    """(against trunk, against gravity, flexion, abduction) of the left (0) or right (1) upper arm.

    The split is that of the trunk: flexion in the trunk's sagittal plane, abduction out of it.
    """
    arm = _unit(points[:, 7 + side] - points[:, 5 + side])
    across = frame.right - _dot(frame.right, frame.along)[:, None] * frame.along
    across = _unit(across)
    front = np.cross(frame.along, across)
    outward = across if side else -across
    down = -_dot(arm, frame.along)
    return (
        _between(arm, -frame.along),
        _between(arm, -frame.up),
        _turn(_dot(arm, front), down),
        _rise(_dot(arm, outward)),
    )


def _twist(points: Vectors, frame: TrunkFrame) -> Degrees:
    """Shoulder line against hip line about the trunk, left turn positive."""
    shoulders = points[:, SHOULDERS[1]] - points[:, SHOULDERS[0]]
    pelvis = frame.right - _dot(frame.right, frame.along)[:, None] * frame.along
    shoulders = shoulders - _dot(shoulders, frame.along)[:, None] * frame.along
    return _turn(_dot(np.cross(pelvis, shoulders), frame.along), _dot(pelvis, shoulders))


def _bend(points: Vectors, first: int, joint: int, last: int) -> Degrees:
    """0 where three joints are in line."""
    return np.asarray(180.0 - _between(points[:, first] - points[:, joint], points[:, last] - points[:, joint]))


def _middle(points: Vectors, pair: tuple[int, int]) -> Vectors:
    return np.asarray((points[..., pair[0], :] + points[..., pair[1], :]) / 2.0)


def _dot(a: Vectors, b: Vectors) -> Vectors:
    return np.asarray((a * b).sum(axis=-1))


def _unit(vectors: Vectors) -> Vectors:
    """nan where there is no length."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-9, length, np.nan))


def _between(a: Vectors, b: Vectors) -> Degrees:
    """Angle between vectors, 0..180; by the tangent, which is exact near 0 and 180 too."""
    a, b = _unit(a), _unit(b)
    return np.asarray(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), _dot(a, b))))


def _turn(sine: Vectors, cosine: Vectors) -> Degrees:
    return np.degrees(np.arctan2(sine, cosine))


def _rise(sine: Vectors) -> Degrees:
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
