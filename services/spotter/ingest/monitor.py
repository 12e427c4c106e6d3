"""What is known of one camera: its state, its counts, and the health that it reports. Safe between threads."""

from __future__ import annotations

import threading
import time

from spotter.core import clock
from spotter.core.bus.api import HEALTH, Bus
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.telemetry import Metrics, get_logger
from spotter.ingest.lifecycle import is_over, step

_RATE_WINDOW_S = 1.0


class CameraMonitor:
    """Counts, states and health of one camera; health goes to the bus on every change of state and when asked for."""

    def __init__(self, camera_id: str, bus: Bus, metrics: Metrics) -> None:
        self.camera_id = camera_id
        self._bus = bus
        self._log = get_logger("spotter.ingest").bind(camera=camera_id)
        self._lock = threading.Lock()
        self._state = CameraState.CONNECTING
        self._detail = ""
        self._logged = ""
        self._was_live = False
        self._read = self._undecodable = 0
        self._width = self._height = 0
        self._rate = 0.0
        self._rate_since, self._rate_read = time.monotonic(), 0
        self._frames_read = metrics.frames_read.labels(camera=camera_id)
        self._frames_published = metrics.frames_published.labels(camera=camera_id)
        self._frames_dropped = metrics.frames_dropped
        self._up = metrics.camera_up.labels(camera=camera_id)
        self._reconnects = metrics.camera_reconnects.labels(camera=camera_id)
        self._up.set(0)

    @property
    def state(self) -> CameraState:
        return self._state

    @property
    def detail(self) -> str:
        """For people; holds no secret."""
        return self._detail

    @property
    def over(self) -> bool:
        """True once nothing more will come from this camera."""
        return is_over(self._state)

    def to(self, state: CameraState, detail: str = "") -> None:
        """Change the state, and tell it on the bus, in the metrics and in the log."""
        with self._lock:
            self._state = step(self._state, state)
            self._detail = detail
            self._up.set(1 if state is CameraState.LIVE else 0)
            if state is CameraState.LIVE:
                if self._was_live:
                    self._reconnects.inc()
                self._was_live = True
            self._write_log(state, detail)
            self._publish()

    def warn(self, detail: str) -> None:
        """Something that people should know and that changes no state."""
        self._log.warning("camera_warning", detail=detail)

    def count_read(self) -> None:
        """One item came from the source, decodable or not."""
        self._read += 1
        self._frames_read.inc()

    def count_undecodable(self, name: str) -> None:
        """One item could not be decoded; the first one is told, the others are counted."""
        self._undecodable += 1
        self.count_dropped("undecodable")
        if self._undecodable == 1:
            self.warn(f"'{name}' cannot be decoded; skipped" if name else "a frame cannot be decoded; skipped")

    def count_dropped(self, reason: str) -> None:
        """One frame was let go."""
        self._frames_dropped.labels(camera=self.camera_id, reason=reason).inc()

    def count_published(self, width: int, height: int) -> None:
        """One frame of this size, px, was handed to the bus."""
        self._width, self._height = width, height
        self._frames_published.inc()

    def publish_health(self) -> None:
        """Tell the bus how the camera is now, unless it is over and has said so."""
        with self._lock:
            if not self.over:
                self._publish()

    def _publish(self) -> None:
        elapsed = time.monotonic() - self._rate_since
        if elapsed >= _RATE_WINDOW_S:
            self._rate = (self._read - self._rate_read) / elapsed
            self._rate_since, self._rate_read = time.monotonic(), self._read
        self._bus.publish(
            HEALTH,
            CameraHealth(
                camera_id=self.camera_id,
                state=self._state,
                at=clock.now(),
                frames_read=self._read,
                frames_undecodable=self._undecodable,
                frames_per_second=round(self._rate, 2),
                width=self._width,
                height=self._height,
                detail=self._detail,
            ),
        )

    def _write_log(self, state: CameraState, detail: str) -> None:
        """One line per change; a camera that stays away repeats itself at debug level only."""
        event = f"camera_{state.value}"
        if state is CameraState.FAILED:
            self._log.error(event, detail=detail)
        elif state is CameraState.BACKING_OFF and detail != self._logged:
            self._log.warning(event, detail=detail)
            self._logged = detail
        elif state in (CameraState.LIVE, CameraState.ENDED):
            self._log.info(event, detail=detail)
            self._logged = ""
        else:
            self._log.debug(event, detail=detail)
