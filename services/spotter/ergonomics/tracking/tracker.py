"""Follow people from frame to frame by keypoint similarity and motion in seconds. Pure and deterministic.

Promises: an id is never used twice within a camera epoch; frame times may be irregular; a frame that is not newer than
the last one is refused, so that duplicates and late frames change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.clock import to_seconds
from spotter.core.contracts import FloatArray, PoseFrame
from spotter.core.parameters import TrackerParameters
from spotter.ergonomics.gates import gates_of
from spotter.ergonomics.tracking.motion import Motion
from spotter.ergonomics.tracking.similarity import Matrix, box_overlap, keypoint_boxes, keypoint_similarity

_EDGE = 0.05
"""A body reaches about this much further than its keypoints, as a share of the longer side of their box: from the nose
to the crown, from the ankle to the sole (0.06 and 0.04 of stature, Winter 2009, fig. 4.1)."""

_NEAR = 0.35
"""Distance of two box centres, in longer sides of the track's box, at which nearness has fallen to 0.61 [D]."""

_SAME_PLACE = 0.1
"""Nearness that continues a track by place alone: three quarters of a box side away [D]."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackedPerson:
    """One person in the newest frame.

    Attributes:
        track_id: "p1", "p2", ... within the camera epoch.
        first_seen, seen_at: event times, UTC ns.
        index: row of the person in the PoseFrame's arrays.
        confirmed: the track has lasted for `TrackerParameters.confirm_s`.
        truncated: the person reaches the edge of the image, so part of the body may be outside.
    """

    track_id: str
    first_seen: int
    seen_at: int
    index: int
    confirmed: bool
    truncated: bool


@dataclass(slots=True)
class _Track:
    number: int
    first_seen: int
    seen_at: int
    keypoints: FloatArray
    confidences: FloatArray
    box: FloatArray
    motion: Motion

    @property
    def name(self) -> str:
        return f"p{self.number}"

    def state(self) -> list[Any]:
        arrays = (array.astype("<f4").tobytes() for array in (self.keypoints, self.confidences, self.box))
        return [self.number, self.first_seen, self.seen_at, *arrays, self.motion.state()]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        number, first_seen, seen_at, *arrays, motion = state
        keypoints, confidences, box = (np.frombuffer(data, "<f4").astype(np.float32) for data in arrays)
        return cls(number, first_seen, seen_at, keypoints.reshape(-1, 2), confidences, box, Motion.restore(motion))


class Tracker:
    """The tracks of one camera.

    Args:
        first: number before that of the first track; for a history that begins late, so that no id is given twice.
    """

    def __init__(self, parameters: TrackerParameters, first: int = 0) -> None:
        self._parameters = parameters
        self._tracks: list[_Track] = []
        self._started = first
        self._time: int | None = None

    @property
    def started(self) -> int:
        """Tracks begun so far in this epoch; only differences of it count, see `first`."""
        return self._started

    def update(self, pose: PoseFrame, keep: Collection[str] = ()) -> list[TrackedPerson] | None:
        """Continue, begin and end tracks with one more frame.

        Args:
            pose: the skeletons of the frame.
            keep: ids that a rule still waits for; they do not end however long they are unseen.

        Returns:
            The people of this frame in the order of their ids; None when the frame is not newer than the last one.
        """
        if self._time is not None and pose.captured_at <= self._time:
            return None
        self._time = pose.captured_at
        gap = int(self._parameters.max_gap_s * 1e9)
        self._tracks = [
            track for track in self._tracks if pose.captured_at - track.seen_at <= gap or track.name in keep
        ]
        boxes = keypoint_boxes(pose.keypoints, pose.confidences, gates_of(pose).weak, pose.boxes)
        assigned = self._assign(pose, boxes)
        for row in range(len(pose)):
            track = assigned.get(row)
            if track is not None:
                self._continue(track, pose, boxes, row)
            elif pose.scores[row] >= self._parameters.min_score:
                assigned[row] = self._begin(pose, boxes, row)
        cut = _truncated(boxes, pose.width, pose.height)
        people = [self._person(track, row, bool(cut[row])) for row, track in assigned.items()]
        return sorted(people, key=lambda person: int(person.track_id[1:]))

    def alive(self) -> set[str]:
        """Ids that may still come back."""
        return {track.name for track in self._tracks}

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {"tracks": [track.state() for track in self._tracks], "started": self._started, "time": self._time}

    @classmethod
    def restore(cls, parameters: TrackerParameters, state: Mapping[str, Any]) -> Self:
        """The tracker that `state` was taken from."""
        tracker = cls(parameters, state["started"])
        tracker._tracks = [_Track.restore(track) for track in state["tracks"]]
        tracker._time = state["time"]
        return tracker

    def _assign(self, pose: PoseFrame, boxes: FloatArray) -> dict[int, _Track]:
        """Best pairs first, in three rounds: confident skeletons, weak ones, then place alone.

        The last round is for a person whose pose changed out of all likeness while unseen: someone who fell or got up.
        """
        if not self._tracks or not len(pose):
            return {}
        similarity, nearness = self._similarity(pose, boxes)
        strong = (pose.scores >= self._parameters.min_score)[None]
        alike = similarity >= self._parameters.min_similarity
        rank = np.where(alike & strong, similarity + 2.0, np.where(alike, similarity + 1.0, -1.0))
        similarity = np.where(~alike & strong & (nearness >= _SAME_PLACE), nearness, rank)
        assigned: dict[int, _Track] = {}
        while similarity.size:
            best = int(similarity.argmax())
            which, row = divmod(best, similarity.shape[1])
            if similarity[which, row] < 0:
                break
            assigned[row] = self._tracks[which]
            similarity[which] = -1.0
            similarity[:, row] = -1.0
        return assigned

    def _similarity(self, pose: PoseFrame, boxes: FloatArray) -> tuple[Matrix, Matrix]:
        """(tracks, skeletons) in 0..1: mean of OKS, box overlap and nearness at the predicted place; nearness alone."""
        elapsed = (to_seconds(pose.captured_at - track.seen_at) for track in self._tracks)
        shift = np.array(
            [track.motion.shift(seconds) for track, seconds in zip(self._tracks, elapsed, strict=True)], np.float32
        )
        keypoints = np.array([track.keypoints for track in self._tracks]) + shift[:, None]
        expected = np.array([track.box for track in self._tracks]) + np.concatenate([shift, shift], axis=1)
        weights = np.array([track.confidences for track in self._tracks])
        weak = gates_of(pose).weak
        weights = np.where(weights >= weak, weights, 0.0).astype(np.float32)
        seen = np.where(pose.confidences >= weak, pose.confidences, 0.0).astype(np.float32)
        oks = keypoint_similarity(keypoints, weights, expected, pose.keypoints, seen)
        overlap = box_overlap(expected, boxes)
        size = np.maximum(expected[:, 2:] - expected[:, :2], 1.0).max(axis=1)
        # Someone who falls stops at once: the place where they were last seen counts as much as the predicted one.
        places = np.array([_centres(expected), _centres(expected) - shift])
        distance = np.linalg.norm(places[:, :, None] - _centres(boxes), axis=3).min(axis=0) / size[:, None]
        nearness = np.exp(-(distance**2) / (2 * _NEAR**2)).astype(np.float64)
        return (oks + overlap + nearness) / 3, nearness

    def _continue(self, track: _Track, pose: PoseFrame, boxes: FloatArray, row: int) -> None:
        weights = np.minimum(track.confidences, pose.confidences[row])
        weights = np.where(weights >= gates_of(pose).weak, weights, 0.0)
        if weights.sum() > 0:
            x, y = ((pose.keypoints[row] - track.keypoints) * weights[:, None]).sum(axis=0) / weights.sum()
            elapsed = max(to_seconds(pose.captured_at - track.seen_at), 1e-3)
            track.motion.measure(float(x), float(y), elapsed, _size(boxes[row]))
        track.keypoints, track.confidences = pose.keypoints[row], pose.confidences[row]
        track.box, track.seen_at = boxes[row], pose.captured_at

    def _begin(self, pose: PoseFrame, boxes: FloatArray, row: int) -> _Track:
        self._started += 1
        at = pose.captured_at
        motion = Motion.begin(_size(boxes[row]))
        track = _Track(self._started, at, at, pose.keypoints[row], pose.confidences[row], boxes[row], motion)
        self._tracks.append(track)
        return track

    def _person(self, track: _Track, row: int, truncated: bool) -> TrackedPerson:
        confirmed = to_seconds(track.seen_at - track.first_seen) >= self._parameters.confirm_s
        return TrackedPerson(track.name, track.first_seen, track.seen_at, row, confirmed, truncated)


def _size(box: FloatArray) -> float:
    """Longer side of a box (4,) xyxy, px; at least 1."""
    return max(float(box[2] - box[0]), float(box[3] - box[1]), 1.0)


def _truncated(boxes: FloatArray, width: int, height: int) -> npt.NDArray[np.bool_]:
    """(N,): whether a box (N, 4) reaches an edge of the image; keypoints end a little before the body does."""
    sides = boxes[:, 2:] - boxes[:, :2]
    margin = _EDGE * sides.max(axis=1, initial=0.0, keepdims=True)
    low, high = boxes[:, :2] <= margin, boxes[:, 2:] >= np.array([width, height], np.float32) - margin
    return np.asarray((low | high).any(axis=1))


def _centres(boxes: FloatArray) -> FloatArray:
    """(N, 4) xyxy -> (N, 2)."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float32)
