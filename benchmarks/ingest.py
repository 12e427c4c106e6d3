"""Reading network cameras: processor time, first picture, latency and loss, beside bare loops and ultralytics.

    python benchmarks/ingest.py [--peer-python PYTHON] [--seconds 20] [--sizes 640x480 1280x720]
    python benchmarks/ingest.py --times

A real RTSP server (GStreamer, see tests/servers) sends Spotter's test pattern as H.264 at 15 frames a second, with a
key frame each second. All contestants read it at the same time, each in a process of its own, so that a busy machine
hits all alike; figures are ratios to the bare OpenCV loop. Each one opens the stream five times (median time to the
first picture), is read for `--seconds` (processor time of the process, user and system), and then for half of that with
the stamp of each picture read: age of the pictures, and numbers that are missing.

`--times` runs the ingest worker instead, and compares `captured_at` of each frame with the time that is burned into it.

`--peer-python` is a Python with ultralytics (AGPL-3.0), which is used as a yardstick only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "services"), str(REPOSITORY / "tests" / "servers")]

OPENINGS = 5
FPS = 15


def bare_opencv(url: str) -> Iterator[Any]:
    """What everybody writes first."""
    import cv2

    capture = cv2.VideoCapture(url)
    try:
        while True:
            delivered, image = capture.read()
            if not delivered:
                return
            yield image
    finally:
        capture.release()


def bare_pyav(url: str) -> Iterator[Any]:
    """What PyAV's own examples show."""
    import av

    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def ultralytics(url: str) -> Iterator[Any]:
    from ultralytics.data.loaders import LoadStreams

    loader = LoadStreams(url)
    try:
        for _, images, _ in loader:
            yield images[0]
    finally:
        loader.close()


def spotter(
    decoder: str, transport: str = "auto", every: int = 1, flags: bool = True
) -> Callable[[str], Iterator[Any]]:
    """Spotter's own reader; `every`: only so many pictures are wanted; `flags`: without its low-latency options."""

    def read(url: str) -> Iterator[Any]:
        if decoder == "pyav":
            from spotter.ingest.sources import pyav

            if not flags:
                pyav._RTSP, pyav._LOW_DELAY = {}, {}
            source: Any = pyav.PyAvStream(url, 10, 5, transport)
        else:
            from spotter.ingest.sources.stream import NetworkStream

            source = NetworkStream(url, 10, 5)
        source.open()
        number = 0
        try:
            while True:
                number += 1
                wanted = number % every == 0
                item = source.read(lambda _, wanted=wanted: wanted)
                yield item.image
        finally:
            source.close()

    return read


READERS: dict[str, Callable[[str], Iterator[Any]]] = {
    "bare OpenCV loop": bare_opencv,
    "bare PyAV loop": bare_pyav,
    "ultralytics LoadStreams": ultralytics,
    "Spotter, OpenCV": spotter("opencv"),
    "Spotter, PyAV": spotter("pyav"),
    "Spotter, PyAV, UDP": spotter("pyav", transport="udp"),
    "Spotter, PyAV, FFmpeg's own defaults": spotter("pyav", flags=False),
    "Spotter, PyAV, 5 of 15 wanted": spotter("pyav", every=3),
}


def measure(name: str, url: str, seconds: float) -> dict[str, Any]:
    """One contestant, in this process."""
    reader = READERS[name]
    firsts = []
    for opening in range(OPENINGS):
        # Not all in the same part of the second between two key frames.
        time.sleep(0.13 * opening)
        begun = time.monotonic()
        pictures = reader(url)
        while next(pictures) is None:
            pass
        firsts.append(time.monotonic() - begun)
        if opening < OPENINGS - 1:
            pictures.close()
    end, frames, before = time.monotonic() + seconds, 0, os.times()
    while time.monotonic() < end:
        next(pictures)
        frames += 1
    after = os.times()
    from spotter.ingest.stamp import StampLedger

    ledger, end = StampLedger(), time.monotonic() + seconds / 2
    while time.monotonic() < end:
        image = next(pictures)
        if image is not None:
            ledger.add(image, time.time_ns())
    pictures.close()
    median, late = ledger.age_s()
    return {
        "name": name,
        "first_s": statistics.median(firsts),
        "fps": frames / seconds,
        "cpu": (after.user + after.system - before.user - before.system) / seconds,
        "age_s": [median, late],
        "lost": ledger.lost,
        "seen": ledger.seen,
        "unreadable": ledger.unreadable,
    }


