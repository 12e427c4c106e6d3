"""One angle of many people (or of many moments) at once, as intervals with status and reason. Pure.

The array form of `core.contracts.Angle`: index it to get one. Degrees throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Angle, Status

Degrees = npt.NDArray[np.float64]

STATUSES = (Status.OK, Status.BOUNDED, Status.NOT_OBSERVABLE, Status.OUT_OF_SCOPE)
"""What the numbers in `Angles.status` stand for."""

OK, BOUNDED, NOT_OBSERVABLE = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Angles:
    """(N,) angles.

    Attributes:
        value: best single figure, degrees; nan where there is none.
        low, high: the interval that holds the truth; where nothing is observable, the range the angle can have at all.
        status: uint8, rows of `STATUSES`.
        reason: str, why the status is not `ok`; empty where it is.
    """

    value: Degrees
    low: Degrees
    high: Degrees
    status: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.object_]

    @classmethod
    def exact(cls, value: npt.ArrayLike) -> Self:
        """Known angles, for example from 3D joints; nan is not observable."""
        known = np.atleast_1d(np.asarray(value, np.float64))
        missing = np.isnan(known)
        return cls(
            known,
            np.where(missing, -180.0, known),
            np.where(missing, 180.0, known),
            np.where(missing, NOT_OBSERVABLE, OK).astype(np.uint8),
            np.where(missing, "joint missing", "").astype(np.object_),
        )

    @classmethod
    def not_observable(cls, count: int, reason: str, *, low: float = 0.0, high: float = 180.0) -> Self:
        """Nothing is known of any of `count` angles."""
        return cls(
            np.full(count, np.nan),
            np.full(count, low),
            np.full(count, high),
            np.full(count, NOT_OBSERVABLE, np.uint8),
            np.full(count, reason, np.object_),
        )

    @classmethod
    def judged(
        cls,
        value: Degrees,
        low: Degrees,
        high: Degrees,
        *,
        ok: npt.NDArray[np.bool_],
        bounded: npt.NDArray[np.bool_],
        reason: npt.NDArray[np.object_],
        span: tuple[float, float],
    ) -> Self:
        """Measured angles: `ok` where they are, else `bounded` where that much is known, else not observable.

        Args:
            reason: for people, why an angle is not `ok`; not used where it is.
            span: least and greatest angle that there can be, which is all that is left of what is not observable.
        """
        known = ok | bounded
        low, high = np.clip(low, *span), np.clip(high, *span)
        return cls(
            np.where(known, np.clip(value, low, high), np.nan),
            np.where(known, low, span[0]),
            np.where(known, high, span[1]),
            np.where(ok, OK, np.where(bounded, BOUNDED, NOT_OBSERVABLE)).astype(np.uint8),
            np.where(ok, "", reason).astype(np.object_),
        )

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, index: int) -> Angle:
        value = float(self.value[index])
        return Angle(
            None if np.isnan(value) else round(value, 2),
            round(float(self.low[index]), 2),
            round(float(self.high[index]), 2),
            STATUSES[self.status[index]],
            str(self.reason[index]),
        )

    def __iter__(self) -> Iterator[Angle]:
        return (self[index] for index in range(len(self)))

    def proves_at_least(self, threshold: float) -> npt.NDArray[np.bool_]:
        """(N,) where even the lowest possible value reaches `threshold` (degrees)."""
        return (self.status <= BOUNDED) & (self.low >= threshold)

    def proves_at_most(self, threshold: float) -> npt.NDArray[np.bool_]:
        """(N,) where even the highest possible value stays within `threshold` (degrees)."""
        return (self.status <= BOUNDED) & (self.high <= threshold)
