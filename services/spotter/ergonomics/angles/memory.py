"""What is remembered of a person to judge their angles, and how a frame is taken in. Pure.

Bounded and plain: headings of the last second, lengths of the body, upright seconds by angle; `state` and `restore`
carry it over into a snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.clock import SECOND
from spotter.ergonomics.angles import baseline, steady, yaw
from spotter.ergonomics.angles.context import TRUNK, Context
from spotter.ergonomics.angles.sight import Sight
from spotter.ergonomics.angles.values import OK, Degrees
from spotter.ergonomics.gates import CALIBRATED, RAW, Gates
from spotter.ergonomics.geometry.ground import Ground

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LENGTHS = np.array([0.293, 0.186, 0.146, 0.245, 0.246])
"""Trunk, upper arm, forearm, thigh and shank as shares of stature: Drillis & Contini (Winter 2009, fig. 4.1), the trunk
between shoulders and hips as the default model places them on simulated workers (0.288 in that source)."""

LENGTH_SD = 0.08
"""Relative standard deviation of the lengths in px: proportions of people and the size in the picture [D]."""

MEASURED_LONG = 1.075
"""By how much `tracking.scale` measures an upright person longer, along the body, than their stature looks square to
the line of sight from the side: with the default model 0.98 at pitches around 24 degrees, whose cosine is 0.91."""

_LONGEST = 1.15
_BONES = np.array([
    (5, 11), (6, 12), (5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16),
])  # fmt: skip
_BONE_LENGTHS = np.array([0.29, 0.29, 0.186, 0.146, 0.186, 0.146, 0.245, 0.246, 0.245, 0.246])
_TRUNKS = 2
_LIMBS = ((1, (2, 4)), (2, (3, 5)), (3, (6, 8)), (4, (7, 9)))
"""Columns of `Context.lengths` with their rows of `_BONES`."""

_JUMP = 0.25
_JUMP_WITHIN_S = 0.2
"""A bone that changes by more than this share of its length within this time is a mistake of the model (METHODS
6.3.7)."""

_LEARN_S = 1.0
"""Time over which upright frames tell the heading [D]."""

_HOLD_S = 6.0
"""Time in which what is known of the heading fades by e while the person is bent [D]: its interval grows."""

_FRAMES = 3.0
"""How many independent frames a second of them is worth: a model's mistakes last [D]."""

_FIRST_S = 1 / 3
_UPRIGHT_DEG, _UPRIGHT_LENGTH = 35.0, 0.75
_SWAY_DEG = 20.0
_EDGE_PX = 2.0
_NOISE_SHARE = 0.015
"""Standard deviation of a keypoint as a share of stature where the model has no calibration [D]: 2.6 cm."""


