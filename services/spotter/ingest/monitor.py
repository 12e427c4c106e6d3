"""What is known of one camera: its state, its counts, and the health that it reports. Safe between threads."""

from __future__ import annotations

import threading
import time

from spotter.core import clock
from spotter.core.bus.api import HEALTH, Bus
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.ingest.flow import Flow
from spotter.ingest.lifecycle import is_over, step
from spotter.ingest.trust.verdicts import Problem, Verdict

_RATE_WINDOW_S = 1.0

_SLOW_FRAMES = 3.0
"""A camera is not stalled before this many of its usual frame intervals have passed."""


class CameraMonitor:
    """Counts, states and health of one camera; health goes to the bus on every change of state and when asked for.

    The reader tells what comes (`count_...`, `to`), whoever supervises it asks `watch` in between: a reader that waits
    for a frame cannot tell that none comes.
    """

    def __init__(self, camera: CameraSettings, ingest: IngestSettings, bus: Bus, metrics: Metrics) -> None:
        self.camera_id = camera.id
        self._bus = bus
        self._log = get_logger("spotter.ingest").bind(camera=camera.id)
        self._lock = threading.RLock()
        self._state = CameraState.CONNECTING if camera.enabled else CameraState.DISABLED
        self._detail = "" if camera.enabled else "switched off in the settings"
        self._logged = ""
        # Without looks at pictures, every camera that delivers is trusted.
        self._verdict = Verdict(trusted=not ingest.trust.enabled, problems={})
        self._left = False
        self._was_live = False
        self._flow = Flow(camera.expected_fps)
        self._stall_s = ingest.stall_s
        self._heard_at: float | None = None
        self._read = self._undecodable = 0
        self._width = self._height = 0
        self._rate = 0.0
        self._rate_since, self._rate_read = time.monotonic(), 0
        self._metrics = metrics
        self._frames_read = metrics.frames_read.labels(camera=camera.id)
        self._frames_published = metrics.frames_published.labels(camera=camera.id)
        self._show()

    @property
    def state(self) -> CameraState:
        return self._state

    @property
    def detail(self) -> str:
        """For people; holds no secret."""
        return self._detail

    @property
    def fps(self) -> float | None:
        """Frames a second that a live camera has delivered over the last seconds; None while that is not known."""
        return self._flow.rate

    @property
    def over(self) -> bool:
        """True once nothing more will come from this camera."""
        return is_over(self._state)

    def to(self, state: CameraState, detail: str = "") -> None:
        """Change the state, and tell it on the bus, in the metrics and in the log."""
        with self._lock:
            if self._left:
                return
            before, self._state = self._state, step(self._state, state)
            self._detail = detail
            if state is CameraState.LIVE and before is CameraState.CONNECTING:
                if self._was_live:
                    self._metrics.camera_reconnects.labels(camera=self.camera_id).inc()
                self._was_live = True
            self._metrics.cameras.state_changes.labels(camera=self.camera_id, state=state.value).inc()
            self._show()
            self._write_log(state, detail)
            self._publish()

    def leave(self, state: CameraState | None = None, detail: str = "") -> None:
        """Say the last word, a final `state` where one is given, and nothing more: another reader may follow.

        Its gauges go, so that nobody is called for a camera that is not here any more.
        """
        with self._lock:
            if self._left:
                return
            if state is not None and not self.over:
                self.to(state, detail)
            self._left = True
            for gauge in (self._metrics.camera_up, self._metrics.cameras.usual_fps, self._metrics.cameras.trusted):
                gauge.remove(self.camera_id)
            for problem in Problem:
                self._metrics.cameras.problem.remove(self.camera_id, problem.value)
            for each in CameraState:
                self._metrics.cameras.state.remove(self.camera_id, each.value)

    def judged(self, verdict: Verdict) -> None:
        """Whether the pictures can be trusted; a change is told at once."""
        with self._lock:
            before, self._verdict = self._verdict, verdict
            if self._left or (before.trusted, [*before.problems]) == (verdict.trusted, [*verdict.problems]):
                return
            if verdict.problems:
                self._log.warning("camera_not_trusted", problems=[*verdict.problems], detail=verdict.detail())
            elif before.problems or verdict.trusted:
                self._log.info("camera_trusted" if verdict.trusted else "camera_earns_trust")
            self._show()
            if not self.over:
                self._publish()

    def warn(self, detail: str) -> None:
        """Something that people should know and that changes no state."""
        self._log.warning("camera_warning", detail=detail)

    def opened(self, live: bool) -> None:
        """The source is open. Only a live one can stall or be slower than usual."""
        now = time.monotonic()
        with self._lock:
            self._heard_at = now if live else None
            self._flow.begin(now, opened=True)

    def count_read(self) -> None:
        """One item came from the source, decodable or not."""
        self._read += 1
        self._frames_read.inc()
        if self._heard_at is None:
            return
        now = self._heard_at = time.monotonic()
        if self._state is CameraState.STALLED:
            self._flow.begin(now, opened=False)
            self.to(CameraState.DEGRADED if self._flow.degraded else CameraState.LIVE, self._flow.degraded)
        self._flow.item(now)
        self._judge(now)

    def count_undecodable(self, name: str) -> None:
        """The item that was read last could not be decoded; the first one is told, the others are counted."""
        self._undecodable += 1
        self.count_dropped("undecodable")
        if self._heard_at is not None:
            self._flow.undecodable()
        if self._undecodable == 1:
            self.warn(f"'{name}' cannot be decoded; skipped" if name else "a frame cannot be decoded; skipped")

    def count_dropped(self, reason: str) -> None:
        """One frame was let go."""
        self._metrics.frames_dropped.labels(camera=self.camera_id, reason=reason).inc()

    def count_published(self, width: int, height: int) -> None:
        """One frame of this size, px, is handed to the bus."""
        self._width, self._height = width, height
        self._frames_published.inc()
        if self._state is CameraState.CONNECTING:
            self.to(CameraState.LIVE)

    def watch(self) -> None:
        """Call it often, from another thread than the reader's: tells a camera that has fallen silent."""
        with self._lock:
            if self._heard_at is None or not self._state.delivers:
                return
            silent = time.monotonic() - self._heard_at
            if silent <= self._stall_s:
                return
            usual = self._flow.usual_fps
            if usual is None or silent > _SLOW_FRAMES / usual:
                self.to(CameraState.STALLED, f"open, and no frame for {silent:.1f} s")

    def publish_health(self) -> None:
        """Tell the bus how the camera is now, unless it is over and has said so."""
        with self._lock:
            if not self.over and not self._left:
                self._publish()

    def _judge(self, now: float) -> None:
        """Between live and degraded, once a second."""
        degraded = self._flow.judge(now)
        if bool(degraded) is (self._state is CameraState.DEGRADED):
            return
        with self._lock:
            if self._state.delivers:
                self.to(CameraState.DEGRADED if degraded else CameraState.LIVE, degraded)

    def _show(self) -> None:
        """The gauges."""
        self._metrics.camera_up.labels(camera=self.camera_id).set(self._state.delivers)
        self._metrics.cameras.usual_fps.labels(camera=self.camera_id).set(self._flow.usual_fps or 0.0)
        for each in CameraState:
            self._metrics.cameras.state.labels(camera=self.camera_id, state=each.value).set(each is self._state)
        self._metrics.cameras.trusted.labels(camera=self.camera_id).set(self._trusted)
        for problem in Problem:
            told = self._state.delivers and problem in self._verdict.problems
            self._metrics.cameras.problem.labels(camera=self.camera_id, problem=problem.value).set(told)

    @property
    def _trusted(self) -> bool:
        return self._state.delivers and self._verdict.trusted

    def _publish(self) -> None:
        elapsed = time.monotonic() - self._rate_since
        if elapsed >= _RATE_WINDOW_S:
            self._rate = (self._read - self._rate_read) / elapsed
            self._rate_since, self._rate_read = time.monotonic(), self._read
            self._metrics.cameras.usual_fps.labels(camera=self.camera_id).set(self._flow.usual_fps or 0.0)
        problems = tuple(each.value for each in self._verdict.problems) if self._state.delivers else ()
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
                detail="; ".join(filter(None, (self._detail, self._verdict.detail() if problems else ""))),
                trusted=self._trusted,
                problems=problems,
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
        elif state in (CameraState.DEGRADED, CameraState.STALLED):
            self._log.warning(event, detail=detail)
        elif state in (CameraState.LIVE, CameraState.ENDED):
            self._log.info(event, detail=detail)
            self._logged = ""
        else:
            self._log.debug(event, detail=detail)
