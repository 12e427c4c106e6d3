"""Letterbox as the YOLO family was trained with it: scaled with its aspect ratio, centred, grey around. Pure.

Rounding follows the reference implementation to the pixel, because half a pixel here moves every keypoint.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import FloatArray, Image

GREY = 114
"""Value of the border in all three channels."""

_ROUNDING = 0.1
"""Half pixels of a border go to the right and to the bottom."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where an image of `width` x `height` px lies on an input of `canvas_width` x `canvas_height` px.

    Attributes:
        gain: input pixels per image pixel.
    """

    width: int
    height: int
    canvas_width: int
    canvas_height: int
    gain: float

    @property
    def content(self) -> tuple[int, int]:
        """Width and height of the scaled image, px."""
        return max(1, round(self.width * self.gain)), max(1, round(self.height * self.gain))

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top of the scaled image on the input, px."""
        width, height = self.content
        return (
            round((self.canvas_width - width) / 2 - _ROUNDING),
            round((self.canvas_height - height) / 2 - _ROUNDING),
        )

    def draw(self, image: Image, canvas: npt.NDArray[np.uint8]) -> None:
        """Write the image, (H, W, 3) BGR, onto `canvas` (rows, columns, 3), which becomes BGR too."""
        width, height = self.content
        left, top = self.corner
        canvas[:top] = canvas[top + height :] = GREY
        canvas[top : top + height, :left] = canvas[top : top + height, left + width :] = GREY
        content = canvas[top : top + height, left : left + width]
        if (width, height) == (self.width, self.height):
            content[:] = image
        else:
            cv2.resize(image, (width, height), dst=content, interpolation=cv2.INTER_LINEAR)

    def to_image(self, points: FloatArray) -> FloatArray:
        """Points (..., 2) from input pixels to image pixels."""
        width, height = self.content
        # Each axis by itself: the sides of the scaled image were rounded to whole pixels.
        gains = np.array([width / self.width, height / self.height], np.float32)
        moved: FloatArray = ((points - np.array(self.corner, np.float32)) / gains).astype(np.float32)
        return moved


def fit(image: Image, long_side: int, step: int) -> Letterbox:
    """The smallest input for an image whose longer side becomes `long_side` px: sides are multiples of `step`.

    Raises:
        ValueError: not (H, W, 3) uint8, or without pixels.
    """
    height, width = check_image(image)
    gain = long_side / max(height, width)
    return Letterbox(width, height, _up(round(width * gain), step), _up(round(height * gain), step), gain)


def fill(image: Image, canvas_width: int, canvas_height: int) -> Letterbox:
    """The image as large as it fits on an input whose size is given.

    Raises:
        ValueError: not (H, W, 3) uint8, or without pixels.
    """
    height, width = check_image(image)
    return Letterbox(width, height, canvas_width, canvas_height, min(canvas_height / height, canvas_width / width))


def check_image(image: Image) -> tuple[int, int]:
    """Height and width of an image.

    Raises:
        ValueError: not (H, W, 3) uint8, or without pixels.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an image is {image.shape} {image.dtype}, expected (H, W, 3) uint8 with pixels")
    return image.shape[0], image.shape[1]


def _up(side: int, step: int) -> int:
    return max(step, -(-side // step) * step)
