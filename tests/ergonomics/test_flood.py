"""A flood of alerts at one camera becomes one that says so; every fall is told all the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from skeletons import blend, figure, pose_frame, times

from spotter.core.contracts import AlertKind, FloatArray, PoseFrame, UpdateKind
from spotter.core.parameters import FallParameters, RuleParameters, ViewParameters
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.snapshot import StreamFactory
from spotter.evaluation.replay import Rules, replay_poses
from spotter.notify.message import alert_title
from spotter.notify.rules.routing import Route

STARTS = tuple(2.0 + 3.0 * person for person in range(6))
"""Six people fall one after the other."""


def people(at: float, up: float | None, starts: Sequence[float]) -> list[FloatArray]:
    found = []
    for number, begin in enumerate(starts):
        back = up + number if up is not None else 1e6
        hips = [(begin, 0.53), (begin + 0.7, 0.08), (back, 0.08), (back + 1, 0.53)]
        trunk = [(begin, 0.0), (begin + 0.7, 90.0), (back, 90.0), (back + 1, 0.0)]
        hip, lean = blend(at, hips), blend(at, trunk)
        found.append(figure(60 + 200 * number, hip=hip, trunk_deg=lean, stature=150, stiff=True))
    return found


def frames(stop: float, up: float | None = None, starts: Sequence[float] = STARTS) -> list[PoseFrame]:
    return [pose_frame(at, people(at, up, starts), sequence=index) for index, at in enumerate(times(0, stop, 8))]


def play(poses: Sequence[PoseFrame], fall: FallParameters, *, broken: bool = True) -> list[AlertStep]:
    """The steps, from a snapshot after each frame, and to the end of the stream."""
    factory = StreamFactory("site", "cam", ViewParameters(), RuleParameters(fall=fall))
    stream = factory.new()
    steps: list[AlertStep] = []
    for pose in poses:
        assessment = stream.take(pose).assessment
        assert assessment is not None
        steps += assessment.alerts
        if broken:
            stream.written()
            stream = factory.decode(factory.encode(stream))
    return [*steps, *stream.end().alerts]


def kinds(steps: Sequence[AlertStep]) -> list[str]:
    return [step.update.kind.value for step in steps]


def test_each_of_six_people_is_told_and_four_of_them_as_one_alert() -> None:
    steps = play(frames(25), FallParameters(flood_alerts=2))
    told = [step for step in steps if step.update.kind in (UpdateKind.RAISED, UpdateKind.GROUPED)]
    assert kinds(told) == ["raised", "raised", "raised", "grouped", "grouped", "grouped"]
    assert len({step.alert.id for step in told}) == 3
    assert ["grouped" in step.update.evidence for step in told] == [False, False, True, True, True, True]
    assert [step.update.evidence["grouped"].value for step in told[2:]] == [3, 4, 5, 6]
    apart = [b.update.at - a.update.at for a, b in pairwise(told)]
    assert np.allclose(np.array(apart) / 1e9, 3.0, atol=0.3)
    for step in told:
        assert step.alert.kind is AlertKind.POSSIBLE_FALL
        assert step.update.evidence["seconds_on_ground"].value >= 3.0
    assert [step.update.number for step in told[2:]] == [0, 1, 2, 3]
    assert all(Route(updates=(UpdateKind.RAISED,)).takes(step.alert, step.update) for step in told)
    assert kinds(steps[len(told) :]) == ["ended"] * 3


def test_the_group_is_open_until_the_last_of_it_is_up() -> None:
    steps = play(frames(42, up=30.0), FallParameters(flood_alerts=2))
    closed = [step for step in steps if step.update.kind.closes]
    assert kinds(closed) == ["recovered"] * 3
    assert [step.update.at // 10**9 for step in closed] == [32, 33, 37]
    assert len({step.alert.id for step in closed}) == 3


def test_few_alerts_are_alerts_of_their_own() -> None:
    steps = play(frames(25), FallParameters())
    assert kinds(steps) == ["raised"] * 6 + ["ended"] * 6
    assert not any("grouped" in step.update.evidence for step in steps)


def test_a_flood_is_over_after_its_time() -> None:
    """The third within 10 s is one of many; the fourth, long after, is not, though the others still lie there."""
    steps = play(frames(40, starts=(2.0, 4.0, 6.0, 30.0)), FallParameters(flood_alerts=2, flood_s=10))
    told = [step for step in steps if step.update.kind is UpdateKind.RAISED]
    assert ["grouped" in step.alert.evidence for step in told] == [False, False, True, False]


def test_in_an_evaluation_each_of_them_counts() -> None:
    poses = frames(25)
    rules = Rules(RuleParameters(fall=FallParameters(flood_alerts=2)))
    (camera,) = replay_poses(poses, "site", {}, rules).values()
    told = [one.alert.raised_at for run in camera.alerts() for one in run.told()]
    (apart,) = replay_poses(poses, "site", {}, Rules()).values()
    assert sorted(told) == [run.alert.raised_at for run in apart.alerts()]
    assert len(told) == len(STARTS)


@pytest.mark.parametrize("updates", [(), (UpdateKind.RAISED,), (UpdateKind.GROUPED,), (UpdateKind.STILL_DOWN,)])
def test_a_grouped_fall_goes_where_new_alerts_go(updates: tuple[UpdateKind, ...]) -> None:
    steps = play(frames(25), FallParameters(flood_alerts=2), broken=False)
    grouped = [step for step in steps if step.update.kind is UpdateKind.GROUPED]
    assert len(grouped) == 3
    wanted = UpdateKind.STILL_DOWN not in updates
    assert [Route(updates=updates).takes(step.alert, step.update) for step in grouped] == [wanted] * 3
    assert alert_title(grouped[0].alert, UpdateKind.GROUPED) == "Another possible fall at camera cam"
