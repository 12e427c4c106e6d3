"""What is remembered of a person to judge their angles, and how a frame is taken in. Pure.

Bounded and plain: headings of the last second, sizes of the body, upright seconds by angle; `state` and `restore` carry
it over into a snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.clock import SECOND
from spotter.ergonomics.angles import baseline, size, steady, yaw
from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.sight import Sight
from spotter.ergonomics.angles.values import OK, Degrees
from spotter.ergonomics.gates import CALIBRATED, RAW, Gates
from spotter.ergonomics.geometry.ground import Ground

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LEARN_S = 1.0
"""Time over which upright frames tell the heading [D]."""

_HOLD_S = 6.0
"""Time in which what is known of the heading fades by e while the person is bent [D]: its interval grows."""

_FRAMES = 3.0
"""How many independent frames a second of them is worth: a model's mistakes last [D]."""

_FIRST_S = 1 / 3
"""A person's first frame stands for this long."""

_SWAY_DEG = 20.0
_NOISE_SHARE = 0.015
"""Standard deviation of a keypoint as a share of stature where the model has no calibration [D]: 2.6 cm."""


class _Layout:
    """Where things are in `AngleMemory.figures`."""

    def __init__(self) -> None:
        parts = {
            "headings": yaw.BINS, "lengths": len(size.LENGTHS), "smooth": len(size.LENGTHS), "bones": len(size.BONES),
            "sway": steady.FIGURES, "stature": 2, "seconds": baseline.BINS,
        }  # fmt: skip
        ends = np.cumsum(list(parts.values())).tolist()
        self.slices = {name: slice(end - parts[name], end) for name, end in zip(parts, ends, strict=True)}
        self.first = np.zeros(ends[-1])
        self.first[self.slices["lengths"]] = size.LENGTHS
        self.first[self.slices["bones"]] = np.nan
        self.first[self.slices["stature"]] = np.nan, 0.0


_LAYOUT = _Layout()


