"""What is made of a camera's picture before anything else sees it: turned, cropped, masked, reduced. Pure.

Coordinates. Zones, views, keypoints and boxes refer to the turned and cropped picture, in its pixels before it was
reduced (`Prepared.width`, `Prepared.height`). A mask refers to the turned picture before the crop, in shares of its
width and height, so it stays where it is when the crop changes.

The work is done in the cheapest order, on as few pixels as possible: cut out, reduce, turn, mask. A mask covers each
pixel that it touches, and up to two more on all sides: nothing of what is under it is left in a mixed pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image
from spotter.core.settings.picture import PictureSettings

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

_SUBPIXEL_BITS = 4
"""OpenCV draws with corners to 1/16 of a pixel."""


class Prepared(NamedTuple):
    """A picture, (h, w, 3) uint8, and the size, px, that keypoints refer to: its own before it was reduced."""

    image: Image
    width: int
    height: int


class Box(NamedTuple):
    """A part of a picture, px: columns left..right, rows top..bottom, ends not included."""

    left: int
    top: int
    right: int
    bottom: int


class PicturePreparer:
    """Applies the settings of one camera to its pictures, whatever their size."""

    def __init__(self, settings: PictureSettings) -> None:
        self._settings = settings
        self._polygons = [np.array(polygon, np.float64) for polygon in settings.mask]

    @property
    def changes(self) -> bool:
        """False where pictures pass as they come."""
        return self._settings != PictureSettings()

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that keypoints refer to, of a picture that comes with this size, px; 0 stays 0."""
        if not width or not height:
            return width, height
        box = self._turned_box(width, height)
        return box.right - box.left, box.bottom - box.top

    def prepare(self, image: Image) -> Prepared:
        """Apply everything to (H, W, 3) uint8 `image`, which may be changed or become part of the result."""
        settings = self._settings
        height, width = image.shape[:2]
        turned = self._turned_box(width, height)
        box = _before_turning(turned, settings.rotate, width, height)
        part = image[box.top : box.bottom, box.left : box.right]
        target_width, target_height = turned.right - turned.left, turned.bottom - turned.top
        long_side = max(target_width, target_height)
        if settings.max_side is not None and long_side > settings.max_side:
            factor = settings.max_side / long_side
            size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
            part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        if settings.rotate:
            part = cv2.rotate(part, _TURNS[settings.rotate])  # type: ignore[assignment]
        part = np.ascontiguousarray(part)
        if self._polygons:
            self._black_out(part, turned, width, height)
        return Prepared(part, target_width, target_height)

    def _turned_box(self, width: int, height: int) -> Box:
        """The crop, in pixels of the turned picture, of a picture of this size before it is turned."""
        crop = self._settings.crop
        if self._settings.rotate in (90, 270):
            width, height = height, width
        left, top = min(round(crop.left * width), width - 1), min(round(crop.top * height), height - 1)
        right, bottom = round((1 - crop.right) * width), round((1 - crop.bottom) * height)
        return Box(left, top, max(right, left + 1), max(bottom, top + 1))

    def _black_out(self, image: Image, box: Box, width: int, height: int) -> None:
        """Fill the polygons in the finished picture, in place."""
        whole = (height, width) if self._settings.rotate in (90, 270) else (width, height)
        scale = np.array([image.shape[1] / (box.right - box.left), image.shape[0] / (box.bottom - box.top)])
        for polygon in self._polygons:
            # A pixel's centre has whole numbers in OpenCV, and halves in shares of the picture.
            corners = (polygon * whole - (box.left, box.top)) * scale - 0.5
            points: npt.NDArray[np.int32] = np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillPoly(image, [points], (0, 0, 0), lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
            cv2.polylines(image, [points], True, (0, 0, 0), thickness=3, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)


def _before_turning(box: Box, rotate: int, width: int, height: int) -> Box:
    """Where a box of the turned picture lies in the picture of this size, px, before it is turned."""
    if rotate == 90:
        return Box(box.top, height - box.right, box.bottom, height - box.left)
    if rotate == 180:
        return Box(width - box.right, height - box.bottom, width - box.left, height - box.top)
    if rotate == 270:
        return Box(width - box.bottom, box.left, width - box.top, box.right)
    return box
