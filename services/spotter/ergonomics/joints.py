"""Joints that are the middle of two keypoints. Pure."""

from __future__ import annotations

import numpy as np

from spotter.core.contracts import FloatArray

SHOULDERS, HIPS, KNEES, ANKLES = (5, 6), (11, 12), (13, 14), (15, 16)
"""Left and right, in COCO-17."""


def middle(keypoints: FloatArray, pair: tuple[int, int]) -> FloatArray:
    """(..., 17, 2) px -> (..., 2) px. As `mean`, several times faster."""
    left, right = pair
    return (keypoints[..., left, :] + keypoints[..., right, :]) * np.float32(0.5)
