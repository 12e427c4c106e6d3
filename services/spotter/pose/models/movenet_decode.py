"""From MoveNet's six head maps to people, in vectorised numpy.

A person is a peak of the centre map. Each keypoint is the cell of the person's own box where the keypoint's heat, times
a Gaussian around the person's coarse guess, is greatest, plus that cell's offset. Unlike the released graph there is no
limit of six people, and a keypoint's score is this person's own rather than the greatest over all people. Constants are
those of the released graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_maps import STRIDE
from spotter.pose.models.suppression import suppress

PEAK_WINDOW = 5
PEAK_TOLERANCE = 1.0133e-6
GAUSSIAN_SPREAD = 0.300048828125
"""The Gaussian is exp(-d^2 / (spread * shorter side of the map)), d in cells."""

KEYPOINT_MIN_SCORE = 0.126953125
"""Keypoints at or below this do not count towards a person's score."""

DUPLICATE_OKS = 0.65
_KERNEL = np.ones((PEAK_WINDOW, PEAK_WINDOW), np.uint8)


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Which people count. `min_score` is on the person's score (centre times mean of its keypoints)."""

    min_score: float = 0.15
    max_people: int = 50

    @property
    def max_candidates(self) -> int:
        """Peaks looked at: some are duplicates of one another."""
        return 2 * self.max_people


def decode(maps: Sequence[FloatArray], limits: DecodeLimits) -> Detections:
    """People of one image, in pixels of the network's input.

    Args:
        maps: the six head maps in the network's order, each (channels, rows, columns) float32.
    """
    center, box_scale, box_offset, heat, regress, offset = maps
    rows, columns = find_peaks(center[0], limits)
    if not len(rows):
        return Detections.none()
    height, width = center.shape[1:]
    boxes = _boxes(box_scale[:, rows, columns], box_offset[:, rows, columns], rows, columns, (height, width))
    coarse = (
        regress[:, rows, columns].reshape(KEYPOINTS, 2, -1).transpose(2, 1, 0) + np.stack([rows, columns], 1)[..., None]
    )
    key_rows, key_columns, confidences = _search(heat, boxes, coarse.astype(np.float32))
    joints = np.arange(KEYPOINTS)
    keypoints = np.stack(
        [
            key_columns + offset[2 * joints + 1, key_rows, key_columns],
            key_rows + offset[2 * joints, key_rows, key_columns],
        ],
        axis=-1,
    )
    return select(center[0, rows, columns], boxes * STRIDE, keypoints.astype(np.float32) * STRIDE, confidences, limits)


def find_peaks(center: FloatArray, limits: DecodeLimits) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the cells that lead their 5x5 neighbourhood, best first.

    A person's score never exceeds its centre's, so a centre below `min_score` is dropped here without loss.
    """
    leads = (center >= cv2.dilate(center, _KERNEL) - PEAK_TOLERANCE) & (center >= limits.min_score)
    rows, columns = np.nonzero(leads)
    best = np.argsort(-center[rows, columns], kind="stable")[: limits.max_candidates]
    return rows[best], columns[best]


def select(
    centers: FloatArray, boxes: FloatArray, keypoints: FloatArray, confidences: FloatArray, limits: DecodeLimits
) -> Detections:
    """Score candidates, drop the weak and the duplicates, keep the best `max_people`.

    Args:
        centers: (N,).  boxes: (N, 4) xyxy px.  keypoints: (N, 17, 2) px.  confidences: (N, 17). All float32.
    """
    counted = confidences > KEYPOINT_MIN_SCORE
    means = np.where(counted, confidences, 0).sum(1) / np.maximum(counted.sum(1), 1)
    scores = (centers * means).astype(np.float32)
    strong = np.flatnonzero(scores >= limits.min_score)
    kept = suppress(scores[strong], keypoints[strong], boxes[strong], DUPLICATE_OKS)
    index = strong[kept[: limits.max_people]]
    return Detections(boxes[index], scores[index], keypoints[index], confidences[index])


def _boxes(
    scale: FloatArray,
    offset: FloatArray,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    shape: tuple[int, int],
) -> FloatArray:
    """(N, 4) xyxy in cells, clipped to the map."""
    centers = np.stack([rows, columns]).astype(np.float32) + offset
    half = np.maximum(scale, 0) / 2
    limits = np.array(shape, np.float32)[:, None]
    low, high = np.clip(centers - half, 0, limits), np.clip(centers + half, 0, limits)
    return np.stack([low[1], low[0], high[1], high[0]], axis=1)


def _search(
    heat: FloatArray, boxes: FloatArray, coarse: FloatArray
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """Best cell of each keypoint within each person's box: rows, columns and scores, each (N, 17).

    Args:
        boxes: (N, 4) xyxy in cells.  coarse: (N, 2, 17), row and column in cells.
    """
    height, width = heat.shape[1:]
    spread = np.float32(GAUSSIAN_SPREAD * min(height, width))
    found = np.empty((len(boxes), KEYPOINTS), np.intp), np.empty((len(boxes), KEYPOINTS), np.intp)
    scores = np.empty((len(boxes), KEYPOINTS), np.float32)
    # A box holds the cells whose corner lies in [low, high); an empty one still searches its first cell.
    low = np.minimum(np.ceil(boxes[:, :2]).astype(int), (width - 1, height - 1))
    high = np.maximum(np.ceil(boxes[:, 2:]).astype(int), low + 1)
    for person, ((left, top), (right, bottom)) in enumerate(zip(low, high, strict=True)):
        rows = np.arange(top, bottom, dtype=np.float32) - coarse[person, 0, :, None]
        columns = np.arange(left, right, dtype=np.float32) - coarse[person, 1, :, None]
        near = np.exp(rows * rows / -spread)[:, :, None] * np.exp(columns * columns / -spread)[:, None, :]
        near *= heat[:, top:bottom, left:right]
        flat = near.reshape(KEYPOINTS, -1)
        best = flat.argmax(axis=1)
        scores[person] = flat[np.arange(KEYPOINTS), best]
        found[0][person] = top + best // (right - left)
        found[1][person] = left + best % (right - left)
    return found[0], found[1], scores