@dataclass(slots=True)
class AngleMemory:
    """One track.

    Attributes:
        at: event time of the newest frame, UTC ns; None before the first.
        headings: (yaw.BINS,) logarithm of the weight of each heading.
        lengths: (5,) trunk: its mean share of stature when upright; limbs: the longest that they were for a moment.
        smooth: (5,) the same shares, smoothed over a moment.
        bones: (10,) px in the newest frame; nan where not seen.
        sway: (steady.FIGURES,) of the trunk's line when upright.
        seconds: (baseline.BINS,) upright seconds by angle.
    """

    at: int | None = None
    headings: Array = field(default_factory=lambda: np.zeros(yaw.BINS))
    lengths: Array = field(default_factory=lambda: LENGTHS.copy())
    smooth: Array = field(default_factory=lambda: np.zeros(len(LENGTHS)))
    bones: Array = field(default_factory=lambda: np.full(len(_BONES), np.nan))
    sway: Array = field(default_factory=lambda: np.zeros(steady.FIGURES))
    seconds: Array = field(default_factory=lambda: np.zeros(baseline.BINS))

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        bones = [None if np.isnan(bone) else bone for bone in self.bones.tolist()]
        return {
            "at": self.at, "headings": self.headings.tolist(), "lengths": self.lengths.tolist(),
            "smooth": self.smooth.tolist(), "bones": bones,
            "sway": self.sway.tolist(), "seconds": self.seconds.tolist(),
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The memory that `state` was taken from."""
        bones = [np.nan if bone is None else bone for bone in state["bones"]]
        arrays = (state["headings"], state["lengths"], state["smooth"], bones, state["sway"], state["seconds"])
        return cls(state["at"], *(np.array(values, np.float64) for values in arrays))


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
        stature: (N,) px as `tracking.scale.PersonScale` measures it; nan: not known.
        ground: the camera; `Ground.of` makes one from whatever is known of it.
    """
    points, sure = np.asarray(keypoints, np.float64), np.asarray(confidences, np.float64)
    gates = RAW if deviations is None else CALIBRATED
    sight = Sight.of(ground, points)
    pitch, pitch_sd = sight.pitch.mean(axis=0), sight.pitch.std(axis=0)
    tall = _stature(np.asarray(stature, np.float64), points, sure, ground, gates, pitch)
    noise = _deviations(deviations, points, tall)
    seen = _seen(points, sure, gates, ground)
    elapsed = _elapsed(memories, at)
    usable, obstacle, bones = _continuity(memories, elapsed, points, seen, tall, ground)
    up = ground.best.up(points[:, yaw.HIPS].mean(axis=1))
    look = yaw.look(points, noise, seen, tall, up)
    lengths, upright = _lengths(memories, elapsed, bones, tall, look, usable)
    sway = _sway(memories, elapsed, points, noise, look, upright)
    weights, doubtful = _headings(memories, elapsed, look, upright, pitch, pitch_sd)
    facing = yaw.facing(weights, sight.rays.shape[0])
    facing.reason[doubtful & (facing.status != OK)] = "shoulders, hips and head disagree about the direction"
    seconds = np.stack([memory.seconds for memory in memories]) if memories else np.zeros((0, baseline.BINS))
    for row, memory in enumerate(memories):
        memory.at, memory.bones, memory.headings = at, bones[row], weights[row]
    return Context(
        points, sure, noise, seen, usable, obstacle, sight, look.lean, steady.share(sway), facing, tall,
        lengths * tall[:, None], LENGTH_SD,
        baseline.trunk_offset(seconds), baseline.neck_neutral(seconds),
    )  # fmt: skip


def learn_neutral(
    memories: Sequence[AngleMemory], elapsed: Array, upright: Flags, trunk: Degrees, neck: Degrees
) -> None:
    """After a frame was judged: who stood or walked upright in it, and their uncorrected trunk flexion and head line.

    Args:
        elapsed: (N,) s that the frame stands for.
        trunk, neck: (N,) degrees; nan where they were not seen well enough.
    """
    if not memories:
        return
    seconds = np.stack([memory.seconds for memory in memories])
    baseline.learn(seconds, elapsed, np.where(upright, trunk, np.nan), np.where(upright, neck, np.nan))
    for memory, row in zip(memories, seconds, strict=True):
        memory.seconds = row


def _elapsed(memories: Sequence[AngleMemory], at: int) -> Array:
    """(N,) s since each was seen; infinite at first."""
    return np.array([np.inf if memory.at is None else max(at - memory.at, 0) / SECOND for memory in memories])


def _stature(given: Array, points: Array, sure: Array, ground: Ground, gates: Gates, pitch: Degrees) -> Array:
    """(N,) px square to the line of sight; where nobody has measured it, by the camera's scale at the feet."""
    tall = given / (MEASURED_LONG * np.maximum(np.cos(np.radians(pitch)), 0.3))
    if ground.reason or np.isfinite(tall).all():
        return tall
    feet = points[:, [15, 16]].mean(axis=1)
    place = ground.best.floor(feet)
    far = np.sqrt((place**2).sum(axis=-1) + ground.best.above**2)
    known = (sure[:, [15, 16]].min(axis=1) >= gates.legs) & np.isfinite(far)
    by_scale = _STATURE_M * np.asarray(ground.best.focal[1]) / np.where(known, far, np.nan)
    return np.where(np.isfinite(tall), tall, by_scale)


_STATURE_M = 1.72


def _deviations(deviations: npt.ArrayLike | None, points: Array, tall: Array) -> Array:
    if deviations is not None:
        return np.asarray(deviations, np.float64)
    line = points[:, [5, 6]].mean(axis=1) - points[:, [11, 12]].mean(axis=1)
    size = np.where(np.isfinite(tall), tall, np.hypot(line[:, 0], line[:, 1]) / LENGTHS[TRUNK])
    return np.repeat(np.maximum(_NOISE_SHARE * size, 1.0)[:, None], points.shape[1], axis=1)


def _seen(points: Array, sure: Array, gates: Gates, ground: Ground) -> Flags:
    """(N, 17) confident and not at the picture's edge, where models put what is cut off."""
    least = np.full(points.shape[1], gates.legs)
    least[[5, 6, 11, 12]] = gates.torso
    size = np.array([ground.best.width, ground.best.height])
    inside = (points >= _EDGE_PX) & (points <= size - _EDGE_PX)
    return np.asarray((sure >= least) & inside.all(axis=-1))


def _continuity(
    memories: Sequence[AngleMemory], elapsed: Array, points: Array, seen: Flags, tall: Array, ground: Ground
) -> tuple[Flags, npt.NDArray[np.object_], Array]:
    """Whose trunk fits the frame before (METHODS 6.3.7): (usable, obstacle, bones in px). A limb that jumps is
    taken out of `seen`."""
    ends = points[:, _BONES]
    long = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1)
    bones = np.where(seen[:, _BONES].all(axis=-1), long, np.nan)
    before = np.array([memory.bones for memory in memories]).reshape(-1, len(_BONES))
    full = np.where(np.isfinite(tall)[:, None], tall[:, None] * _BONE_LENGTHS, np.fmax(bones, before))
    with np.errstate(invalid="ignore"):
        jumps = (np.abs(bones - before) > _JUMP * full) & (elapsed <= _JUMP_WITHIN_S)[:, None]
    for bone in range(_TRUNKS, len(_BONES)):
        seen[jumps[:, bone], _BONES[bone, 1]] = False
    broken = jumps[:, :_TRUNKS].any(axis=1)
    size = np.array([ground.best.width, ground.best.height])
    torso = points[:, [5, 6, 11, 12]]
    cut = ((torso < _EDGE_PX) | (torso > size - _EDGE_PX)).any(axis=(1, 2))
    obstacle = np.where(broken, "the skeleton jumped", "").astype(np.object_)
    obstacle[cut] = "cut off by the picture's edge"
    return ~(broken | cut), obstacle, bones


