"""Frames of the demo recordings, as a camera would send them, and how they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame
from spotter.recordings import CameraRecord, RecordingHeader, RecordingWriter
from spotter.simulate.recordings import recordings


def clip_poses(clip: str, *, camera: str = "", epoch: int = 0, deviations: bool = True) -> list[PoseFrame]:
    """All frames of a demo clip; event time begins at `epoch`."""
    found = recordings()[clip]
    frames = []
    for row in range(len(found)):
        at = epoch + from_seconds(row / found.fps)
        one = slice(row, row + 1)
        frames.append(
            PoseFrame(
                camera or clip, epoch, row, at, at + 5_000, at + 31_000, found.width, found.height, found.model,
                found.boxes[one], found.scores[one], found.keypoints[one], found.confidences[one], 7_000,
                deviations=found.deviations[one] if deviations else None,
            )
        )  # fmt: skip
    return frames


def same(a: PoseFrame, b: PoseFrame) -> bool:
    """True when every value is the same to the last bit."""
    return all(_equal(getattr(a, one.name), getattr(b, one.name)) for one in fields(PoseFrame) if one.name != "trace")


def all_same(a: Sequence[PoseFrame], b: Sequence[PoseFrame]) -> bool:
    return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b, strict=True))


def write(path: Path, poses: Iterable[PoseFrame], *, site: str = "plant", footage: bool = True) -> Path:
    """A recording of `poses`, with each of their cameras in its header."""
    poses = list(poses)
    cameras = {pose.camera_id: CameraRecord(footage=f"{pose.camera_id}.mp4" if footage else "") for pose in poses}
    with RecordingWriter(path, RecordingHeader(site, cameras)) as writer:
        for pose in poses:
            writer.append(pose)
    return path


def _equal(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b
