"""Trunk and neck from one camera: METHODS' closed form, honest intervals, reasons."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bodies import HIPS, STANDING, Stage, bent
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.joints3d import body_angles_3d, neck_angle
from spotter.ergonomics.angles.memory import AngleMemory
from spotter.ergonomics.angles.trunk_pose import level_axes, sagittal_turn
from spotter.ergonomics.angles.view import assess
from spotter.ergonomics.angles.yaw import lean
from spotter.ergonomics.geometry.ground import Ground

HIP_PAIR, SHOULDER_PAIR = (11, 12), (5, 6)


def test_worked_apparent_angles(shared_dir: Path) -> None:
    table = json.loads((shared_dir / "ergonomics" / "cases.json").read_text())["cases"]
    chosen = [case for case in table if case["kind"] == "coco17_2d"]
    assert chosen
    for case in chosen:
        inputs = case["inputs"]
        seen = lean(np.array([inputs["keypoints_2d"]]), np.array([inputs["image_up"]], float))
        expected = case["expected"]["apparent_trunk_deg"]
        assert abs(seen[0]) == pytest.approx(expected, abs=case["tolerance"]["deg"]), case["id"]


@given(st.floats(5, 110), st.floats(-80, 80), st.floats(0, 45), st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_known_view_gives_the_closed_form(flexion: float, turn: float, pitch: float, mirrored: bool) -> None:
    """With the true heading, the sagittal plane's t is METHODS 6.2's inverse, in perspective."""
    heading = 180.0 - turn if mirrored else turn
    stage = Stage([heading], pitch=pitch, distance=40.0, spread=1e-3)
    context, _ = stage.see(bent(flexion))
    context.facing.headings[:] = heading
    across, along = context.sight.segment(HIP_PAIR, SHOULDER_PAIR)
    forward, right = level_axes(context)
    t = sagittal_turn((across * right).sum(-1), (along * right).sum(-1))[..., None]
    trunk = np.cos(t) * across + np.sin(t) * along
    found = np.degrees(np.arctan2((trunk * forward).sum(-1), trunk[..., 2]))
    assert found == pytest.approx(flexion, abs=0.5)


@pytest.mark.parametrize("flexion", [0, 20, 45, 70, 95])
@pytest.mark.parametrize("heading", [0.0, 165.0, -20.0])
def test_a_side_view_is_ok_and_right(flexion: float, heading: float) -> None:
    stage = Stage([heading], pitch=12.0, noise=0.004)
    stage.watch(STANDING, 2.0)
    angles = stage.watch(bent(flexion), 0.4)[1]
    for name in ("trunk_flexion", "trunk_inclination"):
        angle = getattr(angles, name)[0]
        assert angle.status is Status.OK, (name, angle)
        assert angle.low <= flexion <= angle.high
        assert abs((angle.value or 0.0) - flexion) <= 6.0


def test_what_is_ok_is_true() -> None:
    """The pass criterion of METHODS 11 in small: yaws all around, three pitches, slow noise of a pose model."""
    headings = [float(one) for one in range(-180, 180, 20)]
    ok, near, held, bounded, kept = 0, 0, 0, 0, 0
    for pitch, noise in ((5.0, 0.012), (18.0, 0.006), (30.0, 0.01)):
        stage = Stage(headings, pitch=pitch, noise=noise, fps=5.0)
        stage.watch(STANDING, 2.0)
        for flexion in (0.0, 15.0, 30.0, 50.0, 75.0, 100.0):
            body = bent(flexion)
            angles = stage.watch(body, 0.6)[1]
            for name in ("trunk_flexion", "trunk_inclination"):
                truth = getattr(body_angles_3d(body), name).value[0]
                found = getattr(angles, name)
                sure, part = found.status == 0, found.status == 1
                inside = (found.low <= truth) & (truth <= found.high)
                ok += sure.sum()
                near += (np.abs(found.value[sure] - truth) <= 10.0).sum()
                held += inside[sure].sum()
                bounded += part.sum()
                kept += inside[part].sum()
    assert ok >= 120
    assert near >= 0.95 * ok
    assert held >= 0.90 * ok
    assert kept >= 0.90 * bounded


def test_a_frontal_camera_neither_proves_nor_clears_a_stoop() -> None:
    stage = Stage([-90.0], pitch=0.0, noise=0.008)
    stage.watch(STANDING, 1.5)
    angle = stage.watch(bent(60.0), 0.4)[1].trunk_flexion[0]
    assert angle.status is not Status.OK
    assert not angle.proves_at_least(20.0)
    assert angle.high >= 60.0


@pytest.mark.parametrize(("heading", "lateral"), [(90.0, 15.0), (-90.0, 15.0), (90.0, -20.0)])
def test_lateral_bend_is_seen_from_front_and_back(heading: float, lateral: float) -> None:
    stage = Stage([heading], pitch=5.0, noise=0.004)
    stage.watch(STANDING, 2.0)
    angle = stage.watch(bent(0.0, lateral), 0.2)[1].trunk_lateral[0]
    assert angle.status in (Status.OK, Status.BOUNDED)
    assert angle.low <= lateral <= angle.high
    assert abs((angle.value or 0.0) - lateral) < 6.0


def test_lateral_bend_and_twist_are_not_seen_from_the_side() -> None:
    stage = Stage([0.0], noise=0.004)
    angles = stage.watch(STANDING, 2.0)[1]
    assert angles.trunk_lateral[0].status is Status.NOT_OBSERVABLE
    assert angles.trunk_lateral[0].reason == "not seen from the front or the back"
    assert angles.trunk_twist[0].status is Status.NOT_OBSERVABLE
    assert (angles.trunk_twist[0].low, angles.trunk_twist[0].high) == (-180.0, 180.0)


def test_an_unknown_mount_widens() -> None:
    widths = []
    for known in (True, False):
        stage = Stage([20.0], pitch=15.0, known=known, noise=0.004)
        stage.watch(STANDING, 1.5)
        angle = stage.watch(bent(45.0), 0.3)[1].trunk_flexion[0]
        assert angle.low <= 45.0 <= angle.high
        widths.append(angle.half_width)
    assert widths[0] < widths[1]


def test_what_is_not_seen_is_said() -> None:
    stage = Stage([0.0])
    stage.watch(STANDING, 1.0)
    unsure = np.full((1, 17), 0.9)
    unsure[0, 5] = 0.1
    angles = stage.see(STANDING, confidences=unsure)[1]
    assert angles.trunk_flexion[0].status is Status.NOT_OBSERVABLE
    assert angles.trunk_flexion[0].reason == "shoulders or hips not seen clearly"
    shifted = stage.pixels(STANDING)
    shifted[0, :, 0] -= shifted[0, [5, 6, 11, 12], 0].min()
    angles = stage.see(STANDING, keypoints=shifted)[1]
    assert angles.trunk_flexion[0].status is Status.NOT_OBSERVABLE
    assert angles.trunk_flexion[0].reason in ("cut off by the picture's edge", "shoulders or hips not seen clearly")


def test_a_skeleton_that_jumps_is_not_judged() -> None:
    stage = Stage([0.0])
    stage.watch(STANDING, 1.0)
    jumped = stage.pixels(STANDING)
    jumped[0, [5, 6]] += [0.0, 0.15 * stage.stature]
    angles = stage.see(STANDING, keypoints=jumped)[1]
    assert angles.trunk_flexion[0].reason == "the skeleton jumped"


def test_nobody_is_ok_who_lies() -> None:
    stage = Stage([0.0], pitch=15.0, noise=0.004)
    stage.watch(STANDING, 2.0)
    down = HIPS + (STANDING - HIPS) @ np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]).T - [0, 0, 0.8]
    angle = stage.watch(down, 1.0)[1].trunk_flexion[0]
    assert angle.status is not Status.OK
    assert angle.reason == "not on their feet"


def test_the_neck_is_judged_against_the_persons_own_neutral_one() -> None:
    stage = Stage([0.0], pitch=5.0, noise=0.002)
    first = stage.watch(STANDING, 0.5)[1].neck_flexion[0]
    assert first.reason == "this person's neutral head posture is not known yet"
    stage.watch(STANDING, 3.0)
    truth = float(neck_angle(bent(20.0, nod=30.0)) - neck_angle(STANDING))
    angle = stage.watch(bent(20.0, nod=30.0), 0.4)[1].neck_flexion[0]
    assert truth == pytest.approx(30.0)
    assert angle.status in (Status.OK, Status.BOUNDED)
    assert angle.low <= truth <= angle.high
    assert abs((angle.value or 0.0) - truth) < 8.0


def test_nobody_in_the_frame() -> None:
    context, angles = Stage([]).see(STANDING)
    assert len(context) == 0
    assert isinstance(angles, BodyAngles)
    assert [len(one) for _, one in angles.items()] == [0] * len(NAMES)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, -0.3, -0.6]))
@settings(deadline=None, max_examples=25)
def test_any_keypoints_give_angles(seed: int, distortion: float) -> None:
    """Nothing that a model may put out breaks them: far outside, all in one place, not a number, beyond the lens."""
    random = np.random.default_rng(seed)
    lens = LensParameters(width=1920, height=1080, hfov_deg=110, distortion=(distortion, 0.0, 0.0, 0.0, 0.0))
    view = ViewParameters(lens=lens, mount=MountParameters(height_m=3.0, pitch_deg=25.0, roll_deg=0.0))
    memories = [AngleMemory() for _ in range(6)]
    ground = Ground.of(view, 1920, 1080)
    for frame in range(3):
        points = random.uniform(0, 1, (6, 17, 2)) * [1920, 1080]
        points[0], points[1] = points[0, 0], 4000 * points[1]
        points[2, 5], points[3] = np.nan, [1919.0, 1079.0]
        sure = random.uniform(0, 1, (6, 17))
        stature = np.array([np.nan, 100.0, 300.0, 5000.0, 1.0, np.nan])
        _, angles = assess(memories, frame * 10**8, points, sure, np.full((6, 17), 3.0), stature, ground)
        for name, one in angles.items():
            assert (one.low <= one.high).all(), name
            assert np.isfinite(one.low).all(), name
            assert (np.isnan(one.value) == (one.status == 2)).all(), name
            assert all(isinstance(reason, str) for reason in one.reason), name


def test_people_do_not_change_each_other() -> None:
    headings = [0.0, 100.0, -60.0]
    together = Stage(headings, noise=0.0).watch(bent(30.0), 0.5)[1]
    for row, heading in enumerate(headings):
        alone = Stage([heading], noise=0.0).watch(bent(30.0), 0.5)[1]
        for name in ("trunk_flexion", "trunk_inclination"):
            one, other = getattr(together, name)[row], getattr(alone, name)[0]
            assert (one.low, one.high, one.status) == pytest.approx((other.low, other.high, other.status), abs=0.02)
