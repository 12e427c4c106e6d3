"""Workers with exact truth before cameras, as the angles get to see them. Part of angles.py.

Two sources: the nine clips of data/simulated (their 3D joints and cameras; the pictures are not used), and the
product's own simulator of workers. Pixels get the errors of a pose model: normal, as large as measured by joint, slow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.parameters import LensParameters, MountParameters, Parameters, ViewParameters
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.joints3d import body_angles_3d, neck_angle
from spotter.ergonomics.angles.memory import AngleMemory
from spotter.ergonomics.angles.view import assess
from spotter.ergonomics.gates import CALIBRATED
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.tracking.scale import PersonScale
from spotter.simulate.workers import Viewpoint, Visibility, see, simulate_motion

DEFAULT_MODEL = np.array([0.02] * 5 + [0.029] * 2 + [0.042] * 2 + [0.040] * 2 + [0.028] * 2 + [0.031] * 2 + [0.031] * 2)
"""(17,) standard deviation of a keypoint along either axis, share of stature: what the shipped calibration of the
default model says of its skeletons of data/simulated (medians); the errors themselves are a little smaller."""

CAREFUL_MODEL = np.full(17, 0.01)
"""The same of a model that errs by 1 % of stature, a third of the default one: what the gates can do with better
keypoints."""

TOGETHER = 0.35
"""Correlation of the errors of a body's joints; see `errors` in angles.py."""

RATE, CLIP_RATE = 7.5, 15.0
"""Frames a second that are judged, and that the clips have."""

MEMORY = 0.8
"""Correlation of a keypoint's error with that of the frame before: with the default model on data/simulated 0.72 to
0.83 after 0.13 s, 0.4 to 0.6 after 0.53 s."""

HIDDEN = 2.0
"""A hidden joint's error is this much larger, and its confidence 0.5 in place of 0.9."""

P = TypeVar("P", bound=Parameters)

_CUT = 4
"""A worker with more joints outside the picture counts as not found."""

STANDS = ("exact", "entered", "unknown")
"""What is known of the camera: all; as a person enters it, off by 3 degrees of pitch and 2 of roll, 5 % of the focal
length (standard deviations, which the settings state); nothing."""

