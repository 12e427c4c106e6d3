"""What the six head maps should be for a labelled picture. Pure; the decoder is the specification.

The layout was read from the released network on labelled COCO images: the centre is the middle of the COCO box, its
cell the whole part; offsets lie in 0..1 of the cell; a keypoint's offset also holds for the cells around its own.
Widths and radii are those of CenterNet in the TensorFlow Object Detection API, which the network was trained with.
All is in cells of `STRIDE` px and (y, x) order.

What is not labelled is not taught: inside crowds and people without keypoints nothing counts, inside a person's box the
heat of a keypoint that is not labelled does not count, and keypoints that a form of labels does not have never count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.pose.models.movenet_maps import STRIDE
from spotter.pose.models.suppression import COCO_SIGMAS

MIN_OVERLAP = 0.7
"""A centre may move as far as a box of the same size keeps this IoU (CenterNet, Law and Deng 2018)."""

SPREADS: FloatArray = (10 * COCO_SIGMAS).astype(np.float32)
"""Width of each keypoint's Gaussian in widths of the centre's (`keypoint_label_to_std`: nose 0.26, ankle 0.89)."""

OFFSET_RADIUS = 3
"""Cells around a keypoint that learn its offset (`offset_peak_radius`)."""

_LEAST_HEAT = 0.01
"""Cells of a Gaussian above this count even within a masked region."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person on the network's input, px.

    Attributes:
        box: (4,) xyxy.
        keypoints: (17, 2) x and y.
        labelled: (17,) bool. Nobody labelled at all, or a crowd: the box is a region that does not count.
    """

    box: npt.NDArray[np.float64]
    keypoints: npt.NDArray[np.float64]
    labelled: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Targets of one picture of `rows` x `columns` cells.

    Attributes:
        center, center_weight: (1, rows, columns) float32.
        heat, heat_weight: (17, rows, columns) float32.
        people: (P,) int64, flat cell of each centre.
        box_scale, box_offset: (P, 2) float32, at these cells.
        regress, regress_weight: (P, 34) float32.
        joints, cells: (M,) int64, keypoint and flat cell where an offset is known.
        offsets: (M, 2) float32, y and x.
    """

    center: FloatArray
    center_weight: FloatArray
    heat: FloatArray
    heat_weight: FloatArray
    people: npt.NDArray[np.int64]
    box_scale: FloatArray
    box_offset: FloatArray
    regress: FloatArray
    regress_weight: FloatArray
    joints: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    offsets: FloatArray


def make_targets(people: Sequence[Person], rows: int, columns: int, unknown: Sequence[int] = ()) -> Targets:
    """Targets of a picture of 4 x `rows` by 4 x `columns` px.

    Args:
        people: boxes within the picture; keypoints outside it are not labelled.
        unknown: keypoints that this form of labels does not have.
    """
    center = np.zeros((1, rows, columns), np.float32)
    heat = np.zeros((KEYPOINTS, rows, columns), np.float32)
    masked = np.zeros((1 + KEYPOINTS, rows, columns), bool)
    masked[[1 + joint for joint in unknown]] = True
    known = [person for person in people if person.labelled.any()]
    for person in people:
        region = _cells_of(person.box / STRIDE)
        if person.labelled.any():
            masked[1 + np.flatnonzero(~person.labelled), *region] = True
        else:
            masked[:, *region] = True
    cells, scales, offsets, regress, weights, near = [], [], [], [], [], []
    for person in known:
        low, high = person.box[1::-1] / STRIDE, person.box[:1:-1] / STRIDE
        middle = (low + high) / 2
        cell = np.minimum(np.floor(middle), (rows - 1, columns - 1)).astype(np.int64)
        width = spread(*(high - low))
        splat(center[0], cell, width)
        points = person.keypoints[:, ::-1] / STRIDE
        for joint in np.flatnonzero(person.labelled):
            own = np.minimum(np.floor(points[joint]), (rows - 1, columns - 1)).astype(np.int64)
            splat(heat[joint], own, width * float(SPREADS[joint]))
            near.append(_around(int(joint), own, points[joint], rows, columns))
        cells.append(cell[0] * columns + cell[1])
        scales.append(high - low)
        offsets.append(middle - cell)
        regress.append(np.where(person.labelled[:, None], points - cell, 0).ravel())
        weights.append(np.repeat(person.labelled, 2))
    joints, places, moves = (np.concatenate(each) for each in zip(*near, strict=True)) if near else _NOWHERE
    everything = np.concatenate([center, heat])
    counts = (~masked | (everything > _LEAST_HEAT)).astype(np.float32)
    return Targets(
        center,
        counts[:1],
        heat,
        counts[1:],
        np.array(cells, np.int64),
        _table(scales, 2),
        _table(offsets, 2),
        _table(regress, 2 * KEYPOINTS),
        _table(weights, 2 * KEYPOINTS),
        joints,
        places,
        moves.astype(np.float32),
    )


