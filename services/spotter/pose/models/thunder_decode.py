"""From MoveNet Thunder's four head maps to one person per crop, in vectorised numpy.

The person is the cell where the centre's probability, divided by its distance from the middle of the crop, is greatest.
Each keypoint is the cell where its heat, divided by the distance from the person's coarse guess, is greatest, plus that
cell's offset. Constants are those of the released graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_maps import STRIDE

SOFTENING = 1.7998046875
"""Cells added to each distance before it divides a probability."""


@dataclass(frozen=True, slots=True, eq=False)
class CropPoses:
    """One person of each crop.

    Attributes:
        centers: (N,) float32 in 0..1, probability that a person's centre is where this one's is.
        keypoints: (N, 17, 2) float32, px of the crop.
        confidences: (N, 17) float32 in 0..1.
    """

    centers: FloatArray
    keypoints: FloatArray
    confidences: FloatArray

    def __len__(self) -> int:
        return len(self.centers)

    @classmethod
    def join(cls, parts: Sequence[CropPoses]) -> CropPoses:
        """The poses of several batches, in order."""
        if not parts:
            nobody = Detections.none()
            return cls(nobody.scores, nobody.keypoints, nobody.confidences)
        return cls(
            np.concatenate([part.centers for part in parts]),
            np.concatenate([part.keypoints for part in parts]),
            np.concatenate([part.confidences for part in parts]),
        )


def decode_crops(maps: Sequence[FloatArray]) -> CropPoses:
    """The person of each crop.

    Args:
        maps: centre (N, 1, H, W), keypoint heat (N, 17, H, W), both probabilities; regression and offset, (N, 34, H, W)
            with y and x in turn, in cells.
    """
    center, heat, regress, offset = maps
    count, _, height, width = center.shape
    nearness = 1 / (_distances(height, width, np.array([[height // 2, width // 2]], np.float32)) + SOFTENING)
    people = np.arange(count)
    best = (center[:, 0] * nearness).reshape(count, -1).argmax(1)
    cells = np.stack(np.divmod(best, width), 1)
    coarse = regress.reshape(count, KEYPOINTS, 2, -1)[people, :, :, best] + cells[:, None]
    far = _distances(height, width, coarse.reshape(-1, 2)).reshape(heat.shape) + SOFTENING
    chosen = (heat / far).reshape(count, KEYPOINTS, -1).argmax(2)
    person, joint = people[:, None], np.arange(KEYPOINTS)[None]
    confidences = heat.reshape(count, KEYPOINTS, -1)[person, joint, chosen]
    fine = offset.reshape(count, KEYPOINTS, 2, -1)[person, joint, :, chosen]
    points = (np.stack(np.divmod(chosen, width), -1) + fine)[..., ::-1] * STRIDE
    return CropPoses(center.reshape(count, -1)[people, best], points.astype(np.float32), confidences)


def _distances(height: int, width: int, points: npt.NDArray[np.floating]) -> FloatArray:
    """(N, height, width) cells from each point (y, x)."""
    rows = np.arange(height, dtype=np.float32) - points[:, :1].astype(np.float32)
    columns = np.arange(width, dtype=np.float32) - points[:, 1:].astype(np.float32)
    distances: FloatArray = np.sqrt(np.square(rows)[:, :, None] + np.square(columns)[:, None, :])
    return distances
