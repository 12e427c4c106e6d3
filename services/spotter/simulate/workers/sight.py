"""What a camera could see of workers: exact 2D joints and which of them are hidden or outside the picture. Pure.

Bodies are made of capsules (radii [D]): a joint is hidden when the line from the lens comes through one before it gets
near the joint. The joint's own segment does not hide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS
from spotter.core.errors import ConfigError
from spotter.simulate.workers.chance import Floats
from spotter.simulate.workers.reach import dot
from spotter.simulate.workers.take import Take
from spotter.simulate.workers.viewpoint import Viewpoint


class Visibility(IntEnum):
    """Of one joint in one picture; the numbers are those of the labels of simulated clips."""

    OUTSIDE = 0
    HIDDEN = 1
    VISIBLE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """P people at T moments before one camera.

    Attributes:
        view: the camera.
        times: (T,) s.
        joints: (P, T, 17, 3) m.
        points: (P, T, 17, 2) px; nan behind the camera.
        visibility: (P, T, 17) uint8, `Visibility`.
    """

    view: Viewpoint
    times: Floats
    joints: Floats
    points: Floats
    visibility: npt.NDArray[np.uint8]


_LIMBS = (
    (5, 7, 0.045),
    (7, 9, 0.04),
    (6, 8, 0.045),
    (8, 10, 0.04),
    (11, 13, 0.08),
    (13, 15, 0.055),
    (12, 14, 0.08),
    (14, 16, 0.055),
)
"""From joint, to joint, radius m."""

_TRUNK, _HEAD, _FACE = 0.11, 0.085, 0.03
"""Radius of a capsule from mid-hip to mid-shoulder, of a sphere about the middle of the ears, and of one about the
middle of the eyes (the bridge of the nose), m."""

_NEAR = np.array([0.05] * 5 + [0.10] * 2 + [0.05] * 4 + [0.12] * 2 + [0.09] * 2 + [0.06] * 2)
"""(17,) m before the joint at which a line of sight has reached the body part that the joint is in."""


def see(takes: Sequence[Take], view: Viewpoint) -> Sight:
    """What one camera could see of people who are there at the same time; whoever is done stays as they are.

    Raises:
        ConfigError: takes of different frame rates, or none.
    """
    if not takes or len({take.fps for take in takes}) != 1:
        raise ConfigError("workers before one camera have no common frame rate", mend="Simulate all at the same fps")
    longest = max(takes, key=len)
    moments = np.arange(len(longest))
    joints = np.stack([take.joints[np.minimum(moments, len(take) - 1)] for take in takes])
    points = view.project(joints)
    inside = (points >= 0).all(axis=-1) & (points < [view.camera.width, view.camera.height]).all(axis=-1)
    hidden = np.zeros(inside.shape, bool)
    for number, take in enumerate(takes):
        rows = np.minimum(moments, len(take) - 1)
        for other in range(len(takes)):
            hidden[other] |= _behind_body(view.lens, joints[other], joints[number], own=other == number)
            for load in take.loads:
                turn = np.radians(load.yaw[rows])
                half = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1) * load.box.size[1] / 2
                centre = load.centre[rows]
                hidden[other] |= _behind(view.lens, joints[other], centre - half, centre + half, load.box.size[2] / 2)
    seen = np.where(inside, np.where(hidden, Visibility.HIDDEN, Visibility.VISIBLE), Visibility.OUTSIDE)
    return Sight(view, longest.times, joints, points, seen.astype(np.uint8))


def _behind_body(lens: Floats, joints: Floats, body: Floats, *, own: bool) -> npt.NDArray[np.bool_]:
    """(T, 17) joints that are behind a body (T, 17, 3)."""
    hips, shoulders, ears, eyes = (body[:, pair].mean(axis=1) for pair in ([11, 12], [5, 6], [3, 4], [1, 2]))
    hidden = _behind(lens, joints, hips, shoulders, _TRUNK) | _behind(lens, joints, ears, ears, _HEAD)
    hidden |= _behind(lens, joints, eyes, eyes, _FACE)
    for begin, end, radius in _LIMBS:
        behind = _behind(lens, joints, body[:, begin], body[:, end], radius)
        if own:
            behind[:, [begin, end]] = False
        hidden |= behind
    return hidden


def _behind(lens: Floats, joints: Floats, begin: Floats, end: Floats, radius: float) -> npt.NDArray[np.bool_]:
    """(T, 17) lines from the lens to joints (T, 17, 3) that pass a capsule (T, 3), (T, 3).

    Distance of two segments by Ericson 2005, Real-Time Collision Detection, 5.1.9.
    """
    sight = joints - lens
    far = np.sqrt(dot(sight, sight))
    sight = sight * (1 - _NEAR / np.maximum(far, 1e-9))[..., None]
    axis = np.broadcast_to((end - begin)[:, None], (len(begin), KEYPOINTS, 3))
    apart = lens - begin[:, None]
    a, e, f = dot(sight, sight), np.maximum(dot(axis, axis), 1e-12), dot(axis, apart)
    b, c = dot(sight, axis), dot(sight, apart)
    flat = a * e - b * b
    s = np.clip(np.where(flat > 1e-12, (b * f - c * e) / np.where(flat > 1e-12, flat, 1.0), 0.0), 0.0, 1.0)
    t = np.clip((b * s + f) / e, 0.0, 1.0)
    s = np.clip((b * t - c) / np.maximum(a, 1e-12), 0.0, 1.0)
    gap = apart + sight * s[..., None] - axis * t[..., None]
    return np.asarray(dot(gap, gap) < radius**2)
