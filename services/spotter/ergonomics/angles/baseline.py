"""What a person's trunk and head look like when they stand or walk, to be taken off (METHODS 6.1). Pure.

The line between a model's shoulders and hips is not the spine, and ears are in front of the shoulders: the median of
upright moments is a person's own zero. It is kept as seconds by angle, so that it takes the same small space whatever
the time it runs, and fades over minutes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.values import Degrees

Array = npt.NDArray[np.float64]

STEP_DEG = 2.0
TRUNK_FROM, TRUNK_BINS = -30.0, 30
"""Seconds by trunk flexion, -30 to 30 degrees."""

NECK_FROM, NECK_BINS = -60.0, 75
"""Seconds by angle of the head line, -60 to 90 degrees."""

BINS = TRUNK_BINS + NECK_BINS

TRUNK_LIMIT_DEG = 10.0
"""The trunk is corrected by this much at most [D]: more is a posture, not an offset."""

FADES_S = 300.0
"""Time in which what was learned counts e times less [D]."""

LEAST_S = 2.0
"""Upright seconds before a median is believed [D]."""


def learn(seconds: Array, elapsed: Array, trunk: Degrees, neck: Degrees) -> None:
    """Add a moment of N people to (N, BINS) seconds, in place.

    Args:
        elapsed: (N,) s that the moment stands for.
        trunk, neck: (N,) degrees; nan: nothing to learn.
    """
    seconds *= np.exp(-elapsed / FADES_S)[:, None]
    for value, least, bins, first in (
        (trunk, TRUNK_FROM, TRUNK_BINS, 0),
        (neck, NECK_FROM, NECK_BINS, TRUNK_BINS),
    ):
        at = (np.nan_to_num(value) - least) / STEP_DEG
        rows = np.flatnonzero(np.isfinite(value) & (at >= 0) & (at < bins))
        seconds[rows, first + at[rows].astype(np.intp)] += elapsed[rows]


def trunk_offset(seconds: Array) -> Degrees:
    """(N,) degrees, 0 until it is known."""
    middle = _median(seconds[:, :TRUNK_BINS], TRUNK_FROM)
    return np.clip(np.nan_to_num(middle), -TRUNK_LIMIT_DEG, TRUNK_LIMIT_DEG)


def neck_neutral(seconds: Array) -> Degrees:
    """(N,) degrees, nan until it is known."""
    return _median(seconds[:, TRUNK_BINS:], NECK_FROM)


def _median(seconds: Array, least: float) -> Degrees:
    total = np.cumsum(seconds, axis=1)
    half = total[:, -1] / 2
    index = np.minimum((total < half[:, None]).sum(axis=1), seconds.shape[1] - 1)
    rows = np.arange(len(seconds))
    within = (half - (total - seconds)[rows, index]) / np.maximum(seconds[rows, index], 1e-12)
    known = total[:, -1] >= LEAST_S
    return np.where(known, least + STEP_DEG * (index + np.clip(within, 0.0, 1.0)), np.nan)
