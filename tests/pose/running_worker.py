"""A model that stands in for one on a GPU, and a pose worker on a thread of its own, for tests of its stages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from spotter.core.bus import SKELETONS, MemoryBus
from spotter.core.contracts import Image, PoseFrame
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics
from spotter.pose.models import Detections
from spotter.pose.worker import PoseWorker

GIVE_UP_S = 20.0
PICTURE = np.full((24, 32, 3), 200, np.uint8)
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()


class Pretended:
    """Stands in for a model on a GPU: takes batches up to what "fits", each after a pause.

    Args:
        fits: frames per batch that its memory holds; may be changed while it runs.
        seconds: a batch takes.
    """

    name = "pretended/1"
    device = "cuda"
    input_size = 64

    def __init__(self, fits: int = 1000, seconds: float = 0.0) -> None:
        self.fits = fits
        self.seconds = seconds
        self.batches: list[int] = []
        self.threads: set[int] = set()
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def load(self) -> None:
        self.threads.add(threading.get_ident())

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        self.threads.add(threading.get_ident())
        self.batches.append(len(images))
        self.entered.set()
        assert self.gate.wait(GIVE_UP_S)
        time.sleep(self.seconds)
        if len(images) > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB")
        return [Detections.none() for _ in images]


class Running:
    """A worker on a thread of its own, and what it published so far."""

    def __init__(
        self,
        bus: MemoryBus,
        model: Any,
        metrics: Metrics | None = None,
        settings: PoseSettings | None = None,
        **options: Any,
    ) -> None:
        self.metrics = metrics or Metrics()
        self.poses: list[PoseFrame] = []
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._skeletons = bus.subscribe(SKELETONS, "test")
        self.worker = PoseWorker(bus, model, settings or patient(max_batch=8), self.metrics, **options)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self._finished = threading.Event()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        self._collector.start()
        assert self.worker.ready.wait(GIVE_UP_S)

    def wait_for(self, count: int) -> list[PoseFrame]:
        wait_until(lambda: len(self.poses) >= count)
        return self.poses

    def join(self) -> None:
        self.thread.join(GIVE_UP_S)
        assert not self.thread.is_alive()
        self._finished.set()
        self._collector.join(GIVE_UP_S)

    def _run(self) -> None:
        try:
            self.worker.run(self.stop)
        except BaseException as error:
            self.error = error

    def _collect(self) -> None:
        while not self._finished.is_set():
            self.poses += self._skeletons.take(1000, 0.01)
            self._skeletons.commit()
        self.poses += self._skeletons.take(1000, 0.0)


def patient(**changed: Any) -> PoseSettings:
    """Settings with which no frame is late because the machine is busy."""
    return PoseSettings(deadline_s=30.0, **changed)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