def spread(height: float, width: float) -> float:
    """Standard deviation of a centre's Gaussian, cells, for a box of this size in cells.

    It is (2 r + 1) / 6 with r, rounded down, the farthest that two opposite corners may move while the IoU stays at
    `MIN_OVERLAP`, whichever box is the larger one.
    """
    both, area, least = height + width, height * width, MIN_OVERLAP
    # Each is the smaller positive root of a r^2 + b r + c.
    radius = min(
        _root(1, -both, area * (1 - least) / (1 + least)),
        _root(4, -2 * both, area * (1 - least)),
        _root(4 * least, 2 * least * both, area * (least - 1)),
    )
    return (2 * max(math.floor(radius), 0) + 1) / 6


def splat(heat: FloatArray, cell: npt.NDArray[np.int64], sigma: float) -> None:
    """Lay a Gaussian with peak 1 at `cell` over `heat` (rows, columns), keeping the greater of both."""
    reach = int(np.ceil(3 * sigma))
    top, left = np.maximum(cell - reach, 0)
    bottom, right = np.minimum(cell + reach + 1, heat.shape)
    y = np.exp(-((np.arange(top, bottom) - cell[0]) ** 2) / (2 * sigma * sigma))
    x = np.exp(-((np.arange(left, right) - cell[1]) ** 2) / (2 * sigma * sigma))
    part = heat[top:bottom, left:right]
    np.maximum(part, np.outer(y, x), out=part, casting="same_kind")


def _root(a: float, b: float, c: float) -> float:
    discriminant = math.sqrt(max(b * b - 4 * a * c, 0.0))
    low, high = (-b - discriminant) / (2 * a), (-b + discriminant) / (2 * a)
    return low if low > 0 else high


def _around(
    joint: int, own: npt.NDArray[np.int64], point: npt.NDArray[np.float64], rows: int, columns: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Keypoint, flat cell and offset of the cells that learn where this keypoint is."""
    cells = own + _DISC
    cells = cells[((cells >= 0) & (cells < (rows, columns))).all(axis=1)]
    return np.full(len(cells), joint, np.int64), cells[:, 0] * columns + cells[:, 1], point - cells


def _cells_of(box: npt.NDArray[np.float64]) -> tuple[slice, slice]:
    """Rows and columns that a box (xyxy, cells) touches."""
    left, top = np.maximum(np.floor(box[:2]), 0).astype(int)
    right, bottom = np.maximum(np.ceil(box[2:]), 0).astype(int)
    return slice(top, bottom), slice(left, right)


def _table(values: Sequence[npt.NDArray[np.generic]], width: int) -> FloatArray:
    return np.array(values, np.float32).reshape(-1, width)


_SQUARE = np.indices((2 * OFFSET_RADIUS + 1, 2 * OFFSET_RADIUS + 1)).reshape(2, -1).T - OFFSET_RADIUS
_DISC: npt.NDArray[np.int64] = _SQUARE[(_SQUARE**2).sum(axis=1) <= OFFSET_RADIUS**2]
_NOWHERE = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2))
