"""The worst posture of a minute at a station, as a skeleton: no pixels, no track, nothing that says who. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.contracts import PoseFrame
from spotter.ergonomics.angles.body import BodyAngles

Keypoint = tuple[float, float, float]
AngleValues = tuple[float | None, float, float, str, str]


@dataclass(frozen=True, slots=True)
class WorstPosture:
    """One posture; see `core.store.records.PostureRecord` for the fields.

    `rank` says how bad it is: the lowest posture-only REBA score that the view allows, plus the proven trunk
    inclination as a share of 180 degrees. So a posture is never shown as bad for what the camera could not see.
    """

    at: int
    rank: float
    width: int
    height: int
    keypoints: tuple[Keypoint, ...]
    angles: dict[str, AngleValues]
    scores: dict[str, tuple[float, float]]

    def before(self, other: WorstPosture) -> bool:
        """Worse than `other`, or as bad and earlier; of two in one frame whichever has the smaller keypoints."""
        mine, theirs = (-self.rank, self.at, self.keypoints), (-other.rank, other.at, other.keypoints)
        return mine < theirs

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [
            self.at, self.rank, self.width, self.height, [list(point) for point in self.keypoints],
            {name: list(values) for name, values in self.angles.items()},
            {name: list(values) for name, values in self.scores.items()},
        ]  # fmt: skip

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The posture that `state` was taken from."""
        at, rank, width, height, keypoints, angles, scores = state
        return cls(
            at, rank, width, height, tuple((x, y, confidence) for x, y, confidence in keypoints),
            {name: (value, low, high, status, reason) for name, (value, low, high, status, reason) in angles.items()},
            {name: (low, high) for name, (low, high) in scores.items()},
        )  # fmt: skip


def posture_of(
    pose: PoseFrame, index: int, body: BodyAngles, row: int, rank: float, scores: dict[str, tuple[float, float]]
) -> WorstPosture:
    """The posture of the skeleton at `index` of a frame, whose angles are at `row` of `body`."""
    points = pose.keypoints[index].tolist()
    confidences = pose.confidences[index].tolist()
    keypoints = tuple((round(x, 1), round(y, 1), round(c, 3)) for (x, y), c in zip(points, confidences, strict=True))
    angles: dict[str, AngleValues] = {}
    for name, angle in ((name, values[row]) for name, values in body.items()):
        angles[name] = (angle.value, angle.low, angle.high, angle.status.value, angle.reason)
    return WorstPosture(pose.captured_at, rank, pose.width, pose.height, keypoints, angles, scores)
