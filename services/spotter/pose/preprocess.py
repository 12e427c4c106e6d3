"""From camera images to the network's input: scaled with its aspect ratio, top left, black to the right and below.

Pure. The input is uint8 RGB in NHWC order; normalisation is the network's own. Batches share one buffer, so what
`Batcher.fill` returns holds until the next `fill`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image

CANVAS_STEP = 32
"""Sides of the network's input are multiples of this (its coarsest stride)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image of `width` x `height` px lies on the input: top left, content_width x content_height px."""

    width: int
    height: int
    content_width: int
    content_height: int

    @property
    def canvas(self) -> tuple[int, int]:
        """Rows and columns of the input, px, multiples of 32."""
        return _round_up(self.content_height), _round_up(self.content_width)

    @property
    def scale_x(self) -> float:
        """Image pixels per input pixel, horizontally."""
        return self.width / self.content_width

    @property
    def scale_y(self) -> float:
        """Image pixels per input pixel, vertically."""
        return self.height / self.content_height


def place(image: Image, long_side: int) -> Placement:
    """Placement of an image whose longer side becomes `long_side` px, a multiple of 32.

    Raises:
        ValueError: not (H, W, 3) uint8, or without pixels.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an image is {image.shape} {image.dtype}, expected (H, W, 3) uint8 with pixels")
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    return Placement(width, height, max(1, round(width * scale)), max(1, round(height * scale)))


def group_by_canvas(placements: Sequence[Placement]) -> dict[tuple[int, int], list[int]]:
    """Indices of the images that share an input size, in order."""
    groups: dict[tuple[int, int], list[int]] = {}
    for index, placement in enumerate(placements):
        groups.setdefault(placement.canvas, []).append(index)
    return groups


class Batcher:
    """Fills batches of one input size at a time, keeping its memory.

    The buffer grows to the largest batch seen and is never given back, which is a few hundred kilobytes per image.
    """

    def __init__(self) -> None:
        self._memory: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def fill(self, images: Sequence[Image], placements: Sequence[Placement]) -> npt.NDArray[np.uint8]:
        """(N, rows, columns, 3) uint8 RGB. All placements must share one canvas."""
        rows, columns = placements[0].canvas
        size = len(images) * rows * columns * 3
        if self._memory.size < size:
            self._memory = np.empty(size, np.uint8)
        batch = self._memory[:size].reshape(len(images), rows, columns, 3)
        for canvas, image, placement in zip(batch, images, placements, strict=True):
            draw(canvas, image, placement)
        return batch


def draw(canvas: Image, image: Image, placement: Placement) -> None:
    """Write the image, (H, W, 3) BGR, onto the input `canvas`, (rows, columns, 3), which becomes RGB."""
    width, height = placement.content_width, placement.content_height
    content = canvas[:height, :width]
    # Linear sampling skips pixels beyond a factor of two; averaging costs 2 to 3 ms at full HD and keeps thin limbs.
    shrinks = placement.scale_x > 2
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB, dst=content)
    canvas[height:] = 0
    canvas[:height, width:] = 0


def _round_up(side: int) -> int:
    return -(-side // CANVAS_STEP) * CANVAS_STEP
