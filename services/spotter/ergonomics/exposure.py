"""Running person-seconds by what the trunk inclination interval proves. Pure.

Edges after EN 1005-4 (METHODS 5.1): 20 and 60 degrees. A second counts once, in the strongest band that is proven: at
least 60 (deep), at least 20 (bent), at most 20 (upright), or none of them (unproven).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spotter.core.clock import to_seconds
from spotter.core.contracts import Angle, Status

BENT_DEG, DEEP_DEG = 20.0, 60.0

MAX_STEP_S = 1.0
"""A longer gap between two frames of a person is not counted: nobody watched."""


class Band(StrEnum):
    """What an inclination interval proves."""

    UPRIGHT = "upright"
    BENT = "bent"
    DEEP = "deep"
    UNPROVEN = "unproven"
    NOT_OBSERVABLE = "not_observable"


def band(angle: Angle) -> Band:
    """The strongest band that the interval proves."""
    if angle.status in (Status.NOT_OBSERVABLE, Status.OUT_OF_SCOPE):
        return Band.NOT_OBSERVABLE
    if angle.proves_at_least(DEEP_DEG):
        return Band.DEEP
    if angle.proves_at_least(BENT_DEG):
        return Band.BENT
    return Band.UPRIGHT if angle.proves_at_most(BENT_DEG) else Band.UNPROVEN


@dataclass(slots=True)
class Exposure:
    """Person-seconds of one camera since its epoch."""

    upright: float = 0.0
    bent: float = 0.0
    deep: float = 0.0
    unproven: float = 0.0
    not_observable: float = 0.0

    def add(self, angle: Angle, elapsed: int) -> None:
        """Count `elapsed` ns of one person with this trunk inclination."""
        seconds = to_seconds(elapsed)
        if 0 < seconds <= MAX_STEP_S:
            name = band(angle).value
            setattr(self, name, getattr(self, name) + seconds)
