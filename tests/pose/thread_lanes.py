"""`Lanes` whose uploads and computing really run beside the caller, on a thread each, like the streams of a GPU.

Work is queued and the caller goes on; what follows a mark waits for it. A runner that forgets to wait gives wrong
results here, all the more as every step takes a random time.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor

from spotter.pose.models.torch_lanes import Work

_LONGEST_S = 0.003


class ThreadLanes:
    def __init__(self, seed: int) -> None:
        self.device = torch.device("cpu")
        self.fixed_shapes = True
        self.recordings = 0
        self._random = random.Random(seed)
        self._uploads = ThreadPoolExecutor(1)
        self._computing = ThreadPoolExecutor(1)
        self._present: ThreadPoolExecutor | None = None

    def host_memory(self, size: int, kind: torch.dtype) -> Tensor:
        return torch.empty(size, dtype=kind)

    def transfer(self, source: Tensor, target: Tensor) -> None:
        self._queue(lambda: target.copy_(source))

    @contextmanager
    def uploading(self) -> Iterator[None]:
        self._present = self._uploads
        yield
        self._present = None

    @contextmanager
    def computing(self) -> Iterator[None]:
        self._present = self._computing
        yield
        self._present = None

    def mark(self) -> threading.Event:
        reached = threading.Event()
        self._queue(reached.set)
        return reached

    def follow(self, mark: threading.Event) -> None:
        self._queue(mark.wait)

    def wait(self, mark: threading.Event) -> None:
        assert mark.wait(10)

    def drain(self) -> None:
        for lane in (self._uploads, self._computing):
            lane.submit(lambda: None).result(10)

    def record(self, work: Work) -> Work:
        self.recordings += 1
        output = work()

        def replay() -> Tensor:
            self._queue(lambda: output.copy_(work()))
            return output

        return replay

    def close(self) -> None:
        self._uploads.shutdown()
        self._computing.shutdown()

    def _queue(self, step: object) -> Future[None]:
        assert self._present is not None, "work was begun outside a lane"
        delay = self._random.random() * _LONGEST_S

        def run() -> None:
            time.sleep(delay)
            with torch.inference_mode():
                step()  # type: ignore[operator]

        return self._present.submit(run)
