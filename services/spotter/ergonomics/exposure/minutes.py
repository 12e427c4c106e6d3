"""Exposure minute by minute and station by station, until somebody has written it down. Pure.

Everything is counted in whole microseconds, so that sums are exact: split the same frames over any number of counters,
add these in any order, and the result is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.clock import SECOND
from spotter.ergonomics.exposure.bands import BANDS, Exposure
from spotter.ergonomics.exposure.numbers import COUNTS, NUMBERS
from spotter.ergonomics.exposure.worst import WorstPosture

Ints = npt.NDArray[np.int64]

MINUTE_S = 60
"""Length of the stretches of event time that the store keeps."""

WHOLE_VIEW = ""
"""Name of the station that is all that the camera sees."""

WIDTH = len(BANDS) + len(NUMBERS)
"""What a minute counts: person-time by trunk band, then `NUMBERS`; us, or a count."""

COLUMNS = {name: column for column, name in enumerate([*BANDS, *NUMBERS])}
"""Where each of them is, by name."""

REASONS_KEPT = 16
"""More different reasons than these in one minute are told together."""

OTHER_REASONS = "other reasons"

_US = 1_000_000


@dataclass(slots=True, eq=False)
class ExposureMinute:
    """What was counted at one station in one minute of event time.

    Attributes:
        frames: that were assessed in it, also those without people: its coverage.
        values: (WIDTH,) us and counts.
        unscored: us of person-time in which the trunk could not be judged, by reason.
        worst: its worst posture, None before anybody was seen.
    """

    frames: int = 0
    values: Ints = field(default_factory=lambda: np.zeros(WIDTH, np.int64))
    unscored: dict[str, int] = field(default_factory=dict)
    worst: WorstPosture | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExposureMinute) and self.state() == other.state()

    __hash__ = None  # type: ignore[assignment]

    def add(self, other: ExposureMinute) -> None:
        """Count what another counter of the same minute saw."""
        self.frames += other.frames
        self.values = self.values + other.values
        for reason, us in other.unscored.items():
            self.leave_out(reason, us)
        self.show(other.worst)

    def leave_out(self, reason: str, us: int) -> None:
        """Person-time that could not be judged."""
        self.unscored[reason] = self.unscored.get(reason, 0) + us

    def show(self, posture: WorstPosture | None) -> None:
        """Keep a posture if it is worse than the one that is kept; of equals the first."""
        if posture is not None and (self.worst is None or posture.before(self.worst)):
            self.worst = posture

    @property
    def bands(self) -> Exposure:
        """Person-seconds by trunk band."""
        return exposure_of(self.values[: len(BANDS)])

    @property
    def numbers(self) -> dict[str, float]:
        """Person-seconds and counts by name; those that are 0 are left out."""
        counted = self.values[len(BANDS) :].tolist()
        return {
            name: float(value) if name in COUNTS else value / _US
            for name, value in zip(NUMBERS, counted, strict=True)
            if value
        }

    @property
    def unscored_s(self) -> dict[str, float]:
        """Person-seconds that could not be judged, by reason; the rarest reasons together."""
        counted = sorted(self.unscored.items(), key=lambda item: (-item[1], item[0]))
        kept, rest = counted[:REASONS_KEPT], sum(us for _, us in counted[REASONS_KEPT:])
        if rest:
            kept.append((OTHER_REASONS, rest))
        return {reason: us / _US for reason, us in sorted(kept) if us}

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        counted = [[int(column), int(self.values[column])] for column in np.flatnonzero(self.values)]
        return [self.frames, counted, self.unscored, None if self.worst is None else self.worst.state()]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The minute that `state` was taken from."""
        frames, counted, unscored, worst = state
        minute = cls(frames, unscored=dict(unscored), worst=None if worst is None else WorstPosture.restore(worst))
        for column, value in counted:
            minute.values[column] = value
        return minute


class ExposureMinutes:
    """The minutes of one camera epoch that somebody still has to write down, by (beginning, station)."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[int, str], ExposureMinute] = {}

    def minute(self, at: int, station: str = WHOLE_VIEW) -> ExposureMinute:
        """The minute that holds event time `at`."""
        return self._minutes.setdefault((at - at % (MINUTE_S * SECOND), station), ExposureMinute())

    def closed(self) -> dict[tuple[int, str], ExposureMinute]:
        """The minutes that nothing can be added to any more: all but the newest."""
        newest = max((start for start, _ in self._minutes), default=0)
        return {key: minute for key, minute in self._minutes.items() if key[0] != newest}

    def every(self) -> dict[tuple[int, str], ExposureMinute]:
        """All of them."""
        return dict(self._minutes)

    def forget(self, keys: Collection[tuple[int, str]]) -> None:
        """These minutes have been written down."""
        for key in keys:
            self._minutes.pop(key, None)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [[start, station, minute.state()] for (start, station), minute in self._minutes.items()]

    @classmethod
    def restore(cls, state: Collection[Any]) -> Self:
        """The minutes that `state` was taken from."""
        minutes = cls()
        minutes._minutes = {(start, station): ExposureMinute.restore(values) for start, station, values in state}
        return minutes


def exposure_of(us: Ints) -> Exposure:
    """Person-seconds by band of (5,) us."""
    return Exposure(*(value / _US for value in us.tolist()))


def merged(parts: Iterable[Mapping[tuple[int, str], ExposureMinute]]) -> dict[tuple[int, str], ExposureMinute]:
    """The sum of what several counters saw."""
    total: dict[tuple[int, str], ExposureMinute] = {}
    for part in parts:
        for key, minute in part.items():
            total.setdefault(key, ExposureMinute()).add(minute)
    return total
