"""One event, one alert, when the tracker loses a person and begins a new id for them; and never one for two people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import blend, figure, pose_frame, times
from test_snapshot import same_with_snapshots

from spotter.core.contracts import AlertKind, FloatArray, PoseFrame, UpdateKind
from spotter.core.parameters import FallParameters, RuleParameters, ViewParameters
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ergonomics.handover import Come, Lost, heirs

SECOND = 1_000_000_000
FALL = FallParameters()


def falling(at: float, x: float = 500) -> FloatArray:
    """Stands, goes down between 2.0 and 2.7 s, stays down."""
    hips, trunk = [(2, 0.53), (2.7, 0.08)], [(2.0, 0.0), (2.7, 90.0)]
    return figure(x, hip=blend(at, hips), trunk_deg=blend(at, trunk), stiff=True)


def lying(x: float) -> FloatArray:
    return figure(x, hip=0.08, trunk_deg=90, stiff=True)


def frames(script: Callable[[float], list[FloatArray]], stop: float, fps: float = 10) -> list[PoseFrame]:
    return [pose_frame(at, script(at), sequence=index) for index, at in enumerate(times(0, stop, fps))]


def play(poses: list[PoseFrame], fall: FallParameters = FALL) -> tuple[list[AlertStep], int]:
    """The steps of alerts, and how many tracks were begun."""
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters(fall=fall))
    steps: list[AlertStep] = []
    tracks = 0
    for pose in poses:
        assessment = assessor.update(pose)
        assert assessment is not None
        steps += assessment.alerts
        tracks += assessment.tracks_started
    return steps, tracks


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_whoever_lies_under_a_new_id_where_one_was_lost_upright_has_fallen(fps: float):
    """Unseen from before the fall until the track has ended: without a hand-over a person down, told after 20 s."""

    def script(at: float) -> list[FloatArray]:
        return [falling(at)] if at < 2.0 else [lying(560)] if at >= 4.3 else []

    ((step,), tracks) = play(frames(script, 20, fps))
    assert tracks == 2
    assert step.alert.kind is AlertKind.POSSIBLE_FALL
    assert step.alert.raised_at <= (4.5 + FALL.slow_confirm_s + 1) * SECOND
    assert step.alert.evidence["hip_drop"].value >= FALL.descent_drop


def test_a_jump_to_a_new_id_in_the_middle_of_a_fall():
    """The body lies a stature further on: too far for the tracker, near enough for a hand-over."""

    def script(at: float) -> list[FloatArray]:
        return [falling(at)] if at < 2.35 else [lying(640)]

    ((step,), tracks) = play(frames(script, 12, 15))
    assert tracks == 2
    assert step.alert.kind is AlertKind.POSSIBLE_FALL
    assert step.alert.raised_at <= 7 * SECOND


def test_an_open_alert_goes_on_under_a_new_id():
    """Told at 6 s; unseen for long; lies there as another id, until they get up."""

    def script(at: float) -> list[FloatArray]:
        if at < 8:
            return [falling(at)]
        up, trunk = blend(at, [(50, 0.08), (51, 0.53)]), blend(at, [(50, 90), (51, 0)])
        return [figure(690, hip=up, trunk_deg=trunk, stiff=True)] if at >= 20 else []

    poses = frames(script, 56)
    steps, tracks = play(poses)
    assert tracks == 2
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.STILL_DOWN, UpdateKind.RECOVERED]
    assert len({step.alert.id for step in steps}) == 1
    assert repr(same_with_snapshots(poses)) == repr(steps)


def test_someone_down_from_the_beginning_has_one_alert_under_two_ids():
    def script(at: float) -> list[FloatArray]:
        return [lying(500)] if at < 22 else [lying(680)] if at > 30 else []

    steps, tracks = play(frames(script, 60, 5))
    assert tracks == 2
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.STILL_DOWN]


def test_a_helper_who_comes_upright_does_not_close_the_alert():
    """The one who fell is hidden by whoever helps; nobody has got up."""

    def script(at: float) -> list[FloatArray]:
        return [falling(at)] if at < 8 else [figure(900 - 30 * min(at - 8, 8))] if at > 9 else []

    steps, _ = play(frames(script, 30))
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED]


def test_two_people_who_lie_side_by_side_are_two():
    def script(at: float) -> list[FloatArray]:
        people = [falling(at, 300)] if at < 9 else []
        return [*people, lying(470)] if at > 5 else people

    steps, _ = play(frames(script, 40))
    raised = [step.alert.kind for step in steps if step.update.kind is UpdateKind.RAISED]
    assert raised == [AlertKind.POSSIBLE_FALL, AlertKind.PERSON_DOWN]


def test_too_far_or_too_late_is_someone_else():
    def script(at: float) -> list[FloatArray]:
        return [falling(at)] if at < 2.0 else [lying(560)] if at >= 7 else []

    (step,), _ = play(frames(script, 32))
    assert step.alert.kind is AlertKind.PERSON_DOWN
    poses = frames(lambda at: [falling(at)] if at < 2.0 else [lying(900)] if at >= 4.3 else [], 32)
    (step,), _ = play(poses)
    assert step.alert.kind is AlertKind.PERSON_DOWN
    (step,), _ = play(poses, FallParameters(handover_reach=3.0))
    assert step.alert.kind is AlertKind.POSSIBLE_FALL


def test_someone_who_bends_where_another_left_is_not_falling():
    """A walks out of sight; B is found bent over a pallet at the same place, and works there."""

    def script(at: float) -> list[FloatArray]:
        if at < 3:
            return [figure(300 + 60 * at)]
        return [figure(520, hip=0.45, trunk_deg=80 + 10 * np.sin(3 * at))] if at > 3.5 else []

    assert play(frames(script, 30))[0] == []


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000), gap=st.floats(0, 3.5), begin=st.floats(2.0, 3.0), shift=st.floats(0, 60),
    fps=st.sampled_from([5.0, 10.0, 15.0]),
)  # fmt: skip
def test_a_fall_with_a_break_anywhere_raises_exactly_one_alert(
    seed: int, gap: float, begin: float, shift: float, fps: float
):
    random = np.random.default_rng(seed)

    def script(at: float) -> list[FloatArray]:
        if begin <= at < begin + gap:
            return []
        person = falling(at) + np.array([shift if at >= begin else 0.0, 0.0], np.float32)
        return [(person + random.normal(0, 1.5, (17, 2))).astype(np.float32)]

    steps, _ = play(frames(script, 30, fps))
    raised = [step for step in steps if step.update.kind is UpdateKind.RAISED]
    assert [step.alert.kind for step in raised] == [AlertKind.POSSIBLE_FALL]


def at(seconds: float) -> int:
    return round(seconds * SECOND)


@pytest.mark.parametrize(
    ("lost", "come", "expected"),
    [
        (Lost("p1", at(9.0), (0, 0), 100, False), Come("p2", at(9.5), (60, 0), 80), True),
        (Lost("p1", at(9.9), (0, 0), 100, False), Come("p2", at(9.95), (60, 0), 80), False),
        (Lost("p1", at(9.0), (0, 0), 100, False), Come("p2", at(9.5), (120, 0), 80), False),
        (Lost("p1", at(9.0), (0, 0), 100, False), Come("p2", at(8.0), (60, 0), 80), False),
        (Lost("p1", at(9.0), (0, 0), 100, False), Come("p2", at(9.5), (60, 0), 160), False),
        (Lost("p1", at(4.0), (0, 0), 100, False), Come("p2", at(9.5), (60, 0), 80), False),
        (Lost("p1", at(4.0), (0, 0), 100, True), Come("p2", at(9.5), (60, 0), 80), True),
    ],
    ids=["near", "not lost yet", "too far", "seen together", "too large", "too late", "down: waits"],
)
def test_who_takes_over(lost: Lost, come: Come, expected: bool):
    assert heirs(at(10.0), [lost], [come], FALL) == ([("p1", "p2")] if expected else [])


def test_the_nearest_takes_over_and_nobody_twice():
    lost = [Lost("p1", at(9), (0, 0), 100, True), Lost("p2", at(9), (50, 0), 100, True)]
    come = [Come("p3", at(9.5), (40, 0), 80), Come("p4", at(9.5), (90, 0), 80)]
    assert heirs(at(10), lost, come, FALL) == [("p2", "p3"), ("p1", "p4")]
    assert heirs(at(10), lost[:1], come, FALL) == [("p1", "p3")]
