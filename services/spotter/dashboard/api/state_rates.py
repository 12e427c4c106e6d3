"""Rates and latencies where the pipeline runs in other processes: only what live state tells, and no guess beyond it.

Frames read come from the cameras' health. Latency is that of the views seen at each sample, so of some frames and not
of all. What only the counters of the other processes know (frames posed, dropped and queued) is None here; Prometheus
has it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotter.core.contracts import CameraHealth
from spotter.core.state import LiveState


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    people: int
    captured_at: int


class StateMeter:
    """Samples live state and answers for the last seconds, in the form of `RateMeter`; safe between threads.

    Args:
        window_s: length of the window, seconds.
        clock: monotonic seconds.
    """

    def __init__(self, state: LiveState, window_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._window_s = window_s
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._latencies: deque[tuple[float, float]] = deque()
        self._health: tuple[CameraHealth, ...] = ()
        self._lock = threading.Lock()

    def sample(self) -> None:
        """Take note of the views now; call about once a second."""
        views, health, at = self._state.views(), self._state.health(), self._clock()
        with self._lock:
            self._health = tuple(health.values())
            for camera, view in views.items():
                before = self._seen.get(camera)
                if before is None or before.captured_at != view.captured_at:
                    self._seen[camera] = _Seen(at, len(view.people), view.captured_at)
                    self._latencies.append((at, view.latency_s))
            oldest = at - self._window_s
            self._seen = {camera: seen for camera, seen in self._seen.items() if camera in views or seen.at > oldest}
            while self._latencies and self._latencies[0][0] < oldest:
                self._latencies.popleft()

    def report(self) -> dict[str, Any]:
        """As `RateMeter.report`; None stands where only the other processes know."""
        at = self._clock()
        with self._lock:
            health = self._health
            people = sum(seen.people for seen in self._seen.values() if seen.at >= at - self._window_s)
            latencies = [latency for _, latency in self._latencies]
        rate = sum(camera.frames_per_second for camera in health if camera.state.delivers)
        return {
            "window_s": self._window_s,
            "frames_per_second": {"read": round(rate, 2) if health else None, "posed": None, "dropped": None},
            "frames": {"read": sum(camera.frames_read for camera in health), "posed": None, "dropped": None},
            "latency_s": {"p50": _quantile(latencies, 0.50), "p95": _quantile(latencies, 0.95)},
            "queue_depth": None,
            "people": people,
        }


def _quantile(values: list[float], q: float) -> float | None:
    return round(float(np.quantile(values, q)), 4) if values else None
