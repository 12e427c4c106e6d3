"""Decoding of head maps that hold people at known places; both decoders give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from spotter.pose.models import Detections
from spotter.pose.models.movenet_decode import DecodeLimits, decode
from spotter.pose.models.movenet_decode_torch import decode_batch
from spotter.pose.models.movenet_maps import MAP_CHANNELS, STRIDE
from spotter.pose.models.movenet_network import HeadMaps
from spotter.pose.models.suppression import pairwise_oks, suppress

Maps = dict[str, np.ndarray]
Decoder = Callable[[Maps, DecodeLimits], Detections]


@dataclass(frozen=True)
class Person:
    """A person as the network would paint it, in cells: centre, half size of the box, keypoints as (row, column)."""

    row: int
    column: int
    half: tuple[int, int] = (10, 5)
    center: float = 0.8
    heat: float = 0.9

    @property
    def keypoints(self) -> np.ndarray:
        spread = np.linspace(-0.9, 0.9, 17)
        rows = self.row + np.round(spread * self.half[0])
        columns = self.column + np.round(np.cos(np.arange(17)) * 0.8 * self.half[1])
        return np.stack([rows, columns], 1).astype(int)


def paint(*people: Person, shape: tuple[int, int] = (72, 96)) -> Maps:
    maps = {name: np.zeros((channels, *shape), np.float32) for name, channels in MAP_CHANNELS.items()}
    maps["keypoint_offset"][0::2] = 0.25
    maps["keypoint_offset"][1::2] = 0.75
    for person in people:
        at = person.row, person.column
        maps["center"][0][at] = person.center
        maps["box_scale"][:, at[0], at[1]] = 2 * person.half[0], 2 * person.half[1]
        maps["box_offset"][:, at[0], at[1]] = 0.5
        # The coarse guess is off by a cell, as in life.
        maps["keypoint_regress"][:, at[0], at[1]] = (person.keypoints - at + 1).ravel()
        for joint, (row, column) in enumerate(person.keypoints):
            maps["keypoint_heat"][joint, row, column] = person.heat
    return maps


def with_numpy(maps: Maps, limits: DecodeLimits) -> Detections:
    return decode(list(maps.values()), limits)


def with_torch(maps: Maps, limits: DecodeLimits) -> Detections:
    nobody = {name: np.zeros_like(each) for name, each in maps.items()}
    batch = HeadMaps(**{name: torch.from_numpy(np.stack([nobody[name], each])) for name, each in maps.items()})
    first, second = decode_batch(batch, limits)
    assert len(first) == 0
    return second


both = pytest.mark.parametrize("decoder", [with_numpy, with_torch])


@both
def test_one_person_is_found_where_it_was_painted(decoder: Decoder) -> None:
    person = Person(30, 40)
    people = decoder(paint(person), DecodeLimits())
    assert len(people) == 1
    expected = (person.keypoints[:, ::-1] + (0.75, 0.25)) * STRIDE
    np.testing.assert_allclose(people.keypoints[0], expected, atol=1e-4)
    np.testing.assert_allclose(people.boxes[0], np.array([35.5, 20.5, 45.5, 40.5]) * STRIDE, atol=1e-4)
    # The coarse guess is one cell off in both directions: exp(-2 / spread).
    near = np.exp(-2 / (0.300048828125 * 72))
    np.testing.assert_allclose(people.confidences[0], 0.9 * near, rtol=1e-5)
    assert people.scores[0] == pytest.approx(0.8 * 0.9 * near, rel=1e-5)


@both
def test_twelve_people_are_found_best_first(decoder: Decoder) -> None:
    crowd = [Person(15 + 22 * (n // 6), 8 + 15 * (n % 6), center=0.95 - 0.05 * n) for n in range(12)]
    people = decoder(paint(*crowd), DecodeLimits())
    assert len(people) == 12
    assert (np.diff(people.scores) < 0).all()
    for found, person in zip(people.keypoints, crowd, strict=True):
        np.testing.assert_allclose(found, (person.keypoints[:, ::-1] + (0.75, 0.25)) * STRIDE, atol=1e-4)


@both
def test_max_people_keeps_the_best(decoder: Decoder) -> None:
    crowd = [Person(15 + 22 * (n // 6), 8 + 15 * (n % 6), center=0.95 - 0.05 * n) for n in range(12)]
    every = decoder(paint(*crowd), DecodeLimits())
    best = decoder(paint(*crowd), DecodeLimits(max_people=5))
    np.testing.assert_array_equal(best.scores, every.scores[:5])


@both
def test_two_peaks_of_one_person_become_one(decoder: Decoder) -> None:
    person = Person(30, 40)
    maps = paint(person)
    # A second peak outside the 5x5 window, with the same keypoints and box.
    maps["center"][0, 30, 44] = 0.6
    maps["box_scale"][:, 30, 44] = maps["box_scale"][:, 30, 40]
    maps["box_offset"][:, 30, 44] = 0.5, -3.5
    maps["keypoint_regress"][:, 30, 44] = (person.keypoints - (30, 44) + 1).ravel()
    people = decoder(maps, DecodeLimits())
    assert len(people) == 1
    assert people.scores[0] > 0.6 * people.confidences[0].mean()


@both
def test_people_side_by_side_stay_two(decoder: Decoder) -> None:
    assert len(decoder(paint(Person(30, 40), Person(30, 47, center=0.6)), DecodeLimits())) == 2


@both
def test_a_neighbouring_cell_below_the_peak_is_no_person(decoder: Decoder) -> None:
    maps = paint(Person(30, 40))
    maps["center"][0, 31, 41] = 0.79
    assert len(decoder(maps, DecodeLimits(min_score=0.01))) == 1


@both
def test_a_keypoint_of_someone_else_outside_the_box_is_not_taken(decoder: Decoder) -> None:
    person, other = Person(30, 40, heat=0.3), Person(30, 52, heat=1.0, center=0.7)
    people = decoder(paint(person, other), DecodeLimits(min_score=0.05))
    assert len(people) == 2
    lefts = people.keypoints[people.keypoints[:, :, 0].mean(1).argsort()][0]
    np.testing.assert_allclose(lefts, (person.keypoints[:, ::-1] + (0.75, 0.25)) * STRIDE, atol=1e-4)


@both
@pytest.mark.parametrize("min_score", [0.15, 0.65])
def test_nobody(decoder: Decoder, min_score: float) -> None:
    people = decoder(
        paint(Person(30, 40, center=0.14 if min_score == 0.15 else 0.8, heat=0.7)), DecodeLimits(min_score)
    )
    assert people.boxes.shape == (0, 4)
    assert people.keypoints.shape == (0, 17, 2)
    assert people.confidences.shape == (0, 17)


@both
def test_a_box_over_the_edge_is_clipped_to_the_input(decoder: Decoder) -> None:
    maps = paint(Person(30, 40))
    maps["box_scale"][:, 30, 40] = 500
    people = decoder(maps, DecodeLimits())
    np.testing.assert_array_equal(people.boxes, [[0, 0, 96 * STRIDE, 72 * STRIDE]])
    np.testing.assert_allclose(people.keypoints, decoder(paint(Person(30, 40)), DecodeLimits()).keypoints)


@both
def test_a_box_without_size_still_searches_its_own_cell(decoder: Decoder) -> None:
    maps = paint(Person(0, 95, half=(0, 0)), Person(71, 0, half=(0, 0), center=0.7))
    maps["box_offset"][:] = 0
    people = decoder(maps, DecodeLimits())
    np.testing.assert_allclose(people.keypoints[0], np.tile((95.75 * STRIDE, 0.25 * STRIDE), (17, 1)))
    np.testing.assert_allclose(people.keypoints[1], np.tile((0.75 * STRIDE, 71.25 * STRIDE), (17, 1)))


def test_oks_of_a_person_with_itself_is_one_and_falls_with_distance() -> None:
    points = np.repeat(np.random.default_rng(3).uniform(0, 100, (1, 17, 2)).astype(np.float32), 3, axis=0)
    points[1] += 5
    points[2] += 50
    boxes = np.repeat(np.array([[0, 0, 100, 100]], np.float32), 3, axis=0)
    oks = pairwise_oks(points, boxes)
    np.testing.assert_allclose(np.diag(oks), 1)
    assert 1 > oks[0, 1] > 0.4 > oks[0, 2]


def test_suppression_is_by_the_best_that_stays() -> None:
    """The middle one goes because of the first; the last is alike only to the middle one, so it stays."""
    base = np.random.default_rng(3).uniform(0, 100, (17, 2)).astype(np.float32)
    points = np.stack([base, base + 6, base + 12])
    boxes = np.repeat(np.array([[0, 0, 100, 100]], np.float32), 3, axis=0)
    oks = pairwise_oks(points, boxes)
    threshold = float((oks[0, 1] + oks[0, 2]) / 2)
    assert suppress(np.array([0.9, 0.8, 0.7], np.float32), points, boxes, threshold) == [0, 2]
    assert suppress(np.array([0.8, 0.9, 0.7], np.float32), points, boxes, threshold) == [1]
