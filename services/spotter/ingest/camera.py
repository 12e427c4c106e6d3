"""One camera, read on one thread: connect, stamp, pace, publish, and connect again when it is lost.

Promises:
- A live camera is tried for ever; a finite one ends or fails by itself. Neither touches the other cameras.
- `sequence` counts the frames read within the rate limit; undecodable and late ones leave gaps, all are counted.
- A frame over the rate limit is let go before its picture is made.
- Event time: the moment of capture for live cameras, as well as it can be known (`ingest.capture_time`); epoch + media
  time for finite ones; strictly growing, whole microseconds.
- At real-time speed a finite source never runs ahead of the wall clock, and skips frames rather than fall behind it.
- Nothing is published after the permit has ended: another process may have the camera by then.
"""

from __future__ import annotations

import threading
import time
import traceback

from spotter.core import clock
from spotter.core.bus.api import FRAMES, Bus
from spotter.core.contracts import CameraState, Frame
from spotter.core.errors import SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.spans import CAPTURE
from spotter.core.telemetry.tracing import NO_TRACER, Attributes, Tracer
from spotter.ingest.background import BlurredBackground
from spotter.ingest.backoff import Backoff
from spotter.ingest.event_times import EventTimes
from spotter.ingest.monitor import CameraMonitor
from spotter.ingest.pacing import Moment, RateLimit, RealTimePacer
from spotter.ingest.sharing import ALWAYS, Permit
from spotter.ingest.sources import Captured, Source, SourceInfo, SourceLostError, open_source
from spotter.ingest.trust_watch import TrustWatch

STABLE_S = 5.0
"""A camera that delivered for this long starts from the shortest pause again when it is lost [D]."""

_EARLY_END_SHARE = 0.98
"""Containers state their length with an error of a few frames; less than this share of it is an early end."""


