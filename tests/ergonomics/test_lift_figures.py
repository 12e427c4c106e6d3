"""Heights, distances and asymmetry of lifts against exact simulated workers, as intervals; postures by their index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifters import HOLD, KNEEL, LEVEL, SQUAT, STOOP, Pose, lifting, watch

from spotter.core.contracts import Angle, Measure, Status
from spotter.core.parameters import ViewParameters
from spotter.ergonomics.angles.joints3d import hands
from spotter.ergonomics.events.lift_asymmetry import asymmetry
from spotter.ergonomics.events.lift_signals import LiftView
from spotter.ergonomics.events.lift_style import postural_index, style_by
from spotter.ergonomics.events.lift_values import Lift, LiftStyle
from spotter.evaluation.replay import Rules, replay_poses
from spotter.recordings import CameraRecord
from spotter.simulate.workers import SimulatedModel, Take, Viewpoint, project, simulate_motion, without_errors

MOTIONS = ("stand+stoop_lift", "stand+squat_lift", "stand+semi_squat_lift")
VIEWS = [(90, 2.5), (60, 3.5), (0, 2.5)]
"""Azimuth in degrees (90 from the side, 0 from the front) and height of the camera, m."""


def worker(motion: str, seed: int) -> tuple[Take, int]:
    """A take, and the frame in which the load leaves the floor."""
    take = simulate_motion(motion, seed=seed, fps=10)
    return take, int(np.flatnonzero(take.loads[0].held)[0])


def lifts_before(
    take: Take, azimuth: float, above: float, seed: int, *, model: bool = False, known: bool = True
) -> tuple[list[Lift], np.ndarray]:
    """What the rule finds, and the frames' times, ns."""
    view = Viewpoint.around((0, 0, 0.9), azimuth=azimuth, distance=6, above=above)
    poses = project(take, view, seed, detector=SimulatedModel() if model else without_errors)
    record = CameraRecord(view.parameters() if known else ViewParameters())
    [camera] = replay_poses(poses, "site", {poses[0].camera_id: record}, Rules()).values()
    found = [one.lift for one in camera.lifts]
    return found, np.array([pose.captured_at for pose in poses])


@pytest.mark.parametrize("motion", MOTIONS[:2])
@pytest.mark.parametrize(("azimuth", "above"), VIEWS)
def test_exact_joints_give_heights_within_their_intervals(motion: str, azimuth: float, above: float) -> None:
    take, leaves = worker(motion, seed=2)
    found, times = lifts_before(take, azimuth, above, seed=2)
    assert len(found) == 1
    lift = found[0]
    assert abs(lift.origin_at - times[leaves]) < 0.8e9
    truth = hands(take.joints, stature=take.body.stature)
    arrived = int(np.searchsorted(times, lift.destination_at))
    ends = truth.vertical[leaves], float(truth.vertical[arrived : arrived + 8].mean())
    for measure, true in (
        (lift.vertical_origin, ends[0]), (lift.vertical_destination, ends[1]), (lift.travel, ends[1] - ends[0]),
        (lift.horizontal_origin, truth.horizontal[leaves]),
    ):  # fmt: skip
        assert measure.low <= true <= measure.high, (measure, true)
    assert lift.vertical_origin.value == pytest.approx(ends[0], abs=20)
    if azimuth == 90:
        assert lift.horizontal_origin.value == pytest.approx(truth.horizontal[leaves], abs=10)
    else:
        assert lift.horizontal_origin.value is None
        assert "view" in lift.horizontal_origin.reason or "front" in lift.horizontal_origin.reason


def test_intervals_hold_the_truth_with_the_detectors_errors_and_an_unknown_camera() -> None:
    inside, found_all = [], 0
    for seed in range(3):
        take, leaves = worker(MOTIONS[seed % 3], seed)
        truth = hands(take.joints, stature=take.body.stature)
        for azimuth in (90, 45):
            found, times = lifts_before(take, azimuth, 3.0, seed, model=True, known=False)
            here = [lift for lift in found if abs(lift.origin_at - times[leaves]) < 1.0e9]
            found_all += bool(here)
            for lift in here:
                measure = lift.vertical_origin
                inside.append(measure.low <= truth.vertical[leaves] <= measure.high)
                inside.append(lift.horizontal_origin.low <= truth.horizontal[leaves] <= lift.horizontal_origin.high)
    assert found_all >= 4
    assert np.mean(inside) >= 0.9


@pytest.mark.parametrize("motion", ["walk", "stand+sit", "stand+fall_left+get_up+walk"])
def test_walking_sitting_and_falling_workers_lift_nothing(motion: str) -> None:
    found, _ = lifts_before(simulate_motion(motion, seed=1, fps=10), 60, 3.0, 1, model=True)
    assert found == []


def test_without_an_upright_frame_the_height_says_so() -> None:
    lift = watch(lifting())[0]
    assert lift.vertical_origin.reason == ""
    assert lift.vertical_origin.status is Status.OK


