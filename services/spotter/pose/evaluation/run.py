"""Run a model over labelled images. Images are read one at a time; a damaged one is told, never passed over."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledImage, LabelledSet
from spotter.pose.models.api import Detections, PoseModel


def predict_all(model: PoseModel, labels: LabelledSet, step: Callable[[], None] | None = None) -> list[Detections]:
    """What `model`, loaded, finds in each image, in order. `step` is called after each.

    Raises:
        ModelError: an image cannot be decoded.
    """
    found = []
    for image in labels.images:
        found.extend(model.predict([read_image(image)]))
        if step is not None:
            step()
    return found


def read_image(image: LabelledImage) -> Image:
    """(H, W, 3) uint8 BGR, the right way up as the labels are.

    Raises:
        ModelError: it cannot be decoded.
    """
    picture = cv2.imread(str(image.path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ModelError(f"image '{image.path}' cannot be decoded", mend="Replace it or take it out of the labels")
    return np.asarray(picture, np.uint8)
