"""Where a fall begins and in which direction it goes: seat, ladder, platform, along the view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from skeletons import FLOOR, blend, figure, pose_frame, times
from test_snapshot import same_with_snapshots
from walkers import skeleton

from spotter.core.clock import from_seconds
from spotter.core.contracts import AlertKind, FloatArray, PoseFrame, UpdateKind
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.geometry.camera import Camera

Script = Callable[[float], FloatArray]


def play(script: Script, stop: float, fps: float) -> list[AlertStep]:
    return same_with_snapshots(
        [pose_frame(at, [script(at)], sequence=index) for index, at in enumerate(times(0, stop, fps))]
    )


def kinds(steps: list[AlertStep]) -> list[str]:
    return [step.update.kind.value for step in steps]


def from_above(height: float) -> Script:
    """Up for 6 s, longer than sizes are learned from; falls at 8 s within half a second; up again at 16 s."""

    def script(at: float) -> FloatArray:
        feet = FLOOR - height * blend(at, [(0, 0), (2, 1), (8, 1), (8.5, 0)])
        hip = blend(at, [(8, 0.53), (8.5, 0.08), (16, 0.08), (17, 0.53)])
        trunk = blend(at, [(8, 0), (8.5, 90), (16, 90), (17, 0)])
        return figure(500, hip=hip, trunk_deg=trunk, stiff=True, floor=feet)

    return script


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize("height", [80, 140, 240])
def test_a_fall_to_a_lower_floor_is_told_and_so_is_getting_up_there(height: float, fps: float) -> None:
    """From 0.4, 0.7 and 1.2 statures; no zone says that there is a ladder."""
    steps = play(from_above(height), 21, fps)
    assert kinds(steps) == ["raised", "recovered"]
    alert = steps[0].alert
    assert alert.kind is AlertKind.POSSIBLE_FALL
    assert alert.raised_at <= 13e9
    assert alert.evidence["hip_drop"].value >= 0.4


@pytest.mark.parametrize("height", [80, 140, 240])
def test_climbing_down_and_bending_there_is_nothing(height: float) -> None:
    def script(at: float) -> FloatArray:
        feet = FLOOR - height * blend(at, [(0, 0), (2, 1), (8, 1), (9.5, 0)])
        return figure(500, trunk_deg=blend(at, [(10, 0), (10.6, 90), (15, 90), (16, 0)]), floor=feet)

    assert play(script, 20, 15) == []


@pytest.mark.parametrize("fps", [5, 15, 30])
def test_a_fall_from_a_seat_is_told(fps: float) -> None:
    """Sits with the hips at 0.28, tips over sideways onto the floor at 6 s."""

    def script(at: float) -> FloatArray:
        hip, trunk = blend(at, [(2, 0.53), (3, 0.28), (6, 0.28), (6.6, 0.08)]), blend(at, [(6, 0), (6.6, 90)])
        return figure(500, hip=hip, trunk_deg=trunk)

    (step,) = play(script, 12, fps)
    assert step.alert.kind is AlertKind.POSSIBLE_FALL
    assert step.alert.evidence["head_drop"].value >= step.alert.evidence["head_drop"].threshold
    assert step.alert.raised_at <= 11e9


def seen(camera: Camera, heading: float, at: float) -> FloatArray:
    """Someone 5 m ahead who falls stiffly in a direction (radians, 0: to the right of the camera) from 2.0 to 2.7 s."""
    body = skeleton(np.array([0.0, 5.0, 0.0]), heading, 1.75, 0.0, 0.0)
    tip = blend(at, [(2, 0.0), (2.7, np.pi / 2 - 0.06)])
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    base = np.array([0.0, 5.0, 0.07])
    along = (body - base) @ ahead
    across = body - base - np.outer(along, ahead)
    ahead_then = across[:, 2] * np.sin(tip) + along * np.cos(tip)
    turned = across * np.array([1.0, 1.0, np.cos(tip)]) + np.outer(ahead_then, ahead)
    turned[:, 2] = np.maximum(turned[:, 2] - along * np.sin(tip), -0.05)
    return camera.project(base + turned).astype(np.float32)


@pytest.mark.parametrize("pitch", [10.0, 25.0, 35.0])
@pytest.mark.parametrize("direction", ["away", "towards", "left", "right"])
def test_a_fall_in_any_direction_before_a_camera_that_looks_down(direction: str, pitch: float) -> None:
    camera = Camera.of(1280, 720, hfov=70, pitch=pitch, above=2.8)
    heading = {"away": np.pi / 2, "towards": -np.pi / 2, "left": np.pi, "right": 0.0}[direction]
    frames: list[PoseFrame] = []
    for index, at in enumerate(times(0, 12, 15)):
        frame = pose_frame(at, [seen(camera, heading, at)], sequence=index)
        assert frame.captured_at == from_seconds(at)
        frames.append(frame)
    raised = [step.alert.kind for step in same_with_snapshots(frames) if step.update.kind is UpdateKind.RAISED]
    assert raised == [AlertKind.POSSIBLE_FALL]
