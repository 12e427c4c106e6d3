"""Trunk inclination: status, reasons, and intervals that hold the truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import figure

from spotter.core.contracts import Status
from spotter.core.parameters import ViewParameters
from spotter.ergonomics.angles import trunk_inclination, trunk_view
from spotter.ergonomics.angles.trunk import SHOULDERS_CORRELATION

LEVEL = ViewParameters(pitch_low_deg=0, pitch_high_deg=0)
SURE = np.full((1, 17), 0.9, np.float32)


@pytest.mark.parametrize("bend", [0, 15, 30, 45, 60, 90, 110])
def test_a_side_view_holds_the_truth_closely(bend: float) -> None:
    keypoints = figure(300, trunk_deg=bend)[None]
    (angle,) = trunk_inclination(trunk_view(keypoints, SURE), LEVEL, np.array([60.0]))
    assert angle.status is Status.BOUNDED
    assert angle.low <= bend <= angle.high
    assert angle.low >= min(bend, 90) - 8 - max(bend - 90, 0)


def test_a_steeper_camera_proves_less() -> None:
    trunk = trunk_view(figure(300, trunk_deg=60)[None], SURE)
    lows = [
        trunk_inclination(trunk, ViewParameters(pitch_low_deg=0, pitch_high_deg=pitch))[0].low for pitch in (0, 20, 45)
    ]
    assert lows == sorted(lows, reverse=True)
    assert lows[0] > lows[2] + 10


def test_without_a_known_size_a_lean_towards_the_camera_stays_possible() -> None:
    trunk = trunk_view(figure(300)[None], SURE)
    (unknown,) = trunk_inclination(trunk, LEVEL)
    (known,) = trunk_inclination(trunk, LEVEL, np.array([60.0]))
    assert unknown.high == pytest.approx(90.0)
    assert known.high < 45
    assert unknown.reason != known.reason


def test_a_foreshortened_trunk_is_not_cleared() -> None:
    """A frontal deep bend: the trunk looks short and upright. It must not be called upright."""
    keypoints = figure(300)[None].copy()
    keypoints[0, :11, 1] = keypoints[0, 11, 1] - (keypoints[0, 11, 1] - keypoints[0, :11, 1]) * 0.4
    (angle,) = trunk_inclination(trunk_view(keypoints, SURE), LEVEL, np.array([60.0]))
    assert angle.high >= 66


@pytest.mark.parametrize("hidden", [5, 6, 11, 12])
def test_one_hidden_torso_point_is_not_observable(hidden: int) -> None:
    confidences = SURE.copy()
    confidences[0, hidden] = 0.05
    (angle,) = trunk_inclination(trunk_view(figure(300)[None], confidences), LEVEL)
    assert angle.status is Status.NOT_OBSERVABLE
    assert angle.value is None
    assert "shoulders or hips" in angle.reason


def test_a_tiny_person_is_not_observable() -> None:
    (angle,) = trunk_inclination(trunk_view(figure(300, stature=30)[None], SURE), LEVEL)
    assert angle.status is Status.NOT_OBSERVABLE
    assert "too short" in angle.reason


def test_nobody_is_no_angle() -> None:
    nobody = np.zeros((0, 17), np.float32)
    for deviations in (None, nobody):
        empty = trunk_view(np.zeros((0, 17, 2), np.float32), nobody, deviations)
        assert trunk_inclination(empty, LEVEL) == []


def test_the_keypoints_own_deviations_widen_the_interval() -> None:
    keypoints = figure(300, trunk_deg=30)[None]
    usual = np.array([60.0])
    intervals = []
    for sd in (0.5, 2.0, 6.0):
        trunk = trunk_view(keypoints, SURE, np.full((1, 17), sd, np.float32))
        # The middle of two points has half their variance, and less where their errors cancel out.
        ends = np.sqrt(sd**2 / 2 + sd**2 / 2 * (1 + SHOULDERS_CORRELATION))
        assert trunk.sigma[0] == pytest.approx(np.degrees(ends / trunk.length[0]), rel=1e-5)
        intervals.append(trunk_inclination(trunk, LEVEL, usual)[0])
    lows, highs = [angle.low for angle in intervals], [angle.high for angle in intervals]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert lows[0] > lows[2] + 5
    (fixed,) = trunk_inclination(trunk_view(keypoints, SURE), LEVEL, usual)
    assert intervals[0].half_width < fixed.half_width < intervals[2].half_width


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sigma_is_the_spread_of_the_angle_under_that_noise(seed: int) -> None:
    random = np.random.default_rng(seed)
    keypoints = figure(300, trunk_deg=float(random.uniform(20, 90)))[None]
    deviations = random.uniform(0.5, 3.0, (1, 17)).astype(np.float32)
    noise = random.normal(size=(4000, 17, 2))
    rest = np.sqrt(1 - SHOULDERS_CORRELATION**2)
    noise[:, 6] = SHOULDERS_CORRELATION * noise[:, 5] + rest * noise[:, 6]
    noisy = keypoints + noise * deviations[..., None]
    spread = trunk_view(noisy.astype(np.float32), np.full((4000, 17), 0.9, np.float32)).apparent.std()
    assert trunk_view(keypoints, SURE, deviations).sigma[0] == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(
    ("confidence", "raw", "calibrated"), [(0.1, False, False), (0.3, True, False), (0.5, True, True)]
)
def test_a_gate_is_a_probability_where_the_model_is_calibrated(confidence: float, raw: bool, calibrated: bool) -> None:
    keypoints, sure = figure(300)[None], np.full((1, 17), confidence, np.float32)
    assert trunk_view(keypoints, sure).visible[0] == raw
    assert trunk_view(keypoints, sure, np.ones((1, 17), np.float32)).visible[0] == calibrated


@given(st.floats(0, 179), st.floats(0.5, 20))
def test_mirror_and_scale_change_nothing(bend: float, factor: float) -> None:
    keypoints = figure(0, trunk_deg=bend)[None]
    mirrored = keypoints * np.array([-1, 1], np.float32)
    original, mirror = trunk_view(keypoints, SURE), trunk_view(mirrored, SURE)
    larger = trunk_view(keypoints * np.float32(factor), SURE)
    assert mirror.apparent[0] == pytest.approx(original.apparent[0], abs=1e-3)
    if larger.visible[0]:
        assert larger.apparent[0] == pytest.approx(original.apparent[0], abs=1e-2)


def test_intervals_hold_the_truth_of_simulated_workers(shared_dir: Path) -> None:
    """Exact 3D workers seen by three calibrated cameras each: at least 95 % of all frames, people lying included."""
    inside = total = 0
    for path in sorted((shared_dir / "data" / "simulated").glob("*.json")):
        truth = json.loads(path.read_text())
        for keypoints, inclination, pitch in _projected(truth):
            view = ViewParameters(pitch_low_deg=max(pitch - 12, -30), pitch_high_deg=min(pitch + 12, 90))
            trunk = trunk_view(keypoints, np.full(keypoints.shape[:2], 0.9, np.float32))
            for angle, true in zip(trunk_inclination(trunk, view), inclination, strict=True):
                if angle.status is Status.BOUNDED:
                    total += 1
                    inside += angle.low <= true <= angle.high
    assert total > 500
    assert inside / total >= 0.95


def _projected(truth: dict) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Per camera: (frames, 17, 2) px, true trunk inclination in degrees, mean pitch of the rays to the trunk."""
    joints = np.array([frame["kp3d"] for frame in truth["frames"]])
    trunk = joints[:, [5, 6]].mean(axis=1) - joints[:, [11, 12]].mean(axis=1)
    inclination = np.degrees(np.arccos(trunk[:, 2] / np.linalg.norm(trunk, axis=1)))
    rows = []
    for camera in truth["cameras"]:
        k, r, t = (np.array(camera[name], float) for name in ("K", "R", "t"))
        inside = joints @ r.T + t.reshape(3)
        pixels = inside @ k.T
        keypoints = (pixels[..., :2] / pixels[..., 2:]).astype(np.float32)
        rays = joints[:, [5, 6, 11, 12]].mean(axis=1) + (r.T @ t.reshape(3))
        pitch = float(np.degrees(np.arcsin(-rays[:, 2] / np.linalg.norm(rays, axis=1))).mean())
        rows.append((keypoints, inclination, pitch))
    return rows
