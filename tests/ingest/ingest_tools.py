"""Runs the ingest worker on its own, and keeps what comes out of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Self

from spotter.core.bus.api import FRAMES, HEALTH, Overflow
from spotter.core.bus.memory import MemoryBus
from spotter.core.contracts import CameraHealth, CameraState, Frame
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.state.memory import MemoryState
from spotter.core.telemetry import Metrics
from spotter.ingest.worker import IngestWorker


class Ingest:
    """An `IngestWorker` on a thread, with every frame and health message that it published.

    Args:
        sources: source by camera id.
        camera: settings of every camera.
        stay: goes on when all cameras are over, or there is none.
        settings: of ingest.
    """

    def __init__(
        self,
        sources: dict[str, str],
        camera: dict[str, Any] | None = None,
        background: bool = False,
        stay: bool = False,
        **settings: Any,
    ) -> None:
        self.metrics = Metrics()
        self.state = MemoryState()
        self.bus = MemoryBus(self.metrics.count_drop, {FRAMES.name: Overflow.BLOCK, HEALTH.name: Overflow.BLOCK})
        self.frames: list[Frame] = []
        self.arrived: list[float] = []
        self.health: list[CameraHealth] = []
        self.stop = threading.Event()
        cameras = [CameraSettings(id=name, source=source, **(camera or {})) for name, source in sources.items()]
        self.worker = IngestWorker(
            cameras, IngestSettings(**settings), self.bus, self.state, self.metrics, background=background, stay=stay
        )
        self._frames = self.bus.subscribe(FRAMES, "test")
        self._health = self.bus.subscribe(HEALTH, "test")
        self._threads = [threading.Thread(target=target) for target in (self._work, self._take, self._take_health)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()

    def run(self) -> Self:
        """To the end of all sources."""
        for thread in self._threads:
            thread.start()
        self.join()
        return self

    def join(self, timeout: float = 60) -> None:
        for thread in self._threads:
            thread.join(timeout)
            assert not thread.is_alive()

    def wait(self, condition: Callable[[], bool], timeout: float = 30) -> None:
        """Until `condition` holds."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not in {timeout} s; states: {self.worker.states}"
            time.sleep(0.02)

    def wait_for(self, state: CameraState, camera: str = "camera", timeout: float = 30) -> None:
        self.wait(lambda: self.worker.states.get(camera) is state, timeout)

    def wait_for_step(self, state: CameraState, camera: str = "camera", timeout: float = 30) -> None:
        """Until its health has told of the state."""
        self.wait(lambda: state in self.steps(camera), timeout)

    def of(self, camera: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.camera_id == camera]

    def health_of(self, camera: str) -> list[CameraHealth]:
        return [health for health in self.health if health.camera_id == camera]

    def steps(self, camera: str = "camera") -> list[CameraState]:
        """The states that the camera went through, as its health told."""
        states: list[CameraState] = []
        for health in self.health:
            if health.camera_id == camera and (not states or states[-1] is not health.state):
                states.append(health.state)
        return states

    def count(self, name: str, camera: str = "camera", **labels: str) -> float:
        """Value of a metric of one camera, 0 where it was never counted."""
        return self.metrics.registry.get_sample_value(f"spotter_{name}", {"camera": camera, **labels}) or 0.0

    def _work(self) -> None:
        try:
            self.worker.run(self.stop)
        finally:
            self.bus.end(FRAMES)
            self.bus.end(HEALTH)

    def _take(self) -> None:
        while not self._frames.ended:
            taken = self._frames.take(8, 0.1)
            self.arrived.extend([time.monotonic()] * len(taken))
            self.frames.extend(taken)
            self._frames.commit()

    def _take_health(self) -> None:
        while not self._health.ended:
            self.health.extend(self._health.take(8, 0.1))
            self._health.commit()
