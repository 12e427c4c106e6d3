"""From a frame's picture to an image that the model takes: checked before a pixel is allocated, decoded at the size
needed. Pure but for the decoder.

Promises:
- A picture that is not a whole JPEG, that is absurdly large, or that does not have the shape of its frame is refused.
- Decoding takes at most 3 bytes for each of `MOST_PIXELS`; above three times the model's input size, a quarter of that
  or less. The decoder of a progressive picture also keeps its coefficients, 6 bytes a pixel.
- The image keeps the frame's coordinates: a point (x, y) of it is (x * scale_x, y * scale_y) in the original picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spotter.core.contracts import Frame, Image
from spotter.pose.jpeg import JpegSize, PictureError, read_size

MOST_PIXELS = 40_000_000
"""Width times height of a picture at most. [D] 8K video has 33 million."""

_SPARE = 1.5
"""The image has at least so many times the px that the model needs: with 1.25 times, scaling to the model's size cost
about a point of AP, with 1.67 times nothing (benchmarks/pose_decode.py)."""

_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))
"""Factors by which a JPEG can be decoded smaller: the inverse DCT of each block gives fewer pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image for the model, and original pixels per pixel of it."""

    image: Image
    scale_x: float
    scale_y: float


def read_picture(frame: Frame, input_size: int) -> Picture:
    """The picture of a frame; one that is an array already stays as it is.

    Args:
        input_size: long side of the model's input, px. The image has at least 1.5 times that unless the picture is
            smaller.

    Raises:
        PictureError: it cannot be used; the message says why.
    """
    if isinstance(frame.picture, np.ndarray):
        height, width = frame.picture.shape[:2]
        return Picture(frame.picture, frame.width / max(width, 1), frame.height / max(height, 1))
    size = read_size(frame.picture, MOST_PIXELS)
    _check_shape(size, frame)
    factor, flag = _reduction(size, input_size)
    # Keypoints are pixels as they lie in the file, so an orientation in EXIF must not turn them.
    flags = flag | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        decoded = cv2.imdecode(np.frombuffer(frame.picture, np.uint8), flags)
    except cv2.error:  # for a size that OpenCV itself refuses; other damage gives None
        decoded = None
    if decoded is None:
        raise PictureError("its JPEG picture cannot be decoded")
    # A pixel of the smaller image is a whole block of `factor` x `factor`; the last ones may stick out.
    x, y = factor * frame.width / size.width, factor * frame.height / size.height
    return Picture(decoded.astype(np.uint8, copy=False), x, y)


def _reduction(size: JpegSize, input_size: int) -> tuple[int, int]:
    long_side = max(size.width, size.height)
    for factor, flag in _REDUCED:
        if long_side >= factor * _SPARE * input_size:
            return factor, flag
    return 1, cv2.IMREAD_COLOR


def _check_shape(size: JpegSize, frame: Frame) -> None:
    """A picture may be smaller or larger than the original, but only as a whole: else it is of another camera."""
    off = abs(size.width * frame.height - size.height * frame.width)
    # Each side was rounded to a whole pixel.
    if off > max(frame.width, frame.height) or frame.width < 1:
        raise PictureError(
            f"its JPEG picture of {size.width}x{size.height} px has not the shape of its frame of "
            f"{frame.width}x{frame.height} px"
        )
