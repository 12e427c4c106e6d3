"""An ingest process that shares cameras by leases, to be killed and frozen: prints each frame as a line of JSON.

    python lease_member.py REDIS_URL LEASE_S REDIS_AWAY COUNT SOURCE

Cameras are cam-0, cam-1 ... COUNT of them, all of SOURCE. A line holds the wall clock when the frame went out (`at`),
camera, epoch and sequence. SIGTERM ends it well.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

from spotter.core.bus.api import FRAMES
from spotter.core.bus.memory import MemoryBus
from spotter.core.settings import CameraSettings, IngestSettings, StateSettings
from spotter.core.state import MemoryState
from spotter.core.state.leases import RedisLeases
from spotter.core.telemetry import Metrics, configure_logs
from spotter.ingest.leases import LeaseSharing
from spotter.ingest.worker import IngestWorker


class PrintingBus(MemoryBus):
    """Publishes on stdout, a line at a time whatever the thread."""

    def publish(self, topic: Any, message: Any) -> None:
        if topic is FRAMES:
            told = {"camera": message.camera_id, "epoch": message.epoch, "sequence": message.sequence}
            os.write(1, json.dumps({"at": time.time(), **told}).encode() + b"\n")


def main(url: str, lease_s: float, redis_away: Any, count: int, source: str) -> None:
    configure_logs("info", "json")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    metrics = Metrics()
    leases = RedisLeases(StateSettings(kind="redis", url=url), "plant", lease_s)
    sharing = LeaseSharing(leases, lease_s, redis_away, metrics)
    each = {"source": source, "max_fps": 10, "image_fps": 10, "hold_last_s": 600}
    cameras = [CameraSettings(id=f"cam-{number}", **each) for number in range(count)]
    worker = IngestWorker(cameras, IngestSettings(), PrintingBus(), MemoryState(), metrics, sharing=sharing, stay=True)
    worker.run(stop)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
