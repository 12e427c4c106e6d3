"""The event time of each frame of one camera: reads the clocks, and tells in the metrics how they stand."""

from __future__ import annotations

import contextlib
import time

from spotter.core import clock
from spotter.core.telemetry import Metrics
from spotter.core.timing import Timing
from spotter.ingest.capture_time import CaptureClock
from spotter.ingest.sources import Captured


class EventTimes:
    """Event times, UTC ns, strictly growing over all connections of a camera.

    Of a finite source it is the epoch plus media time; of a live one what `CaptureClock` makes of the clocks.

    Attributes:
        clock_offset_ns: event clock minus wall clock of the live frame that was timed last.
        timing: how its time was found; None for a finite source.
        camera_error_s: how far the camera's own clock is off this host's, seconds, less the shortest way of a frame;
            None where the camera tells no time.
    """

    def __init__(self, camera_id: str, metrics: Metrics) -> None:
        self.clock_offset_ns = 0
        self.timing: Timing | None = None
        self.camera_error_s: float | None = None
        self._camera_id = camera_id
        self._metrics = metrics.times
        self._clock = CaptureClock()
        self._told = {"camera": 0, "host_forward": 0, "host_back": 0}
        self._captured_at = 0

    def reconnected(self) -> None:
        """The source was opened."""
        self._clock.reconnected()
        self.camera_error_s = None

    def of(self, item: Captured, epoch: int) -> int:
        """The time of an item that has just come; once for each, in order."""
        at = self._live(item) if item.media_time_s is None else epoch + clock.from_seconds(item.media_time_s)
        self._captured_at = max(at, self._captured_at + clock.MICROSECOND)
        return self._captured_at

    def leave(self) -> None:
        """No more frames come: nobody is to see how the clocks stood."""
        for gauge in (self._metrics.offset, self._metrics.jitter):
            with contextlib.suppress(KeyError):
                gauge.remove(self._camera_id)

    def _live(self, item: Captured) -> int:
        stamp = self._clock.stamp(clock.now(), time.monotonic_ns(), item.sender_ns, item.delay_ns)
        self.clock_offset_ns, self.timing = stamp.clock_offset_ns, stamp.timing
        self._metrics.timed.labels(camera=self._camera_id, basis=stamp.timing.basis.value).inc()
        if stamp.timing.camera_offset_ns is not None:
            self.camera_error_s = clock.to_seconds(stamp.timing.camera_offset_ns)
            self._metrics.offset.labels(camera=self._camera_id).set(self.camera_error_s)
            self._metrics.jitter.labels(camera=self._camera_id).set(clock.to_seconds(stamp.timing.jitter_ns))
        steps = {
            "camera": self._clock.camera_steps,
            "host_forward": self._clock.host.steps_forward,
            "host_back": self._clock.host.steps_back,
        }
        for name, count in steps.items():
            if count > self._told[name]:
                self._metrics.steps.labels(camera=self._camera_id, clock=name).inc(count - self._told[name])
        self._told = steps
        return stamp.captured_at
