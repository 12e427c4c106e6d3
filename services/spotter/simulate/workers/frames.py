"""Detections of simulated people as `PoseFrame`s, as the pose service would publish them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.clock import MICROSECOND, from_seconds
from spotter.core.contracts import FloatArray, PoseFrame
from spotter.simulate.workers.sight import Sight, Visibility

START = 1_700_000_000_000_000_000
"""Event time at which simulated footage begins that is not told when, UTC ns (2023-11-14)."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a pose model makes of P people at T moments.

    Attributes:
        present: (P, T) the person was found.
        scores: (P, T).  boxes: (P, T, 4) xyxy px.
        keypoints: (P, T, 17, 2) px.  confidences: (P, T, 17).
        deviations: (P, T, 17) px; None: of a model without calibration.
        times: (T,) s at which the frames were captured.
        model: name and version.
    """

    present: npt.NDArray[np.bool_]
    scores: FloatArray
    boxes: FloatArray
    keypoints: FloatArray
    confidences: FloatArray
    deviations: FloatArray | None
    times: npt.NDArray[np.float64]
    model: str


def exact(sight: Sight) -> Found:
    """A model without error: every joint in the picture where it is, hidden or not, and sure of it.

    Joints outside the picture have confidence 0.
    """
    inside = sight.visibility != Visibility.OUTSIDE
    points = np.nan_to_num(sight.points)
    low = np.where(inside[..., None], points, np.inf).min(axis=2)
    high = np.where(inside[..., None], points, -np.inf).max(axis=2)
    present = inside.any(axis=-1)
    boxes = np.where(present[..., None], np.concatenate([low, high], axis=-1), 0.0)
    return Found(
        present,
        present.astype(np.float32),
        boxes.astype(np.float32),
        points.astype(np.float32),
        inside.astype(np.float32),
        np.full(inside.shape, 0.5, np.float32),
        sight.times,
        "exact/1",
    )


def pose_frames(sight: Sight, found: Found, camera_id: str = "simulated", start: int = START) -> list[PoseFrame]:
    """One `PoseFrame` a moment; people in the order of the takes, those who were not found left out.

    Args:
        start: UTC ns of second 0, whole microseconds; also the camera's epoch.
    """
    camera = sight.view.camera
    frames = []
    for moment, seconds in enumerate(found.times):
        rows = np.flatnonzero(found.present[:, moment])
        at = start + from_seconds(float(seconds)) // MICROSECOND * MICROSECOND
        frames.append(
            PoseFrame(
                camera_id, start, moment, at, at, at, camera.width, camera.height, found.model,
                boxes=found.boxes[rows, moment],
                scores=found.scores[rows, moment],
                keypoints=found.keypoints[rows, moment],
                confidences=found.confidences[rows, moment],
                deviations=None if found.deviations is None else found.deviations[rows, moment],
            )
        )  # fmt: skip
    return frames
