"""How large people are in the picture: stature, lengths of their segments, and skeletons that jump. Pure.

All sizes are square to the line of sight at the person's place. They are learned from upright frames and held while the
person is bent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import TRUNK
from spotter.ergonomics.angles.values import Degrees
from spotter.ergonomics.geometry.ground import STATURE_M, Ground

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LENGTHS = np.array([0.293, 0.186, 0.146, 0.245, 0.246])
"""Trunk, upper arm, forearm, thigh and shank as shares of stature: Drillis & Contini (Winter 2009, fig. 4.1), the trunk
between shoulders and hips as the default model places them on simulated workers (0.288 in that source)."""

LENGTH_SD = 0.08
"""Relative standard deviation of the lengths in px: proportions of people and the size in the picture [D]."""

SCALE_LONG = 1.075
"""By how much `tracking.scale` measures an upright person longer than their stature looks square to the line of sight:
its longest path of 3 s; with the default model 0.98 at pitches around 24 degrees, whose cosine is 0.91."""

_PATH = 0.98 * (LENGTHS[TRUNK] + LENGTHS[3] + LENGTHS[4])
"""Trunk, the longer thigh and the longer shank of one upright frame, as a share of stature: measured with the default
model and with exact joints of simulated workers who stand and walk; middle half within 3 %."""

_TRUNK_OF_PATH = 0.30
"""The trunk is 0.37 of that path; a smaller share is a trunk that leans along the line of sight [D]."""

_STATURE_S, _SHRINK, _STALE_S = 0.4, 0.85, 2.0
"""Time over which the stature follows; frames in which it is suddenly less by this share are not believed, unless none
was for this long [D]."""

BONES = np.array([
    (5, 11), (6, 12), (5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16),
])  # fmt: skip
_BONE_LENGTHS = np.array([0.29, 0.29, 0.186, 0.146, 0.186, 0.146, 0.245, 0.246, 0.245, 0.246])
_TRUNKS = 2
_LIMBS = ((1, 2, 4), (2, 3, 5), (3, 6, 8), (4, 7, 9))
"""Columns of `Context.lengths` with their rows of `BONES`, left and right."""

_JUMP, _JUMP_WITHIN_S = 0.25, 0.21
"""A bone that changes by more than this share of its length within 0.2 s (METHODS 6.3.7), and a little for cameras and
rules that look every 0.2 s, is a mistake of the model."""

_SMALLEST_PX = 20.0
_LONGEST = 1.15
"""Segments are at most this much longer than people's usually are [D]."""

_MARGIN = 1.5
"""Standard deviations by which a limb must look longer than usual to be believed longer."""

_EDGE_PX = 2.0
_UPRIGHT_DEG, _UPRIGHT_LENGTH = 35.0, 0.75


def inside(points: Array, ground: Ground) -> Flags:
    """(..., 2) px -> (...): not at the picture's edge, where models put what is cut off."""
    size = np.array([ground.best.width, ground.best.height])
    return np.asarray(((points >= _EDGE_PX) & (points <= size - _EDGE_PX)).all(axis=-1))


def bones_of(points: Array, seen: Flags) -> Array:
    """(N, 10) px of `BONES`; nan where an end is not seen."""
    ends = points[:, BONES]
    return np.where(seen[:, BONES].all(axis=-1), np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1), np.nan)


def stature(
    known: Array, age: Array, given: Array, bones: Array, upright: Flags, elapsed: Array, pitch: Degrees
) -> tuple[Array, Array]:
    """The stature now and the seconds since a frame told it: (N,) px, (N,) s.

    Args:
        known, age: both, as of the frame before; nan and anything at first.
        given: (N,) px as `tracking.scale.PersonScale` measures it, for whose legs were never seen; nan: not known.
        upright: (N,) whose trunk leans little in the picture.
        elapsed: (N,) s since the frame before; infinite at first.
        pitch: (N,) degrees by which the line of sight looks down.
    """
    foreshortened = np.maximum(np.cos(np.radians(pitch)), 0.3)
    trunk = bones[:, :_TRUNKS].mean(axis=1)
    path = trunk + np.fmax(bones[:, 6], bones[:, 8]) + np.fmax(bones[:, 7], bones[:, 9])
    now = path / (_PATH * foreshortened)
    age = age + np.minimum(elapsed, _STALE_S)
    with np.errstate(invalid="ignore"):
        told = upright & (now >= _SMALLEST_PX) & (trunk >= _TRUNK_OF_PATH * path)
        told &= ~((now < _SHRINK * known) & (age < _STALE_S))
    follow = np.where(np.isfinite(known) & (age < _STALE_S), 1.0 - np.exp(-elapsed / _STATURE_S), 1.0)
    moved = np.where(np.isfinite(known), known + follow * (now - known), now)
    held = np.where(np.isfinite(known), known, given / (SCALE_LONG * foreshortened))
    return np.where(told, moved, held), np.where(told, 0.0, age)


