"""What a thousand reconnects leave behind: memory, threads and file descriptors of an ingest process. Needs GStreamer.

    python benchmarks/reconnects.py                            # 1,000 reconnects of 10 cameras, about 2 minutes
    python benchmarks/reconnects.py --cameras 5 --rounds 12    # a short look

One real RTSP server behind a proxy; all cameras read it through the proxy, which ends every connection at once, round
after round, and each time all cameras must be live again. Both are processes of their own: what is measured is ingest.
Memory is read with all cameras live, after a collection of garbage and a trim of the heap; what grows with each
reconnect shows as a slope over the rounds. Exit code 1 when something grows.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import psutil

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

from proxy import TcpProxy

from servers import RtspServer, free_port
from spotter.core.bus.memory import MemoryBus
from spotter.core.contracts import CameraState
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.state import MemoryState
from spotter.core.telemetry import Metrics, configure_logs
from spotter.ingest.worker import IngestWorker

WARM_SHARE = 0.2
"""Rounds that are not judged: libraries fill their caches in them."""

MOST_GROWTH = 4 * 2**20
"""Bytes that memory may grow by over all judged rounds: twice its noise. One picture left behind a reconnect (225 KiB)
would show after twenty."""

LIVE_S = 60.0


@dataclass(frozen=True)
class Sample:
    """The process with all cameras live."""

    reconnects: int
    rss: int
    threads: int
    descriptors: int


@dataclass(frozen=True)
class Result:
    """All samples, the first one from before the first reconnect, and how often the server crashed meanwhile."""

    samples: tuple[Sample, ...]
    crashes: int = 0

    @property
    def judged(self) -> tuple[Sample, ...]:
        return self.samples[round(WARM_SHARE * len(self.samples)) :]

    @property
    def growth(self) -> float:
        """Bytes over the judged rounds, by the slope of the memory."""
        found = self.judged
        slope, _ = np.polyfit([one.reconnects for one in found], [one.rss for one in found], 1)
        return float(slope) * (found[-1].reconnects - found[0].reconnects)

    @property
    def flat(self) -> bool:
        """No thread and no descriptor more than after the warm-up, and no growth of memory beyond noise."""
        first, last = self.judged[0], self.samples[-1]
        still = last.threads <= first.threads and last.descriptors <= first.descriptors
        return still and self.growth < MOST_GROWTH


def measure(cameras: int, rounds: int) -> Result:
    """Cut all cameras off `rounds` times; returns what was there before and after each round."""
    metrics = Metrics()
    with Camera() as camera:
        settings = IngestSettings(open_timeout_s=5.0, read_timeout_s=5.0, backoff_min_s=0.05, backoff_max_s=0.2)
        names = [f"cam-{number}" for number in range(cameras)]
        worker = IngestWorker(
            [CameraSettings(id=name, source=camera.url, max_fps=5) for name in names],
            settings,
            MemoryBus(),
            MemoryState(),
            metrics,
        )
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            samples = [_sample(worker, metrics, camera, names, 0)]
            for number in range(rounds):
                camera.cut()
                samples.append(_sample(worker, metrics, camera, names, number + 1))
        finally:
            stop.set()
            thread.join()
    return Result(tuple(samples), camera.crashes)


class Camera:
    """A real RTSP server behind a proxy in a process of its own; use it as a context manager.

    Attributes:
        url: of the camera, through the proxy.
        crashes: times the server had to be started again: GStreamer's does not survive every sudden end.
    """

    def __init__(self) -> None:
        port = free_port()
        self.url = f"rtsp://127.0.0.1:{port}/camera"
        self.crashes = 0
        self._server = RtspServer()
        command = [sys.executable, __file__, "--proxy", str(port), str(self._server.port)]
        self._proxy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._told()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy.kill()
        self._proxy.communicate()
        self._server.kill()

    def cut(self) -> None:
        """End every connection at once."""
        assert self._proxy.stdin is not None
        self._proxy.stdin.write("cut\n")
        self._proxy.stdin.flush()
        self._told()

    def mend(self) -> None:
        """Start the server again if it has crashed."""
        if self._server.ended:
            self.crashes += 1
            self._server.kill()
            self._server.start()

    def _told(self) -> None:
        assert self._proxy.stdout is not None
        assert self._proxy.stdout.readline() == "done\n"


def serve_proxy(port: int, target: int) -> None:
    """The proxy's process: a line on stdin ends all connections."""
    with TcpProxy(target, port=port) as proxy:
        print("done", flush=True)
        for _ in sys.stdin:
            proxy.reset()
            print("done", flush=True)


def _sample(worker: IngestWorker, metrics: Metrics, camera: Camera, names: list[str], round_number: int) -> Sample:
    """Once every camera has come back `round_number` times."""
    deadline = time.monotonic() + LIVE_S

    def back(name: str) -> bool:
        reconnects = metrics.registry.get_sample_value("spotter_camera_reconnects_total", {"camera": name}) or 0
        return worker.states.get(name) is CameraState.LIVE and reconnects >= round_number

    while not all(back(name) for name in names):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not all cameras came back in {LIVE_S:.0f} s: {dict(worker.details)}")
        camera.mend()
        time.sleep(0.01)
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    process = psutil.Process()
    reconnects = sum(
        metrics.registry.get_sample_value("spotter_camera_reconnects_total", {"camera": n}) or 0 for n in names
    )
    return Sample(int(reconnects), process.memory_info().rss, process.num_threads(), process.num_fds())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--proxy", type=int, nargs=2, metavar=("PORT", "TARGET"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.proxy:
        serve_proxy(*given.proxy)
        return 0
    configure_logs("error")
    begun = time.monotonic()
    result = measure(given.cameras, given.rounds)
    print(f"{'reconnects':>10} {'RSS MiB':>8} {'threads':>8} {'descriptors':>12}")
    steps = np.unique(np.linspace(0, len(result.samples) - 1, 11).round().astype(int))
    for one in (result.samples[step] for step in steps):
        print(f"{one.reconnects:>10} {one.rss / 2**20:>8.1f} {one.threads:>8} {one.descriptors:>12}")
    verdict = "flat" if result.flat else "IT GROWS"
    seconds = time.monotonic() - begun
    print(
        f"{verdict}: memory {result.growth / 2**20:+.1f} MiB after the warm-up, by its slope; {seconds:.0f} s, "
        f"the server started again {result.crashes} times"
    )
    return 0 if result.flat else 1


if __name__ == "__main__":
    sys.exit(main())