def compare(size: tuple[int, int], seconds: float, peer: str | None) -> list[dict[str, Any]]:
    """All contestants at the same time on one stream of this size."""
    from feed import PatternFeed

    from servers import RtspServer
    from spotter.ingest.sources.pattern import Pattern, PatternSpec

    pattern = Pattern(PatternSpec.parse(f"test:{size[0]}x{size[1]}@{FPS}"))
    with RtspServer(size=size, fps=FPS, feed=True) as server, PatternFeed(server, pattern):
        time.sleep(1)
        running = []
        for name in READERS:
            python = peer if name.startswith("ultralytics") else sys.executable
            if python:
                command = [python, __file__, "--reader", name, "--url", server.url(), "--seconds", str(seconds)]
                running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        results = []
        for process in running:
            output, errors = process.communicate()
            if process.returncode:
                sys.exit(f"a contestant failed:\n{errors[-2000:]}")
            results.append(json.loads(output.splitlines()[-1]))
    return results


def capture_times(frames: int = 300) -> None:
    """Error of capture times by what they rest on, and the age at which frames are published."""
    import numpy as np
    from feed import PatternFeed

    from servers import RtspServer
    from spotter.ingest.sources.pattern import Pattern, PatternSpec
    from spotter.ingest.stamp import read_stamp

    sys.path.insert(0, str(REPOSITORY / "tests" / "ingest"))
    from ingest_tools import Ingest

    print("| decoder | basis | frames | captured_at less burned-in time, ms: p5 / p50 / p95 |\n|---|---|---|---|")
    with (
        RtspServer(size=(640, 480), fps=FPS, feed=True) as server,
        PatternFeed(server, Pattern(PatternSpec.parse(f"test:640x480@{FPS}"))),
    ):
        for decoder in ("pyav", "opencv"):
            with Ingest({"camera": server.url()}, decoder=decoder) as running:
                running.wait(lambda running=running: len(running.frames) >= frames, 120)
            errors: dict[str, list[float]] = {}
            for frame in running.frames:
                stamp = read_stamp(frame.picture)
                if stamp is not None and frame.timing is not None:
                    errors.setdefault(frame.timing.basis.value, []).append((frame.captured_at - stamp.at) / 1e6)
                    errors.setdefault("(published)", []).append((frame.published_at - stamp.at) / 1e6)
            for basis, values in errors.items():
                low, middle, high = np.percentile(values, [5, 50, 95])
                print(f"| {decoder} | {basis} | {len(values)} | {low:.1f} / {middle:.1f} / {high:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--sizes", nargs="+", default=["640x480", "1280x720"])
    parser.add_argument("--times", action="store_true", help="how exact capture times are")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.reader:
        print(json.dumps(measure(given.reader, given.url, given.seconds)))
        return
    if given.times:
        capture_times()
        return
    for size in given.sizes:
        width, height = map(int, size.split("x"))
        results = compare((width, height), given.seconds, given.peer_python)
        bare = next(one for one in results if one["name"] == "bare OpenCV loop")
        print(f"\n{size} at {FPS} frames a second, load {os.getloadavg()[0]:.1f}")
        print("| reader | processor time, of a bare OpenCV loop | % of a core | frames/s | first picture, s "
              "| age of a picture p50 / p95, ms | lost |")  # fmt: skip
        print("|---|---|---|---|---|---|---|")
        for one in results:
            age, late = (round(1000 * each) for each in one["age_s"])
            lost = f"{one['lost']} of {one['seen'] + one['lost']}"
            print(f"| {one['name']} | {one['cpu'] / bare['cpu']:.2f} | {100 * one['cpu']:.1f} | {one['fps']:.1f} "
                  f"| {one['first_s']:.2f} | {age} / {late} | {lost} |")  # fmt: skip


if __name__ == "__main__":
    main()
