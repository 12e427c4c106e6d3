"""3D joints of people from several calibrated cameras, as the reference for single cameras. Part of angles.py.

Skeletons of the same instant are matched across the cameras by their reprojection error, each joint is triangulated by
a confidence-weighted DLT (Hartley & Zisserman 2004, 12.2), the camera that fits worst is dropped while it is off by
more than `GATE`, and a median over `WINDOW` frames takes out single frames.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from spotter.core.contracts import PoseFrame
from spotter.core.parameters import LensParameters, MountParameters, ViewParameters

GATE = 0.04
"""Greatest reprojection error of a joint, share of the person's height in that picture."""

WINDOW = 3
"""Frames of the median: 0.2 s at 15 frames/s."""

MIN_CONFIDENCE = 0.3

_TORSO = [5, 6, 11, 12]


@dataclass(frozen=True)
class Calibrated:
    """One camera: x_camera = rotation @ x + shift (OpenCV axes), metres, z up."""

    name: str
    matrix: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    shift: np.ndarray

    def flat(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) px -> undistorted, at distance 1."""
        return cv2.undistortPoints(points.reshape(-1, 1, 2).astype(np.float64), self.matrix, self.distortion)[:, 0]

    def project(self, world: np.ndarray) -> np.ndarray:
        """(N, 3) m -> (N, 2) at distance 1."""
        inside = world @ self.rotation.T + self.shift
        return inside[..., :2] / inside[..., 2:]

    @property
    def place(self) -> np.ndarray:
        return -self.rotation.T @ self.shift

    def view(self, width: int, height: int) -> ViewParameters:
        """As it would be entered by someone who measured it well."""
        up = self.rotation[:, 2]
        lens = LensParameters(
            width=width, height=height, focal_px=(self.matrix[0, 0], self.matrix[1, 1]),
            centre_px=(self.matrix[0, 2], self.matrix[1, 2]), distortion=tuple(self.distortion), focal_sd=0.01,
        )  # fmt: skip
        mount = MountParameters(
            height_m=float(self.place[2]), height_sd_m=0.03, pitch_deg=float(np.degrees(np.arcsin(-up[2]))),
            pitch_sd_deg=0.5, roll_deg=float(np.degrees(np.arctan2(-up[0], -up[1]))), roll_sd_deg=0.5,
        )  # fmt: skip
        return ViewParameters(lens=lens, mount=mount)


def cameras_of(folder: Path) -> list[Calibrated]:
    """Cameras of a Pose2Sim session (Qualisys' format: axes right, up, backwards; mm; sub-pixels of 1/64)."""
    found = []
    text = (folder / "Calib.qca.txt").read_text()
    for match in re.finditer(r'serial="(cam\d+)".*?<transform (.*?)/>.*?<intrinsic (.*?)/>', text, re.DOTALL):
        frame, optics = (
            {name: float(value) for name, value in re.findall(r'(\w+)="([-\d.e]+)"', match[part])} for part in (2, 3)
        )
        axes = np.array([[frame[f"r{row}{column}"] for column in (1, 2, 3)] for row in (1, 2, 3)])
        rotation = np.diag([1.0, -1.0, -1.0]) @ axes
        matrix = np.array([
            [optics["focalLengthU"] / 64, 0.0, optics["centerPointU"] / 64],
            [0.0, optics["focalLengthV"] / 64, optics["centerPointV"] / 64],
            [0.0, 0.0, 1.0],
        ])  # fmt: skip
        names = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2")
        distortion = np.array([*(optics[name] for name in names), optics["radialDistortion3"]])
        shift = -rotation @ (np.array([frame[axis] for axis in "xyz"]) / 1000.0)
        found.append(Calibrated(match[1], matrix, distortion, rotation, shift))
    return found


@dataclass(frozen=True)
class Person3D:
    """One person over T frames: joints (T, 17, 3) m, nan where fewer than two cameras agree; rows (T, cameras) of each
    camera's `PoseFrame`, -1 where the person is not among them; errors (T, 17), rms reprojection in radians."""

    joints: np.ndarray
    rows: np.ndarray
    errors: np.ndarray


def people_of(cameras: Sequence[Calibrated], frames: Sequence[Sequence[PoseFrame]], count: int) -> list[Person3D]:
    """The `count` people that most cameras agree on. `frames`: of each camera, in step."""
    steps = min(len(each) for each in frames)
    joints = np.full((count, steps, 17, 3), np.nan)
    rows = np.full((count, steps, len(cameras)), -1)
    errors = np.full((count, steps, 17), np.nan)
    last: list[np.ndarray | None] = [None] * count
    for step in range(steps):
        now = [each[step] for each in frames]
        flat = [[camera.flat(points) for points in pose.keypoints] for camera, pose in zip(cameras, now, strict=True)]
        for solid, chosen, error in _in_order(_matches(cameras, now, flat, count), last):
            number = next(index for index in range(count) if rows[index, step].max() < 0) if count == 1 else None
            person = _whose(solid, last, rows[:, step]) if number is None else number
            joints[person, step], rows[person, step], errors[person, step] = solid, chosen, error
            last[person] = solid
    return [Person3D(_smooth(joints[index]), rows[index], errors[index]) for index in range(count)]


def triangulate(cameras: Sequence[Calibrated], points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(C, 2) at distance 1 and (C,) weights -> (3,) m; nan with fewer than two weights."""
    if (weights > 0).sum() < 2:
        return np.full(3, np.nan)
    rows = []
    for camera, (x, y), weight in zip(cameras, points, weights, strict=True):
        matrix = np.column_stack([camera.rotation, camera.shift])
        rows += [weight * (x * matrix[2] - matrix[0]), weight * (y * matrix[2] - matrix[1])]
    solution = np.linalg.svd(np.array(rows))[2][-1]
    return solution[:3] / solution[3]


def solve(
    cameras: Sequence[Calibrated], points: np.ndarray, confidences: np.ndarray, gate: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joints of one person: (C, 17, 2), (C, 17), (C,) -> ((17, 3) m, (17,) rms error over its camera's gate)."""
    joints, errors = np.full((17, 3), np.nan), np.full(17, np.nan)
    for joint in range(17):
        weights = np.where(confidences[:, joint] >= MIN_CONFIDENCE, confidences[:, joint], 0.0)
        while (weights > 0).sum() >= 2:
            solid = triangulate(cameras, points[:, joint], weights)
            off = np.array([
                np.linalg.norm(camera.project(solid) - points[index, joint]) / gate[index] if weights[index] else 0.0
                for index, camera in enumerate(cameras)
            ])  # fmt: skip
            if off.max() <= 1.0:
                joints[joint], errors[joint] = solid, np.sqrt((off[weights > 0] ** 2).mean())
                break
            weights[int(np.argmax(off))] = 0.0
    return joints, errors


def _matches(
    cameras: Sequence[Calibrated], now: Sequence[PoseFrame], flat: Sequence[Sequence[np.ndarray]], count: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(joints, row of each camera, errors) of up to `count` people, those that most cameras agree on first."""
    choices = [[*range(len(people)), -1] for people in flat]
    found = []
    for chosen in itertools.product(*choices):
        inside = [index for index, row in enumerate(chosen) if row >= 0]
        if len(inside) < 2:
            continue
        some = [cameras[index] for index in inside]
        points = np.array([flat[index][chosen[index]] for index in inside])
        confidences = np.array([now[index].confidences[chosen[index]] for index in inside])
        torso = []
        for joint in _TORSO:
            solid = triangulate(some, points[:, joint], confidences[:, joint])
            torso += [
                np.linalg.norm(camera.project(solid) - at) for camera, at in zip(some, points[:, joint], strict=True)
            ]
        gate = np.array([np.ptp(each[:, 1]) for each in points])
        worth = float(np.mean(torso) / gate.mean())
        if worth < GATE:
            found.append((-len(inside), worth, chosen, some, points, confidences, gate))
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    taken: list[tuple[int, ...]] = []
    for *_, chosen, some, points, confidences, gate in sorted(found, key=lambda each: each[:3]):
        clash = any(a == b >= 0 for other in taken for a, b in zip(chosen, other, strict=True))
        if clash or len(kept) == count:
            continue
        taken.append(chosen)
        kept.append((*_pair(solve(some, points, confidences, GATE * gate), np.array(chosen)),))
    return kept


def _pair(solved: tuple[np.ndarray, np.ndarray], chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return solved[0], chosen, solved[1]


def _in_order(
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]], last: Sequence[np.ndarray | None]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Those nearest to where somebody was come first."""
    known = [each for each in last if each is not None]
    if not known:
        return found
    return sorted(found, key=lambda each: min(_apart(each[0], other) for other in known))


def _whose(solid: np.ndarray, last: Sequence[np.ndarray | None], taken: np.ndarray) -> int:
    free = [index for index in range(len(last)) if taken[index].max() < 0]
    return min(free, key=lambda index: 1.0 if last[index] is None else _apart(solid, last[index]))


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    gap = np.nanmean(np.linalg.norm(one[_TORSO] - other[_TORSO], axis=1))
    return float(gap) if np.isfinite(gap) else 9.0


def _smooth(joints: np.ndarray) -> np.ndarray:
    """Median over `WINDOW` frames where most of them have the joint."""
    half = WINDOW // 2
    padded = np.pad(joints, ((half, half), (0, 0), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0)
    enough = np.isfinite(windows).sum(axis=-1) > half
    filled = np.where(enough[..., None], windows, 0.0)
    return np.where(enough, np.nanmedian(filled, axis=-1), np.nan)
