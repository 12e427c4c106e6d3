"""Bands of trunk inclination by what its interval proves. Pure.

Edges after EN 1005-4 (METHODS 5.1): 20 and 60 degrees. A second counts once, in the strongest band that is proven: at
least 60 (deep), at least 20 (bent), at most 20 (upright), or none of them (unproven).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Angle, Status
from spotter.ergonomics.angles.values import BOUNDED, Angles

BENT_DEG, DEEP_DEG = 20.0, 60.0

MAX_STEP_S = 1.0
"""A longer gap between two frames of a camera is not counted: nobody watched."""


class Band(StrEnum):
    """What an inclination interval proves."""

    UPRIGHT = "upright"
    BENT = "bent"
    DEEP = "deep"
    UNPROVEN = "unproven"
    NOT_OBSERVABLE = "not_observable"


BANDS = tuple(Band)


def band(angle: Angle) -> Band:
    """The strongest band that the interval proves."""
    if angle.status in (Status.NOT_OBSERVABLE, Status.OUT_OF_SCOPE):
        return Band.NOT_OBSERVABLE
    if angle.proves_at_least(DEEP_DEG):
        return Band.DEEP
    if angle.proves_at_least(BENT_DEG):
        return Band.BENT
    return Band.UPRIGHT if angle.proves_at_most(BENT_DEG) else Band.UNPROVEN


def bands(angles: Angles) -> npt.NDArray[np.intp]:
    """(N,) rows of `BANDS`, as `band` says of each angle."""
    return np.select(
        [angles.status > BOUNDED, angles.low >= DEEP_DEG, angles.low >= BENT_DEG, angles.high <= BENT_DEG],
        [4, 2, 1, 0],
        3,
    )


@dataclass(frozen=True, slots=True)
class Exposure:
    """Person-seconds by band."""

    upright: float = 0.0
    bent: float = 0.0
    deep: float = 0.0
    unproven: float = 0.0
    not_observable: float = 0.0