def _lengths(
    memories: Sequence[AngleMemory], elapsed: Array, bones: Array, tall: Array, look: yaw.Look, usable: Flags
) -> tuple[Array, Flags]:
    """(shares of stature (N, 5), who is upright (N,)); the memories learn both."""
    if not memories:
        return np.zeros((0, len(LENGTHS))), np.zeros(0, np.bool_)
    lengths, smooth = (np.stack([getattr(memory, name) for memory in memories]) for name in ("lengths", "smooth"))
    share = bones / tall[:, None]
    trunk = share[:, :_TRUNKS].mean(axis=1)
    upright = usable & look.seen[:, 4] & (np.abs(look.lean) <= _UPRIGHT_DEG)
    upright &= ~(trunk < _UPRIGHT_LENGTH * lengths[:, TRUNK])
    short = np.where(np.isfinite(elapsed), elapsed, _FIRST_S)
    slow = np.where(upright & np.isfinite(trunk), 1.0 - np.exp(-short / 3.0), 0.0)
    bounded = np.clip(np.nan_to_num(trunk), 0.85 * LENGTHS[TRUNK], _LONGEST * LENGTHS[TRUNK])
    lengths[:, TRUNK] += slow * (bounded - lengths[:, TRUNK])
    quick = 1.0 - np.exp(-short / 0.2)
    for column, rows in _LIMBS:
        both = np.fmax(share[:, rows[0]], share[:, rows[1]])
        known = np.isfinite(both)
        smooth[:, column] += np.where(known, quick * (np.nan_to_num(both) - smooth[:, column]), 0.0)
        longest = np.minimum(smooth[:, column], _LONGEST * LENGTHS[column])
        lengths[:, column] = np.maximum(lengths[:, column], longest)
    for row, memory in enumerate(memories):
        memory.lengths, memory.smooth = lengths[row], smooth[row]
    return lengths, upright


def _sway(
    memories: Sequence[AngleMemory], elapsed: Array, points: Array, noise: Array, look: yaw.Look, upright: Flags
) -> Array:
    """(N, steady.FIGURES); the memories learn them."""
    if not memories:
        return np.zeros((0, steady.FIGURES))
    sway = np.stack([memory.sway for memory in memories])
    line = points[:, yaw.SHOULDERS].mean(axis=1) - points[:, yaw.HIPS].mean(axis=1)
    stated = steady.line_noise(noise, np.hypot(line[:, 0], line[:, 1]))
    steady.learn(sway, elapsed, look.lean, stated, upright & (np.abs(look.lean) <= _SWAY_DEG))
    for memory, row in zip(memories, sway, strict=True):
        memory.sway = row
    return sway


def _headings(
    memories: Sequence[AngleMemory], elapsed: Array, look: yaw.Look, upright: Flags, pitch: Degrees, pitch_sd: Degrees
) -> tuple[Array, Flags]:
    """(weights (N, yaw.BINS), whose widths disagree (N,))."""
    if not memories:
        return np.zeros((0, yaw.BINS)), np.zeros(0, np.bool_)
    doubtful = yaw.disagree(look)
    learn = upright & ~doubtful & look.seen[:, :4].any(axis=1)
    look.seen[:, :4] &= learn[:, None]
    short = np.where(np.isfinite(elapsed), elapsed, _FIRST_S)
    fades = np.exp(-short / np.where(learn, _LEARN_S, _HOLD_S))
    fresh = yaw.likelihood(look, pitch, pitch_sd)
    fresh -= fresh.max(axis=1, keepdims=True)
    before = np.stack([memory.headings for memory in memories])
    return fades[:, None] * before + (_FRAMES * (1.0 - np.exp(-short / _LEARN_S)))[:, None] * fresh, doubtful
