"""The fall rule on scripted stick figures: what must raise, what must not, at any frame rate, with gaps and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import blend, figure, pose_frame, times

from spotter.core.contracts import AlertKind, FloatArray, UpdateKind
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import CameraAssessor

Script = Callable[[float], list[FloatArray]]


def person(
    at: float, hip: list[tuple[float, float]], trunk: list[tuple[float, float]], *, stiff: bool = False
) -> FloatArray:
    return figure(500, hip=blend(at, hip), trunk_deg=blend(at, trunk), stiff=stiff)


def fall(at: float) -> list[FloatArray]:
    """Stands, goes down between 2.0 and 2.7 s, stays down."""
    return [person(at, [(2, 0.53), (2.7, 0.08)], [(2, 0), (2.7, 90)], stiff=True)]


def fall_and_get_up(at: float) -> list[FloatArray]:
    return [
        person(at, [(2, 0.53), (2.7, 0.08), (9, 0.08), (10, 0.53)], [(2, 0), (2.7, 90), (9, 90), (10, 0)], stiff=True)
    ]


def slow_collapse(at: float) -> list[FloatArray]:
    return [person(at, [(2, 0.53), (5, 0.08)], [(2, 0), (5, 90)], stiff=True)]


def stoop_lift(at: float) -> list[FloatArray]:
    bend = [(2, 0.0), (2.8, 100.0), (4, 100.0), (5, 0.0)]
    return [person(at, [(2, 0.53), (2.8, 0.48), (4, 0.48), (5, 0.53)], bend)]


def squat_lift(at: float) -> list[FloatArray]:
    return [person(at, [(2, 0.53), (2.8, 0.24), (4, 0.24), (5, 0.53)], [(2, 0), (2.8, 35), (4, 35), (5, 0)])]


def kneel(at: float) -> list[FloatArray]:
    return [person(at, [(2, 0.53), (2.8, 0.28)], [(2, 0), (2.8, 10)])]


def sit_on_the_floor(at: float) -> list[FloatArray]:
    return [person(at, [(2, 0.53), (3.2, 0.07)], [(2, 0), (3.2, 5)])]


def tie_shoes(at: float) -> list[FloatArray]:
    return [person(at, [(2, 0.53), (2.8, 0.23), (12, 0.23), (13, 0.53)], [(2, 0), (2.8, 45), (12, 45), (13, 0)])]


def stand(at: float) -> list[FloatArray]:
    return [person(at, [(0, 0.53)], [(0, 0)])]


def walk(at: float) -> list[FloatArray]:
    return [figure(200 + 60 * at, hip=0.53 + 0.01 * np.sin(12 * at))]


def nobody(at: float) -> list[FloatArray]:
    return []


def play(
    script: Script, *, fps: float = 15, stop: float = 16, keep: Callable[[int], bool] = lambda _: True
) -> list[AlertStep]:
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    steps: list[AlertStep] = []
    for index, at in enumerate(times(0, stop, fps)):
        if keep(index):
            assessment = assessor.update(pose_frame(at, script(at), sequence=index))
            assert assessment is not None
            steps.extend(assessment.alerts)
    return steps


def raised(steps: list[AlertStep]) -> list[AlertStep]:
    return [step for step in steps if step.update.kind is UpdateKind.RAISED]


@pytest.mark.parametrize("fps", [5, 10, 15, 30])
def test_a_fall_raises_one_alert_three_seconds_after_the_ground(fps: float) -> None:
    (step,) = raised(play(fall, fps=fps))
    alert = step.alert
    assert alert.kind is AlertKind.POSSIBLE_FALL
    assert alert.severity.value == "P1"
    assert 1.4e9 <= alert.started_at <= 2.6e9
    assert 5.2e9 <= alert.raised_at <= 6.4e9
    evidence = alert.evidence
    for name, item in evidence.items():
        passed = {
            ">=": item.value >= item.threshold,
            "<=": item.value <= item.threshold,
            "<": item.value < item.threshold,
        }
        assert passed[item.comparison], (name, item)
    assert evidence["seconds_on_ground"].value >= evidence["seconds_on_ground"].threshold == 3.0
    assert evidence["hip_height"].value <= evidence["hip_height"].threshold
    assert evidence["descent_speed"].value >= evidence["descent_speed"].threshold


@pytest.mark.parametrize(
    "script",
    [stoop_lift, squat_lift, kneel, sit_on_the_floor, tie_shoes, stand, walk, nobody],
    ids=lambda s: s.__name__,
)
@pytest.mark.parametrize("fps", [5, 15, 30])
def test_ordinary_work_raises_nothing(script: Script, fps: float) -> None:
    assert raised(play(script, fps=fps, stop=30)) == []


def test_a_slow_collapse_takes_longer_to_tell() -> None:
    (step,) = raised(play(slow_collapse))
    assert step.alert.kind is AlertKind.POSSIBLE_FALL
    assert step.alert.raised_at >= 10e9
    assert "descent_speed" not in step.alert.evidence


def test_getting_up_closes_the_alert_once() -> None:
    steps = play(fall_and_get_up)
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.RECOVERED]
    assert steps[1].alert.id == steps[0].alert.id
    assert steps[1].alert.ended_at is not None
    assert 11e9 <= steps[1].alert.ended_at <= 13e9
    assert steps[1].update.evidence["seconds_up"].value >= 2.0
    assert steps[1].update.evidence["head_height"].value >= 0.5


def test_getting_up_at_once_raises_nothing_and_says_why() -> None:
    def script(at: float) -> list[FloatArray]:
        hip = [(2.0, 0.53), (2.7, 0.08), (4.0, 0.08), (4.6, 0.53)]
        return [person(at, hip, [(2, 0), (2.7, 90), (4, 90), (4.6, 0)], stiff=True)]

    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    reasons = []
    for at in times(0, 10, 15):
        assessment = assessor.update(pose_frame(at, script(at)))
        assert assessment is not None
        assert not assessment.alerts
        reasons += [event.reason for _, event in assessment.suppressed]
    assert reasons == ["got_up"]


def test_still_down_is_told_at_30_and_120_seconds() -> None:
    steps = play(fall, fps=5, stop=130)
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.STILL_DOWN, UpdateKind.STILL_DOWN]
    assert [step.update.number for step in steps] == [0, 1, 2]
    on_ground = [step.update.evidence["seconds_on_ground"].value for step in steps]
    assert on_ground == pytest.approx([3, 30, 120], abs=0.5)


def test_a_person_lost_at_impact_still_raises() -> None:
    """Pose models often lose people who lie: unseen from 2.7 s on."""

    def script(at: float) -> list[FloatArray]:
        return fall(at) if at < 2.75 else []

    (step,) = raised(play(script))
    assert step.alert.evidence["seconds_unseen"].value > 2


def test_one_odd_frame_before_being_lost_does_not_undo_a_fall() -> None:
    """On the ground, one frame in which the skeleton sits up, then unseen."""

    def script(at: float) -> list[FloatArray]:
        if at < 4.0:
            return fall(at)
        return [figure(560, hip=0.10, trunk_deg=5)] if at < 4.05 else []

    assert len(raised(play(script, fps=20))) == 1


def test_getting_up_and_walking_out_at_once_raises_nothing() -> None:
    def script(at: float) -> list[FloatArray]:
        hip = [(2.0, 0.53), (2.7, 0.08), (3.6, 0.08), (4.2, 0.53)]
        return [person(at, hip, [(2, 0), (2.7, 90), (3.6, 90), (4.2, 0)], stiff=True)] if at < 4.8 else []

    assert raised(play(script, fps=20, stop=30)) == []


def test_a_person_who_walks_out_raises_nothing() -> None:
    assert play(lambda at: walk(at) if at < 5 else [], stop=40) == []


def test_a_person_who_lies_when_the_view_begins_is_down_after_20_seconds() -> None:
    def script(at: float) -> list[FloatArray]:
        return [figure(500, hip=0.06, trunk_deg=90, stiff=True)]

    (step,) = raised(play(script, stop=30))
    assert step.alert.kind is AlertKind.PERSON_DOWN
    assert step.alert.severity.value == "P2"
    assert 20e9 <= step.alert.raised_at <= 21.5e9


def test_the_end_of_the_stream_closes_what_is_open() -> None:
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    for at in times(0, 8, 15):
        assessor.update(pose_frame(at, fall(at)))
    (step,) = assessor.end().alerts
    assert step.update.kind is UpdateKind.ENDED
    assert step.alert.ended_at is not None


def test_two_people_are_judged_apart() -> None:
    def script(at: float) -> list[FloatArray]:
        return [*fall(at), figure(900)]

    (step,) = raised(play(script))
    assert step.alert.track_id == "p1"


def test_replay_gives_the_same_ids_and_numbers() -> None:
    first, second = play(fall_and_get_up), play(fall_and_get_up)
    assert [(s.alert.id, s.update) for s in first] == [(s.alert.id, s.update) for s in second]


def test_duplicate_and_late_frames_change_nothing() -> None:
    assessor = CameraAssessor("site", "cam", ViewParameters(), RuleParameters())
    first = pose_frame(1.0, [figure(500)])
    assert assessor.update(first) is not None
    assert assessor.update(first) is None
    assert assessor.update(pose_frame(0.5, [figure(500)])) is None


def test_dropped_frames_are_counted_in_the_alert() -> None:
    (step,) = raised(play(fall, keep=lambda index: index % 3 != 1))
    assert step.alert.frames_dropped == pytest.approx(step.alert.frames_considered / 2, abs=2)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), loss=st.floats(0, 0.3), noise=st.floats(0, 4))
def test_noise_and_lost_frames_do_not_hide_a_fall_nor_invent_one(seed: int, loss: float, noise: float) -> None:
    random = np.random.default_rng(seed)

    def shaken(script: Script) -> Script:
        return lambda at: [(p + random.normal(0, noise, p.shape)).astype(np.float32) for p in script(at)]

    keep = [bool(random.random() >= loss) for _ in range(1000)]
    assert len(raised(play(shaken(fall), keep=keep.__getitem__))) == 1
    assert raised(play(shaken(stoop_lift), keep=keep.__getitem__)) == []
    assert raised(play(shaken(walk), keep=keep.__getitem__)) == []


@settings(max_examples=15, deadline=None)
@given(x=st.floats(150, 1100), mirror=st.booleans(), stature=st.floats(80, 380))
def test_place_size_and_direction_do_not_matter(x: float, mirror: bool, stature: float) -> None:
    def script(at: float) -> list[FloatArray]:
        hip, trunk = blend(at, [(2, 0.53), (2.7, 0.08)]), blend(at, [(2, 0), (2.7, 90)])
        points = figure(0, hip=hip, trunk_deg=trunk, stiff=True, stature=stature)
        return [points * np.array([-1 if mirror else 1, 1], np.float32) + np.array([x, 0], np.float32)]

    assert len(raised(play(script, fps=10, stop=8))) == 1
