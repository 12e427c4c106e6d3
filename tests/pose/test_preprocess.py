from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.pose.preprocess import Batcher, group_by_canvas, place

SIDES = st.integers(1, 400)
LONG_SIDES = st.sampled_from([32, 64, 128, 256])


def picture(width: int, height: int, colour: tuple[int, int, int] = (10, 20, 200)) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@given(SIDES, SIDES, LONG_SIDES)
def test_canvas_is_a_multiple_of_32_and_holds_the_content(width: int, height: int, long_side: int) -> None:
    at = place(picture(width, height), long_side)
    rows, columns = at.canvas
    assert rows % 32 == columns % 32 == 0
    assert max(at.content_width, at.content_height) == max(rows, columns) == long_side
    assert 0 <= rows - at.content_height < 32
    assert 0 <= columns - at.content_width < 32


@given(SIDES, SIDES, LONG_SIDES)
def test_scale_leads_back_to_the_corners_and_keeps_the_aspect_ratio(width: int, height: int, long_side: int) -> None:
    at = place(picture(width, height), long_side)
    assert at.content_width * at.scale_x == pytest.approx(width)
    assert at.content_height * at.scale_y == pytest.approx(height)
    scale = long_side / max(width, height)
    # Content is whole pixels: at most half a pixel off, and at least one.
    assert abs(at.content_width - max(1, width * scale)) <= 0.5
    assert abs(at.content_height - max(1, height * scale)) <= 0.5


@settings(max_examples=30)
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=5), LONG_SIDES)
def test_batch_is_rgb_top_left_on_black_even_in_a_used_buffer(sizes: list[tuple[int, int]], long_side: int) -> None:
    batcher = Batcher()
    batcher.fill([picture(400, 400, (255, 255, 255))] * 5, [place(picture(400, 400), 256)] * 5)
    images = [picture(*size) for size in sizes]
    placements = [place(image, long_side) for image in images]
    for (rows, columns), indices in group_by_canvas(placements).items():
        chosen = [placements[i] for i in indices]
        batch = batcher.fill([images[i] for i in indices], chosen)
        assert batch.shape == (len(indices), rows, columns, 3)
        assert batch.flags.c_contiguous
        for canvas, at in zip(batch, chosen, strict=True):
            content = canvas[: at.content_height, : at.content_width]
            assert (content == (200, 20, 10)).all()
            assert canvas.sum(dtype=np.int64) == content.sum(dtype=np.int64)


def test_groups_keep_the_order_of_the_images() -> None:
    wide, tall = picture(200, 100), picture(100, 200)
    groups = group_by_canvas([place(image, 64) for image in (wide, tall, wide, wide, tall)])
    assert groups == {(32, 64): [0, 2, 3], (64, 32): [1, 4]}


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20000), (20000, 1), (3, 2)])
def test_extreme_shapes_are_placed(width: int, height: int) -> None:
    image = picture(width, height)
    at = place(image, 64)
    batch = Batcher().fill([image], [at])
    assert (batch[0, 0, 0] == (200, 20, 10)).all()
    assert at.content_width >= 1
    assert at.content_height >= 1


def test_a_frame_that_fits_already_is_only_converted() -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    batch = Batcher().fill([image], [place(image, 96)])
    assert np.array_equal(batch[0], image[..., ::-1])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
    ids=["empty", "grey", "four channels", "float"],
)
def test_other_arrays_are_refused_by_shape_and_type(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected \(H, W, 3\) uint8"):
        place(image, 64)
