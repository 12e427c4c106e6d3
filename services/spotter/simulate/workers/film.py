"""A scene played: who does what, what each camera's model makes of it, and what there is to be found (labels)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotter.core.contracts import PoseFrame
from spotter.core.errors import ConfigError
from spotter.simulate.workers.detector import SimulatedModel
from spotter.simulate.workers.frames import START, pose_frames
from spotter.simulate.workers.perform import simulate
from spotter.simulate.workers.project import Detector, without_errors
from spotter.simulate.workers.scene_file import CameraPart, DetectorPart, Scene, WorkerPart
from spotter.simulate.workers.sight import Sight, Visibility, see
from spotter.simulate.workers.steps import read_step
from spotter.simulate.workers.take import Take
from spotter.simulate.workers.viewpoint import Viewpoint

_SEEN_JOINTS = 6
"""Whoever shows fewer joints at the impact is not said to have fallen before a camera [D]."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One camera of a scene: what could be seen, what was found, and the labels of it."""

    camera: str
    sight: Sight
    frames: list[PoseFrame]
    events: list[dict[str, Any]]


def perform(scene: Scene, *, seed: int | None = None) -> list[Take]:
    """All workers, in the order of the scene.

    Args:
        seed: in place of the scene's own.

    Raises:
        ConfigError: a step cannot be done; names worker and step.
    """
    return [_worker(part, scene, scene.seed if seed is None else seed) for part in scene.workers]


def shoot(scene: Scene, takes: Sequence[Take], camera: CameraPart, *, seed: int | None = None) -> Shot:
    """What one camera of a scene delivers; begins at `START`."""
    view = viewpoint(camera)
    sight = see(takes, view)
    chance = (scene.seed if seed is None else seed) * 4096 + zlib.crc32(camera.id.encode()) % 4096
    found = _detector(scene.detector)(sight, chance)
    return Shot(camera.id, sight, pose_frames(sight, found, camera.id, START), _events(takes, sight))


def viewpoint(camera: CameraPart) -> Viewpoint:
    """Where a camera of a scene hangs."""
    x, y, z = camera.looks_at
    dx, dy = camera.at[0] - x, camera.at[1] - y
    return Viewpoint.around(
        (x, y, z),
        azimuth=float(np.degrees(np.arctan2(dy, dx))),
        distance=float(np.hypot(dx, dy)),
        above=camera.height,
        hfov=camera.hfov,
        width=camera.picture[0],
        height=camera.picture[1],
        roll=camera.roll,
        distortion=camera.distortion,
    )


def _worker(part: WorkerPart, scene: Scene, seed: int) -> Take:
    own = part.seed if part.seed is not None else seed * 4096 + zlib.crc32(part.name.encode()) % 4096
    motions = []
    for number, step in enumerate(part.does, 1):
        try:
            motions.append(read_step(step))
        except ConfigError as error:
            raise ConfigError(f"worker '{part.name}', step {number}: {error.message}", mend=error.mend) from None
    try:
        return simulate(
            motions, part.name, own, fps=scene.fps, stature=part.stature, sex=part.sex, at=part.at, heading=part.heading
        )
    except ConfigError as error:
        raise ConfigError(f"worker '{part.name}': {error.message}", mend=error.mend) from None


def _detector(part: DetectorPart | str) -> Detector:
    return SimulatedModel(**part.model_dump()) if isinstance(part, DetectorPart) else without_errors


def _events(takes: Sequence[Take], sight: Sight) -> list[dict[str, Any]]:
    """Falls and lifts that happen before the camera, as `evaluate` reads them."""
    found: list[dict[str, Any]] = []
    for person, take in enumerate(takes):
        begun: dict[str, tuple[float, str]] = {}
        for event in take.events:
            kind, _, way = event.kind.partition(":")
            if kind in ("fall_onset", "lift_origin"):
                begun[kind] = event.at_s, way
            ends = {"impact": ("fall_onset", "fall"), "lift_destination": ("lift_origin", "lift")}.get(kind)
            if ends is None or ends[0] not in begun:
                continue
            start, how = begun.pop(ends[0])
            row = min(round(event.at_s * take.fps), len(sight.times) - 1)
            if (sight.visibility[person, row] != Visibility.OUTSIDE).sum() >= _SEEN_JOINTS:
                strata = {"way" if ends[1] == "fall" else "style": how}
                found.append({
                    "type": ends[1], "start_s": round(start, 3), "end_s": round(event.at_s, 3),
                    "worker": take.name, "strata": strata,
                })  # fmt: skip
    return sorted(found, key=lambda one: (one["end_s"], one["worker"]))