BETWEEN = replace(SQUAT, knee=60.0, trunk=60.0)


@pytest.mark.parametrize(
    ("low", "style"), [(STOOP, LiftStyle.STOOP), (SQUAT, LiftStyle.SQUAT), (BETWEEN, LiftStyle.SEMI_SQUAT)]
)
def test_postures_have_an_index_and_a_name(low: Pose, style: LiftStyle) -> None:
    lift = watch(lifting(low))[0]
    assert lift.style is style
    assert lift.style_index.low <= lift.style_index.value <= lift.style_index.high


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (replace(LEVEL, yaw=None), "view unknown"),
        (replace(LEVEL, yaw=(50.0, 80.0)), "flexion is not seen from the front, the back or aslant"),
    ],
)
def test_a_posture_that_is_not_seen_has_no_name(view: LiftView, reason: str) -> None:
    lift = watch(lifting(), view=view)[0]
    assert lift.style is LiftStyle.UNKNOWN
    assert lift.style_index.status is Status.NOT_OBSERVABLE
    assert lift.style_index.reason == reason
    assert lift.horizontal_origin.value is None
    assert lift.horizontal_origin.low >= 20


@given(st.floats(0, 140), st.floats(0, 140), st.floats(0, 50))
def test_the_index_rises_with_the_knee(knee: float, hip: float, ankle: float) -> None:
    assert postural_index(knee, hip, ankle) <= postural_index(knee + 5, hip, ankle)
    assert postural_index(0.0, hip, ankle) == 0
    assert style_by(postural_index(knee, hip, ankle), knee) is not LiftStyle.UNKNOWN


@pytest.mark.parametrize(
    ("index", "knee", "style"),
    [
        (0.29, 44, LiftStyle.STOOP), (0.29, 46, LiftStyle.SEMI_SQUAT), (0.31, 20, LiftStyle.SEMI_SQUAT),
        (0.71, 81, LiftStyle.SQUAT), (0.71, 79, LiftStyle.SEMI_SQUAT), (0.69, 100, LiftStyle.SEMI_SQUAT),
    ],
)  # fmt: skip
def test_limits_of_the_names(index: float, knee: float, style: LiftStyle) -> None:
    assert style_by(index, knee) is style


@given(st.floats(0, 90), st.sampled_from([-1, 1]), st.sampled_from([-1, 1]), st.floats(-80, 80), st.floats(0.2, 0.6))
def test_asymmetry_holds_the_truth_from_any_side(yaw: float, away: int, right: int, true: float, ahead: float) -> None:
    forward = right * np.cos(np.radians(yaw)), away * np.sin(np.radians(yaw))
    turn = np.radians(true)
    across = ahead * (forward[0] * np.cos(turn) - forward[1] * np.sin(turn))
    view = LiftView(yaw=(max(0.0, yaw - 8), min(90.0, yaw + 8)), away=away, right=right)
    measure = asymmetry(view, float(across), 0.05, still_feet=True)
    assert measure.low - 1.0 <= abs(true) <= measure.high + 1.0


def test_a_frontal_view_proves_asymmetry_and_a_side_view_does_not() -> None:
    front = LiftView(yaw=(80.0, 90.0), away=-1)
    proven = asymmetry(front, 0.45, 0.04, still_feet=True)
    assert proven.low >= 25
    assert proven.status is Status.BOUNDED
    straight = asymmetry(front, 0.0, 0.03, still_feet=True)
    assert straight.low == 0
    assert straight.high < 45
    side = asymmetry(LiftView(yaw=(0.0, 10.0), right=1), 0.3, 0.04, still_feet=True)
    assert side.low == 0
    assert side.high > 45
    for view, feet in ((front, False), (replace(front, yaw=None), True), (replace(front, away=0), True)):
        unknown = asymmetry(view, 0.3, 0.03, still_feet=feet)
        assert (unknown.status, unknown.low, unknown.high) == (Status.NOT_OBSERVABLE, 0.0, 135.0)


def test_asymmetry_from_several_cameras_is_taken_as_it_is() -> None:
    view = LiftView(asymmetry=Angle(-32.0, -40.0, -25.0, Status.OK))
    assert asymmetry(view, 0.0, 0.0, still_feet=False) == Measure(32.0, 25.0, 40.0, "degrees", Status.OK)


def test_one_hand_counts_where_one_hand_works() -> None:
    low, high = replace(STOOP, one_hand=0.7), replace(HOLD, one_hand=0.75)
    lift = watch(lifting(low, high))[0]
    assert lift.vertical_origin.value == pytest.approx(20, abs=6)
    assert lift.vertical_destination.value == pytest.approx(100, abs=6)


def test_heights_do_not_depend_on_which_way_somebody_kneels_or_faces() -> None:
    high = replace(KNEEL, hands=0.75, trunk=10.0)
    one, other = watch(lifting(KNEEL, high))[0], watch(lifting(KNEEL, high), mirror=True)[0]
    assert one.vertical_origin == other.vertical_origin
    assert one.travel == other.travel
