"""The camera model: round trips, symmetries, OpenCV as the judge of lenses, calibrated cameras as the judge of
frames."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spotter.ergonomics.geometry.camera import Camera, hfov_of
from spotter.ergonomics.geometry.lens import distort, jacobian, limit, undistort

BENT = (-0.25, 0.08, 0.001, -0.002, 0.01)

cameras = st.builds(
    lambda hfov, pitch, roll, above, bent: Camera.of(
        1280, 720, hfov=hfov, pitch=pitch, roll=roll, above=above, distortion=BENT if bent else (0.0,) * 5
    ),
    st.floats(40, 100), st.floats(-10, 70), st.floats(-30, 30), st.floats(1, 12), st.booleans(),
)  # fmt: skip
pixels = st.tuples(st.floats(1, 1279), st.floats(1, 719)).map(lambda place: np.array([place]))


@settings(deadline=None)
@given(cameras, pixels)
def test_floor_and_back(camera: Camera, pixel: np.ndarray) -> None:
    place = camera.floor(pixel)
    assume(np.isfinite(place).all() and np.linalg.norm(place) < 1e3)
    back = camera.project(np.append(place, [[0.0]], axis=1))
    assert back == pytest.approx(pixel, abs=1e-3)


@settings(deadline=None)
@given(cameras, pixels)
def test_what_is_above_the_horizon_is_not_on_the_floor(camera: Camera, pixel: np.ndarray) -> None:
    straight = replace(camera, distortion=np.zeros(5))
    level = straight.horizon(pixel[:, 0])[0]
    assume(abs(level - pixel[0, 1]) > 0.01)
    assert np.isfinite(straight.floor(pixel)).all() == (pixel[0, 1] > level)


@settings(deadline=None)
@given(cameras, pixels, st.floats(0.2, 2.2))
def test_up_is_where_the_head_is(camera: Camera, pixel: np.ndarray, tall: float) -> None:
    place = camera.floor(pixel)
    assume(np.isfinite(place).all() and 0.5 < np.linalg.norm(place) < 60)
    head = camera.project(np.append(place, [[tall]], axis=1))
    near = camera.project(np.append(place, [[1e-4]], axis=1))
    assume(np.isfinite(near).all() and ((head > 0) & (head < [1280, 720])).all())
    moved = (near - pixel)[0]
    assert moved / np.linalg.norm(moved) == pytest.approx(camera.up(pixel)[0], abs=2e-3)
    assert camera.height_over(pixel, head)[0] == pytest.approx(tall, abs=1e-4)


@settings(deadline=None)
@given(cameras, pixels)
def test_a_mirrored_picture_is_a_camera_rolled_the_other_way(camera: Camera, pixel: np.ndarray) -> None:
    k1, k2, p1, p2, k3 = camera.distortion
    mirrored = replace(camera, roll=-np.asarray(camera.roll), distortion=np.array([k1, k2, p1, -p2, k3]))
    across = np.array([[1280 - pixel[0, 0], pixel[0, 1]]])
    assert mirrored.floor(across) == pytest.approx(camera.floor(pixel) * [-1, 1], rel=1e-6, abs=1e-6, nan_ok=True)
    assert mirrored.up(across) == pytest.approx(camera.up(pixel) * [-1, 1], abs=1e-6, nan_ok=True)


@settings(deadline=None)
@given(cameras, st.floats(-20, 20))
def test_roll_turns_up_at_the_middle_of_the_picture(camera: Camera, turn: float) -> None:
    straight = replace(camera, distortion=np.zeros(5))
    turned = replace(straight, roll=straight.roll + turn)
    middle = np.array([[640.0, 360.0]])

    def angle(one: Camera) -> float:
        up = one.up(middle)[0]
        return float(np.degrees(np.arctan2(up[0], -up[1])))

    assert angle(turned) - angle(straight) == pytest.approx(-turn, abs=1e-6)
    assert turned.ray_pitch(middle)[0] == pytest.approx(float(camera.pitch), abs=1e-6)


def test_verticals_lean_apart_towards_the_sides_of_a_camera_that_looks_down() -> None:
    camera = Camera.of(1280, 720, hfov=80, pitch=30, above=3)
    left, middle, right = camera.up([[100, 600], [640, 600], [1180, 600]])
    assert left[0] < -0.2
    assert right[0] == pytest.approx(-left[0])
    assert middle == pytest.approx([0.0, -1.0])


def test_many_cameras_at_once_are_each_of_them() -> None:
    pitch, hfov = np.array([5.0, 20.0, 40.0]), np.array([50.0, 70.0, 90.0])
    feet = np.array([[300.0, 650.0], [900.0, 700.0]])
    together = Camera.of(1280, 720, hfov=hfov, pitch=pitch, above=3.0, distortion=BENT)
    for index in range(3):
        alone = Camera.of(1280, 720, hfov=hfov[index], pitch=pitch[index], above=3.0, distortion=BENT)
        assert together.floor(feet)[index] == pytest.approx(alone.floor(feet))
        assert together.up(feet)[index] == pytest.approx(alone.up(feet))


@settings(deadline=None)
@given(st.floats(10, 150), st.integers(100, 4000))
def test_field_of_view_and_focal_length(hfov: float, width: int) -> None:
    focal = Camera.of(width, 100, hfov=hfov, pitch=0, above=1).focal[0]
    assert hfov_of(width, focal) == pytest.approx(hfov)


def test_lens_is_the_one_of_opencv() -> None:
    points = np.random.default_rng(1).uniform(-0.6, 0.6, (200, 2))
    bent = np.array(BENT)
    theirs, _ = cv2.projectPoints(np.c_[points, np.ones(200)], np.zeros(3), np.zeros(3), np.eye(3), bent)
    assert distort(points, bent) == pytest.approx(theirs.reshape(-1, 2))
    assert undistort(theirs.reshape(-1, 2), bent) == pytest.approx(points)
    assert cv2.undistortPoints(theirs, np.eye(3), bent).reshape(-1, 2) == pytest.approx(points, abs=1e-3)
    move = 1e-6
    numeric = (distort(points + np.array([move, 0]), bent) - distort(points, bent)) / move
    assert jacobian(points, bent)[..., 0] == pytest.approx(numeric, abs=1e-4)


def test_a_barrel_lens_does_not_fold_the_outside_into_the_picture() -> None:
    """r (1 - 0.3 r^2) turns back at r = 1 / sqrt(0.9)."""
    barrel = np.array([-0.3, 0.0, 0.0, 0.0, 0.0])
    assert limit(barrel) == pytest.approx(1 / np.sqrt(0.9))
    assert np.isnan(distort(np.array([[1.5, 0.0]]), barrel)).all()
    assert np.isnan(undistort(np.array([[0.9, 0.0]]), barrel)).all()
    assert limit(np.zeros(5)) == np.inf
    camera = Camera.of(1280, 720, hfov=60, pitch=0, above=1, distortion=barrel)
    assert np.isnan(camera.project([[3.0, 1.0, 1.0]])).all()
    assert np.isnan(camera.project([[0.0, -3.0, 1.0]])).all(), "behind the camera"


def test_frames_of_calibrated_cameras(shared_dir: Path) -> None:
    """K, R, t of 27 simulated cameras, as height, pitch and roll, put every joint where their own projection does."""
    checked = 0
    for path in sorted((shared_dir / "data" / "simulated").glob("*.json")):
        truth = json.loads(path.read_text())
        joints = np.array(truth["frames"][0]["kp3d"])
        for one in truth["cameras"]:
            k, r, t = (np.array(one[name], float) for name in ("K", "R", "t"))
            t = t.reshape(3)
            up, place = r[:, 2], -r.T @ t
            camera = Camera(
                640, 360, (k[0, 0], k[1, 1]), (k[0, 2], k[1, 2]), np.degrees(np.arcsin(-up[2])),
                np.degrees(np.arctan2(-up[0], -up[1])), place[2], np.zeros(5),
            )  # fmt: skip
            ahead = np.array([*r[2, :2], 0.0]) / np.linalg.norm(r[2, :2])
            right = np.array([ahead[1], -ahead[0], 0.0])
            level = (joints - [*place[:2], 0.0]) @ np.stack([right, ahead, [0, 0, 1]]).T
            inside = (joints @ r.T + t) @ k.T
            assert camera.project(level) == pytest.approx(inside[:, :2] / inside[:, 2:], abs=1e-3)
            checked += 1
    assert checked == 27
