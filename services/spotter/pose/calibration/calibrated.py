"""A pose model whose confidences are probabilities and whose keypoints have standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spotter.core.contracts import Image
from spotter.pose.calibration.curves import input_gain, person_sizes
from spotter.pose.calibration.file import Calibration
from spotter.pose.models.api import Detections, PoseModel


class Calibrated:
    """`PoseModel` around another one. Scores of people stay the model's own: they are not about keypoints.

    Attributes:
        calibration: what is applied.
    """

    def __init__(self, model: PoseModel, calibration: Calibration) -> None:
        self.name = model.name
        self.device = model.device
        self.input_size = model.input_size
        self.calibration = calibration
        self._model = model
        self._curves = calibration.curves

    def load(self) -> None:
        self._model.load()
        # A file of a fixed size is known only now.
        self.input_size = self._model.input_size

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        found = self._model.predict(images)
        return [self._calibrate(people, image) for people, image in zip(found, images, strict=True)]

    def _calibrate(self, people: Detections, image: Image) -> Detections:
        gain = input_gain(image.shape[1], image.shape[0], self.input_size)
        probabilities = self._curves.probabilities(people.confidences)
        deviations = self._curves.deviations(probabilities, person_sizes(people.boxes, gain))
        return replace(people, confidences=probabilities, deviations=(deviations * gain).astype(probabilities.dtype))
