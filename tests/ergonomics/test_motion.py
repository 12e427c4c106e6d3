"""The motion filter: places in pixels, times in seconds, whatever the frame rate; and people at the picture's edge."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skeletons import figure, pose_frame

from spotter.core.parameters import TrackerParameters
from spotter.ergonomics.tracking import Tracker
from spotter.ergonomics.tracking.motion import Motion

SIZE = 200.0


def walk(motion: Motion, speed: float, steps: list[float]) -> None:
    for step in steps:
        motion.measure(speed * step, 0.0, step, SIZE)


@given(st.floats(-400, 400), st.lists(st.floats(0.02, 0.5), min_size=12, max_size=40))
def test_a_steady_walk_is_foreseen_at_any_frame_times(speed: float, steps: list[float]):
    motion = Motion.begin(SIZE)
    walk(motion, speed, steps)
    assert motion.vx == pytest.approx(speed, abs=0.05 * abs(speed) + 1)
    assert motion.shift(0.5)[0] == pytest.approx(0.5 * speed, abs=0.05 * abs(speed) + 2)
    assert motion.shift(0.5)[1] == 0.0


def test_frame_rate_does_not_matter():
    slow, fast = Motion.begin(SIZE), Motion.begin(SIZE)
    walk(slow, 150.0, [1 / 5] * 10)
    walk(fast, 150.0, [1 / 30] * 60)
    assert slow.shift(0.3)[0] == pytest.approx(fast.shift(0.3)[0], abs=1.0)


def test_someone_unseen_is_expected_no_further_than_a_second_on():
    motion = Motion.begin(SIZE)
    walk(motion, 150.0, [1 / 15] * 30)
    assert motion.shift(1.0) == motion.shift(20.0)


def test_noise_is_smoothed():
    generator = np.random.default_rng(4)
    motion = Motion.begin(SIZE)
    places = generator.normal(0, 0.02 * SIZE, (301, 2))
    expected = []
    for before, after in itertools.pairwise(places):
        expected.append(motion.shift(1 / 15)[0] + before[0])
        motion.measure(*(after - before), 1 / 15, SIZE)
    # Someone who stands: what the filter expects scatters less than what is measured two frames apart.
    assert np.std(np.array(expected) - places[1:, 0]) < np.std(places[2:, 0] - 2 * places[1:-1, 0] + places[:-2, 0])


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.01, 3)), max_size=30))
def test_covariance_stays_a_covariance_and_state_comes_back(seen: list[tuple[float, float, float]]):
    motion = Motion.begin(SIZE)
    for x, y, elapsed in seen:
        motion.measure(x, y, elapsed, SIZE)
        assert motion.place > 0
        assert motion.speed > 0
        assert motion.place * motion.speed >= motion.cross**2
    assert Motion.restore(motion.state()) == motion


@pytest.mark.parametrize(
    ("place", "floor", "truncated"), [(640, 600, False), (5, 600, True), (640, 725, True), (1275, 600, True)]
)
def test_people_at_the_edge_of_the_image_are_known(place: float, floor: float, truncated: bool):
    people = Tracker(TrackerParameters()).update(pose_frame(0.0, [figure(place, stature=250, floor=floor)]))
    assert people is not None
    assert people[0].truncated is truncated
