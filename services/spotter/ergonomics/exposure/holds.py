"""How long postures are held: static time, and how often they are taken up (EN 1005-4, METHODS 5.1). Pure.

A posture begins when the angle reaches its edge and ends when it is `HYSTERESIS_DEG` below it, so that noise neither
breaks a hold nor counts as a movement. Each is followed twice: by the low end of the interval (proven) and by the high
end (possible).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.ergonomics.exposure.bands import MAX_STEP_S
from spotter.ergonomics.exposure.numbers import EDGES, HYSTERESIS_DEG, STATIC_S

Ints = npt.NDArray[np.int64]

_LONG = from_seconds(STATIC_S)
_BRIDGED = from_seconds(MAX_STEP_S)
"""A hold goes on over time in which the angle is not observable, for so long; that time is not counted."""

_THRESHOLDS = np.array([edge.degrees for edge in EDGES] * 2)
WIDTH = len(_THRESHOLDS)
"""Postures that are followed: by the low ends of the `EDGES`, then by the high ends."""

_FREE = -1


class Holds:
    """The holds of one person.

    Attributes:
        values: (3, WIDTH) int64: since when each posture is held (UTC ns, -1: it is not), when it was last seen to be,
            and how much of it was observed, ns.
    """

    __slots__ = ("values",)

    def __init__(self, values: Ints | None = None) -> None:
        self.values = np.full((3, WIDTH), _FREE, np.int64) if values is None else values

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        rows: list[Any] = self.values.tolist()
        return rows

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Holds:
        """The holds that `state` was taken from."""
        return cls(np.array(state, np.int64))


def follow(at: int, elapsed: Ints, angles: npt.NDArray[np.float64], holds: Sequence[Holds]) -> tuple[Ints, Ints]:
    """Take in one frame of N people.

    Args:
        at: event time, UTC ns.
        elapsed: (N,) ns since each was last seen; 0 where that is too long ago to count.
        angles: (N, WIDTH) degrees, low ends and high ends; nan where not observable.
        holds: of each of them; changed in place.

    Returns:
        Static time that this frame adds, (N, WIDTH) ns: with the moment at which a hold has lasted `STATIC_S` all of
        it counts; and (N, WIDTH) 1 where a posture was taken up.
    """
    if not holds:
        nothing = np.zeros((0, WIDTH), np.int64)
        return nothing, nothing
    since, last, seen = np.stack([one.values for one in holds], axis=1)
    inside = since != _FREE
    gone = inside & (at - last > _BRIDGED)
    inside &= ~gone
    with np.errstate(invalid="ignore"):
        reaches = angles >= _THRESHOLDS
        stays = angles >= _THRESHOLDS - HYSTERESIS_DEG
    unknown = np.isnan(angles)
    begins = ~inside & reaches
    goes_on = inside & stays
    rests = inside & unknown
    step = np.where(goes_on, elapsed[:, None], 0)
    before = np.where(inside, seen, 0)
    after = before + step
    added = np.where(before > _LONG, step, np.where(after > _LONG, after, 0))
    held = begins | goes_on | rests
    since = np.where(begins, at, np.where(held, since, _FREE))
    last = np.where(begins | goes_on, at, np.where(rests, last, _FREE))
    seen = np.where(held, np.where(begins, 0, after), _FREE)
    for row, one in enumerate(holds):
        one.values = np.stack([since[row], last[row], seen[row]])
    return added, begins.astype(np.int64)
