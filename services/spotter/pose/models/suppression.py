"""Removes people that were found twice, by object keypoint similarity (OKS). Pure numpy, small arrays."""

from __future__ import annotations

import numpy as np

from spotter.core.contracts import FloatArray

COCO_SIGMAS = np.array(
    [
        0.026,
        0.025,
        0.025,
        0.035,
        0.035,
        0.079,
        0.079,
        0.072,
        0.072,
        0.062,
        0.062,
        0.107,
        0.107,
        0.087,
        0.087,
        0.089,
        0.089,
    ],
    np.float32,
)
"""Per-keypoint spread of human labels as a fraction of the root of the person's area (COCO keypoint evaluation)."""


def pairwise_oks(keypoints: FloatArray, boxes: FloatArray) -> FloatArray:
    """OKS of every pair, (N, N) float32 in 0..1; row i is measured by the size of person i.

    Args:
        keypoints: (N, 17, 2) px.  boxes: (N, 4) xyxy px.
    """
    areas = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1.0)
    squared = ((keypoints[:, None] - keypoints[None]) ** 2).sum(-1)
    spread = 2 * (2 * COCO_SIGMAS) ** 2
    similarity: FloatArray = np.exp(-squared / (areas[:, None, None] * spread)).mean(-1)
    return similarity


def oks(keypoints: FloatArray, others: FloatArray, boxes: FloatArray) -> FloatArray:
    """OKS of people to others, row by row, (N,) float32 in 0..1, measured by the size of the first ones.

    Args:
        keypoints, others: (N, 17, 2) px; one row goes with all rows of the other.  boxes: (N, 4) xyxy px.
    """
    areas = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1.0)
    squared = ((keypoints - others) ** 2).sum(-1)
    similarity: FloatArray = np.exp(-squared / (areas[:, None] * (2 * (2 * COCO_SIGMAS) ** 2))).mean(-1)
    return similarity


def suppress(scores: FloatArray, keypoints: FloatArray, boxes: FloatArray, threshold: float) -> list[int]:
    """Indices to keep, best score first: a person goes when more alike than `threshold` to a better one that stays."""
    order = np.argsort(-scores, kind="stable")
    if len(order) < 2:
        return [int(index) for index in order]
    alike = pairwise_oks(keypoints[order], boxes[order]) > threshold
    gone = np.zeros(len(order), bool)
    kept: list[int] = []
    for rank, index in enumerate(order):
        if not gone[rank]:
            kept.append(int(index))
            gone |= alike[rank]
    return kept
