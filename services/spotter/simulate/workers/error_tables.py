"""What a pose model's errors are made of, as tables; one instance is fitted to one model. Pure.

`benchmarks/detector_errors.py` fits them and prints how simulated errors compare with those that they were fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from spotter.pose.calibration.curves import BODY_SHARE_OF_BOX, Floats
from spotter.pose.models.suppression import COCO_SIGMAS
from spotter.simulate.workers.sight import Sight

RIGHT_RADIUS: Floats = COCO_SIGMAS.astype(np.float64) * 2.0 * np.sqrt(2.0 * np.log(2.0))
"""(17,) distance in person sizes within which a keypoint is right: keypoint similarity 0.5, as in the calibration."""

PAIRS = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
"""(17,) the same joint of the other side."""


class Bearing(IntEnum):
    """How somebody is seen: the model's errors differ most by this."""

    UPRIGHT = 0
    BENT = 1
    LYING = 2


@dataclass(frozen=True, slots=True, eq=False)
class ErrorTables:
    """Figures by keypoint group G (rows of `calibration.curves.GROUPS`), hidden or visible, and `Bearing`.

    Attributes:
        model: whose errors they are, as it travels with every result.
        sureness: (G, 2, 3) mean log odds of the calibrated confidence.
        offset: (G, 2, 3) log odds by which a keypoint is right more often than its confidence says.
        swapped: (G, 2) share of wrong keypoints that are on the same joint of the other side.
        core: (G, 2) standard deviation of right keypoints along an axis, in the deviations that the model states.
        far: (G,) mean distance of other wrong keypoints beyond where they would be right, in person sizes.
        outside: (G,) mean log odds of the confidence of joints outside the picture.
        missed: (3,) share of frames in which somebody is not found.
        turned: (3,) share of frames in which left and right are exchanged on the whole body.
        score: (3, 2) mean and standard deviation of the person's score.
        box: (3, 2) mean and standard deviation of the box's edges beyond the outermost joints, in person sizes: sides,
            top, bottom.
    """

    model: str
    sureness: Floats
    offset: Floats
    swapped: Floats
    core: Floats
    far: Floats
    outside: Floats
    missed: Floats
    turned: Floats
    score: Floats
    box: Floats


_BENT_FROM, _LYING_BELOW = (35.0, 55.0), (0.20, 0.30)
"""Trunk inclination (degrees) over which somebody turns from upright to bent; height of the hips (statures) below which
somebody who is bent lies. Between the two figures of each the tables are mixed."""


def bearings(sight: Sight) -> Floats:
    """(P, T, 3) weights of upright, bent and lying, from the true joints; they add up to 1."""
    j = sight.joints
    hips = j[..., 11:13, :].mean(axis=-2)
    trunk = j[..., 5:7, :].mean(axis=-2) - hips
    length = np.sqrt((trunk**2).sum(axis=-1))
    inclined = np.degrees(np.arccos(np.clip(trunk[..., 2] / length, -1.0, 1.0)))
    bent = np.clip((inclined - _BENT_FROM[0]) / (_BENT_FROM[1] - _BENT_FROM[0]), 0.0, 1.0)
    # A trunk is 0.288 of a stature (Winter 2009).
    low = hips[..., 2] * 0.288 / length
    lying = bent * np.clip((_LYING_BELOW[1] - low) / (_LYING_BELOW[1] - _LYING_BELOW[0]), 0.0, 1.0)
    return np.stack([1.0 - bent, bent - lying, lying], axis=-1)


_FLESH = 1.30
"""Sides of a body's box against those of its joints' box, geometric mean: the head, hands and feet go beyond; measured
on the simulated clips."""


def sizes(sight: Sight) -> Floats:
    """(P, T) px of the picture, root of the body's area as COCO measures it, from the true joints."""
    boxes = joint_boxes(sight.points)
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 1.0)
    return np.asarray(_FLESH * np.sqrt(BODY_SHARE_OF_BOX * np.where(np.isfinite(sides), sides, 1.0).prod(axis=-1)))


def joint_boxes(points: Floats) -> Floats:
    """(..., 17, 2) px -> (..., 4) xyxy around the joints that are before the camera."""
    low = np.where(np.isnan(points), np.inf, points).min(axis=-2)
    high = np.where(np.isnan(points), -np.inf, points).max(axis=-2)
    return np.concatenate([low, high], axis=-1)
