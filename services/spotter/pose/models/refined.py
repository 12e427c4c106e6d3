"""A second step on the people of any model: each gets a crop of its own, and MoveNet Thunder looks again.

Promises: as many people as the base model found, in its order, with its boxes and scores; only keypoints and their
confidences change. A pose that is another one's (somebody else in the crop) is not taken over. The same image gives the
same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from spotter.core.contracts import Image
from spotter.pose.models.api import Detections, PoseModel
from spotter.pose.models.movenet_decode import DUPLICATE_OKS
from spotter.pose.models.suppression import oks
from spotter.pose.models.thunder_decode import CropPoses

PICTURE_SIZE = 1920
"""Long side of the picture that crops are worth taking from, px: at full HD a person of a tenth of its height fills
half a crop. Larger pictures may be decoded at a half."""

LEAST_AGREEMENT = 0.1
"""OKS of a refined pose to the base's, below which the base's stays: such a pose is somebody else's or nobody's.
[D]: 0 to 0.2 give the same accuracy on labelled images."""


class CropModel(Protocol):
    """What looks at crops."""

    def load(self) -> None:
        """Make ready. Raises `ModelError`."""

    def poses(self, image: Image, people: Detections) -> CropPoses:
        """One pose for each person, in order, in pixels of the image, (H, W, 3) uint8 BGR."""


MAX_PEOPLE = 10
"""Most people of an image who get a second look, which bounds its cost."""


class Refined:
    """`PoseModel` of a base model and a crop model.

    Args:
        base: finds the people.
        crops: looks again.
        name: name and version of `crops`; the whole is called "base+crops".
        max_people: most people per image who are looked at again, best score first; the rest stay as they are.
    """

    def __init__(self, base: PoseModel, crops: CropModel, name: str, max_people: int = MAX_PEOPLE) -> None:
        self.name = f"{base.name}+{name}"
        self.device = base.device
        self.input_size = max(base.input_size, PICTURE_SIZE)
        self._base = base
        self._crops = crops
        self._max_people = max_people

    def load(self) -> None:
        self._base.load()
        self._crops.load()
        # A file with a fixed size tells it only now.
        self.input_size = max(self._base.input_size, PICTURE_SIZE)

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        found = self._base.predict(images)
        return [self._refine(image, people) for image, people in zip(images, found, strict=True)]

    def _refine(self, image: Image, people: Detections) -> Detections:
        most = self._max_people
        best = Detections(people.boxes[:most], people.scores[:most], people.keypoints[:most], people.confidences[:most])
        return merge(people, self._crops.poses(image, best))


def merge(people: Detections, poses: CropPoses) -> Detections:
    """People whose first `len(poses)` have taken over the refined poses that are their own.

    A pose is refused that hardly agrees with the base model's, or that is nearly the pose which a better person has by
    now: then two boxes had led to one person. Standard deviations are not known for a mixture, so there are none.
    """
    own = oks(poses.keypoints, people.keypoints[: len(poses)], people.boxes[: len(poses)]) >= LEAST_AGREEMENT
    keypoints, confidences = people.keypoints.copy(), people.confidences.copy()
    for person in np.flatnonzero(own):
        better = keypoints[:person]
        alike = oks(poses.keypoints[person : person + 1], better, people.boxes[person : person + 1])
        if not (alike > DUPLICATE_OKS).any():
            keypoints[person] = poses.keypoints[person]
            confidences[person] = poses.confidences[person]
    return replace(people, keypoints=keypoints, confidences=confidences, deviations=None)
