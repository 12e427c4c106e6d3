"""What a pose model promises. Adding one is one file here, one line in the registry and one row in a test table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spotter.core.contracts import KEYPOINTS, FloatArray, Image


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The people of one image, best score first, in pixels of that image.

    Attributes:
        boxes: (N, 4) float32, xyxy px, within the image.
        scores: (N,) float32 in 0..1.
        keypoints: (N, 17, 2) float32, px, COCO-17; a keypoint may lie a little outside the image.
        confidences: (N, 17) float32 in 0..1.
        deviations: (N, 17) float32, standard deviation of a keypoint along either axis, px; None where the model has
            not been calibrated.
    """

    boxes: FloatArray
    scores: FloatArray
    keypoints: FloatArray
    confidences: FloatArray
    deviations: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Detections:
        """Nobody."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros((0, KEYPOINTS, 2), np.float32),
            np.zeros((0, KEYPOINTS), np.float32),
        )

    def scaled(self, x: float, y: float, width: int, height: int) -> Detections:
        """Multiply all coordinates by (x, y) and clip the boxes to an image of `width` x `height` px."""
        factors = np.array([x, y], np.float32)
        limits = np.array([width, height], np.float32)
        corners = np.clip(self.boxes.reshape(-1, 2, 2) * factors, 0, limits)
        deviations = None if self.deviations is None else self.deviations * np.float32((x * y) ** 0.5)
        return Detections(corners.reshape(-1, 4), self.scores, self.keypoints * factors, self.confidences, deviations)


class PoseModel(Protocol):
    """A network that finds people and their keypoints, in whatever order it does so. One thread uses it at a time.

    Attributes:
        name: name and version, for example "movenet-multipose/1"; it travels with every result.
        device: what it runs on, for example "cpu" or "cuda".
        input_size: long side of the network's input, px: a picture need not be decoded larger than this.
    """

    name: str
    device: str
    input_size: int

    def load(self) -> None:
        """Check the weights, make the network ready and warm it up. Call once, before `predict`.

        Raises:
            ModelError: weights missing or damaged, or the device cannot be used.
        """

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        """People of each image, in the order given. Images are (H, W, 3) uint8 BGR and may differ in size.

        Raises:
            ValueError: an image has another shape or type, or no pixels.
        """
