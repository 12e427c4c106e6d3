"""The ingest service: one thread per camera, until every camera is over or a stop is asked for.

A camera that hangs in a driver never holds up the stop: its thread is left behind and publishes nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from spotter.core.bus.api import Bus
from spotter.core.contracts import CameraState
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.state.api import LiveState
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.tracing import NO_TRACER, Tracer
from spotter.ingest.background import BlurredBackground
from spotter.ingest.camera import CameraReader

HEALTH_INTERVAL_S = 2.0
"""Health of each camera goes out at least this often."""

STOP_S = 0.8
"""Longest wait for the cameras' threads once a stop is asked for."""

_POLL_S = 0.05


class IngestWorker:
    """Reads cameras and publishes frames on `FRAMES` and health on `HEALTH`.

    Ending the two topics is left to the caller, who alone knows whether other cameras will use them.

    Args:
        cameras: what to read, each on a thread of its own.
        settings: pace, timeouts and pauses.
        bus: where frames and health go.
        state: takes blurred pictures, where `background` is set.
        metrics: counters of the pipeline.
        background: whether blurred pictures are made at all.
        tracer: makes the trace of each frame.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        settings: IngestSettings,
        bus: Bus,
        state: LiveState,
        metrics: Metrics,
        background: bool = False,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._log = get_logger("spotter.ingest")
        self._readers = [
            CameraReader(
                camera, settings, bus, metrics, BlurredBackground(camera.id, state) if background else None, tracer
            )
            for camera in cameras
        ]

    @property
    def states(self) -> Mapping[str, CameraState]:
        """Where each camera stands, by id."""
        return {reader.monitor.camera_id: reader.monitor.state for reader in self._readers}

    @property
    def details(self) -> Mapping[str, str]:
        """What people should know of each camera's state, by id; may be empty; holds no secret."""
        return {reader.monitor.camera_id: reader.monitor.detail for reader in self._readers}

    @property
    def any_live(self) -> bool:
        """True while at least one camera delivers frames."""
        return CameraState.LIVE in self.states.values()

    @property
    def failures(self) -> Mapping[str, str]:
        """One line for people for each camera that failed for good, by id."""
        monitors = [reader.monitor for reader in self._readers]
        return {m.camera_id: f"camera '{m.camera_id}': {m.detail}" for m in monitors if m.state is CameraState.FAILED}

    def run(self, stop: threading.Event) -> None:
        """Read all cameras; returns when each has ended or failed, or within a second of `stop`."""
        threads = [
            threading.Thread(target=reader.run, args=(stop,), name=f"camera-{reader.monitor.camera_id}", daemon=True)
            for reader in self._readers
        ]
        for thread in threads:
            thread.start()
        health_due = time.monotonic() + HEALTH_INTERVAL_S
        while any(thread.is_alive() for thread in threads) and not stop.wait(_POLL_S):
            if time.monotonic() >= health_due:
                health_due += HEALTH_INTERVAL_S
                for reader in self._readers:
                    reader.monitor.publish_health()
        deadline = time.monotonic() + STOP_S
        for thread, reader in zip(threads, self._readers, strict=True):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._log.warning("camera_left_behind", camera=reader.monitor.camera_id)
