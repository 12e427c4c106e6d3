"""Did this person just go down, and how fast? Heights over the last seconds of one track. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Self

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.parameters import FallParameters

_FAST_WINDOW = from_seconds(1.2)
"""A fast descent happens within this time (METHODS 8.2)."""

_SLOW_WINDOW = from_seconds(4.0)
"""A slow collapse happens within this time [D]."""

_SPEED_SPAN = from_seconds(0.15)
"""Speeds are taken over at least this time, against keypoint noise (METHODS 8.2)."""


@dataclass(frozen=True, slots=True)
class Descent:
    """One way down: event times of its begin and its newest frame, drops in statures, peak speed in statures/s."""

    began: int
    ended: int
    hip_drop: float
    head_drop: float
    speed: float
    fast: bool


class DescentWatch:
    """Finds descents in a stream of (time, hip height, head height)."""

    def __init__(self, parameters: FallParameters) -> None:
        self._p = parameters
        self._heights: deque[tuple[int, float, float]] = deque()
        self.latest: Descent | None = None

    def observe(self, at: int, hip: float, head: float) -> None:
        """Add one frame; `latest` is the newest descent, fast ones being kept over slow ones that follow at once."""
        while self._heights and at - self._heights[0][0] > _SLOW_WINDOW:
            self._heights.popleft()
        self._heights.append((at, hip, head))
        found = self._within(at, hip, head, _FAST_WINDOW, fast=True) or self._within(
            at, hip, head, _SLOW_WINDOW, fast=False
        )
        if found is None:
            return
        if self.latest is not None and self.latest.fast and not found.fast and at - self.latest.ended < _SLOW_WINDOW:
            return
        self.latest = found

    def beyond(self, at: int, hip: float, head: float) -> Descent | None:
        """The fast descent that one more frame would make, without taking it in."""
        self._heights.append((at, hip, head))
        found = self._within(at, hip, head, _FAST_WINDOW, fast=True)
        self._heights.pop()
        return found

    def forget(self) -> None:
        """Start afresh, after an alert was closed."""
        self._heights.clear()
        self.latest = None

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {"heights": [list(row) for row in self._heights], "latest": descent_state(self.latest)}

    @classmethod
    def restore(cls, parameters: FallParameters, state: Mapping[str, Any]) -> Self:
        """The watch that `state` was taken from."""
        watch = cls(parameters)
        watch._heights.extend((at, hip, head) for at, hip, head in state["heights"])
        watch.latest = descent_from(state["latest"])
        return watch

    def _within(self, at: int, hip: float, head: float, window: int, *, fast: bool) -> Descent | None:
        recent = [row for row in self._heights if at - row[0] <= window]
        top_at, top_hip, _ = max(recent, key=lambda row: row[1])
        top_head = max(row[2] for row in recent)
        hip_drop, head_drop = top_hip - hip, top_head - head
        p = self._p
        if not fast:
            return Descent(top_at, at, hip_drop, head_drop, 0.0, False) if hip_drop >= p.descent_drop else None
        if hip_drop < p.descent_drop and head_drop < p.descent_head_drop:
            return None
        speed = self._peak_speed(recent)
        return Descent(top_at, at, hip_drop, head_drop, speed, True) if speed >= p.descent_speed else None

    @staticmethod
    def _peak_speed(recent: list[tuple[int, float, float]]) -> float:
        """Greatest downward speed of hip or head over at least `_SPEED_SPAN`, statures per second."""
        peak, first = 0.0, 0
        for last in range(1, len(recent)):
            while first + 1 < last and recent[last][0] - recent[first + 1][0] >= _SPEED_SPAN:
                first += 1
            elapsed = recent[last][0] - recent[first][0]
            if elapsed >= _SPEED_SPAN:
                fell = max(recent[first][1] - recent[last][1], recent[first][2] - recent[last][2])
                peak = max(peak, fell / to_seconds(elapsed))
        return peak


def descent_state(descent: Descent | None) -> list[Any] | None:
    """A descent as plain values."""
    return None if descent is None else list(astuple(descent))


def descent_from(state: list[Any] | None) -> Descent | None:
    """The descent that `descent_state` was given."""
    return None if state is None else Descent(*state)
