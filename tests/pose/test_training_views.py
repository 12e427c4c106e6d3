"""Views of labelled pictures: picture and labels move together, boxes hold bodies, order and views follow the seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import KEYPOINT_NAMES
from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledImage, LabelledPerson, LabelledSet
from spotter.pose.preprocess import Batcher, place
from spotter.pose.training.augment import MIRRORED, NONE, Augmentation, View, draw_view, move_people, relight, warp
from spotter.pose.training.samples import Samples, canvas_of

SIZE, CANVAS = (240, 160), (192, 128)
STRONG = Augmentation(turn=0.7, scale=(0.6, 1.5), shift=0.15)
seeds = st.integers(0, 2**32 - 1)


def person(points: np.ndarray, box: tuple[float, float, float, float], crowd: bool = False) -> LabelledPerson:
    return LabelledPerson(points, np.full(17, 2), np.array(box, float), box[2] * box[3], crowd)


def standing() -> LabelledPerson:
    random = np.random.default_rng(5)
    return person(random.uniform((100, 30), (140, 130), (17, 2)), (98, 28, 44, 104))


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(0, 239), st.floats(0, 159))
def test_a_mark_in_the_picture_ends_where_the_labels_say(seed: int, x: float, y: float) -> None:
    """The centre of a soft spot, moved by `warp`, is where `View.points` puts it, to a tenth of a pixel."""
    columns, rows = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 5.0**2))
    view = draw_view(np.random.default_rng(seed), STRONG, SIZE, [standing()], CANVAS)
    moved = warp(np.repeat(spot[..., None], 3, axis=2).astype(np.uint8), view, CANVAS)[..., 0].astype(float)
    wanted = view.points(np.array([x, y]))
    reach = 5.0 * 3.5 * np.sqrt(abs(np.linalg.det(view.matrix[:, :2])))
    inside = 20 < x < 220 and 20 < y < 140
    if not inside or (wanted < reach).any() or (wanted > np.array(CANVAS) - reach).any():
        return
    columns, rows = np.meshgrid(np.arange(CANVAS[0]) + 0.5, np.arange(CANVAS[1]) + 0.5)
    found = np.array([(moved * columns).sum(), (moved * rows).sum()]) / moved.sum()
    np.testing.assert_allclose(found, wanted, atol=0.1)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_boxes_hold_their_keypoints_and_end_at_the_edge(seed: int) -> None:
    random = np.random.default_rng(seed)
    everybody = [standing(), person(np.full((17, 2), 20.0), (0, 0, 40, 60))]
    view = draw_view(random, STRONG, SIZE, everybody, CANVAS)
    for moved in move_people(everybody, view, CANVAS):
        assert (moved.box[:2] >= 0).all()
        assert (moved.box[2:] <= CANVAS).all()
        points = moved.keypoints[moved.labelled]
        assert (points >= moved.box[:2] - 1e-9).all()
        assert (points <= moved.box[2:] + 1e-9).all()


def test_a_quarter_turn_swaps_the_sides_of_a_box() -> None:
    quarter = View(np.array([[0.0, -1, 160], [1, 0, 0]]))
    (moved,) = move_people([standing()], quarter, (160, 240))
    np.testing.assert_allclose(moved.box, [160 - 132, 98, 160 - 28, 142])


def test_a_mirror_swaps_left_and_right() -> None:
    (moved,) = move_people([standing()], View(np.array([[-1.0, 0, 240], [0, 1, 0]]), mirrored=True), SIZE)
    left, right = KEYPOINT_NAMES.index("left_wrist"), KEYPOINT_NAMES.index("right_wrist")
    np.testing.assert_allclose(moved.keypoints[left], (240, 0) + standing().keypoints[right] * (-1, 1))
    assert MIRRORED[MIRRORED].tolist() == list(range(17))
    assert MIRRORED[0] == 0


def test_without_change_the_picture_is_what_the_product_sees() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    picture = cv2.GaussianBlur(picture, (0, 0), 3).astype(np.uint8)
    view = draw_view(np.random.default_rng(0), NONE, SIZE, [standing()], CANVAS)
    ours = relight(warp(picture, view, CANVAS), np.random.default_rng(0), NONE)[..., ::-1].astype(int)
    theirs = Batcher().fill([picture], [place(picture, CANVAS[0])])[0].astype(int)
    # cv2 resamples with 5 bits of the position here and with 11 there.
    assert np.abs(ours - theirs)[2:-2, 2:-2].max() <= 4


def test_who_is_cut_off_becomes_a_region_that_does_not_count() -> None:
    shifted = View(np.array([[1.0, 0, -134], [0, 1, 0]]))
    (moved,) = move_people([standing()], shifted, SIZE)
    assert not moved.labelled.any()
    assert move_people([standing()], View(np.array([[1.0, 0, -150], [0, 1, 0]])), SIZE) == []
    (crowd,) = move_people([person(np.full((17, 2), 50.0), (10, 10, 80, 80), crowd=True)], View(np.eye(2, 3)), SIZE)
    assert not crowd.labelled.any()


def test_turned_views_keep_somebody_in_the_picture() -> None:
    """Around the middle of a wide frame a turn would throw people at its ends out."""
    edge = person(np.full((17, 2), (22.0, 80.0)), (2, 30, 40, 100))
    always = Augmentation(turn=1)
    kept = 0
    for seed in range(50):
        view = draw_view(np.random.default_rng(seed), always, (480, 160), [edge], CANVAS)
        kept += sum(one.labelled.any() for one in move_people([edge], view, CANVAS))
    assert kept == 50


def labels_in(folder: Path, count: int) -> LabelledSet:
    images = []
    for index in range(count):
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), np.full((160, 240, 3), 20 * index, np.uint8))
        images.append(LabelledImage(path, 240, 160, (standing(),)))
    return LabelledSet("COCO", tuple(images))


def test_order_and_views_follow_from_the_seed_alone(tmp_path: Path) -> None:
    labels = labels_in(tmp_path, 5)

    def epoch(number: int, seed: int, first: int = 0, workers: int = 2) -> list[np.ndarray]:
        samples = Samples(labels, STRONG, input_size=192, batch=2, seed=seed, workers=workers)
        assert samples.steps == 2
        return [each.image for batch in samples.batches(number, first) for each in batch]

    whole = epoch(0, 1)
    for again in (epoch(0, 1, workers=1), epoch(0, 1)):
        assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(whole[2:], epoch(0, 1, first=1), strict=True))
    assert not np.array_equal(whole[0], epoch(1, 1)[0])
    assert not np.array_equal(whole[0], epoch(0, 2)[0])


@pytest.mark.parametrize(
    ("size", "canvas"), [((640, 360), (384, 224)), ((480, 640), (288, 384)), ((100, 100), (384, 384))]
)
def test_the_input_has_the_shape_of_the_images(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert canvas_of([LabelledImage(Path("a"), *size, ())] * 3, 384) == canvas


def test_an_image_of_another_size_than_its_labels_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((50, 60, 3), np.uint8))
    labels = LabelledSet("COCO", (LabelledImage(path, 240, 160, (standing(),)),))
    with pytest.raises(ModelError, match=r"is 60x50 px, its labels were made on 240x160"):
        list(Samples(labels, NONE, input_size=192, batch=1, seed=0, workers=1).batches(0))
