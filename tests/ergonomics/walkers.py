"""Skeletons of people who walk on a level floor, as a known camera would see them, with what goes wrong in practice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame
from spotter.ergonomics.geometry.camera import Camera


@dataclass(frozen=True)
class Crowd:
    """Who walks where.

    Attributes:
        people: how many, one after the other and two at a time.
        noise: standard deviation of a keypoint, share of the person's height in the picture.
        missing: share of the frames in which a person is not found.
        bent: share of the people who walk bent or sit the whole time.
        area: x from, x to, y from, y to, m: where they walk.
        statures: mean and standard deviation, m.
    """

    people: int = 30
    noise: float = 0.02
    missing: float = 0.3
    bent: float = 0.15
    area: tuple[float, float, float, float] = (-5.0, 5.0, 2.0, 14.0)
    statures: tuple[float, float] = (1.75, 0.09)


def skeleton(
    place: np.ndarray, heading: float, stature: float, phase: float, bend: float, lean: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """(17, 3) m, COCO-17, of someone who walks.

    Args:
        heading: radians.
        phase: of the stride, radians.
        bend: of the trunk forwards, radians; from 0.5 the person sits as well.
        lean: of the whole body sideways and forwards, radians.
    """
    ahead, left = np.array([np.cos(heading), np.sin(heading), 0]), np.array([-np.sin(heading), np.cos(heading), 0])
    up = np.array([0.0, 0.0, 1.0]) + lean[0] * left + lean[1] * ahead
    up /= np.linalg.norm(up)
    sitting = 0.25 if bend > 0.5 else 0.0
    hips = place + up * (0.53 - sitting) * stature
    trunk = np.cos(bend) * up + np.sin(bend) * ahead
    shoulders = hips + 0.288 * stature * trunk
    head = shoulders + 0.112 * stature * trunk
    swing = 0.2 * np.sin(phase)
    points = np.zeros((17, 3))
    for side, sign in ((0, 1.0), (1, -1.0)):
        stride = swing * sign
        ankle = place + ahead * stride * stature + left * 0.05 * sign * stature
        ankle = ankle + np.array([0, 0, (0.039 + 0.04 * max(0.0, np.cos(phase) * sign)) * stature])
        hip = hips + left * 0.06 * sign * stature
        knee = (ankle + hip) / 2 + ahead * (0.02 + sitting) * stature
        shoulder = shoulders + left * 0.12 * sign * stature
        elbow = shoulder - up * 0.18 * stature - ahead * stride * 0.3
        for index, joint in (
            (15 + side, ankle), (13 + side, knee), (11 + side, hip), (5 + side, shoulder), (7 + side, elbow),
            (9 + side, elbow - up * 0.15 * stature), (3 + side, head + left * 0.04 * sign),
            (1 + side, head + left * 0.02 * sign + ahead * 0.05 + up * 0.01),
        ):  # fmt: skip
            points[index] = joint
    points[0] = head + ahead * 0.07
    return points


def walk(camera: Camera, crowd: Crowd, seed: int, *, fps: float = 5.0) -> list[tuple[PoseFrame, list[tuple[str, int]]]]:
    """Frames with their tracks (track id, row), as `WalkLog` takes them."""
    random = np.random.default_rng(seed)
    frames: list[tuple[PoseFrame, list[tuple[str, int]]]] = []
    clock = 0.0
    for pair in range(0, crowd.people, 2):
        seen: dict[int, list[tuple[str, np.ndarray]]] = {}
        for person in range(pair, min(pair + 2, crowd.people)):
            x0, x1, y0, y1 = crowd.area
            start, end = random.uniform([x0, y0], [x1, y1], (2, 2))
            heading = float(np.arctan2(*(end - start)[::-1]))
            stature = random.normal(*crowd.statures)
            bend = random.uniform(0.4, 1.4) if random.random() < crowd.bent else random.normal(0.05, 0.04)
            steps = max(int(np.linalg.norm(end - start) / 1.2 * fps), 2)
            for step in range(steps):
                place = np.append(start + (end - start) * step / steps, 0.0)
                lean = tuple(random.normal(0, 0.03, 2))
                body = skeleton(place, heading, stature, 5.0 * step / fps, bend, lean)
                pixels = camera.project(body)
                tall = np.linalg.norm(pixels[0] - pixels[15])
                pixels = pixels + random.normal(0, crowd.noise, (17, 2)) * tall
                if random.random() >= crowd.missing and np.isfinite(pixels).all():
                    seen.setdefault(step, []).append((f"p{person}", pixels))
        for step in sorted(seen):
            frames.append(pose_of(seen[step], clock + step / fps, camera))
        clock += 60.0
    return frames


def pose_of(
    people: list[tuple[str, np.ndarray]], seconds: float, camera: Camera
) -> tuple[PoseFrame, list[tuple[str, int]]]:
    """A frame with these people: (track id, (17, 2) px)."""
    keypoints = np.stack([points for _, points in people]).astype(np.float32)
    boxes = np.concatenate([keypoints.min(axis=1) - 5, keypoints.max(axis=1) + 5], axis=1)
    outside = (keypoints < 0).any(axis=2) | (keypoints >= [camera.width, camera.height]).any(axis=2)
    confidences = np.where(outside, 0.05, 0.8).astype(np.float32)
    at, count = from_seconds(seconds), len(people)
    pose = PoseFrame(
        "cam", 0, round(seconds * 1000), at, at, at, camera.width, camera.height, "test/1", boxes,
        np.full(count, 0.8, np.float32), keypoints, confidences,
    )  # fmt: skip
    return pose, [(name, row) for row, (name, _) in enumerate(people)]
