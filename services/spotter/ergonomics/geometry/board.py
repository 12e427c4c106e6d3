"""A lens measured with pictures of a flat board: OpenCV's calibration, and reasons to refuse it. Pure.

A board is a chessboard, stated by its inner corners, or a ChArUco board (Garrido-Jurado et al. 2014), of which a part
in the picture is enough. The focal length only follows from boards that are turned to the camera in different ways,
and the distortion only from corners all over the picture: both are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image
from spotter.core.parameters import LensParameters
from spotter.ergonomics.geometry.camera import hfov_of

LEAST_VIEWS = 6
"""Views with a board [D]; OpenCV's guide asks for ten."""

LEAST_COVERAGE = 0.4
"""Share of the 8 x 6 cells of the picture in which corners must have been seen [D]."""

LEAST_TURN_DEG = 15.0
"""Largest angle between two boards: without it focal length and distance cannot be told apart (Zhang 2000, IEEE TPAMI
22:1330, section 4) [D]."""

MOST_ERROR = 0.8e-3
"""Root mean square reprojection error as a share of the picture's width: 1 px at 1280 [D]."""

_LEAST_CORNERS = 8
_GRID = (8, 6)


@dataclass(frozen=True, slots=True)
class Board:
    """A flat board.

    Attributes:
        across, down: inner corners of a chessboard; squares of a ChArUco board.
        square_m: side of a square, m.
        marker_m: side of a ChArUco marker, m; 0: a chessboard.
        dictionary: ChArUco markers, by OpenCV's name.
    """

    across: int
    down: int
    square_m: float
    marker_m: float = 0.0
    dictionary: str = "DICT_4X4_50"


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """The corners found in one picture: (N, 2) px, and where they are on the board, (N, 3) m."""

    pixels: npt.NDArray[np.float32]
    board: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class BoardLens:
    """A lens measured with a board.

    Attributes:
        lens: what the settings take.
        reasons: why it is refused, for people; empty when it is accepted.
        views: pictures in which the board was found.
        error_px: root mean square reprojection error.
        errors_px: the same of each view.
        coverage: share of the picture's cells with corners in them.
        turn_deg: largest angle between two boards.
    """

    lens: LensParameters
    reasons: tuple[str, ...]
    views: int
    error_px: float
    errors_px: tuple[float, ...]
    coverage: float
    turn_deg: float


def find_corners(image: Image, board: Board) -> Corners | None:
    """The board's corners in a picture, to a fraction of a pixel; None when it is not (wholly) there."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if board.marker_m:
        return _charuco(gray, board)
    flags = cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
    found, pixels = cv2.findChessboardCornersSB(gray, (board.across, board.down), flags=flags)
    if not found:
        return None
    places = np.zeros((board.across * board.down, 3), np.float32)
    places[:, :2] = np.mgrid[: board.across, : board.down].T.reshape(-1, 2) * board.square_m
    return Corners(_half_pixel(pixels), places)


def measure_lens(views: Sequence[Corners], width: int, height: int, *, note: str = "") -> BoardLens | None:
    """The lens that these views of a board were seen through; None where there are too few to try."""
    if len(views) < 3:
        return None
    result = cv2.calibrateCameraExtended(
        [view.board for view in views],
        [view.pixels.reshape(-1, 1, 2) for view in views],
        (width, height),
        np.eye(3),
        np.zeros(5),
        flags=0,
    )
    error, matrix, distortion, turns, _, deviations, _, errors = result
    focal = (float(matrix[0, 0]), float(matrix[1, 1]))
    # Everybody's corners are off in the same way where a board is bent; OpenCV's deviations do not know that.
    focal_sd = float(np.clip(np.ravel(deviations)[0] / focal[0], 0.003, 1.0))
    bent = [float(value) for value in np.ravel(distortion)[:5]]
    lens = LensParameters(
        width=width,
        height=height,
        focal_px=(round(focal[0], 2), round(focal[1], 2)),
        centre_px=(round(float(matrix[0, 2]), 2), round(float(matrix[1, 2]), 2)),
        distortion=(bent[0], bent[1], bent[2], bent[3], bent[4]),
        focal_sd=round(focal_sd, 4),
        source="board",
        note=note,
    )
    coverage, turn = _coverage(views, width, height), _turn(turns)
    reasons = _reasons(len(views), float(error), coverage, turn, lens)
    return BoardLens(
        lens, reasons, len(views), float(error), tuple(float(one) for one in np.ravel(errors)), coverage, turn
    )


def _reasons(views: int, error: float, coverage: float, turn: float, lens: LensParameters) -> tuple[str, ...]:
    reasons = []
    if views < LEAST_VIEWS:
        reasons.append(f"the board was found in {views} pictures, {LEAST_VIEWS} are needed")
    if coverage < LEAST_COVERAGE:
        reasons.append(f"corners cover {coverage:.0%} of the picture, {LEAST_COVERAGE:.0%} are needed")
    if turn < LEAST_TURN_DEG:
        reasons.append(f"the boards are turned apart by {turn:.0f} degrees, {LEAST_TURN_DEG:.0f} are needed")
    if error > MOST_ERROR * lens.width:
        reasons.append(f"the reprojection error is {error:.2f} px, {MOST_ERROR * lens.width:.2f} is the most")
    across, down = lens.focal_px or (1.0, 1.0)
    if not 0.8 < across / down < 1.25 or not 5 < float(hfov_of(lens.width, across)) < 150:
        reasons.append("no lens has such figures: check the board's size and corners, and the pictures' shape")
    return tuple(reasons)


def _charuco(gray: npt.NDArray[Any], board: Board) -> Corners | None:
    markers = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    plan = cv2.aruco.CharucoBoard((board.across, board.down), board.square_m, board.marker_m, markers)
    pixels, names, _, _ = cv2.aruco.CharucoDetector(plan).detectBoard(gray)
    if names is None or len(names) < _LEAST_CORNERS:
        return None
    places = np.asarray(plan.getChessboardCorners(), np.float32)[np.ravel(names)]
    return Corners(_half_pixel(pixels), places)


def _half_pixel(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """OpenCV counts from the middle of the top left pixel, Spotter from its corner."""
    return (np.reshape(pixels, (-1, 2)) + 0.5).astype(np.float32)


def _coverage(views: Sequence[Corners], width: int, height: int) -> float:
    points = np.concatenate([view.pixels for view in views])
    cells = np.clip((points / [width, height] * _GRID).astype(int), 0, np.array(_GRID) - 1)
    return len(np.unique(cells, axis=0)) / (_GRID[0] * _GRID[1])


def _turn(turns: Sequence[npt.NDArray[Any]]) -> float:
    facing = np.stack([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    return float(np.degrees(np.arccos(np.clip(facing @ facing.T, -1.0, 1.0))).max())
