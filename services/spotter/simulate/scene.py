"""What one virtual camera shows: who stands where and does what. Pure; the same index and seed give the same scene.

People are the recorded workers of the demo clips, mirrored, scaled and moved to a place of their own. Each plays its
clip to and fro without end, so that nobody jumps: a lift is followed by the same lift backwards, a fall by getting up.
Frames of reference: pixels of the virtual picture, `WIDTH` x `HEIGHT`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINT_NAMES, FloatArray
from spotter.core.errors import ConfigError
from spotter.simulate.recordings import CLIPS, recordings

WIDTH, HEIGHT = 1280, 720
CLIP_FPS = 15.0
MOST_PEOPLE = 20

_CROWDS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 20)
"""People in view, drawn for a camera that is not told: half of the cameras see one or two, the mean is 3.55 [D]."""
_STANDING = 30
"""First frames of `aisle` in which the worker only stands; its first frame is held for 2 s."""
_LEAD_S = (1.0, 7.0)
"""Seconds that a camera runs before its first fall begins, least and most, so that falls of a site are spread."""
_SIZES = (0.7, 1.0)
"""Size of a person, as a share of what its place would hold."""
_MARGIN = 0.9
_MOST_SCALE = 2.5


@dataclass(frozen=True, slots=True)
class Script:
    """What the cameras of a load show.

    Attributes:
        fps: frames per second of each camera.
        people: people in view of each; None draws 1 to 20 for each camera.
        falling: each camera whose index is a multiple of this shows a worker who falls; 0: none does.
        fall_every_s: seconds from one fall of such a worker to the next. The fall, 10 s on the ground, as much again
            and the way up take 34 s of them.

    Raises:
        ConfigError: a value out of range.
    """

    fps: float = 15.0
    people: int | None = None
    falling: int = 10
    fall_every_s: float = 60.0

    def __post_init__(self) -> None:
        _in_range("frames per second", self.fps, 0.01, 240)
        _in_range("people", 1 if self.people is None else self.people, 1, MOST_PEOPLE)
        _in_range("falling", self.falling, 0, 1_000_000)
        _in_range("seconds from fall to fall", self.fall_every_s, 40, 86_400)


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Every recorded pose, then every one mirrored: keypoints (P, 17, 2) px of the clip, boxes (P, 4), confidences
    (P, 17), deviations (P, 17) px, scores (P,)."""

    keypoints: FloatArray
    boxes: FloatArray
    confidences: FloatArray
    deviations: FloatArray
    scores: FloatArray
    first: dict[str, int]
    mirrored: int


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """One person: rows of `Poses` in the order played at `CLIP_FPS`, where it begins, and its place in the picture."""

    rows: npt.NDArray[np.intp]
    phase: float
    scale: float
    left: float
    top: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The people of one camera; `falls_at` is the second at which the first fall begins, None without a fall."""

    actors: tuple[Actor, ...]
    falls_at: float | None


def scene(index: int, seed: int, script: Script) -> Scene:
    """The scene of camera `index` of a load."""
    # Only `random()` of a generator seeded by text: its values are the same in every version of Python.
    draw = random.Random(f"{seed}/{index}").random  # noqa: S311
    people = _CROWDS[int(draw() * len(_CROWDS))] if script.people is None else script.people
    columns = math.ceil(math.sqrt(people))
    cell = (WIDTH / columns, HEIGHT / math.ceil(people / columns))
    falls_at = None
    actors: list[Actor] = []
    for place in range(people):
        corner = (place % columns * cell[0], place // columns * cell[1])
        if place == 0 and script.falling and index % script.falling == 0:
            rows = _falling_rows(script.fall_every_s)
            falls_at = round(CLIP_FPS * (_LEAD_S[0] + draw() * (_LEAD_S[1] - _LEAD_S[0]))) / CLIP_FPS
            phase = float(len(rows) - CLIP_FPS * falls_at)
        else:
            rows = _working_rows(CLIPS[int(draw() * 2)])
            phase = float(int(draw() * len(rows)))
        actors.append(_placed(rows, phase, draw() < 0.5, (draw(), draw(), draw()), corner, cell))
    return Scene(tuple(actors), falls_at)


@cache
def poses() -> Poses:
    """The table that the actors' rows point into."""
    kept = recordings()
    first, total = {}, 0
    for name in CLIPS:
        first[name] = total
        total += len(kept[name])
    width = kept[CLIPS[0]].width
    keypoints = np.concatenate([kept[name].keypoints for name in CLIPS])
    boxes = np.concatenate([kept[name].boxes for name in CLIPS])
    confidences = np.concatenate([kept[name].confidences for name in CLIPS])
    deviations = np.concatenate([kept[name].deviations for name in CLIPS])
    scores = np.concatenate([kept[name].scores for name in CLIPS])
    swapped = _other_side()
    turned = (keypoints * np.array([-1, 1], np.float32) + np.array([width, 0], np.float32))[:, swapped]
    turned_boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
    return Poses(
        np.concatenate([keypoints, turned]),
        np.concatenate([boxes, turned_boxes]),
        np.concatenate([confidences, confidences[:, swapped]]),
        np.concatenate([deviations, deviations[:, swapped]]),
        np.concatenate([scores, scores]),
        first,
        total,
    )


