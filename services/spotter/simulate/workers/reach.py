"""Two bones between two points: where the knee or the elbow is. Vectorised over moments. Pure."""

from __future__ import annotations

import numpy as np

from spotter.simulate.workers.chance import Floats

_SHORT_OF_STRAIGHT = 1e-9
"""A chain is never longer than this share below its bones: keeps the middle joint's direction defined."""

_MOST_BENT = 0.22
"""Nor shorter than this share of its bones: knees and elbows bend by 155 degrees at most [D]."""


def unit(vectors: Floats) -> Floats:
    """Vectors (..., 3) at length 1."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-12)[..., None], np.float64)


def dot(a: Floats, b: Floats) -> Floats:
    """(..., 3), (..., 3) -> (...)."""
    return np.asarray(np.einsum("...i,...i->...", a, b), np.float64)


def two_bones(
    root: Floats, target: Floats, upper: float, lower: float, towards: Floats, lowest: float
) -> tuple[Floats, Floats]:
    """Middle and end joint, (T, 3) each, of a chain from `root` towards `target`.

    The end is at the target where the bones reach it, else as near as they reach; from too near a target it evades
    along the floor. The middle joint points `towards` (any vectors (T, 3) across the chain), turned about the chain
    just so far that it is not below `lowest`, m, where any turn can do that.
    """
    whole = upper + lower
    line = _not_nearer(target - root, towards, _MOST_BENT * whole)
    distance = np.sqrt(dot(line, line))
    along = line / np.maximum(distance, 1e-12)[..., None]
    reach = np.clip(distance, _MOST_BENT * whole, (1 - _SHORT_OF_STRAIGHT) * whole)
    to_foot = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.sqrt(np.maximum(upper**2 - to_foot**2, 0.0))
    foot = root + along * to_foot[..., None]
    across = _not_below(unit(towards - along * dot(along, towards)[..., None]), along, foot, aside, lowest)
    return foot + across * aside[..., None], root + along * reach[..., None]


def _not_nearer(line: Floats, towards: Floats, least: float) -> Floats:
    """Lines that are too short made long enough without a change of height: a limb evades along the floor."""
    if (dot(line, line) >= least**2).all():
        return line
    level = line[..., :2]
    far = np.sqrt((level**2).sum(axis=-1))
    needed = np.sqrt(np.maximum(least**2 - line[..., 2] ** 2, 0.0))
    away = np.where((far > 1e-6)[..., None], level / np.maximum(far, 1e-6)[..., None], -unit(towards)[..., :2])
    evaded = np.concatenate([away * np.maximum(far, needed)[..., None], line[..., 2:]], axis=-1)
    return np.asarray(evaded, np.float64)


def _not_below(across: Floats, along: Floats, foot: Floats, aside: Floats, lowest: float) -> Floats:
    """Turn `across` about `along` towards the top until the joint is high enough."""
    if (foot[..., 2] - aside >= lowest).all():
        return across
    up = np.zeros_like(along)
    up[..., 2] = 1.0
    top = up - along * along[..., 2:]
    steep = np.sqrt(dot(top, top))
    top = unit(top)
    side = np.cross(along, top)
    turned = np.arctan2(dot(across, side), dot(across, top))
    needed = (lowest - foot[..., 2]) / np.maximum(aside * steep, 1e-9)
    most = np.arccos(np.clip(needed, -1.0, 1.0))
    kept = np.clip(turned, -most, most)
    result: Floats = top * np.cos(kept)[..., None] + side * np.sin(kept)[..., None]
    return np.where((np.abs(turned) > most)[..., None], result, across)
