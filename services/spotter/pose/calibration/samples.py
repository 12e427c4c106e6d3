"""Keypoints that a model found beside where people labelled them. Pure.

Only finds that fit a labelled person are looked at: whether there is a person at all is what the person's own score is
for. Keypoints that nobody labelled are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import FloatArray
from spotter.pose.calibration.curves import GROUP_OF, RIGHT_OKS, Floats, input_gain, person_sizes
from spotter.pose.evaluation.labels import LabelledPerson, LabelledSet
from spotter.pose.models.api import Detections
from spotter.pose.models.suppression import COCO_SIGMAS

FIT_OKS = 0.1
"""Similarity from which a find is of a labelled person: low, so that badly posed people count as well. AP's own 0.5
would leave them out and flatter the model."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """M keypoints that can be judged.

    Attributes:
        joint: (M,) COCO-17 index.
        raw: (M,) the model's confidence.
        right: (M,) within `RIGHT_OKS` of the label.
        error: (M, 2) find minus label, px of the network's input.
        size: (M,) of the person as the model's box has it, px of the network's input.
        scene: (M,) number of the image, or of the clip that it is from.
        weight: (M,) each labelled set counts the same, however many images it has.
        part: (M,) number of the labelled set.
    """

    joint: npt.NDArray[np.intp]
    raw: Floats
    right: npt.NDArray[np.bool_]
    error: Floats
    size: Floats
    scene: npt.NDArray[np.intp]
    weight: Floats
    part: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.joint)

    @property
    def group(self) -> npt.NDArray[np.intp]:
        """(M,) row of the keypoint's group."""
        return GROUP_OF[self.joint]

    def where(self, mask: npt.NDArray[np.bool_]) -> Samples:
        """Those of the mask."""
        return Samples(
            self.joint[mask],
            self.raw[mask],
            self.right[mask],
            self.error[mask],
            self.size[mask],
            self.scene[mask],
            self.weight[mask],
            self.part[mask],
        )


def collect(sets: Sequence[tuple[LabelledSet, Sequence[Detections]]], input_size: int) -> Samples:
    """All keypoints that can be judged.

    Args:
        sets: labelled sets with what the model found, by image.
        input_size: long side of the network's input, px.
    """
    rows: list[Floats] = []
    scenes: dict[tuple[int, str], int] = {}
    for part, (labels, found) in enumerate(sets):
        for image, detections in zip(labels.images, found, strict=True):
            scene = scenes.setdefault((part, scene_of(image.path.stem)), len(scenes))
            gain = input_gain(image.width, image.height, input_size)
            sizes = person_sizes(detections.boxes, gain)
            for row, person in match_people(image.people, detections):
                rows.append(_judge(detections, row, person, gain, float(sizes[row]), scene, part))
    table = np.concatenate(rows) if rows else np.zeros((0, 8))
    joint, raw, right, across, down, size, scene_column, part_column = table.T
    part = part_column.astype(np.intp)
    counts = np.bincount(part, minlength=len(sets))
    # The smallest set sets the total: many frames of one clip do not add up to as much knowledge.
    weight = counts[counts > 0].min() / counts[part] if len(table) else np.zeros(0)
    return Samples(
        joint.astype(np.intp), raw, right.astype(bool), np.stack([across, down], axis=1), size,
        scene_column.astype(np.intp), weight, part,
    )  # fmt: skip


def scene_of(stem: str) -> str:
    """The clip that an image is from by its name: what comes before a last number that a dash or underscore sets off.

    Frames of one clip resemble each other, so they are never on both sides of a cross-validation. A name that is
    nothing but a number (COCO) is a scene of its own.
    """
    found = re.fullmatch(r"(.+)[-_]\d+", stem)
    return found[1] if found else stem


def match_people(people: Sequence[LabelledPerson], found: Detections) -> list[tuple[int, LabelledPerson]]:
    """Which find is of whom, best score first, as COCO's evaluation goes about it: (row, person)."""
    free = [person for person in people if person.labelled and not person.crowd]
    pairs: list[tuple[int, LabelledPerson]] = []
    for row in np.argsort(-found.scores, kind="stable"):
        likeness = [_similarity(found.keypoints[row], person)[person.visibility > 0].mean() for person in free]
        if likeness and max(likeness) >= FIT_OKS:
            pairs.append((int(row), free.pop(int(np.argmax(likeness)))))
    return pairs


def _similarity(points: FloatArray, person: LabelledPerson) -> Floats:
    """(17,) keypoint similarity as in OKS."""
    squared = ((points - person.keypoints) ** 2).sum(axis=1)
    spread = 2.0 * max(person.area, 1.0) * (2.0 * COCO_SIGMAS.astype(np.float64)) ** 2
    return np.asarray(np.exp(-squared / spread))


def _judge(
    found: Detections, row: int, person: LabelledPerson, gain: float, size: float, scene: int, part: int
) -> Floats:
    seen = np.flatnonzero(person.visibility > 0)
    right = _similarity(found.keypoints[row], person)[seen] >= RIGHT_OKS
    error = (found.keypoints[row] - person.keypoints)[seen] / gain
    same = np.ones(len(seen))
    raw = found.confidences[row][seen]
    return np.stack([seen, raw, right, error[:, 0], error[:, 1], size * same, scene * same, part * same], axis=1)