def by_ground(points: Array, sure: Flags, ground: Ground) -> Array:
    """(N,) px by the camera's scale at the feet, where lens and mount are known; nan elsewhere."""
    if ground.reason:
        return np.full(len(points), np.nan)
    place = ground.best.floor(points[:, [15, 16]].mean(axis=1))
    far = np.sqrt((place**2).sum(axis=-1) + ground.best.above**2)
    known = sure[:, [15, 16]].all(axis=1) & np.isfinite(far)
    return np.asarray(sum(STATURE_M) / 2 * np.asarray(ground.best.focal[1]) / np.where(known, far, np.nan))


def continuity(
    before: Array, elapsed: Array, points: Array, bones: Array, seen: Flags, tall: Array, ground: Ground
) -> tuple[Flags, npt.NDArray[np.object_]]:
    """Whose skeleton fits the frame before (METHODS 6.3.7): (usable (N,), obstacle (N,)).

    A limb that jumps is taken out of `seen`.
    """
    full = np.where(np.isfinite(tall)[:, None], tall[:, None] * _BONE_LENGTHS, np.fmax(bones, before))
    jumps = (np.abs(bones - before) > _JUMP * full) & (elapsed <= _JUMP_WITHIN_S)[:, None]
    for bone in range(_TRUNKS, len(BONES)):
        seen[jumps[:, bone], BONES[bone, 1]] = False
    broken = jumps[:, :_TRUNKS].any(axis=1)
    cut = ~inside(points[:, [5, 6, 11, 12]], ground).all(axis=1)
    obstacle = np.where(broken, "the skeleton jumped", "").astype(np.object_)
    obstacle[cut] = "cut off by the picture's edge"
    return np.asarray(~(broken | cut)), obstacle


def learn_lengths(
    lengths: Array, smooth: Array, elapsed: Array, bones: Array, noise: Array, tall: Array, upright: Flags
) -> Flags:
    """Learn shares of stature, in place; who is upright on the trunk's length, too (N,).

    Args:
        lengths: (N, 5) of the trunk the mean when upright, of limbs the longest for a moment.
        smooth: (N, 5) of limbs, smoothed over that moment.
        noise: (N, 17) px, deviations of the keypoints: a maximum would take them for length.
    """
    share = bones / tall[:, None]
    trunk = share[:, :_TRUNKS].mean(axis=1)
    upright = upright & ~(trunk < _UPRIGHT_LENGTH * lengths[:, TRUNK])
    slow = np.where(upright & np.isfinite(trunk), 1.0 - np.exp(-elapsed / 3.0), 0.0)
    bounded = np.clip(np.nan_to_num(trunk), LENGTHS[TRUNK] / _LONGEST, _LONGEST * LENGTHS[TRUNK])
    lengths[:, TRUNK] += slow * (bounded - lengths[:, TRUNK])
    quick = 1.0 - np.exp(-elapsed / 0.2)
    sure = share - _MARGIN * np.hypot(noise[:, BONES[:, 0]], noise[:, BONES[:, 1]]) / tall[:, None]
    for column, left, right in _LIMBS:
        both = np.fmax(sure[:, left], sure[:, right])
        smooth[:, column] += np.where(np.isfinite(both), quick * (np.nan_to_num(both) - smooth[:, column]), 0.0)
        longest = np.minimum(smooth[:, column], _LONGEST * LENGTHS[column])
        lengths[:, column] = np.maximum(lengths[:, column], longest)
    return upright


def leans_little(lean: Degrees, seen: Flags) -> Flags:
    """(N,) trunk seen and upright in the picture."""
    return seen[:, [5, 6, 11, 12]].all(axis=1) & (np.abs(lean) <= _UPRIGHT_DEG)
