"""Pictures of the images on which a model did worst: labels in green, finds in orange."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINT_NAMES, Image
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.run import read_image
from spotter.pose.evaluation.score import ImageScore
from spotter.pose.models.api import Detections

_GREEN, _ORANGE = (80, 200, 60), (0, 140, 255)
_SHOWN = 0.2
"""Keypoints below this confidence are not drawn."""

_INDEX = {name: number for number, name in enumerate(KEYPOINT_NAMES)}
_LIMBS = tuple(
    (_INDEX[a], _INDEX[b])
    for a, b in (
        ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
        ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_hip", "left_knee"),
        ("left_knee", "left_ankle"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"), ("nose", "left_eye"),
        ("nose", "right_eye"), ("left_eye", "left_ear"), ("right_eye", "right_ear"),
    )
)  # fmt: skip


def worst(scores: Sequence[ImageScore], count: int) -> list[ImageScore]:
    """The images with the lowest mean OKS, then the most finds that fit nobody; none that went well."""
    bad = [one for one in scores if one.oks < 1.0 or one.unmatched]
    return sorted(bad, key=lambda one: (one.oks, -one.unmatched, one.index))[:count]


def write_worst(
    folder: Path, labels: LabelledSet, found: Sequence[Detections], scores: Sequence[ImageScore], count: int
) -> list[Path]:
    """Draw the `count` worst images into `folder`, the worst first; the files written.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for rank, one in enumerate(worst(scores, count), 1):
        labelled = labels.images[one.index]
        canvas = read_image(labelled)
        width = max(1, round(max(canvas.shape[:2]) / 400))
        for person in labelled.people:
            _draw(canvas, person.keypoints, person.visibility > 0, _GREEN, width)
        people = found[one.index]
        for points, sure in zip(people.keypoints, people.confidences, strict=True):
            _draw(canvas, points, sure >= _SHOWN, _ORANGE, width)
        text = f"OKS {one.oks:.2f}, missed {one.missed}, fits nobody {one.unmatched}"
        cv2.putText(canvas, text, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(canvas, text, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
        path = folder / f"{rank:02d}-{labelled.path.stem}.jpg"
        if not cv2.imwrite(str(path), canvas):
            raise OSError(f"cannot write '{path}'")
        written.append(path)
    return written


def _draw(
    canvas: Image,
    points: npt.NDArray[np.floating],
    shown: npt.NDArray[np.bool_],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    pixels = [(round(float(x)), round(float(y))) for x, y in points]
    for a, b in _LIMBS:
        if shown[a] and shown[b]:
            cv2.line(canvas, pixels[a], pixels[b], colour, width, cv2.LINE_AA)
    for pixel, visible in zip(pixels, shown, strict=True):
        if visible:
            cv2.circle(canvas, pixel, width + 1, colour, -1, cv2.LINE_AA)
