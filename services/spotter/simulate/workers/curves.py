"""Smooth curves through key values: minimum jerk between two keys, without a stop at those in between. Pure.

Between two keys at rest the curve is the minimum-jerk path of Flash & Hogan 1985 (J Neurosci 5:1688). At a key in the
middle of a rise or fall the speed is that of Fritsch & Butland 1984 (harmonic mean of both sides), at a turning point
it is zero, so that a curve hardly leaves the range of its keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotter.simulate.workers.chance import Floats

Key = tuple[float, float]
"""Seconds and value."""


def through(keys: Sequence[Key], at: Floats) -> Floats:
    """Value at the times `at` (T,); before the first and after the last key its value. Keys are in order of time."""
    times, values = np.asarray(keys, np.float64).T
    if len(times) == 1:
        return np.full(at.shape, values[0])
    span = np.diff(times)
    slopes = _slopes(span, np.diff(values) / span)
    inside = np.clip(at, times[0], times[-1])
    row = np.clip(np.searchsorted(times, inside, side="right") - 1, 0, len(span) - 1)
    s, h = (inside - times[row]) / span[row], span[row]
    s3, s4, s5 = s**3, s**4, s**5
    rise = 10 * s3 - 15 * s4 + 6 * s5
    leave, arrive = s - 6 * s3 + 8 * s4 - 3 * s5, -4 * s3 + 7 * s4 - 3 * s5
    moved = values[row] * (1 - rise) + values[row + 1] * rise
    return np.asarray(moved + h * (slopes[row] * leave + slopes[row + 1] * arrive), np.float64)


def _slopes(span: Floats, secants: Floats) -> Floats:
    slopes = np.zeros(len(span) + 1)
    before, after = secants[:-1], secants[1:]
    rising = before * after > 0
    # Keys that are unevenly far apart: the nearer neighbour counts for more.
    near = (span[:-1] + 2 * span[1:]) / (3 * (span[:-1] + span[1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = before * after / (near * after + (1 - near) * before)
    slopes[1:-1] = np.where(rising, mean, 0.0)
    return slopes
