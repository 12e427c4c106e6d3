"""Targets of the training: what our own decoder makes of them, and what does not count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import KEYPOINT_NAMES
from spotter.pose.models.movenet_decode import DecodeLimits, decode
from spotter.pose.models.movenet_maps import MAP_CHANNELS, STRIDE
from spotter.pose.training.targets import Person, Targets, make_targets, spread

ROWS, COLUMNS = 40, 72
PEOPLE_AT = ((10, 8), (100, 20), (190, 30))
"""Left and top of three people who do not touch, px."""


def maps_of(targets: Targets) -> list[np.ndarray]:
    """The head maps of a network that gives exactly what it should."""
    rows, columns = targets.center.shape[1:]
    maps = {name: np.zeros((channels, rows * columns), np.float32) for name, channels in MAP_CHANNELS.items()}
    maps["center"][:] = targets.center.reshape(1, -1)
    maps["keypoint_heat"][:] = targets.heat.reshape(17, -1)
    maps["box_scale"][:, targets.people] = targets.box_scale.T
    maps["box_offset"][:, targets.people] = targets.box_offset.T
    maps["keypoint_regress"][:, targets.people] = targets.regress.T
    for axis in (0, 1):
        maps["keypoint_offset"][2 * targets.joints + axis, targets.cells] = targets.offsets[:, axis]
    return [each.reshape(-1, rows, columns) for each in maps.values()]


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    count = draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = []
    for left, top in PEOPLE_AT[:count]:
        size = random.uniform((30, 40), (80, 110))
        low = np.array([left, top]) + random.uniform(0, 8, 2)
        # The decoder leaves out the cells that a box touches with less than their corner.
        points = low + STRIDE + random.uniform(0, 1, (17, 2)) * (size - STRIDE - 0.1)
        found.append(Person(np.concatenate([low, low + size]), points, np.ones(17, bool)))
    return found


@settings(max_examples=40, deadline=None)
@given(people())
def test_the_decoder_gives_the_labels_back(truth: list[Person]) -> None:
    found = decode(maps_of(make_targets(truth, ROWS, COLUMNS)), DecodeLimits(min_score=0.3))
    assert len(found) == len(truth)
    order = np.argsort(found.boxes[:, 0])
    for person, index in zip(truth, order, strict=True):
        np.testing.assert_allclose(found.boxes[index], person.box, atol=1e-3)
        np.testing.assert_allclose(found.keypoints[index], person.keypoints, atol=1e-3)
        # Heat 1, times the decoder's Gaussian at most one cell either way: exp(-2 / (0.3 * 40)).
        assert found.confidences[index].min() > 0.84


def test_neighbours_learn_a_keypoint_offset_as_the_released_network_does() -> None:
    """It points at the keypoint from up to three cells away: about 3, 2, 1, 0, -1, -2, -3 from left to right."""
    person = Person(np.array([100.0, 40, 180, 140]), np.full((17, 2), (142.0, 90.0)), np.ones(17, bool))
    targets = make_targets([person], ROWS, COLUMNS)
    of_nose = targets.joints == 0
    rows, columns = targets.cells[of_nose] // COLUMNS, targets.cells[of_nose] % COLUMNS
    assert of_nose.sum() == 29
    assert np.abs(columns - 35).max() == 3
    np.testing.assert_allclose(columns + targets.offsets[of_nose, 1], 142 / STRIDE, atol=1e-5)
    np.testing.assert_allclose(rows + targets.offsets[of_nose, 0], 90 / STRIDE, atol=1e-5)


@pytest.mark.parametrize(("height", "width", "sigma"), [(2, 2, 1 / 6), (20, 20, 0.5), (60, 30, 1.1666666)])
def test_width_of_a_centre(height: float, width: float, sigma: float) -> None:
    """(2 r + 1) / 6 with the whole part of CenterNet's radius: 0, 1 and 3 cells for these boxes."""
    assert spread(height, width) == pytest.approx(sigma)


def test_a_crowd_and_a_person_without_keypoints_do_not_count() -> None:
    nobody = Person(np.array([40.0, 40, 80, 120]), np.zeros((17, 2)), np.zeros(17, bool))
    targets = make_targets([nobody], ROWS, COLUMNS)
    assert targets.center.max() == targets.heat.max() == 0
    assert len(targets.people) == len(targets.cells) == 0
    assert targets.center_weight[0, 10:30, 10:20].max() == 0
    assert targets.heat_weight[:, 10:30, 10:20].max() == 0
    outside = targets.center_weight.sum()
    assert outside == ROWS * COLUMNS - 20 * 10


def test_a_labelled_person_within_a_crowd_counts() -> None:
    crowd = Person(np.array([0.0, 0, 288, 160]), np.zeros((17, 2)), np.zeros(17, bool))
    person = Person(np.array([40.0, 40, 80, 120]), np.full((17, 2), (60.0, 60.0)), np.ones(17, bool))
    targets = make_targets([crowd, person], ROWS, COLUMNS)
    assert targets.center_weight[0, 20, 15] == targets.center[0, 20, 15] == 1
    assert targets.heat_weight[:, 15, 15].min() == targets.heat[:, 15, 15].min() == 1
    assert targets.center_weight[0, 0, 0] == 0


def test_a_keypoint_without_label_is_not_taught_within_its_person() -> None:
    labelled = np.ones(17, bool)
    labelled[3] = False
    person = Person(np.array([40.0, 40, 80, 120]), np.full((17, 2), (60.0, 60.0)), labelled)
    targets = make_targets([person], ROWS, COLUMNS)
    assert targets.heat[3].max() == 0
    assert targets.heat_weight[3, 10:30, 10:20].max() == 0
    assert targets.heat_weight[3].sum() == ROWS * COLUMNS - 20 * 10
    assert targets.heat_weight[4].min() == 1
    assert targets.regress_weight[0].reshape(17, 2)[3].tolist() == [0, 0]


def test_keypoints_that_a_form_does_not_have_are_never_taught() -> None:
    nose = KEYPOINT_NAMES.index("nose")
    targets = make_targets([], ROWS, COLUMNS, unknown=[nose])
    assert targets.heat_weight[nose].max() == 0
    assert targets.heat_weight[nose + 1 :].min() == 1
