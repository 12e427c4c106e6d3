"""Crops of people: where they are, what they show, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import FloatArray
from spotter.pose.models import Detections
from spotter.pose.models.crops import MIN_SIDE, around, cut, squares, to_image

SIZE = 64


def test_a_square_is_around_its_box_with_a_margin() -> None:
    people = Detections(
        np.array([[20, 0, 80, 100], [0, 0, 200, 40], [5, 5, 6, 6]], np.float32),
        np.ones(3, np.float32),
        np.zeros((3, 17, 2), np.float32),
        np.zeros((3, 17), np.float32),
    )
    # A quarter more than 100 and 200 px; a person of one pixel still gets a crop.
    np.testing.assert_allclose(squares(people), [[-12, -12, 125], [-25, -105, 250], [-2, -2, 16]], atol=1)
    assert len(squares(Detections.none())) == 0


@given(
    st.tuples(st.floats(-50, 2000), st.floats(-50, 2000)),
    st.tuples(st.floats(0, 1500), st.floats(0, 1500)),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_square_holds_its_box(
    corner: tuple[float, float], size: tuple[float, float], across: float, down: float
) -> None:
    box = np.array([[*corner, corner[0] + size[0], corner[1] + size[1]]], np.float32)
    middle = box[:, :2] + (box[:, 2:] - box[:, :2]) * np.array([across, down], np.float32)
    left, top, side = around(middle, box, 1.0)[0]
    assert side >= MIN_SIDE
    # One pixel of rounding at either end.
    assert left <= box[0, 0] + 1
    assert top <= box[0, 1] + 1
    assert left + side >= box[0, 2] - 1
    assert top + side >= box[0, 3] - 1


def ramp(height: int, width: int) -> np.ndarray:
    """An image whose blue is x, green y and red 255, scaled to a byte."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[..., 0] = np.linspace(0, 250, width)[None]
    image[..., 1] = np.linspace(0, 250, height)[:, None]
    return image


@pytest.mark.parametrize("square", [(10, 20, 40), (50, 30, 64), (20, 10, 200), (-30, -50, 150), (150, 170, 120)])
def test_a_crop_shows_the_image_there_and_black_outside(square: tuple[int, int, int]) -> None:
    height, width = 240, 220
    canvas = np.full((SIZE, SIZE, 3), 7, np.uint8)
    cut(ramp(height, width), np.array(square), canvas)
    left, top, side = square
    centres = (np.arange(SIZE) + 0.5) * side / SIZE - 0.5
    x, y = np.meshgrid(left + centres, top + centres)
    edge = side / SIZE + 1
    inside = (x > edge) & (x < width - 1 - edge) & (y > edge) & (y < height - 1 - edge)
    outside = (x < -edge) | (x > width - 1 + edge) | (y < -edge) | (y > height - 1 + edge)
    assert inside.any()
    assert (canvas[inside, 0] == 255).all()
    np.testing.assert_allclose(canvas[inside, 2], x[inside] * 250 / (width - 1), atol=2)
    np.testing.assert_allclose(canvas[inside, 1], y[inside] * 250 / (height - 1), atol=2)
    assert not canvas[outside].any()


def test_a_square_beside_the_image_is_black_and_a_thin_image_costs_no_memory() -> None:
    canvas = np.full((SIZE, SIZE, 3), 7, np.uint8)
    cut(ramp(50, 50), np.array([60, 0, 40]), canvas)
    assert not canvas.any()
    thin = np.full((1, 30000, 3), 200, np.uint8)
    cut(thin, np.array([-1000, -16000, 32000]), canvas)
    assert canvas.max() <= 200
    cut(thin[:, :1], np.array([-8, -8, 16]), canvas)
    assert canvas.any()


@given(st.integers(-100, 1000), st.integers(-100, 1000), st.integers(16, 2000))
def test_points_go_back_to_where_they_were(left: int, top: int, side: int) -> None:
    points: FloatArray = np.array([[[0, 0], [SIZE, SIZE], [SIZE / 2, 0]]], np.float32)
    (moved,) = to_image(points, np.array([[left, top, side]]), SIZE)
    expected = [[left, top], [left + side, top + side], [left + side / 2, top]]
    np.testing.assert_allclose(moved, expected, atol=1e-3)
    assert moved.dtype == np.float32
