"""What must not matter to the fall rule: uneven clocks, sides swapped, a camera askew, a crowd that passes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import blend, figure, pose_frame, times

from spotter.core.contracts import FloatArray, UpdateKind
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import CameraAssessor

SWAPPED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def falling(at: float) -> FloatArray:
    hips, trunk = [(2, 0.53), (2.7, 0.08)], [(2.0, 0.0), (2.7, 90.0)]
    return figure(640, hip=blend(at, hips), trunk_deg=blend(at, trunk), stiff=True)


def bending(at: float) -> FloatArray:
    """Towards the camera and back while walking towards it: the figure grows, bends, rises."""
    trunk, hips = (
        [(4.0, 0.0), (4.6, 100.0), (8.0, 100.0), (9.0, 0.0)],
        [(4.0, 0.53), (4.6, 0.48), (8.0, 0.48), (9.0, 0.53)],
    )
    near = blend(at, [(0.0, 0.0), (4.0, 1.0)])
    return figure(640, trunk_deg=blend(at, trunk), hip=blend(at, hips), stature=150 + 70 * near, floor=330 + 170 * near)


def play(frames: list[tuple[float, list[FloatArray]]]) -> list[AlertStep]:
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    steps: list[AlertStep] = []
    for number, (at, people) in enumerate(frames):
        assessment = assessor.update(pose_frame(at, people, sequence=number))
        assert assessment is not None
        steps += assessment.alerts
    return [step for step in steps if step.update.kind is UpdateKind.RAISED]


def turned(points: FloatArray, degrees: float) -> FloatArray:
    """As seen by a camera that is turned about its axis."""
    turn = math.radians(degrees)
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return ((points - (640, 360)) @ matrix.T + (640, 360)).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), fps=st.sampled_from([5, 10, 15, 30]))
def test_uneven_frame_times_neither_hide_a_fall_nor_make_one(seed: int, fps: int):
    generator = np.random.default_rng(seed)
    at = [max(one + generator.uniform(-0.4, 0.4) / fps, 0.0) for one in times(0, 11, fps)]
    assert len(play([(one, [falling(one)]) for one in at])) == 1
    assert play([(one, [bending(one)]) for one in at]) == []


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.6))
def test_left_and_right_may_be_swapped_in_any_frame(seed: int, share: float):
    generator = np.random.default_rng(seed)

    def seen(points: FloatArray) -> FloatArray:
        return points[SWAPPED] if generator.random() < share else points

    (step,) = play([(at, [seen(falling(at))]) for at in times(0, 11, 15)])
    (plain,) = play([(at, [falling(at)]) for at in times(0, 11, 15)])
    assert step.alert.started_at == plain.alert.started_at
    assert play([(at, [seen(bending(at))]) for at in times(0, 11, 15)]) == []


@pytest.mark.parametrize("degrees", [-5, -2, 2, 5])
def test_a_camera_that_hangs_askew_sees_the_same(degrees: float):
    assert len(play([(at, [turned(falling(at), degrees)]) for at in times(0, 11, 15)])) == 1
    assert play([(at, [turned(bending(at), degrees)]) for at in times(0, 11, 15)]) == []


@pytest.mark.parametrize("fps", [5, 15, 30])
def test_someone_who_walks_towards_the_camera_and_bends_is_not_falling(fps: float):
    """The floor under them moves down the picture; a floor that lagged behind made their legs short and them low."""
    assert play([(at, [bending(at)]) for at in times(0, 12, fps)]) == []


def test_memory_is_bounded_over_ten_thousand_short_tracks():
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    sizes = []
    for number in range(2000):
        # Five people at new places each time, seen for one frame: nobody can be followed from one to the next.
        shift = 90 * (number % 2)
        people = [figure(120 + 240 * place + shift, stature=60, floor=200 + 60 * (number % 7)) for place in range(5)]
        assessment = assessor.update(pose_frame(3.0 * number, people, sequence=number))
        assert assessment is not None
        assert assessment.tracks_started == 5
        state = assessor.state()
        sizes.append(len(state["people"]) + len(state["tracker"]["tracks"]))
        # The store takes minutes away as they close.
        assessor.minutes.forget(assessor.minutes.closed())
    assert assessor.state()["tracker"]["started"] == 10_000
    assert max(sizes[1000:]) == max(sizes[:1000]) <= 20


@pytest.mark.parametrize("fps", [10, 15, 30])
def test_landing_from_a_jump_is_not_falling(fps: float):
    """In the air the feet are on no floor, so the crouch after landing is judged by the frames after it."""

    def jumping(at: float) -> FloatArray:
        height = blend(at, [(2.0, 1.5), (2.5, 0.0)])
        hips = [(2.5, 0.53), (2.7, 0.2), (4.5, 0.2), (5.0, 0.53)]
        trunk = [(2.5, 10.0), (2.7, 50.0), (4.5, 50.0), (5.0, 0.0)]
        return figure(500, hip=blend(at, hips), trunk_deg=blend(at, trunk), floor=500 - 200 * height)

    assert play([(at, [jumping(at)]) for at in times(1.9, 9, fps)]) == []
