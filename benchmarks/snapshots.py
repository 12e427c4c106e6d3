"""What it costs to be able to die at any moment: snapshots every 3 s, against assessing the same skeletons.

    python benchmarks/snapshots.py [--people 1 5 20] [--seconds 160]

One virtual camera at 15 frames/s. Each snapshot is made and saved to a real Redis by itself, which is the dearest way:
the service saves all cameras of a part at once. Times are processor seconds of this process, so that other work on the
machine matters little; the ratio is of one run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

from redis_server import RedisServer

from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.settings import ErgonomicsSettings, StateSettings
from spotter.core.state import Snapshot
from spotter.core.state.redis_snapshots import RedisSnapshots
from spotter.ergonomics.snapshot import StreamFactory
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera

FPS = 15.0
REPEATS = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--seconds", type=float, default=160.0, help="of event time that the camera has been followed")
    options = parser.parse_args()
    every_s = ErgonomicsSettings().snapshot_s
    print(f"{'people':>6} {'assess ms':>10} {'make ms':>8} {'save ms':>8} {'load ms':>8} {'bytes':>7} {'share':>7}")
    with RedisServer() as server:
        snapshots = RedisSnapshots(StateSettings(kind="redis", url=SecretStr(server.url)), "benchmark")
        snapshots.load(0)
        for people in options.people:
            measure(people, options.seconds, every_s, snapshots)
        snapshots.close()
    return 0


def measure(people: int, seconds: float, every_s: float, snapshots: RedisSnapshots) -> None:
    """One row: CPU of assessing `every_s` seconds of skeletons, and of one snapshot of what is known then."""
    factory = StreamFactory("benchmark", "cam", ViewParameters(), RuleParameters())
    stream = factory.new()
    frames = list(islice(virtual_camera(0, 0, Script(fps=FPS, people=people), name="cam"), round(seconds * FPS)))
    begun = time.process_time()
    for frame in frames:
        stream.take(frame)
    assess_s = (time.process_time() - begun) / seconds * every_s
    stream.written()
    state = factory.encode(stream)
    one = Snapshot("cam", 0, 1, stream.epoch, stream.newest_at, state)
    make_s = average(lambda: factory.encode(stream))
    save_s = average(lambda: snapshots.save(0, 1, [one]))
    load_s = average(lambda: factory.decode(state))
    print(
        f"{people:>6} {1000 * assess_s:10.2f} {1000 * make_s:8.3f} {1000 * save_s:8.3f} {1000 * load_s:8.3f} "
        f"{len(state):7} {(make_s + save_s) / assess_s:7.2%}"
    )


def average(work: Callable[[], Any]) -> float:
    """Processor seconds of one call."""
    begun = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - begun) / REPEATS


if __name__ == "__main__":
    sys.exit(main())
