"""From the output of a YOLO-pose graph to people, in vectorised numpy. Coordinates are pixels of the input. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.core.errors import ModelError
from spotter.pose.models.api import Detections
from spotter.pose.models.yolo_layout import YoloLayout

NMS_IOU = 0.7
"""Boxes that overlap more than this are one person (default of the family's own prediction)."""

_CANDIDATES = 1000
"""Best candidates looked at: bounds the time of a picture full of noise."""


@dataclass(frozen=True, slots=True)
class YoloLimits:
    """Which people count: `min_score` on the model's own score, at most `max_people`."""

    min_score: float = 0.25
    max_people: int = 50


def decode(output: FloatArray, layout: YoloLayout, limits: YoloLimits) -> Detections:
    """People of one image, best score first.

    Args:
        output: one image's part of the graph's output, (channels, anchors), (anchors, channels) or (people, numbers).

    Raises:
        ModelError: a number is not finite, as an overflow in half precision gives it: that is not an empty picture.
    """
    if layout.final:
        return _final(output.astype(np.float32, copy=False), layout, limits)
    rows = output if layout.transposed else output.T
    return _raw(rows, layout, limits)


def suppress_boxes(boxes: FloatArray, scores: FloatArray, threshold: float, most: int) -> npt.NDArray[np.intp]:
    """Indices of the boxes to keep, best score first: one goes when it overlaps a better one that stays.

    Args:
        boxes: (N, 4) xyxy.  scores: (N,).
        threshold: greatest intersection over union of two that stay.
        most: how many stay at most.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    low, high = boxes[:, :2], boxes[:, 2:]
    area = np.prod(np.maximum(high - low, 0), axis=1)
    alive = np.ones(len(order), bool)
    kept: list[int] = []
    for index in range(len(order)):
        if not alive[index]:
            continue
        kept.append(index)
        if len(kept) == most:
            break
        rest = slice(index + 1, None)
        sides = np.minimum(high[index], high[rest]) - np.maximum(low[index], low[rest])
        overlap = np.prod(np.maximum(sides, 0), axis=1)
        alive[rest] &= overlap <= threshold * np.maximum(area[index] + area[rest] - overlap, 1e-9)
    return order[kept]


def _raw(rows: FloatArray, layout: YoloLayout, limits: YoloLimits) -> Detections:
    """`rows`: (anchors, channels)."""
    of_class = rows[:, 4 : 4 + layout.classes]
    scores = of_class.max(axis=1)
    _check_finite(scores)
    sure = scores >= limits.min_score
    if layout.person is not None and layout.classes > 1:
        sure &= of_class[:, layout.person] == scores
    strong = np.flatnonzero(sure)
    if not len(strong):
        return Detections.none()
    if len(strong) > _CANDIDATES:
        strong = strong[np.argsort(-scores[strong], kind="stable")[:_CANDIDATES]]
    found = rows[strong].astype(np.float32, copy=False)
    _check_finite(found)
    best = scores[strong].astype(np.float32, copy=False)
    centre, half = found[:, :2], found[:, 2:4] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    kept = suppress_boxes(boxes, best, NMS_IOU, limits.max_people)
    return _people(boxes[kept], best[kept], found[kept, 4 + layout.classes :], layout.values)


def _final(found: FloatArray, layout: YoloLayout, limits: YoloLimits) -> Detections:
    """`found`: (people, 6 + keypoints); rows that are not used are zeros."""
    _check_finite(found[:, 4])
    strong = found[:, 4] >= limits.min_score
    if layout.person is not None:
        strong &= found[:, 5].round() == layout.person
    found = found[strong]
    _check_finite(found)
    found = found[np.argsort(-found[:, 4], kind="stable")[: limits.max_people]]
    return _people(found[:, :4], found[:, 4], found[:, 6:], layout.values)


def _people(boxes: FloatArray, scores: FloatArray, keypoints: FloatArray, values: int) -> Detections:
    points = keypoints.reshape(len(boxes), KEYPOINTS, values)
    sure = points[..., 2] if values == 3 else np.repeat(scores[:, None], KEYPOINTS, axis=1)
    return Detections(
        np.ascontiguousarray(boxes, np.float32),
        np.ascontiguousarray(scores.clip(0, 1), np.float32),
        np.ascontiguousarray(points[..., :2], np.float32),
        np.ascontiguousarray(sure.clip(0, 1), np.float32),
    )


def _check_finite(numbers: FloatArray) -> None:
    if not np.isfinite(numbers).all():
        raise ModelError(
            "the model gave out numbers that are not finite", mend="Export it again in single precision, or check it"
        )
