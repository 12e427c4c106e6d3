"""The skeletons of 500 cameras through the ergonomics service, over a Kafka broker: how fast, at what cost?

    pip install "spotter-safety[stream,bench,dev]"
    python benchmarks/load_skeletons.py [--cameras 500] [--fps 0.5 1 1.5] [--workers 1] [--minutes 5]
                                        [--database postgres]

Each rate is sent for `--seconds` in real time, lowest first, until one leaves the service behind: its lag is more than
a second's messages and grows. The highest that it keeps up with then runs for `--minutes`. At such low rates snapshots,
which cost each camera by the clock, weigh on each message; so fewer cameras at 15 frames/s follow. One to twenty people
are in view of each; one camera in ten shows a fall a minute, far more alerts than any site has. Alerts go into
Postgres, views and snapshots into Redis. All of it shares this machine: processor time a message holds elsewhere, the
rate does not.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice

from assess import assessor
from load_site import Load, Site, keep
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera

FULL_FPS = 15.0
LESS = 0.9
BARE_CAMERAS, BARE_FRAMES = 80, 40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--fps", type=float, nargs="+", default=[0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
    parser.add_argument("--workers", type=int, default=1, help="ergonomics processes")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each rate on trial")
    parser.add_argument("--minutes", type=float, default=5.0, help="of the highest rate that it keeps up with")
    parser.add_argument("--people", type=int, help="in view of every camera; by default 1 to 20")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--keep", action="store_true", help="keep what a message and a camera take for docs/scale.md")
    options = parser.parse_args()
    people = ["--people", options.people] if options.people else []
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())}, {options.workers} workers, {options.database}")
    best: float | None = None
    with Site({"ergonomics": options.workers}, options.database) as site:

        def send(fps: float, minutes: float, cameras: int = options.cameras) -> Load:
            return site.load("--cameras", cameras, "--fps", fps, "--minutes", minutes, *people)

        send(min(options.fps), 0.3)
        site.settle()
        print(f"{'frames/s':>9} {'messages/s':>11} {'service ms':>11} {'generator ms':>13} {'broker ms':>10}  lag")
        for fps in sorted(options.fps):
            load = send(fps, options.seconds / 60)
            row(fps, load)
            site.settle()
            if not load.keeps_up:
                break
            best = fps
        if best is None:
            print(f"{load.text}not even the lowest rate is kept up with")
            return 1
        print(f"\nlong run at {best:g} frames/s")
        load = send(best, options.minutes)
        row(best, load)
        memory, series = site.redis_bytes() / options.cameras, site.series("load-00001")
        site.settle()
        cameras = max(1, int(LESS * options.cameras * best / FULL_FPS))
        print(f"\n{cameras} cameras at {FULL_FPS:g} frames/s, a little fewer messages a second")
        full = send(FULL_FPS, options.minutes / 2, cameras)
        row(FULL_FPS, full)
    print(load.text)
    print(f"a camera: {memory:,.0f} bytes of Redis, {series} time series")
    print(f"keeps up: {'yes' if load.keeps_up else 'NO'}; lost: {load.lost or 'none'}")
    for fps, case in ((best, load), (FULL_FPS, full)):
        bare_ms = bare_assessment(fps, options.people)
        print(
            f"at {fps:g} frames/s {case.cpu_ms:.3f} ms a message, {case.cpu_ms / bare_ms:.2f} times the pure assessment"
        )
    if options.keep:
        keep(
            {
                "ergonomics_cpu_ms_message": full.cpu_ms,
                "redis_bytes_camera": memory,
                "metric_series_camera": float(series),
            }
        )
    return 0


def bare_assessment(fps: float, people: int | None) -> float:
    """Processor milliseconds a frame of following and judging alone, on the same scenes, once the windows are full."""
    script = Script(fps=fps, people=people)
    cameras = [(assessor(), virtual_camera(index, script=script)) for index in range(BARE_CAMERAS)]
    for running, stream in cameras:
        for pose in islice(stream, BARE_FRAMES):
            running.update(pose)
    spent = 0.0
    for running, stream in cameras:
        ready = list(islice(stream, BARE_FRAMES))
        begun = time.process_time()
        for pose in ready:
            running.update(pose)
        spent += time.process_time() - begun
    return 1000 * spent / (BARE_CAMERAS * BARE_FRAMES)


def row(fps: float, load: Load) -> None:
    """One line of figures; milliseconds are processor time a message."""
    published = load.generator["published"]
    lags = sum(float(each["lag_last"] or 0.0) for each in load.services)
    print(
        f"{fps:9g} {published / load.generator['seconds']:11.1f} {load.cpu_ms:11.3f} "
        f"{1000 * load.generator['cpu_s'] / published:13.3f} {1000 * load.broker_s / published:10.3f}  "
        f"{lags:,.0f}{'' if load.keeps_up else '  FALLS BEHIND'}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
