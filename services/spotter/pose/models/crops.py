"""Square crops of people out of an image, and their points back into it. Pure.

The square's middle is the box's; it holds the whole box with a margin. What lies outside the image is black, as in the
crops that MoveNet was made for.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import FloatArray, Image
from spotter.pose.models.api import Detections

Squares = npt.NDArray[np.int64]
"""(N, 3): left, top and side of each crop, whole image pixels."""

MARGIN = 1.25
"""Side of the square over the longer side of the box. Squares around the hips, MoveNet's own way, gain a little less on
labelled images and differ by less than chance on people who bend and lie (benchmarks/README.md)."""

MIN_SIDE = 16
"""Least side of a square, image px: a smaller person is a few pixels, of which no enlargement makes a body."""


def squares(people: Detections) -> Squares:
    """The square of each person; it may reach beyond the image."""
    middles: FloatArray = (people.boxes[:, :2] + people.boxes[:, 2:]) * np.float32(0.5)
    return around(middles, people.boxes, MARGIN)


def around(middles: FloatArray, boxes: FloatArray, margin: float) -> Squares:
    """Squares around given middles (N, 2) px that hold the boxes (N, 4) xyxy px with a margin."""
    low, high = boxes[:, :2], boxes[:, 2:]
    reach = np.maximum(middles - low, high - middles).max(1)
    sides = np.ceil(np.maximum(2 * margin * reach, MIN_SIDE))
    corners = np.round(middles - sides[:, None] / 2)
    return np.concatenate([corners, sides[:, None]], axis=1).astype(np.int64)


def cut(image: Image, square: npt.NDArray[np.int64], canvas: Image) -> None:
    """Draw one square of `image` (H, W, 3) BGR onto `canvas` (S, S, 3), which becomes RGB."""
    size = canvas.shape[0]
    left, top, side = (int(value) for value in square)
    # Sampling at the rim of the square reads its neighbours, which are black only outside the image.
    rim = 2 + side // size
    x, y = max(left - rim, 0), max(top - rim, 0)
    inner: npt.NDArray[Any] = image[y : max(top + side + rim, 0), x : max(left + side + rim, 0)]
    if not inner.size:
        canvas[:] = 0
        return
    scale = size / side
    height, width = inner.shape[:2]
    if scale < 0.5:
        # Linear sampling skips pixels beyond a factor of two; averaging keeps thin limbs.
        shrunk = max(1, round(width * scale)), max(1, round(height * scale))
        inner = cv2.resize(inner, shrunk, interpolation=cv2.INTER_AREA)
    # Canvas pixels per pixel of `inner`, whose sides were rounded.
    across, down = scale * width / inner.shape[1], scale * height / inner.shape[0]
    move = np.array(
        [
            [across, 0, (across - 1) / 2 + (x - left) * scale],
            [0, down, (down - 1) / 2 + (y - top) * scale],
        ]
    )
    drawn = cv2.warpAffine(inner, move, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    cv2.cvtColor(drawn, cv2.COLOR_BGR2RGB, dst=canvas)


def to_image(points: FloatArray, places: Squares, size: int) -> FloatArray:
    """Points (N, K, 2) of crops of `size` px in image pixels."""
    scales = (places[:, 2] / size).astype(np.float32)
    moved: FloatArray = points * scales[:, None, None] + places[:, None, :2].astype(np.float32)
    return moved
