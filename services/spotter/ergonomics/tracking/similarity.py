"""How alike two sets of skeletons are, vectorised over all pairs. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import FloatArray

OKS_SIGMAS: FloatArray = np.array(
    [.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089], np.float32
)  # fmt: skip
"""Per-keypoint standard deviations of COCO's object keypoint similarity (cocoeval, Ronchi & Perona 2017)."""

Matrix = npt.NDArray[np.float64]


def keypoint_similarity(
    keypoints_a: FloatArray, weights_a: FloatArray, boxes_a: FloatArray, keypoints_b: FloatArray, weights_b: FloatArray
) -> Matrix:
    """Object keypoint similarity of each a with each b, in 0..1.

    Args:
        keypoints_a: (A, 17, 2) px.  weights_a: (A, 17), zero for a keypoint that does not count.  boxes_a: (A, 4) xyxy.
        keypoints_b: (B, 17, 2) px.  weights_b: (B, 17).

    Returns:
        (A, B). The scale is the area of a's box; a pair without a common keypoint has similarity 0.
    """
    area = np.maximum((boxes_a[:, 2] - boxes_a[:, 0]) * (boxes_a[:, 3] - boxes_a[:, 1]), 1.0).astype(np.float64)
    squared = ((keypoints_a[:, None] - keypoints_b[None]) ** 2).sum(-1)
    weights = weights_a[:, None] * weights_b[None]
    spread = 2.0 * area[:, None, None] * (2.0 * OKS_SIGMAS) ** 2
    total = weights.sum(-1)
    return np.asarray((np.exp(-squared / spread) * weights).sum(-1) / np.maximum(total, 1e-9), np.float64)


def box_overlap(boxes_a: FloatArray, boxes_b: FloatArray) -> Matrix:
    """Intersection over union of each a with each b: (A, 4) and (B, 4) xyxy px -> (A, B) in 0..1."""
    low = np.maximum(boxes_a[:, None, :2], boxes_b[None, :, :2])
    high = np.minimum(boxes_a[:, None, 2:], boxes_b[None, :, 2:])
    shared = np.maximum(high - low, 0.0)
    inter = shared[..., 0] * shared[..., 1]
    area_a = (boxes_a[:, 2] - boxes_a[:, 0]) * (boxes_a[:, 3] - boxes_a[:, 1])
    area_b = (boxes_b[:, 2] - boxes_b[:, 0]) * (boxes_b[:, 3] - boxes_b[:, 1])
    union = area_a[:, None] + area_b[None] - inter
    return np.asarray(inter / np.maximum(union, 1e-9), np.float64)


def keypoint_boxes(keypoints: FloatArray, confidences: FloatArray, gate: float, fallback: FloatArray) -> FloatArray:
    """Boxes around the keypoints whose confidence reaches `gate`: (N, 17, 2), (N, 17) -> (N, 4) xyxy px.

    A person with fewer than two such keypoints keeps the box of `fallback` (N, 4).
    """
    seen = confidences >= gate
    low = np.where(seen[..., None], keypoints, np.inf).min(axis=1)
    high = np.where(seen[..., None], keypoints, -np.inf).max(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    return np.where((seen.sum(axis=1) >= 2)[:, None], boxes, fallback).astype(np.float32)
