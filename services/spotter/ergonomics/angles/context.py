"""What is known of the people of one frame before their angles are judged. Pure.

Made by `angles.memory.observe` from a frame's skeletons and the memories of its tracks; `angles.view.body_angles` and
the limbs' functions read it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.sight import Sight
from spotter.ergonomics.angles.values import Degrees
from spotter.ergonomics.angles.yaw import Facing

TRUNK, UPPER_ARM, FOREARM, THIGH, SHANK = range(5)
"""Columns of `Context.lengths`."""


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """N people.

    Attributes:
        keypoints: (N, 17, 2) px, COCO-17, y down.
        confidences: (N, 17) in 0..1.
        deviations: (N, 17) px, standard deviation along either axis; of a model without calibration a share of the
            body's size.
        seen: (N, 17) the confidence passes the gate of its joint.
        usable: (N,) the skeleton fits the one before and is not cut off by the picture's edge (METHODS 6.3.7).
        obstacle: (N,) for people, why not; empty where usable.
        sight: rays of all cameras that may be the true one; it holds the vertical and the pitch at each person's place.
        up: (N, 2) unit vectors, up at the person's place in the picture.
        lean: (N,) degrees of the trunk from upright in the picture, to the right positive.
        steady: (N,) how much noise that line has when upright, as a share of what the deviations say, as seen so far.
        facing: the person against the line of sight.
        stature: (N,) px that the person's standing height would measure at their place, square to the line of sight;
            nan until they were seen upright.
        lengths: (N, 5) px that trunk, upper arm, forearm, thigh and shank would measure square to the line of sight,
            left and right alike; nan where the stature is.
        length_sd: relative standard deviation of `lengths`.
        trunk_offset: (N,) degrees, trunk flexion that this person shows when upright, within -10..10; 0 until known.
        neck_neutral: (N,) degrees, head line against the trunk when upright; nan until known.
    """

    keypoints: npt.NDArray[np.float64]
    confidences: npt.NDArray[np.float64]
    deviations: npt.NDArray[np.float64]
    seen: npt.NDArray[np.bool_]
    usable: npt.NDArray[np.bool_]
    obstacle: npt.NDArray[np.object_]
    sight: Sight
    up: npt.NDArray[np.float64]
    lean: Degrees
    steady: npt.NDArray[np.float64]
    facing: Facing
    stature: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.float64]
    length_sd: float
    trunk_offset: Degrees
    neck_neutral: Degrees

    def __len__(self) -> int:
        return len(self.keypoints)