MOTIONS = (
    "stand+stoop_lift", "walk+squat_lift", "stand+semi_squat_lift", "walk+twisted_lift", "stand+overhead_place",
    "stand+carry",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """One worker before one camera: (T, 17, ...) arrays, px and m.

    Attributes:
        visible: 0 outside the picture, 1 hidden, 2 visible.
        stature: (T,) px that the worker's stature measures square to the line of sight.
        yaw, pitch: (T,) degrees, as in METHODS 6.2.
        view: the exact camera.
    """

    name: str
    fps: float
    joints: np.ndarray
    points: np.ndarray
    visible: np.ndarray
    stature: np.ndarray
    stature_m: float
    yaw: np.ndarray
    pitch: np.ndarray
    view: ViewParameters
    size: tuple[int, int]

    @property
    def truth(self) -> BodyAngles:
        """The neck against the worker's own posture at the beginning, when they stand."""
        return body_angles_3d(self.joints, neck_neutral=np.nanmedian(neck_angle(self.joints[:3])))


def clips(folder: Path) -> Iterator[Scene]:
    """data/simulated."""
    for path in sorted(folder.glob("*.json")):
        clip = json.loads(path.read_text())
        frames = clip["frames"][:: round(CLIP_RATE / RATE)]
        joints = np.array([frame["kp3d"] for frame in frames])
        for number, camera in enumerate(clip["cameras"]):
            matrix, axes, shift = (np.array(camera[name], float) for name in "KRt")
            inside = joints @ axes.T + shift.reshape(3)
            points = (inside @ matrix.T)[..., :2] / inside[..., 2:]
            up, place = axes[:, 2], -axes.T @ shift.reshape(3)
            mount = MountParameters(
                height_m=float(place[2]), height_sd_m=0.02, pitch_deg=float(np.degrees(np.arcsin(-up[2]))),
                pitch_sd_deg=0.3, roll_deg=float(np.degrees(np.arctan2(-up[0], -up[1]))), roll_sd_deg=0.3,
            )  # fmt: skip
            width, height = clip["size"]
            lens = LensParameters(width=width, height=height, focal_px=(matrix[0, 0], matrix[1, 1]), focal_sd=0.005)
            visible = np.array([frame["cams"][number]["vis"] for frame in frames])
            yield _scene(
                f"{path.stem} {number}", RATE, joints, points, visible, place, matrix[0, 0], clip["height_m"],
                ViewParameters(lens=lens, mount=mount), (width, height),
            )  # fmt: skip


def workers(motions: Sequence[str], places: Sequence[tuple[float, float]], seed: int = 1) -> Iterator[Scene]:
    """Simulated workers, each before cameras 5 m away: azimuth in degrees (0 sees them from the front at the beginning,
    90 from their left) and height in m of each camera."""
    for number, motion in enumerate(motions):
        take = simulate_motion(motion, seed=seed + number, fps=RATE)
        middle = take.joints[:, [11, 12]].mean(axis=(0, 1))
        for azimuth, above in places:
            view = Viewpoint.around(
                (float(middle[0]), float(middle[1]), 0.9), azimuth=azimuth, distance=5.0, above=above
            )
            sight, told = see([take], view), view.parameters()
            assert told.lens is not None
            assert told.mount is not None
            lens = _changed(told.lens, focal_sd=0.005)
            mount = _changed(told.mount, height_sd_m=0.02, pitch_sd_deg=0.3, roll_sd_deg=0.3)
            yield _scene(
                f"{motion} {azimuth:.0f} {above:.1f}", take.fps, take.joints, sight.points[0], sight.visibility[0],
                view.lens, lens.focal_px[0] if lens.focal_px else 0.0, take.body.stature,
                ViewParameters(lens=lens, mount=mount), (view.camera.width, view.camera.height),
            )  # fmt: skip


class Follower:
    """One person in one camera, frame after frame."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._memory, self._scale = ground, AngleMemory(), PersonScale()

    def see(self, at: int, keypoints: np.ndarray, confidences: np.ndarray, deviations: np.ndarray) -> BodyAngles:
        """Of one frame, (17, ...) each."""
        one = keypoints.astype(np.float32), confidences.astype(np.float32)
        self._scale.observe(at, *one, CALIBRATED)
        size = self._scale.current()
        stature = np.array([size.stature if size is not None else np.nan])
        inputs = (each[None] for each in (*one, deviations))
        return assess([self._memory], at, *inputs, stature, self._ground)[1]


def judge(scene: Scene, stand: str, model: np.ndarray, seed: int) -> tuple[BodyAngles, np.ndarray]:
    """The scene through the angles, frame by frame: (angles of the frames in which the worker is found, their (T,))."""
    random = np.random.default_rng(seed)
    inputs = _found(scene, model, random)
    follower, found, rows = Follower(Ground.of(_known(scene.view, stand, random), *scene.size)), [], []
    for index in range(len(scene.joints)):
        if (scene.visible[index] == Visibility.OUTSIDE).sum() <= _CUT:
            found.append(follower.see(from_seconds(index / scene.fps), *(each[index] for each in inputs)))
            rows.append(index)
    return joined(found), np.array(rows, int)


def joined(found: Sequence[BodyAngles]) -> BodyAngles:
    """One after the other."""
    return BodyAngles(**{
        name: type(first)(*(
            np.concatenate([getattr(getattr(each, name), part) for each in found])
            for part in ("value", "low", "high", "status", "reason")
        ))
        for name, first in found[0].items()
    })  # fmt: skip


def rows_of(angles: BodyAngles, rows: np.ndarray) -> BodyAngles:
    """Some of them."""
    parts = ("value", "low", "high", "status", "reason")
    return BodyAngles(**{
        name: type(each)(*(getattr(each, part)[rows] for part in parts)) for name, each in angles.items()
    })  # fmt: skip


def look(joints: np.ndarray, lens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How a lens at (3,) m sees (T, 17, 3) m: (yaw, pitch) of METHODS 6.2, (T,) degrees."""
    to = joints[:, [11, 12]].mean(axis=1) - lens
    level = np.hypot(to[:, 0], to[:, 1])
    right = joints[:, 12] - joints[:, 11]
    along = (right[:, 0] * to[:, 0] + right[:, 1] * to[:, 1]) / level / np.hypot(right[:, 0], right[:, 1])
    yaw = np.degrees(np.arccos(np.clip(np.abs(along), 0.0, 1.0)))
    return yaw, np.degrees(np.arctan2(-to[:, 2], level))


def _scene(
    name: str, fps: float, joints: np.ndarray, points: np.ndarray, visible: np.ndarray, lens: np.ndarray, focal: float,
    stature_m: float, view: ViewParameters, size: tuple[int, int],
) -> Scene:  # fmt: skip
    yaw, pitch = look(joints, lens)
    stature = stature_m * focal / np.linalg.norm(joints[:, [11, 12]].mean(axis=1) - lens, axis=1)
    return Scene(name, fps, joints, points, visible, stature, stature_m, yaw, pitch, view, size)


def _found(scene: Scene, model: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(keypoints, confidences, deviations)."""
    hidden = scene.visible == Visibility.HIDDEN
    sd = model * scene.stature[:, None] * np.where(hidden, HIDDEN, 1.0)
    together = random.normal(size=(len(sd), 1, 2))
    fresh = np.sqrt(TOGETHER) * together + np.sqrt(1 - TOGETHER) * random.normal(size=scene.points.shape)
    noise = fresh.copy()
    for index in range(1, len(noise)):
        noise[index] = MEMORY * noise[index - 1] + np.sqrt(1 - MEMORY**2) * fresh[index]
    inside = np.nan_to_num(scene.points, nan=-1.0)
    sure = np.select([scene.visible == Visibility.OUTSIDE, hidden], [0.02, 0.5], 0.9)
    return inside + noise * sd[..., None], sure, sd


def _known(view: ViewParameters, stand: str, random: np.random.Generator) -> ViewParameters:
    if stand == "exact":
        return view
    if stand == "unknown":
        return ViewParameters()
    assert view.lens is not None
    assert view.lens.focal_px is not None
    assert view.mount is not None
    factor = float(np.exp(random.normal(0, 0.05)))
    fx, fy = view.lens.focal_px
    lens = _changed(view.lens, focal_px=(fx * factor, fy * factor), focal_sd=0.05)
    mount = _changed(
        view.mount, pitch_deg=view.mount.pitch_deg + float(random.normal(0, 3)), pitch_sd_deg=3.0,
        roll_deg=view.mount.roll_deg + float(random.normal(0, 2)), roll_sd_deg=2.0,
        height_m=view.mount.height_m + float(random.normal(0, 0.15)), height_sd_m=0.15,
    )  # fmt: skip
    return ViewParameters(lens=lens, mount=mount)


def _changed(parameters: P, **changes: object) -> P:
    return parameters.model_copy(update=changes)