@dataclass(slots=True)
class AngleMemory:
    """One track.

    Attributes:
        at: event time of the newest frame, UTC ns; None before the first.
        figures: everything else, one after the other: logarithm of the weight of each heading, lengths of the body as
            shares of stature, bones of the newest frame in px, sway of the trunk's line, stature in px and its age,
            upright seconds by angle.
    """

    at: int | None = None
    figures: Array = field(default_factory=lambda: _LAYOUT.first.copy())

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [self.at, [None if np.isnan(figure) else figure for figure in self.figures.tolist()]]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The memory that `state` was taken from."""
        at, figures = state
        return cls(at, np.array([np.nan if figure is None else figure for figure in figures], np.float64))


def observe(
    memories: Sequence[AngleMemory],
    at: int,
    keypoints: npt.ArrayLike,
    confidences: npt.ArrayLike,
    deviations: npt.ArrayLike | None,
    stature: npt.ArrayLike,
    ground: Ground,
) -> Context:
    """Take in the people of a frame, and say what is known of them.

    Args:
        memories: of N people; they learn from the frame.
        at: event time, UTC ns.
        keypoints: (N, 17, 2) px.  confidences: (N, 17).
        deviations: (N, 17) px, or None of a model without calibration (then confidences are its raw ones).
        stature: (N,) px as `tracking.scale.PersonScale` measures it; nan: not known. For whoever's legs are not seen.
        ground: the camera; `Ground.of` makes one from whatever is known of it.
    """
    points = np.asarray(keypoints, np.float64).reshape(-1, 17, 2)
    finite: Flags = np.asarray(np.isfinite(points).all(axis=-1))
    points = np.where(finite[..., None], points, 0.0)
    sure = np.asarray(confidences, np.float64).reshape(-1, 17)
    parts = _unpacked(memories)
    elapsed = np.array([np.inf if one.at is None else max(at - one.at, 0) / SECOND for one in memories])
    short = np.where(np.isfinite(elapsed), elapsed, _FIRST_S)
    sight = Sight.of(ground, points)
    pitch, pitch_sd = sight.pitch.mean(axis=0), sight.pitch.std(axis=0)
    seen = finite & sight.within & _seen(points, sure, RAW if deviations is None else CALIBRATED, ground)
    up = ground.best.up(points[:, yaw.HIPS].mean(axis=1))
    up = np.where(np.isfinite(up), up, (0.0, -1.0))
    lean = yaw.lean(points, up)
    little = size.leans_little(lean, seen)
    bones = size.bones_of(points, seen)
    tall, age = size.stature(
        parts["stature"][:, 0], parts["stature"][:, 1], np.asarray(stature, np.float64), bones, little, short, pitch
    )
    usable, obstacle = size.continuity(parts["bones"], elapsed, points, bones, seen, tall, ground)
    parts["bones"][:] = bones
    parts["stature"][:] = np.stack([tall, age], axis=1)
    tall = np.where(np.isfinite(tall), tall, size.by_ground(points, seen, ground))
    noise = _deviations(deviations, points, tall)
    upright = size.learn_lengths(parts["lengths"], parts["smooth"], short, bones, noise, tall, usable & little)
    line = points[:, yaw.SHOULDERS].mean(axis=1) - points[:, yaw.HIPS].mean(axis=1)
    stated = steady.line_noise(noise, np.hypot(line[:, 0], line[:, 1]))
    steady.learn(parts["sway"], elapsed, lean, stated, upright & (np.abs(lean) <= _SWAY_DEG))
    look = yaw.look(points, noise, seen, tall, up, lean)
    doubtful = _learn_headings(parts["headings"], short, look, upright, pitch, pitch_sd)
    facing = yaw.facing(parts["headings"], sight.rays.shape[0])
    facing.reason[doubtful & (facing.status != OK)] = "shoulders, hips and head disagree about the direction"
    _pack(memories, parts, at)
    return Context(
        points, sure, noise, seen, usable, obstacle, sight, up, lean, steady.share(parts["sway"]), facing, tall,
        parts["lengths"] * tall[:, None], size.LENGTH_SD,
        baseline.trunk_offset(parts["seconds"]), baseline.neck_neutral(parts["seconds"]),
    )  # fmt: skip


def learn_neutral(
    memories: Sequence[AngleMemory], elapsed: Array, upright: Flags, trunk: Degrees, neck: Degrees
) -> None:
    """After a frame was judged: who stood or walked upright in it, and their uncorrected trunk flexion and head line.

    Args:
        elapsed: (N,) s that the frame stands for.
        trunk, neck: (N,) degrees; nan where they were not seen well enough.
    """
    seconds = _unpacked(memories)["seconds"]
    baseline.learn(seconds, elapsed, np.where(upright, trunk, np.nan), np.where(upright, neck, np.nan))
    for memory, row in zip(memories, seconds, strict=True):
        memory.figures[_LAYOUT.slices["seconds"]] = row


def _unpacked(memories: Sequence[AngleMemory]) -> dict[str, Array]:
    """(N, ...) views of one table, by name."""
    table = np.array([memory.figures for memory in memories]).reshape(-1, len(_LAYOUT.first))
    return {name: table[:, where] for name, where in _LAYOUT.slices.items()}


def _pack(memories: Sequence[AngleMemory], parts: Mapping[str, Array], at: int) -> None:
    table = np.concatenate(list(parts.values()), axis=1)
    for memory, row in zip(memories, table, strict=True):
        memory.at, memory.figures = at, row


def _deviations(deviations: npt.ArrayLike | None, points: Array, tall: Array) -> Array:
    if deviations is not None:
        return np.asarray(deviations, np.float64).reshape(-1, points.shape[1])
    line = points[:, yaw.SHOULDERS].mean(axis=1) - points[:, yaw.HIPS].mean(axis=1)
    extent = np.where(np.isfinite(tall), tall, np.hypot(line[:, 0], line[:, 1]) / size.LENGTHS[0])
    return np.repeat(np.maximum(_NOISE_SHARE * extent, 1.0)[:, None], points.shape[1], axis=1)


def _seen(points: Array, sure: Array, gates: Gates, ground: Ground) -> Flags:
    least = np.full(points.shape[1], gates.legs)
    least[[*yaw.SHOULDERS, *yaw.HIPS]] = gates.torso
    return np.asarray((sure >= least) & size.inside(points, ground))


def _learn_headings(
    headings: Array, elapsed: Array, look: yaw.Look, upright: Flags, pitch: Degrees, pitch_sd: Degrees
) -> Flags:
    """Add a frame to (N, yaw.BINS) weights, in place; whose widths disagree (N,)."""
    doubtful = yaw.disagree(look)
    learn = upright & ~doubtful & look.seen[:, :4].any(axis=1)
    look.seen[:, :4] &= learn[:, None]
    fades = np.exp(-elapsed / np.where(learn, _LEARN_S, _HOLD_S))
    fresh = yaw.likelihood(look, pitch, pitch_sd)
    fresh -= fresh.max(axis=1, keepdims=True)
    headings *= fades[:, None]
    headings += (_FRAMES * (1.0 - np.exp(-elapsed / _LEARN_S)))[:, None] * fresh
    return doubtful
