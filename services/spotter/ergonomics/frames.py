"""Which frames of the last minutes were seen, for the counts in an alert. Pure.

A camera at 15 frames per second fills this with some 2,000 entries, and a snapshot of it is taken every few seconds: so
it is two flat arrays, and differences go into the snapshot, which compress to little.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from spotter.core.clock import from_seconds

_MEMORY = from_seconds(150.0)
"""Frames are counted over this long."""


class FrameLog:
    """Event times and sequence numbers of the frames seen, oldest first."""

    def __init__(self) -> None:
        self._times = array("q")
        self._sequences = array("q")

    def add(self, at: int, sequence: int) -> None:
        """One more frame, newer than all before; those older than 150 s are forgotten."""
        old = bisect_left(self._times, at - _MEMORY)
        if old:
            del self._times[:old], self._sequences[:old]
        self._times.append(at)
        self._sequences.append(sequence)

    def counts(self, since: int) -> tuple[int, int]:
        """(frames seen, frames missed) since an event time, from the gaps in the sequence."""
        first = bisect_left(self._times, since)
        seen = len(self._times) - first
        return seen, (self._sequences[-1] - self._sequences[first] + 1 - seen) if seen else 0

    def state(self) -> list[Any]:
        """Everything, as plain values: the first entry and the differences, little-endian int64."""
        return [_packed(self._times), _packed(self._sequences)]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The log that `state` was taken from."""
        log = cls()
        log._times, log._sequences = (_unpacked(data) for data in state)
        return log


def _packed(values: array[int]) -> bytes:
    return np.diff(np.frombuffer(values, np.int64), prepend=0).astype("<i8").tobytes() if values else b""


def _unpacked(data: bytes) -> array[int]:
    return array("q", np.frombuffer(data, "<i8").cumsum(dtype=np.int64).tobytes())
