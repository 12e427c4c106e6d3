"""Crowds of walking people as a pose model would see them, with their true identities. Deterministic by seed.

People walk from place to place on a floor, stop, and bend now and then; a pinhole camera on the wall sees them. The
detector's errors are those that matter to a tracker: noise that grows with the person and where others stand in front,
people missed behind others or by chance, weak scores, skeletons of nobody. Times may be irregular.

World: metres, x to the right, y away from the camera along the floor, z up. Pixels: x right, y down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.core.contracts import FloatArray, PoseFrame

Array = npt.NDArray[np.float64]

WIDTH, HEIGHT = 1280, 720
START = 1_767_225_600_000_000_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """What is to be seen.

    Attributes:
        people: on the floor; some of them are out of view at times.
        fps: frames per second; jitter: share of a frame time by which each one is early or late.
        camera_m, pitch_deg: height of the camera and how far it looks down.
        miss: share of people that the detector misses by chance, in runs of about 0.3 s.
    """

    people: int
    fps: float = 15.0
    jitter: float = 0.2
    camera_m: float = 3.0
    pitch_deg: float = 18.0
    miss: float = 0.05
    seconds: float = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame: what a tracker is given, and who is truly there.

    Attributes:
        truth: true identity of each skeleton of the frame, -1 for one of nobody.
        people, boxes: identities and true boxes (P, 4) of everyone who is in view by half or more, seen or not.
    """

    frame: PoseFrame
    truth: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    boxes: Array


def watch(crowd: Crowd, seed: int) -> Iterator[Seen]:
    """The frames of a crowd."""
    random = np.random.default_rng([seed, crowd.people, round(crowd.fps * 10)])
    walkers = _Walkers(crowd.people, random)
    missing = np.zeros(crowd.people)
    before = 0.0
    for sequence in range(round(crowd.seconds * crowd.fps)):
        at = (sequence + crowd.jitter * random.uniform(-0.5, 0.5)) / crowd.fps
        walkers.walk(at - before)
        missing = np.where(
            (missing <= 0) & (random.random(crowd.people) < crowd.miss * (at - before) / 0.3),
            random.exponential(0.3, crowd.people),
            missing - (at - before),
        )
        before = at
        yield _look(walkers, missing > 0, crowd, random, sequence, at)


class _Walkers:
    """Where everybody is and in which phase of their gait."""

    def __init__(self, count: int, random: np.random.Generator) -> None:
        self._random = random
        self.stature = np.clip(random.normal(1.72, 0.09, count), 1.5, 1.98)
        self.place = self._somewhere(count)
        self._goal = self._somewhere(count)
        self._speed = random.uniform(0.6, 1.6, count)
        self._rest = np.zeros(count)
        self.bend = np.zeros(count)
        self._bends = np.zeros(count, bool)
        self.phase = random.uniform(0, 2 * np.pi, count)
        self.heading = random.uniform(-np.pi, np.pi, count)
        self.stride = np.zeros(count)

    def walk(self, elapsed: float) -> None:
        """Let `elapsed` seconds pass."""
        way = self._goal - self.place
        left = np.linalg.norm(way, axis=1)
        arrived = (left < 0.2) & (self._rest <= 0)
        count = int(arrived.sum())
        self._goal[arrived] = self._somewhere(count)
        self._rest[arrived] = self._random.choice([0.0, 0.0, 1.5, 4.0], count)
        self._bends[arrived] = self._random.random(count) < 0.5
        self._speed[arrived] = self._random.uniform(0.6, 1.6, count)
        resting = self._rest > 0
        self._rest = np.maximum(self._rest - elapsed, 0.0)
        speed = np.where(resting, 0.0, self._speed)
        self.place += way / np.maximum(left, 1e-6)[:, None] * np.minimum(speed * elapsed, left)[:, None]
        wanted = np.arctan2(way[:, 1], way[:, 0])
        turn = (wanted - self.heading + np.pi) % (2 * np.pi) - np.pi
        self.heading += np.where(resting, 0.0, np.clip(turn, -4 * elapsed, 4 * elapsed))
        self.phase += 2 * np.pi * 0.9 * speed * elapsed / 1.3
        self.stride += (np.where(resting, 0.0, 0.42) - self.stride) * min(1.0, 6 * elapsed)
        bend = np.where(resting & self._bends, np.radians(70), 0.0)
        self.bend += (bend - self.bend) * min(1.0, 3 * elapsed)

    def joints(self) -> Array:
        """(N, 17, 3) m, COCO order."""
        s, bend, swing = self.stature, self.bend, self.stride * np.sin(self.phase)
        hip = 0.53 * s * (1 - 0.08 * np.sin(bend))
        forward = np.stack([np.cos(self.heading), np.sin(self.heading), np.zeros_like(s)], 1)
        left = np.stack([-np.sin(self.heading), np.cos(self.heading), np.zeros_like(s)], 1)
        up = np.array([0.0, 0.0, 1.0])
        trunk = np.sin(bend)[:, None] * forward + np.cos(bend)[:, None] * up
        face = np.cos(bend)[:, None] * forward - np.sin(bend)[:, None] * up
        feet = np.concatenate([self.place, np.zeros((len(s), 1))], 1)
        hips = feet + hip[:, None] * up
        neck = hips + 0.30 * s[:, None] * trunk
        head = neck + 0.12 * s[:, None] * trunk
        out = np.empty((len(s), 17, 3))
        scale = s[:, None]
        out[:, 0] = head + 0.06 * scale * face
        for side, sign in ((0, 1.0), (1, -1.0)):
            lateral = sign * left
            out[:, 1 + side] = head + scale * (0.05 * face + 0.02 * lateral + 0.02 * trunk)
            out[:, 3 + side] = head + scale * 0.045 * lateral
            shoulder = neck + 0.11 * scale * lateral
            out[:, 5 + side] = shoulder
            arm = -sign * 0.7 * swing
            out[:, 7 + side] = shoulder + 0.17 * scale * (np.sin(arm)[:, None] * forward - np.cos(arm)[:, None] * up)
            low = arm + 0.35
            out[:, 9 + side] = out[:, 7 + side] + 0.15 * scale * (
                np.sin(low)[:, None] * forward - np.cos(low)[:, None] * up
            )
            joint = hips + 0.055 * scale * lateral
            out[:, 11 + side] = joint
            leg = sign * swing
            knee = np.maximum(0.0, 0.8 * np.sin(self.phase + (0 if sign > 0 else np.pi)) * self.stride)
            out[:, 13 + side] = joint + (0.245 * scale) * (np.sin(leg)[:, None] * forward - np.cos(leg)[:, None] * up)
            shank = leg - knee
            out[:, 15 + side] = out[:, 13 + side] + 0.246 * scale * (
                np.sin(shank)[:, None] * forward - np.cos(shank)[:, None] * up
            )
        return out

    def _somewhere(self, count: int) -> Array:
        return np.stack([self._random.uniform(-5.5, 5.5, count), self._random.uniform(4.0, 15.0, count)], 1)


