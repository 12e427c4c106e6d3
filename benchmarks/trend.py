"""Does a quantity grow over a run? Least squares with an error that knows that neighbouring samples are alike. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIGMAS = 2.0
"""A slope further from zero than this many standard errors is not called noise."""

_MOST_ALIKE = 0.99
"""Correlation of neighbours that the error is computed with at most: at 1 there is no information at all."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through samples: `slope` per unit of time, its standard error, and the value at both ends."""

    slope: float
    error: float
    first: float
    last: float

    @property
    def within_noise(self) -> bool:
        """True when a slope of zero explains the samples."""
        return not abs(self.slope) > SIGMAS * self.error

    @property
    def grows(self) -> bool:
        """True when the samples rise by more than noise explains."""
        return self.slope > SIGMAS * self.error

    @property
    def at_most(self) -> float:
        """The greatest slope that noise still allows."""
        return self.slope + SIGMAS * self.error


def trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """Fit a line.

    The standard error is the usual one times sqrt((1 + r) / (1 - r)), r being the correlation of neighbouring
    residuals: memory changes in steps, and samples between two steps say nothing new.

    Raises:
        ValueError: fewer than three samples, or all at one time.
    """
    t, v = np.asarray(times, np.float64), np.asarray(values, np.float64)
    if len(t) < 3 or np.ptp(t) == 0:
        raise ValueError(f"a trend needs three samples at different times, got {len(t)}")
    centred = t - t.mean()
    spread = float(centred @ centred)
    slope = float(centred @ v) / spread
    residuals = v - v.mean() - slope * centred
    squares = float(residuals @ residuals)
    error = math.sqrt(squares / (len(t) - 2) / spread)
    alike = float(residuals[1:] @ residuals[:-1]) / squares if squares > 0 else 0.0
    alike = min(max(alike, 0.0), _MOST_ALIKE)
    middle = float(v.mean())
    first, last = (middle + slope * float(centred[end]) for end in (0, -1))
    return Trend(slope, error * math.sqrt((1 + alike) / (1 - alike)), first, last)
