"""From PoseNet's four maps to people, bottom-up: keypoints come first, people are what they belong to. Pure numpy.

Every sure keypoint is the root of a candidate. From it the other keypoints follow along a tree of body parts, edge by
edge: the displacement of the edge, then twice the offset of the cell reached (Papandreou et al. 2018, PersonLab). A
candidate whose root lies near the same keypoint of a better person is that person again. All candidates are followed at
once; they become people one by one, surest root first, as in the released decoder (npm: @tensorflow-models/posenet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.pose.models.api import Detections

STRIDE = 16
"""Input pixels per cell of the maps."""

EDGES = (
    *((0, 1), (1, 3), (0, 2), (2, 4)),
    *((0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15)),
    *((0, 6), (6, 8), (8, 10), (6, 12), (12, 14), (14, 16)),
)
"""The tree, (parent, child) in COCO-17, in the order of the displacement maps: from the nose to the face and along each
side of the body."""

ROOT_SCORE = 0.5
"""Least score of a keypoint that a person may be followed from, as released."""

NMS_RADIUS = 20.0
"""A root within so many input pixels of the same keypoint of a person is that person's, as released."""

REFINE_STEPS = 2
"""How often the offset of the cell reached moves a keypoint, as released."""

BOX_CONFIDENCE = 0.2
"""Keypoints below this do not stretch a person's box. [D]"""

BOX_MARGIN = 0.1
"""Share of the keypoints' extent added to each side of a box: heads and feet reach beyond nose and ankles. [D]"""

_MOST_ROOTS = 2000
_FAR = 1e6
_FAR_LOGIT = 80.0
_PEAK_WINDOW = np.ones((3, 3), np.uint8)
_Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PoseNetLimits:
    """Which people count. `min_score` is on the mean of a person's keypoint scores, those shared with a better person
    counting zero."""

    min_score: float = 0.2
    max_people: int = 50


def decode(maps: Sequence[FloatArray], limits: PoseNetLimits) -> Detections:
    """People of one image, in pixels of the network's input, best score first.

    Args:
        maps: heat (17, H, W) before the sigmoid; in input pixels, all y before all x: offsets (34, H, W), displacements
            along the tree and against it (32, H, W each).
    """
    heat, offsets, forward, backward = maps
    scores = (1 / (1 + np.exp(-np.clip(heat, -_FAR_LOGIT, _FAR_LOGIT)))).astype(np.float32)
    parts, rows, columns = _roots(scores)
    if not len(parts):
        return Detections.none()
    points = np.zeros((len(parts), KEYPOINTS, 2), np.float32)
    confidences = np.zeros((len(parts), KEYPOINTS), np.float32)
    known = np.zeros((len(parts), KEYPOINTS), bool)
    every = np.arange(len(parts))
    points[every, parts] = _position(offsets, parts, rows, columns)
    confidences[every, parts] = scores[parts, rows, columns]
    known[every, parts] = True
    up = [(edge, child, parent, backward) for edge, (parent, child) in reversed(list(enumerate(EDGES)))]
    down = [(edge, parent, child, forward) for edge, (parent, child) in enumerate(EDGES)]
    for edge, source, target, displacements in up + down:
        some = np.flatnonzero(known[:, source] & ~known[:, target])
        moved = points[some, source] + _at(displacements, edge, len(EDGES), *_cells(points[some, source], scores.shape))
        for _ in range(REFINE_STEPS):
            moved = _position(offsets, np.full(len(some), target), *_cells(moved, scores.shape))
        points[some, target] = moved
        confidences[some, target] = scores[target][_cells(moved, scores.shape)]
        known[some, target] = True
    people, strengths = _choose(parts, points, confidences, limits)
    order = np.argsort(-strengths, kind="stable")
    people = people[order]
    return Detections(
        _boxes(points[people], confidences[people]), strengths[order], points[people], confidences[people]
    )


def _roots(scores: FloatArray) -> tuple[_Indices, _Indices, _Indices]:
    """Keypoint, row and column of each cell that leads its neighbours, surest first."""
    leads = np.stack([one >= cv2.dilate(one, _PEAK_WINDOW) for one in scores]) & (scores >= ROOT_SCORE)
    parts, rows, columns = np.nonzero(leads)
    best = np.argsort(-scores[parts, rows, columns], kind="stable")[:_MOST_ROOTS]
    return parts[best], rows[best], columns[best]


def _choose(
    parts: _Indices, points: FloatArray, confidences: FloatArray, limits: PoseNetLimits
) -> tuple[_Indices, FloatArray]:
    """Candidates that are people, in the order of their roots, and their scores."""
    chosen: list[int] = []
    strengths: list[float] = []
    whole = np.logical_and.reduce(np.isfinite(points), axis=(1, 2))
    for candidate, part in enumerate(parts):
        if not whole[candidate]:
            continue
        before = points[chosen]
        distances: FloatArray = np.add.reduce((before - points[candidate]) ** 2, axis=-1)
        near = np.less_equal(distances, NMS_RADIUS**2)
        if near[:, part].any():
            continue
        own = ~near.any(0)
        strength = float(confidences[candidate, own].sum()) / KEYPOINTS
        chosen.append(candidate)
        strengths.append(strength)
        if len(chosen) == limits.max_people:
            break
    found = np.array(strengths, np.float32)
    strong = found >= limits.min_score
    return np.array(chosen, np.intp)[strong], found[strong]


def _boxes(points: FloatArray, confidences: FloatArray) -> FloatArray:
    """(N, 4) xyxy around the keypoints that are sure enough, or around all where none is."""
    sure = confidences >= BOX_CONFIDENCE
    sure |= ~sure.any(1, keepdims=True)
    low = np.where(sure[..., None], points, np.inf).min(1)
    high = np.where(sure[..., None], points, -np.inf).max(1)
    extra = (high - low) * BOX_MARGIN
    boxes: FloatArray = np.concatenate([low - extra, high + extra], axis=1).astype(np.float32)
    return boxes


def _cells(points: FloatArray, shape: tuple[int, ...]) -> tuple[_Indices, _Indices]:
    """Row and column of the cell nearest to each point (N, 2) x y, within the map."""
    near = np.clip(np.nan_to_num(points), -_FAR, _FAR)
    cells = np.floor(near / STRIDE + 0.5).astype(np.intp)
    return np.clip(cells[:, 1], 0, shape[1] - 1), np.clip(cells[:, 0], 0, shape[2] - 1)


def _position(offsets: FloatArray, parts: _Indices, rows: _Indices, columns: _Indices) -> FloatArray:
    """(N, 2) x y of the keypoints at cells."""
    position: FloatArray = np.stack([columns, rows], 1).astype(np.float32) * STRIDE
    return position + _at(offsets, parts, KEYPOINTS, rows, columns)


def _at(maps: FloatArray, channel: int | _Indices, count: int, rows: _Indices, columns: _Indices) -> FloatArray:
    """(N, 2) x y of a map of vectors, stored as `count` channels of y and then of x."""
    return np.stack([maps[channel + count, rows, columns], maps[channel, rows, columns]], 1)
