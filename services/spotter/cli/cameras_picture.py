"""What a camera's view means, drawn over its picture: the floor as a grid, poles that stand upright, the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.core.errors import ConfigError
from spotter.ergonomics.geometry.board import Corners
from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.geometry.upright import Upright

POLE_M = 1.75
"""Height of the poles: someone of usual stature."""

_GRID, _POLE, _HORIZON, _FEET, _TEXT = (200, 160, 60), (60, 200, 250), (80, 80, 235), (90, 220, 90), (255, 255, 255)
"""BGR."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FURTHEST = 8.0
"""The grid reaches this many camera heights ahead, by steps of a whole number of metres."""


def draw_view(ground: Ground, picture: Image | None, people: Upright | None = None) -> Image:
    """A copy of the picture, or a grey one, with the camera's floor, poles, horizon and where people were seen."""
    camera = ground.best
    canvas = _canvas(picture, camera.width, camera.height)
    size = float(np.clip(min(canvas.shape[:2]) / 480, 0.6, 4.0))
    wide = max(1, round(size))
    step = max(1.0, float(np.ceil(float(np.asarray(camera.above)) / 3)))
    reach = np.ceil(_FURTHEST * float(np.asarray(camera.above)) / step) * step
    for x in np.arange(-reach / 2, reach / 2 + step / 2, step):
        _curve(canvas, camera, _line([x, 0.2, 0], [x, reach, 0]), _GRID, wide)
    for y in np.arange(step, reach + step / 2, step):
        _curve(canvas, camera, _line([-reach / 2, y, 0], [reach / 2, y, 0]), _GRID, wide)
    _poles(canvas, camera, step, wide)
    band = ground.horizon([0.0, float(camera.width)])
    for rows, thin in ((band.value, False), (band.low, True), (band.high, True)):
        if np.isfinite(rows).all() and (np.abs(rows) < 1e5).all():
            ends = [(0, round(float(rows[0]))), (camera.width, round(float(rows[1])))]
            cv2.line(canvas, ends[0], ends[1], _HORIZON, 1 if thin else 2 * wide, cv2.LINE_AA)
    if people is not None:
        for x, y in np.round(people.feet).astype(int):
            cv2.circle(canvas, (int(x), int(y)), 2 * wide, _FEET, -1, cv2.LINE_AA)
    _legend(canvas, f"grid {step:.0f} m, poles {POLE_M} m, horizon red (thin: 90 %)", size)
    return canvas


def draw_corners(picture: Image | None, width: int, height: int, views: Sequence[Corners], errors: str) -> Image:
    """All corners of all views of a board in one picture: what part of the lens they tell of."""
    canvas = _canvas(picture, width, height)
    size = float(np.clip(min(canvas.shape[:2]) / 480, 0.6, 4.0))
    for number, view in enumerate(views):
        hue = np.array([[[number * 180 // max(len(views), 1), 200, 255]]], np.uint8)
        blue, green, red = (int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0])
        for x, y in np.round(view.pixels).astype(int):
            cv2.circle(canvas, (int(x), int(y)), max(2, round(2 * size)), (blue, green, red), -1, cv2.LINE_AA)
    _legend(canvas, errors, size)
    return canvas


def write_picture(path: Path, canvas: Image) -> None:
    """Write a PNG or JPEG.

    Raises:
        ConfigError: its ending is no picture's, or it cannot be written.
    """
    try:
        written = cv2.imwrite(str(path), canvas)
    except cv2.error:
        written = False
    if not written:
        raise ConfigError(f"cannot write the picture '{path}'", mend="Name a .png or .jpg in a folder that exists")


def _poles(canvas: Image, camera: Camera, step: float, wide: int) -> None:
    """Poles at even places of the picture, few enough to stand out from each other."""
    rows = np.linspace(0.4, 0.95, 3) * camera.height
    columns = np.linspace(0.1, 0.9, 6) * camera.width
    feet = np.stack([axis.ravel() for axis in np.meshgrid(columns, rows)], axis=1)
    for x, y in camera.floor(feet):
        if np.isfinite(x) and np.hypot(x, y) < 3 * _FURTHEST * step:
            _curve(canvas, camera, _line([x, y, 0], [x, y, POLE_M]), _POLE, 2 * wide)


def _line(begin: Sequence[float], end: Sequence[float]) -> Points:
    share = np.linspace(0, 1, 80)[:, None]
    return np.asarray(np.array(begin) * (1 - share) + np.array(end) * share, np.float64)


def _curve(canvas: Image, camera: Camera, points: Points, colour: tuple[int, int, int], wide: int) -> None:
    pixels = camera.project(points)
    known = np.asarray(np.isfinite(pixels).all(axis=1) & (np.abs(pixels) < 20_000).all(axis=1), np.bool_)
    for begin, end, drawn in zip(pixels, pixels[1:], known[:-1] & known[1:], strict=False):
        if drawn:
            ends = [(round(float(point[0])), round(float(point[1]))) for point in (begin, end)]
            cv2.line(canvas, ends[0], ends[1], colour, wide, cv2.LINE_AA)


def _canvas(picture: Image | None, width: int, height: int) -> Image:
    if picture is None or picture.shape[:2] != (height, width):
        return np.full((height, width, 3), 60, np.uint8)
    return np.asarray(picture * 0.75, np.uint8)


def _legend(canvas: Image, text: str, size: float) -> None:
    place = (round(8 * size), canvas.shape[0] - round(10 * size))
    cv2.putText(canvas, text, place, _FONT, 0.5 * size, (0, 0, 0), max(3, round(3 * size)), cv2.LINE_AA)
    cv2.putText(canvas, text, place, _FONT, 0.5 * size, _TEXT, max(1, round(size)), cv2.LINE_AA)
