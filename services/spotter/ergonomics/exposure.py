"""Running person-seconds by what the trunk inclination interval proves, in all and minute by minute. Pure.

Edges after EN 1005-4 (METHODS 5.1): 20 and 60 degrees. A second counts once, in the strongest band that is proven: at
least 60 (deep), at least 20 (bent), at most 20 (upright), or none of them (unproven).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any, Self

from spotter.core.clock import SECOND, to_seconds
from spotter.core.contracts import Angle, Status

BENT_DEG, DEEP_DEG = 20.0, 60.0

MAX_STEP_S = 1.0
"""A longer gap between two frames of a person is not counted: nobody watched."""

MINUTE_S = 60
"""Length of the stretches of event time that the store keeps."""


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


@dataclass(slots=True)
class ExposureMinute(Exposure):
    """Person-seconds of one minute of event time, and the frames that were assessed in it (its coverage)."""

    frames: int = 0


class ExposureMinutes:
    """The minutes of one camera epoch that somebody still has to write down, by the event time at which they begin."""

    def __init__(self) -> None:
        self._minutes: dict[int, ExposureMinute] = {}

    def minute(self, at: int) -> ExposureMinute:
        """The minute that holds event time `at`."""
        return self._minutes.setdefault(at - at % (MINUTE_S * SECOND), ExposureMinute())

    def closed(self) -> dict[int, ExposureMinute]:
        """The minutes that nothing can be added to any more: all but the newest."""
        newest = max(self._minutes, default=0)
        return {start: minute for start, minute in self._minutes.items() if start != newest}

    def every(self) -> dict[int, ExposureMinute]:
        """All of them."""
        return dict(self._minutes)

    def forget(self, starts: Collection[int]) -> None:
        """These minutes have been written down."""
        for start in starts:
            self._minutes.pop(start, None)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [[start, *astuple(minute)] for start, minute in self._minutes.items()]

    @classmethod
    def restore(cls, state: Collection[Any]) -> Self:
        """The minutes that `state` was taken from."""
        minutes = cls()
        minutes._minutes = {start: ExposureMinute(*values) for start, *values in state}
        return minutes
