"""Skeleton streams of a stick figure with exact joints, for rules and tracking. Side view, orthographic, y down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import FloatArray, PoseFrame

STATURE = 200.0
FLOOR = 400.0


def figure(
    x: float,
    *,
    trunk_deg: float = 0.0,
    hip: float = 0.53,
    stiff: bool = False,
    stature: float = STATURE,
    floor: float = FLOOR,
) -> FloatArray:
    """COCO-17 keypoints (17, 2) px of a person seen from the side.

    Args:
        x: place of the feet, px.
        trunk_deg: trunk inclination, 0 upright, 90 level.
        hip: height of the hips above the floor, statures.
        stiff: the legs stay straight and tip over (a fall); otherwise the knees bend and the hips stay over the feet.
    """
    down = stature * np.array([0.0, -1.0])
    lean = np.array([math.sin(math.radians(trunk_deg)), -math.cos(math.radians(trunk_deg))]) * stature
    ankle = np.array([x, floor]) + 0.039 * down
    rise = max(hip - 0.039, 0.0)
    ahead = math.sqrt(max(0.491**2 - rise**2, 0.0)) * stature if stiff else 0.0
    hips = np.array([x + ahead, floor]) + hip * down
    bulge = 0.0 if stiff else math.sqrt(max(0.2455**2 - (rise / 2) ** 2, 0.0)) * stature
    knee = (ankle + hips) / 2 + np.array([bulge, 0.0])
    shoulders = hips + 0.30 * lean
    head = shoulders + 0.15 * lean
    reach = np.array([0.6, 0.0]) if stiff and hip < 0.2 else np.array([0.1, 1.0])
    elbow, wrist = shoulders + 0.186 * stature * reach, shoulders + 0.33 * stature * reach
    points = [head] * 5 + [shoulders] * 2 + [elbow] * 2 + [wrist] * 2 + [hips] * 2 + [knee] * 2 + [ankle] * 2
    wide = np.array([0.02 * stature * (-1) ** i for i in range(17)])
    return (np.array(points) + np.stack([wide, np.zeros(17)], axis=1)).astype(np.float32)


def pose_frame(
    seconds: float,
    people: Sequence[FloatArray],
    *,
    camera: str = "cam",
    sequence: int | None = None,
    epoch: int = 0,
    score: float = 0.7,
) -> PoseFrame:
    """A PoseFrame at event time `seconds` with the given keypoints, all confident."""
    keypoints = np.stack(people) if people else np.zeros((0, 17, 2), np.float32)
    boxes = (
        np.concatenate([keypoints.min(axis=1) - 8, keypoints.max(axis=1) + 8], axis=1) if people else np.zeros((0, 4))
    )
    at = from_seconds(seconds)
    return PoseFrame(
        camera, epoch, round(seconds * 1000) if sequence is None else sequence, at, at, at, 1280, 720, "test/1",
        boxes.astype(np.float32), np.full(len(people), score, np.float32), keypoints,
        np.full((len(people), 17), score, np.float32),
    )  # fmt: skip


def times(start: float, stop: float, fps: float) -> list[float]:
    """Event times of a steady camera."""
    return [start + index / fps for index in range(round((stop - start) * fps))]


def blend(at: float, points: Iterable[tuple[float, float]]) -> float:
    """Piecewise linear value at time `at` through (time, value) points."""
    xs, ys = zip(*points, strict=True)
    return float(np.interp(at, xs, ys))
