"""How much noise the trunk's line really has: a pose model errs less on some people and cameras than it says. Pure.

The deviations of a calibrated model hold for each keypoint alone. Shoulders and hips often err together, above all on
people who stand, and then the line between them is better than they are: with the default model on simulated workers
half of its stated noise when upright, all of it when bent. Other models, and small or dark pictures, are not so kind.
So it is measured: the line of whoever stands or walks upright sways by its noise, and a little by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.trunk import SHOULDERS_CORRELATION
from spotter.ergonomics.angles.values import Degrees

Array = npt.NDArray[np.float64]

FIGURES = 3
"""What is kept of each track: slow mean of the lean, degrees; seconds of it; sum of squares over what was stated."""

_SLOW_S = 2.0
_KEPT = 0.78
"""Share of the noise's variance that is left against a mean over `_SLOW_S`: the default model's errors are correlated
by 0.89 from frame to frame at 15 frames/s (benchmarks/angles.py), which is 0.57 s."""

_PRIOR_S, _PRIOR = 2.0, 0.7
"""Before anything was seen the line is given this share of the stated variance, which counts as much as this many
seconds of what was seen [D]. Independent ends would have all of it; with a correlation of 0.35 between shoulders and
hips, as the default model has on photographs (benchmarks/angles.py errors), it is 0.66."""

_LONGEST_S = 30.0
_LEAST = 0.55
"""The share never goes below this [D]: what errs steadily is not seen to sway."""


def line_noise(deviations: Array, length: Array) -> Array:
    """(N,) standard deviation of the trunk's direction in the picture, radians, as the keypoints' (N, 17) px say.

    Each end of the line, `length` (N,) px, is the middle of two keypoints.
    """
    left, right, *hips = deviations[:, [5, 6, 11, 12]].T
    shoulders = left**2 + right**2 + 2.0 * SHOULDERS_CORRELATION * left * right
    ends = np.sqrt(shoulders + hips[0] ** 2 + hips[1] ** 2) / 2.0
    return np.asarray(ends / np.maximum(length, 1.0))


def learn(figures: Array, elapsed: Array, lean: Degrees, stated: Array, upright: npt.NDArray[np.bool_]) -> None:
    """Add a moment of N people to (N, FIGURES), in place.

    Args:
        elapsed: (N,) s since they were seen; infinite at first.
        lean: (N,) degrees of the line from upright in the picture.
        stated: (N,) its standard deviation as of `line_noise`, radians.
        upright: (N,) who counts.
    """
    mean, seconds, squares = figures.T
    new = upright & (seconds <= 0.0)
    mean[new] = lean[new]
    time = np.where(upright & ~new, np.minimum(elapsed, 1.0), 0.0)
    apart = (lean - mean) / np.maximum(np.degrees(stated), 1e-6)
    squares += time * np.where(upright, apart**2, 0.0)
    mean += (1.0 - np.exp(-time / _SLOW_S)) * np.where(upright, lean - mean, 0.0)
    seconds += np.where(new, 1e-3, time)
    fades = np.minimum(1.0, _LONGEST_S / np.maximum(seconds, 1e-9))
    squares *= fades
    seconds *= fades


def share(figures: Array) -> Array:
    """(N,) of the stated noise that upright lines have, between 0.55 and 1."""
    _, seconds, squares = figures.T
    return np.asarray(np.clip(np.sqrt((_PRIOR_S * _PRIOR + squares / _KEPT) / (_PRIOR_S + seconds)), _LEAST, 1.0))
