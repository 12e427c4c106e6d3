"""A played scene as files: a recording of all cameras, labels, and the truth.

    NAME.avro        skeletons as the cameras' model found them; `spotter replay`, `evaluate` and `backtest` read it
    labels.json      falls and lifts by camera, for `spotter evaluate events`
    NAME.truth.npz   exact joints and angles by worker, 2D joints and visibility by camera

Existing files are never overwritten. What was begun is taken away again when it cannot be finished.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter import __version__
from spotter.core.errors import ConfigError
from spotter.recordings import SUFFIX, CameraRecord, RecordingHeader, RecordingWriter
from spotter.simulate.workers.film import Shot, perform, shoot, viewpoint
from spotter.simulate.workers.scene_file import Scene
from spotter.simulate.workers.take import Take

LABELS = "labels.json"
_TRUTH = ".truth.npz"
_SPACE = uuid.UUID("5d5f6a1e-4b5e-4b61-9b7e-5f1f3a0f6b52")
"""Names recordings of scenes: the same scene and seed make the same bytes."""

OnStep = Callable[[str], None]
"""Told after each worker and camera."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: files, and by camera frames, skeletons, falls and lifts."""

    files: tuple[Path, ...]
    cameras: dict[str, dict[str, int]]


def save(scene: Scene, name: str, folder: Path, *, seed: int | None = None, step: OnStep | None = None) -> Saved:
    """Play a scene and write its files.

    Args:
        name: of the files, without ending.
        folder: is made where it is missing.
        seed: in place of the scene's own.

    Raises:
        ConfigError: a step of the scene cannot be done, or a file is there already or cannot be written.
        RecordingError: the recording is there already or cannot be written.
    """
    told = step or (lambda what: None)
    takes = perform(scene, seed=seed)
    told("workers")
    recording, labels, truth = folder / f"{name}{SUFFIX}", folder / LABELS, folder / f"{name}{_TRUTH}"
    for path in (recording, labels, truth):
        if path.exists():
            raise ConfigError(f"'{path}' exists already", mend="Delete it, or choose another place with --out")
    with _written(folder, (recording, labels, truth)):
        shots = []
        for camera in scene.cameras:
            shots.append(shoot(scene, takes, camera, seed=seed))
            told(camera.id)
        _record(scene, name, recording, shots, scene.seed if seed is None else seed)
        labels.write_text(json.dumps(_labels(name, shots), indent=1) + "\n", encoding="utf-8")
        with truth.open("wb") as file:
            np.savez_compressed(file, **_truth(takes, shots))  # type: ignore[arg-type]
        told("files")
    return Saved((recording, labels, truth), {shot.camera: _counts(shot) for shot in shots})


@contextmanager
def _written(folder: Path, paths: tuple[Path, ...]) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        _remove(paths)
        raise ConfigError(
            f"cannot write to '{folder}': {error.strerror}", mend="Choose another place with --out"
        ) from None
    except BaseException:
        _remove(paths)
        raise


def _remove(paths: tuple[Path, ...]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _record(scene: Scene, name: str, path: Path, shots: list[Shot], seed: int) -> None:
    parts = {part.id: part for part in scene.cameras}
    cameras = {
        shot.camera: CameraRecord(viewpoint(parts[shot.camera]).parameters(calibrated=parts[shot.camera].calibrated),
                                  footage=name)
        for shot in shots
    }  # fmt: skip
    run = uuid.uuid5(_SPACE, f"{scene.model_dump_json()}/{seed}").hex
    header = RecordingHeader(site=scene.site, cameras=cameras, recording=run, written_by=__version__)
    frames = sorted((one for shot in shots for one in shot.frames), key=lambda one: (one.captured_at, one.camera_id))
    with RecordingWriter(path, header) as writer:
        for frame in frames:
            writer.append(frame)


def _labels(name: str, shots: list[Shot]) -> dict[str, object]:
    items = [
        {"file": f"{name}{SUFFIX}", "camera": shot.camera, "kind": "video", "events": shot.events} for shot in shots
    ]
    return {"made": "spotter simulate: simulated workers, no real people", "items": items}


def _truth(takes: list[Take], shots: list[Shot]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for number, take in enumerate(takes):
        found |= {f"{take.name}/times": take.times, f"{take.name}/joints": take.joints.astype(np.float32)}
        found |= {f"{take.name}/{angle}": value.value.astype(np.float32) for angle, value in take.angles.items()}
        for shot in shots:
            found[f"{shot.camera}/{take.name}/points"] = shot.sight.points[number].astype(np.float32)
            found[f"{shot.camera}/{take.name}/visibility"] = shot.sight.visibility[number]
    return found


def _counts(shot: Shot) -> dict[str, int]:
    return {
        "frames": len(shot.frames),
        "skeletons": sum(len(frame) for frame in shot.frames),
        "falls": sum(event["type"] == "fall" for event in shot.events),
        "lifts": sum(event["type"] == "lift" for event in shot.events),
    }
