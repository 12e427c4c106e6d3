"""Corners of a board: a ChArUco board of which a part is seen, and too few views. Whole calibrations: tests/cli."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.ergonomics.geometry.board import Board, Corners, find_corners, measure_lens

CHARUCO = Board(7, 5, 0.04, 0.03)


@pytest.fixture(scope="module")
def charuco() -> np.ndarray:
    """A picture of the whole board, 100 px a square, 50 px of margin."""
    markers = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    plan = cv2.aruco.CharucoBoard((7, 5), 0.04, 0.03, markers)
    return cv2.cvtColor(plan.generateImage((800, 600), marginSize=50), cv2.COLOR_GRAY2BGR)


def test_corners_of_a_charuco_board(charuco: np.ndarray) -> None:
    found = find_corners(charuco, CHARUCO)
    assert found is not None
    assert len(found.pixels) == 6 * 4
    # 0.04 m are 100 px; a corner between squares lies on the edge of a pixel.
    assert found.pixels == pytest.approx(found.board[:, :2] / 0.04 * 100 + 50, abs=1.0)


def test_a_part_of_a_charuco_board_is_enough(charuco: np.ndarray) -> None:
    found = find_corners(np.ascontiguousarray(charuco[:, :420]), CHARUCO)
    assert found is not None
    assert 8 <= len(found.pixels) < 24
    assert found.pixels == pytest.approx(found.board[:, :2] / 0.04 * 100 + 50, abs=1.0)


def test_a_picture_without_a_board() -> None:
    blank = np.full((300, 400, 3), 127, np.uint8)
    assert find_corners(blank, CHARUCO) is None
    assert find_corners(blank, Board(9, 6, 0.025)) is None


def test_two_views_are_not_tried() -> None:
    view = Corners(np.zeros((54, 2), np.float32), np.zeros((54, 3), np.float32))
    assert measure_lens([view, view], 640, 480) is None
