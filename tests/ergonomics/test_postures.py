"""Nothing is raised for someone who kneels, squats, sits or bends, and the rule says once what it saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import FLOOR, STATURE, blend, figure, pose_frame, times

from spotter.core.contracts import AlertKind, Angle, FloatArray, PoseFrame, Status, UpdateKind
from spotter.core.parameters import FallParameters, RuleParameters, ViewParameters
from spotter.ergonomics.events.fall import FallEvent
from spotter.ergonomics.events.posture import Posture, posture
from spotter.ergonomics.events.signals import FallSignals
from spotter.ergonomics.snapshot import StreamFactory

FALL = FallParameters()
Shape = tuple[float, float, float, float]
"""Hip and knee heights in statures, trunk in degrees, feet ahead of the hips in statures."""

KNEELING: Shape = (0.285, 0.05, 10, -0.2)
SQUATTING: Shape = (0.17, 0.27, 35, 0.0)
ON_A_CHAIR: Shape = (0.28, 0.28, 5, 0.22)
ON_THE_FLOOR: Shape = (0.07, 0.06, 10, 0.45)
BENDING: Shape = (0.48, 0.28, 95, 0.0)
STANDING: Shape = (0.53, 0.285, 0, 0.0)


def shaped(shape: Shape, x: float = 500) -> FloatArray:
    """A figure with its knees where they are."""
    hip, knee, trunk, ahead = shape
    points = figure(x, hip=hip, trunk_deg=trunk)
    points[13:15] = [x + (ahead / 2 if hip > 0.2 else ahead) * STATURE * 0.9, FLOOR - knee * STATURE]
    points[15:17, 0] += ahead * STATURE
    return points


def between(a: Shape, b: Shape, share: float) -> Shape:
    one, two = np.array(a), np.array(b)
    hip, knee, trunk, ahead = one + (two - one) * share
    return hip, knee, trunk, ahead


def down(shape: Shape, stay: float, *, begin: float = 3.0) -> Callable[[float], FloatArray]:
    """Stands, goes down within 0.8 s, stays, gets up within a second."""
    path = [(begin, 0.0), (begin + 0.8, 1.0), (begin + 0.8 + stay, 1.0), (begin + 1.8 + stay, 0.0)]
    return lambda at: shaped(between(STANDING, shape, blend(at, path)))


def play(
    script: Callable[[float], FloatArray], stop: float, fps: float = 10
) -> tuple[list[AlertKind], list[FallEvent]]:
    """Kinds of the alerts raised, and what was held back; from a snapshot after each frame."""
    factory = StreamFactory("site", "cam", ViewParameters(), RuleParameters(fall=FALL))
    stream = factory.new()
    alerts: list[AlertKind] = []
    held: list[FallEvent] = []
    for index, at in enumerate(times(0, stop, fps)):
        pose: PoseFrame = pose_frame(at, [script(at)], sequence=index)
        assessment = stream.take(pose).assessment
        assert assessment is not None
        alerts += [step.alert.kind for step in assessment.alerts if step.update.kind is UpdateKind.RAISED]
        held += [event for _, event in assessment.suppressed]
        stream.written()
        stream = factory.decode(factory.encode(stream))
    return alerts, held


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (KNEELING, "kneeling"), (SQUATTING, "squatting"), (ON_A_CHAIR, "sitting"), (ON_THE_FLOOR, "sitting"),
        (BENDING, "bending"),
    ],
    ids=["kneeling", "squatting", "on a chair", "on the floor", "bending"],
)  # fmt: skip
@pytest.mark.parametrize("fps", [5, 15])
def test_what_was_seen_is_said_once(shape: Shape, reason: str, fps: float) -> None:
    alerts, held = play(down(shape, 10), 18, fps)
    assert alerts == []
    (event,) = held
    assert event.reason == reason
    assert 3e9 <= event.started_at <= 4e9
    assert event.at >= event.started_at + FALL.confirm_s * 1e9
    for item in event.evidence.values():
        passed = {">": item.value > item.threshold, "<=": item.value <= item.threshold}
        assert (passed | {">=": item.value >= item.threshold})[item.comparison]
    assert event.evidence["seconds_near_ground"].value >= FALL.confirm_s


def test_each_time_near_the_ground_is_told_for_itself() -> None:
    first, second = down(KNEELING, 5), down(BENDING, 5, begin=14)
    _, held = play(lambda at: first(at) if at < 12 else second(at), 24)
    assert [event.reason for event in held] == ["kneeling", "bending"]


def test_a_short_bend_is_not_worth_a_word() -> None:
    assert play(down(BENDING, 1.0), 10) == ([], [])


def test_a_fall_is_told_as_a_fall_and_nothing_else() -> None:
    def script(at: float) -> FloatArray:
        hip, trunk = [(2, 0.53), (2.7, 0.08), (10, 0.08), (11, 0.53)], [(2, 0.0), (2.7, 90.0), (10, 90.0), (11, 0.0)]
        return figure(500, hip=blend(at, hip), trunk_deg=blend(at, trunk), stiff=True)

    assert play(script, 16) == ([AlertKind.POSSIBLE_FALL], [])


def test_a_shift_of_lifting_raises_nothing() -> None:
    """Stoop and squat lifts, kneeling and sitting in turn, 3 to 5 s each."""
    turns = [down(shape, 1.5, begin=2.0) for shape in (BENDING, SQUATTING, KNEELING, ON_A_CHAIR)]
    alerts, _ = play(lambda at: turns[int(at // 6) % 4](at % 6), 120, 5)
    assert alerts == []


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000), fps=st.sampled_from([5.0, 10.0, 15.0]),
    shape=st.sampled_from([KNEELING, SQUATTING, ON_A_CHAIR, ON_THE_FLOOR, BENDING]), loss=st.floats(0, 0.3),
)  # fmt: skip
def test_noise_and_missing_people_raise_nothing(seed: int, fps: float, shape: Shape, loss: float) -> None:
    random = np.random.default_rng(seed)
    script = down(shape, 6)

    def noisy(at: float) -> FloatArray:
        return (script(at) + random.normal(0, 2.0, (17, 2))).astype(np.float32)

    alerts, held = play(noisy, 13, fps)
    assert alerts == []
    assert len(held) <= 1


def signals(hip: float, head: float, knee: float | None) -> FallSignals:
    return FallSignals(hip, head, Angle(0.0, 0.0, 20.0, Status.BOUNDED), True, knee=knee)


@pytest.mark.parametrize(
    ("hip", "head", "knee", "expected"),
    [
        (0.53, 0.94, 0.28, None),
        (0.50, 0.75, 0.28, None),
        (0.50, 0.60, 0.28, Posture.BENDING),
        (0.28, 0.73, 0.05, Posture.KNEELING),
        (0.28, 0.73, 0.28, Posture.SITTING),
        (0.10, 0.50, 0.25, Posture.SITTING),
        (0.18, 0.55, 0.28, Posture.SQUATTING),
        (0.36, 0.75, 0.27, Posture.SQUATTING),
        (0.30, 0.70, None, Posture.CROUCHING),
    ],
)
def test_postures_by_heights(hip: float, head: float, knee: float | None, expected: Posture | None) -> None:
    assert posture(signals(hip, head, knee), FALL) is expected
