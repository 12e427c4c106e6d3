"""Which skeletons stand or walk upright, and where their feet and heads are: what a camera is calibrated from. Pure.

Whether someone is upright is judged by the body alone (straight from ankle to shoulder, legs long against the trunk),
not by the picture's vertical, which is not known yet. Someone who bends along the line of sight may pass now and
then; the fit leaves them out (`geometry.learn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import FloatArray, PoseFrame
from spotter.ergonomics.gates import gates_of
from spotter.ergonomics.geometry.lens import Points

HEAD_HEIGHT = 0.93
"""Height of the middle of eyes, ears and nose when standing, as a share of stature: eyes at 0.936 (Drillis & Contini
1966 after Winter 2009, fig. 4.1), the nose a little lower."""

ANKLE_HEIGHT = 0.039
"""Height of the ankle joint above the floor as a share of stature, same source."""

SHOULDERS, HIPS, KNEES, ANKLES = [5, 6], [11, 12], [13, 14], [15, 16]

_STRAIGHT = np.cos(np.radians(14.0))
"""Largest bend at hip and knee, of the middle of both sides [D]; a stride bends each knee, hardly the middle."""

_LEG_TO_TRUNK = (1.2, 2.4)
"""Hip to ankle over shoulder to hip; 1.7 when standing (0.491 over 0.288, same source), less for whoever sits, more for
whoever leans towards the camera [D]."""

_SMALLEST_PX = 24.0
_MARGIN_PX = 3.0
_STEP = 0.25
"""A person counts again after having walked this share of their height in the picture: someone who only stands is one
observation, however long [D]."""

GRID = (16, 12)
"""Cells across and down that tell how much of the picture people walked in."""

_PER_CELL = 30
"""Observations kept of one cell, so that a busy door does not drown the rest of the floor."""


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """Observations of upright people.

    Attributes:
        feet: (N, 2) px on the floor.  heads: (N, 2) px, `HEAD_HEIGHT` of the stature straight above.
        people: (N,) number of the track.
        width, height: of the picture, px.
        together: most upright people that were seen in one frame: so many are certainly different.
    """

    feet: Points
    heads: Points
    people: npt.NDArray[np.int64]
    width: int
    height: int
    together: int = 1

    def __len__(self) -> int:
        return len(self.feet)

    def of(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Upright:
        """Some of the observations."""
        return Upright(self.feet[rows], self.heads[rows], self.people[rows], self.width, self.height, self.together)

    @property
    def coverage(self) -> float:
        """Share of the picture's cells in which feet were seen."""
        return len(np.unique(_cells(self.feet, self.width, self.height))) / (GRID[0] * GRID[1])

    @property
    def depth(self) -> float:
        """How many times as large the near people look as the far ones: 95th over 5th percentile of the length."""
        if not len(self):
            return 1.0
        low, high = np.quantile(np.linalg.norm(self.heads - self.feet, axis=1), [0.05, 0.95])
        return float(high / low)


def upright_people(
    keypoints: FloatArray, confidences: FloatArray, width: int, height: int, gate: float
) -> tuple[npt.NDArray[np.bool_], Points, Points]:
    """(which are upright (N,), feet (N, 2), heads (N, 2)) of skeletons: (N, 17, 2) px, (N, 17).

    Args:
        gate: confidence that every keypoint used must have.
    """
    points = keypoints.astype(np.float64)
    shoulders, hips, knees, ankles = (points[:, pair].mean(axis=1) for pair in (SHOULDERS, HIPS, KNEES, ANKLES))
    weights = np.where(confidences[:, :5] >= gate, confidences[:, :5], 0.0).astype(np.float64)
    face = (points[:, :5] * weights[..., None]).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)[:, None]
    seen = (confidences[:, SHOULDERS + HIPS + KNEES + ANKLES] >= gate).all(axis=1) & (weights > 0).any(axis=1)
    trunk, leg = shoulders - hips, hips - ankles
    # The face is ahead of the body: its height counts, on the line from ankles to shoulders.
    body = (shoulders - ankles) / np.maximum(np.linalg.norm(shoulders - ankles, axis=1, keepdims=True), 1e-9)
    heads = ankles + body * ((face - ankles) * body).sum(axis=1, keepdims=True)
    lengths = np.linalg.norm(leg, axis=1) / np.maximum(np.linalg.norm(trunk, axis=1), 1e-9)
    straight = (_cosine(trunk, leg) >= _STRAIGHT) & (_cosine(hips - knees, knees - ankles) >= _STRAIGHT)
    straight &= _cosine(face - shoulders, leg) > 0.5
    feet = ankles - (heads - ankles) * (ANKLE_HEIGHT / (HEAD_HEIGHT - ANKLE_HEIGHT))
    large = np.linalg.norm(heads - feet, axis=1) >= _SMALLEST_PX
    ends = np.stack([feet, heads], axis=1)
    inside = (ends >= _MARGIN_PX).all(axis=(1, 2)) & (ends <= np.array([width, height]) - _MARGIN_PX).all(axis=(1, 2))
    fit = (lengths >= _LEG_TO_TRUNK[0]) & (lengths <= _LEG_TO_TRUNK[1])
    return seen & straight & fit & large & inside, feet, heads


class WalkLog:
    """Collects observations frame by frame; bounded by the cells of the picture, whatever the time it runs."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, float, int]] = []
        self._last: dict[str, Points] = {}
        self._numbers: dict[str, int] = {}
        self._full: dict[int, int] = {}
        self._size = (0, 0)
        self._together = 0
        self.frames = 0

    def add(self, pose: PoseFrame, tracks: Sequence[tuple[str, int]]) -> None:
        """One more frame with its tracks: (track id, row in the frame). Frames of another size are left out."""
        if self._size == (0, 0):
            self._size = (pose.width, pose.height)
        if (pose.width, pose.height) != self._size:
            return
        self.frames += 1
        which, feet, heads = upright_people(
            pose.keypoints, pose.confidences, pose.width, pose.height, gates_of(pose).torso
        )
        rows = [(name, row) for name, row in tracks if which[row]]
        self._together = max(self._together, len(rows))
        cells = _cells(feet, pose.width, pose.height) if rows else np.zeros(0, np.int64)
        for name, row in rows:
            last, cell = self._last.get(name), int(cells[row])
            walked = last is None or np.linalg.norm(feet[row] - last) >= _STEP * np.linalg.norm(heads[row] - feet[row])
            if walked and self._full.get(cell, 0) < _PER_CELL:
                self._full[cell] = self._full.get(cell, 0) + 1
                self._last[name] = feet[row]
                number = self._numbers.setdefault(name, len(self._numbers))
                self._rows.append((*feet[row], *heads[row], number))

    def observed(self) -> Upright:
        """Everything so far."""
        table = np.array(self._rows, np.float64).reshape(-1, 5)
        people = table[:, 4].astype(np.int64)
        return Upright(table[:, :2], table[:, 2:4], people, *self._size, max(self._together, 1))


def _cosine(a: Points, b: Points) -> Points:
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / np.maximum(size, 1e-9), np.float64)


def _cells(feet: Points, width: int, height: int) -> npt.NDArray[np.int64]:
    across = np.clip(np.nan_to_num(feet[:, 0]) / max(width, 1) * GRID[0], 0, GRID[0] - 1).astype(np.int64)
    down = np.clip(np.nan_to_num(feet[:, 1]) / max(height, 1) * GRID[1], 0, GRID[1] - 1).astype(np.int64)
    return down * GRID[0] + across