def _other_side() -> list[int]:
    """For each keypoint, the one that a mirror makes of it."""
    sides = {"left": "right", "right": "left"}
    names = ["_".join(sides.get(part, part) for part in name.split("_")) for name in KEYPOINT_NAMES]
    return [KEYPOINT_NAMES.index(name) for name in names]


def _working_rows(clip: str) -> npt.NDArray[np.intp]:
    return poses().first[clip] + _to_and_fro(len(recordings()[clip]))


def _falling_rows(every_s: float) -> npt.NDArray[np.intp]:
    """Fall, lie, get up, then stand until the next fall."""
    down_and_up = _to_and_fro(len(recordings()["aisle"]))
    standing = _to_and_fro(_STANDING)
    rest = max(0, round(every_s * CLIP_FPS) - len(down_and_up))
    waiting = standing[np.arange(rest) % len(standing)]
    return poses().first["aisle"] + np.concatenate([down_and_up, waiting])


def _to_and_fro(frames: int) -> npt.NDArray[np.intp]:
    there = np.arange(frames)
    return np.concatenate([there, there[-2:0:-1]])


def _placed(
    rows: npt.NDArray[np.intp],
    phase: float,
    mirrored: bool,
    drawn: tuple[float, float, float],
    corner: tuple[float, float],
    cell: tuple[float, float],
) -> Actor:
    """Everything that the actor ever does fits into its cell, so that people never touch."""
    table = poses()
    rows = rows + table.mirrored if mirrored else rows
    boxes = table.boxes[rows]
    low, high = boxes[:, :2].min(axis=0).astype(float), boxes[:, 2:].max(axis=0).astype(float)
    width, height = high - low
    scale = min(_MARGIN * cell[0] / width, _MARGIN * cell[1] / height, _MOST_SCALE)
    scale *= _SIZES[0] + drawn[0] * (_SIZES[1] - _SIZES[0])
    spare = (cell[0] - scale * width, cell[1] - scale * height)
    left = corner[0] + drawn[1] * spare[0] - scale * low[0]
    top = corner[1] + drawn[2] * spare[1] - scale * low[1]
    return Actor(rows, phase, float(scale), float(left), float(top))


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value:g}", mend=f"Give {low:g} to {high:g}")


def fall_times(index: int, seed: int, script: Script, seconds: float) -> Sequence[float]:
    """Seconds after the camera's start at which falls begin, before `seconds`. Empty for a camera without a fall."""
    first = scene(index, seed, script).falls_at
    if first is None or first >= seconds:
        return ()
    count = math.ceil((seconds - first) / script.fall_every_s)
    return tuple(first + number * script.fall_every_s for number in range(count))
