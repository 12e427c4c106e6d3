"""When each message of a load is due, and how a publisher waits for it. Open loop: a message that could not be sent in
time is sent as soon as possible with its due time as capture time, so that what a slow bus costs shows as latency and
is not left out of the figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TICK_S = 0.005
"""Messages that are due within the same tick go out together: a wait costs as much processor time as a message."""


class Pace:
    """Cameras that take turns, evenly spread over the time of a frame.

    Args:
        cameras, fps: message n of the load is due n / (cameras * fps) seconds after the start.
        realtime: False never waits.
        clock: monotonic seconds.
    """

    def __init__(
        self, cameras: int, fps: float, *, realtime: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = cameras * fps
        self._realtime = realtime
        self._clock = clock
        self._begun = clock()
        self.greatest_delay_s = 0.0

    def due_s(self, number: int) -> float:
        """Seconds after the start at which message `number` (from 0) is due."""
        return number / self._rate

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._begun

    def wait(self, number: int, stop: threading.Event) -> bool:
        """Wait until message `number` is due; False once `stop` is set."""
        if not self._realtime:
            return not stop.is_set()
        early = self.due_s(number) - self.elapsed_s()
        if early > 0:
            return not stop.wait(max(early, TICK_S))
        self.greatest_delay_s = max(self.greatest_delay_s, -early)
        return not stop.is_set()