def _look(
    walkers: _Walkers,
    missing: npt.NDArray[np.bool_],
    crowd: Crowd,
    random: np.random.Generator,
    sequence: int,
    at: float,
) -> Seen:
    points, depth = _project(walkers.joints(), crowd)
    tall = walkers.stature * _focal() / depth
    boxes = np.concatenate([points.min(1), points.max(1)], 1)
    inside = ((points >= 0) & (points < (WIDTH, HEIGHT))).all(2)
    there = np.flatnonzero(inside.mean(1) >= 0.5)
    hidden = _hidden(points, boxes, depth)
    visible = inside & ~hidden
    noise = 0.02 * tall[:, None] * np.where(hidden, 3.0, 1.0)
    found = points + random.normal(size=points.shape) * noise[..., None]
    sure = np.clip(np.where(visible, 0.85, 0.2) + random.normal(0, 0.07, visible.shape), 0.02, 1.0)
    score = np.clip(sure.mean(1) - 0.15 + random.normal(0, 0.05, len(sure)), 0.0, 1.0)
    chance = 1 / (1 + np.exp(-(visible.mean(1) - 0.3) * 20))
    seen = there[(random.random(len(points)) < chance)[there] & ~missing[there] & (score[there] > 0.1)]
    truth = [int(i) for i in seen]
    keypoints, confidences, scores = [*found[seen]], [*sure[seen]], [*score[seen]]
    if random.random() < 0.03:
        ghost = found[random.integers(len(found))] - found[0].mean(0) + random.uniform((0, 0), (WIDTH, HEIGHT))
        keypoints.append(ghost)
        confidences.append(np.full(17, 0.25))
        scores.append(random.uniform(0.12, 0.35))
        truth.append(-1)
    order = np.argsort(-np.array(scores), kind="stable")
    found = np.array(keypoints, np.float32).reshape(-1, 17, 2)[order]
    frame = PoseFrame(
        camera_id="crowd",
        epoch=START,
        sequence=sequence,
        captured_at=START + from_seconds(max(at, 0.0)) + sequence * 1000,
        published_at=START,
        posed_at=START,
        width=WIDTH,
        height=HEIGHT,
        model="crowds",
        boxes=_boxes(found),
        scores=np.array(scores, np.float32)[order],
        keypoints=found,
        confidences=np.array(confidences, np.float32).reshape(-1, 17)[order],
    )
    return Seen(frame, np.array(truth, np.int64)[order], there.astype(np.int64), boxes[there])


def _project(joints: Array, crowd: Crowd) -> tuple[Array, Array]:
    """((N, 17, 2) px, (N,) depth of the people in m)."""
    pitch = np.radians(crowd.pitch_deg)
    relative = joints - (0.0, 0.0, crowd.camera_m)
    ahead = relative[..., 1] * np.cos(pitch) - relative[..., 2] * np.sin(pitch)
    below = -relative[..., 1] * np.sin(pitch) - relative[..., 2] * np.cos(pitch)
    ahead = np.maximum(ahead, 0.3)
    pixels = np.stack([relative[..., 0], below], -1) / ahead[..., None] * _focal() + (WIDTH / 2, HEIGHT / 2)
    return pixels, ahead.mean(1)


def _focal() -> float:
    return WIDTH / 2 / float(np.tan(np.radians(75) / 2))


def _hidden(points: Array, boxes: Array, depth: Array) -> npt.NDArray[np.bool_]:
    """(N, 17): behind somebody who is nearer; people are taken for 70 % of the width of their boxes."""
    margin = 0.15 * (boxes[:, 2] - boxes[:, 0])
    low = boxes[:, :2] + np.stack([margin, np.zeros_like(margin)], 1)
    high = boxes[:, 2:] - np.stack([margin, np.zeros_like(margin)], 1)
    within = ((points[:, :, None] >= low) & (points[:, :, None] <= high)).all(-1)
    nearer = depth[None] < depth[:, None] - 0.1
    return np.asarray((within & nearer[:, None, :]).any(-1))


def _boxes(keypoints: FloatArray) -> FloatArray:
    if not len(keypoints):
        return np.zeros((0, 4), np.float32)
    corners = np.concatenate([keypoints.min(1), keypoints.max(1)], 1)
    return np.clip(corners, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).astype(np.float32)
