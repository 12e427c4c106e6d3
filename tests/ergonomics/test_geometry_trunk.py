"""Trunk inclination with a calibrated camera: the vertical at the person's place, in perspective, to the assessor."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from walkers import pose_of, skeleton

from spotter.core.contracts import Status
from spotter.core.parameters import (
    LensParameters,
    MountParameters,
    RuleParameters,
    ViewParameters,
)
from spotter.ergonomics.angles import trunk_inclination, trunk_view
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.ground import Ground

CAMERA = Camera.of(1280, 720, hfov=95, pitch=35, above=3)
VIEW = ViewParameters(
    lens=LensParameters(width=1280, height=720, hfov_deg=95, focal_sd=0.02),
    mount=MountParameters(height_m=3.0, pitch_deg=35, pitch_sd_deg=1, roll_sd_deg=1),
)
SURE = np.full((1, 17), 0.9, np.float32)


def at(x: float, y: float, bend: float = 0.0) -> np.ndarray:
    """(1, 17, 2) px of someone at a place on the floor."""
    body = skeleton(np.array([x, y, 0.0]), 0.0, 1.75, 0.0, bend)
    return CAMERA.project(body)[None].astype(np.float32)


@pytest.mark.parametrize("x", [-2.5, 2.5])
def test_someone_upright_at_the_edge_is_not_bent(x: float) -> None:
    """Without the camera they seem to lean by 20 degrees."""
    trunk = trunk_view(at(x, 2.2), SURE)
    (plain,) = trunk_inclination(trunk, ViewParameters(pitch_low_deg=30, pitch_high_deg=40))
    (known,) = trunk_inclination(trunk, VIEW, None, Ground.of(VIEW, 1280, 720))
    assert plain.low > 8
    assert known.low == pytest.approx(0.0, abs=0.01)
    assert known.status is Status.BOUNDED


def test_someone_not_seen_stays_not_observable() -> None:
    hidden = SURE.copy()
    hidden[0, 5] = 0.0
    (angle,) = trunk_inclination(trunk_view(at(0, 4), hidden), VIEW, None, Ground.of(VIEW, 1280, 720))
    assert angle.status is Status.NOT_OBSERVABLE
    empty = trunk_view(np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), np.float32))
    assert trunk_inclination(empty, VIEW, None, Ground.of(VIEW, 1280, 720)) == []


def test_the_assessor_uses_the_camera_of_its_settings() -> None:
    lows = {}
    for name, view in (("calibrated", VIEW), ("not", ViewParameters())):
        assessor = CameraAssessor("site", "cam", view, RuleParameters())
        for frame in range(20):
            pose, _ = pose_of([("p1", at(-2.5, 2.2)[0])], 1.0 + frame / 10, CAMERA)
            assessment = assessor.update(pose)
        assert assessment is not None
        lows[name] = assessment.people[0].trunk_inclination.low
    assert lows["calibrated"] == pytest.approx(0.0, abs=0.01)
    assert lows["not"] > 8


def test_intervals_hold_the_truth_of_simulated_workers(shared_dir: Path) -> None:
    """As `test_trunk` asks of a range of pitches: at least 95 % of the frames of 27 cameras, people lying included."""
    inside = total = 0
    for path in sorted((shared_dir / "data" / "simulated").glob("*.json")):
        truth = json.loads(path.read_text())
        joints = np.array([frame["kp3d"] for frame in truth["frames"]])
        line = joints[:, [5, 6]].mean(axis=1) - joints[:, [11, 12]].mean(axis=1)
        true = np.degrees(np.arccos(line[:, 2] / np.linalg.norm(line, axis=1)))
        for one in truth["cameras"]:
            k, r, t = (np.array(one[name], float) for name in ("K", "R", "t"))
            seen = (joints @ r.T + t.reshape(3)) @ k.T
            keypoints = (seen[..., :2] / seen[..., 2:]).astype(np.float32)
            view = ViewParameters(
                lens=LensParameters(width=640, height=360, focal_px=(k[0, 0], k[1, 1]), focal_sd=0.02),
                mount=MountParameters(
                    height_m=float((-r.T @ t.reshape(3))[2]),
                    pitch_deg=float(np.degrees(np.arcsin(-r[2, 2]))),
                    roll_deg=float(np.degrees(np.arctan2(-r[0, 2], -r[1, 2]))),
                    pitch_sd_deg=1,
                    roll_sd_deg=1,
                ),
            )
            trunk = trunk_view(keypoints, np.full(keypoints.shape[:2], 0.9, np.float32))
            angles = trunk_inclination(trunk, view, None, Ground.of(view, 640, 360))
            for angle, truth_deg in zip(angles, true, strict=True):
                if angle.status is Status.BOUNDED:
                    total += 1
                    inside += angle.low <= truth_deg <= angle.high
    assert total > 500
    assert inside / total >= 0.95