class CameraReader:
    """Reads one camera until it is over or a stop is asked for.

    Args:
        camera: what to read.
        ingest: pace, timeouts and pauses.
        bus: where frames and health go.
        metrics: counters of the pipeline.
        background: takes blurred pictures, or None where pictures are not shown.
        tracer: makes the trace of each frame.
        permit: says until when the camera may be read here, and which epoch its frames are of.
    """

    def __init__(
        self,
        camera: CameraSettings,
        ingest: IngestSettings,
        bus: Bus,
        metrics: Metrics,
        background: BlurredBackground | None = None,
        tracer: Tracer = NO_TRACER,
        permit: Permit = ALWAYS,
    ) -> None:
        self.monitor = CameraMonitor(camera, ingest, bus, metrics)
        self._camera = camera
        self._ingest = ingest
        self._bus = bus
        self._background = background
        self._tracer = tracer
        self._log = get_logger("spotter.ingest").bind(camera=camera.id)
        self._permit = permit
        self._epoch = permit.epoch
        self._sequence = 0
        self._times = EventTimes(camera.id, metrics)
        self._trust = TrustWatch(camera, ingest, self.monitor, metrics.cameras)
        self._at = 0
        self._admitted = self._wanted = True
        self._limit = RateLimit(camera.max_fps)

    def run(self, stop: threading.Event) -> None:
        """Read until the source has ended or failed, or `stop` is set. Raises nothing; `monitor` tells the outcome."""
        self.monitor.publish_health()
        if self.monitor.state is CameraState.DISABLED:
            return
        try:
            detail = self._keep_reading(open_source(self._camera, self._ingest), stop)
        except SourceError as error:
            self.monitor.to(CameraState.FAILED, str(error))
        except Exception as error:
            # A fault of this program: the other cameras must not suffer. The log says where it came from, but neither
            # the error's text nor any variable: they may hold the camera's password.
            steps = traceback.extract_tb(error.__traceback__)
            self._log.debug("reader_fault", where=[f"{step.name}:{step.lineno}" for step in steps])
            self.monitor.to(CameraState.FAILED, f"internal error while reading: {type(error).__name__}")
        else:
            self.monitor.to(CameraState.ENDED, detail)
        finally:
            self._times.leave()

    def _keep_reading(self, source: Source, stop: threading.Event) -> str:
        """Play, and again after each loss; returns why it ended."""
        backoff = Backoff(self._ingest.backoff_min_s, self._ingest.backoff_max_s)
        while not stop.is_set():
            started = time.monotonic()
            try:
                return self._play(source, source.open(), stop)
            except SourceLostError as lost:
                if stop.is_set():
                    break
                if self.monitor.state is not CameraState.CONNECTING and time.monotonic() - started > STABLE_S:
                    backoff.reset()
                self.monitor.to(CameraState.BACKING_OFF, str(lost))
            finally:
                source.close()
            if stop.wait(backoff.next()):
                break
            self.monitor.to(CameraState.CONNECTING, self.monitor.detail)
        return "stopped"

    def _play(self, source: Source, info: SourceInfo, stop: threading.Event) -> str:
        """Read one opening of the source to its end; returns why it ended."""
        if self._epoch is None:
            self._epoch = clock.now()
        self.monitor.opened(live=not info.finite)
        self._times.reconnected()
        self._trust.opened(live=not info.finite)
        pacer = RealTimePacer(self._epoch) if info.finite and self._ingest.speed == "realtime" else None
        items = 0
        while not stop.is_set():
            captured = source.read(decode=lambda item: self._admit(item, pacer))
            if captured is None:
                return self._ended(items, info)
            if stop.is_set():
                break
            items += 1
            self.monitor.count_read()
            at = self._at
            if not self._admitted:
                self.monitor.count_dropped("over_rate")
                continue
            sequence = self._sequence
            self._sequence += 1
            if captured.image is None and self._wanted:
                self.monitor.count_undecodable(captured.name)
                continue
            moment = Moment.DUE if pacer is None else pacer.judge(at, clock.now())
            if captured.image is None or moment is Moment.LATE:
                self.monitor.count_dropped("late")
                continue
            if pacer is not None and moment is Moment.EARLY and _sleep_until(pacer, at, stop):
                self.monitor.count_dropped("shutdown")
                break
            # Last of all: the process may have been stopped anywhere above.
            if not self._permit.valid():
                self.monitor.count_dropped("not_held")
                continue
            self._publish(captured, sequence, at, self._clock_offset(info, pacer, at))
        return "stopped"

    def _admit(self, item: Captured, pacer: RealTimePacer | None) -> bool:
        """Time an item that has come; whether its picture is to be made."""
        self._at = self._times.of(item, self._epoch or 0)
        self._admitted = self._limit.admits(self._at)
        self._wanted = self._admitted and (pacer is None or not pacer.catching_up)
        return self._wanted

    def _clock_offset(self, info: SourceInfo, pacer: RealTimePacer | None, at: int) -> int:
        if pacer is not None:
            return pacer.clock_offset_ns
        return at - clock.now() if info.finite else self._times.clock_offset_ns

    def _publish(self, captured: Captured, sequence: int, at: int, clock_offset_ns: int) -> None:
        image = captured.image
        assert image is not None
        width, height = captured.size or (image.shape[1], image.shape[0])
        now = clock.now()
        frame = Frame(
            camera_id=self._camera.id,
            epoch=self._epoch or 0,
            sequence=sequence,
            captured_at=at,
            published_at=now,
            width=width,
            height=height,
            picture=image,
            clock_offset_ns=clock_offset_ns,
            trace=self._tracer.begin(),
            timing=self._times.timing,
        )
        # Counted before it is handed over, so that no consumer sees a frame that the camera does not know of.
        self.monitor.count_published(width, height)
        if self.monitor.state is CameraState.CONNECTING:
            self.monitor.to(CameraState.LIVE)
        self._bus.publish(FRAMES, frame)
        if frame.trace:
            attributes: Attributes = {"spotter.camera": frame.camera_id, "spotter.sequence": sequence}
            self._tracer.span(CAPTURE, frame.trace, now - frame.age(now), clock.now(), attributes)
        if self._background is not None:
            self._background.offer(image, now)
        self._trust.see(image, at, self._times.camera_error_s)

    def _ended(self, items: int, info: SourceInfo) -> str:
        if info.frame_count is not None and items < _EARLY_END_SHARE * info.frame_count - 1:
            detail = f"ended early: {items} of {info.frame_count} frames could be read; the file may be cut off"
            self.monitor.warn(detail)
            return detail
        return f"played to its end, {items} frames"


def _sleep_until(pacer: RealTimePacer, at: int, stop: threading.Event) -> bool:
    """Wait for the frame's time; True when a stop was asked for meanwhile."""
    wait = pacer.wait_ns(at, clock.now())
    return wait > 0 and stop.wait(clock.to_seconds(wait))
