"""More frames than the machine can pose, through a Kafka broker: is the lag bounded, is every loss counted?

    pip install "spotter-safety[stream,bench,dev]"
    python benchmarks/load_frames.py [--cameras 16] [--fps 15] [--workers 2] [--minutes 5]

Virtual cameras send 640x480 JPEG pictures of the demo clips in real time; pose workers are processes of their own with
one CPU thread each and the default model. All of it, the broker and the generator included, shares this machine, so the
frame rate says little about other machines; what counts is that latency and memory stay where they are, that each frame
is posed or counted as dropped with a reason, and the processor time a frame.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from itertools import islice

import cv2
import numpy as np

from load_site import Site, keep
from spotter.core.settings import PoseSettings
from spotter.pose.models import create_model
from spotter.simulate.footage import virtual_frames

BARE_FRAMES = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--workers", type=int, default=2, help="pose processes, one thread each")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="nothing is written to it")
    parser.add_argument("--keep", action="store_true", help="keep the cost of a frame for docs/scale.md")
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())}, {options.workers} pose workers")
    with Site({"pose": options.workers}, options.database, {"SPOTTER_POSE__THREADS": "1"}) as site:
        site.load("--kind", "frames", "--cameras", options.cameras, "--fps", options.fps, "--minutes", 0.2)
        site.settle()
        print("after 12 s of warm-up:")
        load = site.load(
            "--kind", "frames", "--cameras", options.cameras, "--fps", options.fps, "--minutes", options.minutes
        )
        bare_ms = bare_predict()
    print(load.text)
    seconds, published = load.generator["seconds"], load.generator["published"]
    print(f"posed           {load.handled:,.0f} of {published:,} = {load.handled / published:.3f}")
    print(f"  a second      {load.handled / seconds:.1f}, at {load.cpu_ms:.1f} ms of processor time a frame")
    print(f"  to bare model {load.cpu_ms / bare_ms:.2f} of the {bare_ms:.1f} ms that `predict` takes on such a picture")
    print(f"let go          {', '.join(f'{reason} {count:,.0f}' for reason, count in sorted(load.lost.items()))}")
    print(f"not counted     {load.under_way:,.0f} (in the broker or in a worker when the load ended)")
    print(f"broker          {1000 * load.broker_s / published:.3f} ms a frame; machine {load.machine:.2f} cores in use")
    if options.keep:
        keep({"pose_cpu_ms_frame": load.cpu_ms})
    return 0


def bare_predict() -> float:
    """Processor milliseconds of the model's `predict` on a decoded picture, one thread; median."""
    model = create_model(PoseSettings().model, device="cpu", threads=1)
    model.load()
    spent = []
    for frame in islice(virtual_frames(0), BARE_FRAMES):
        image = cv2.imdecode(np.frombuffer(bytes(frame.picture), np.uint8), cv2.IMREAD_COLOR)
        begun = time.process_time()
        model.predict([image.astype(np.uint8)])
        spent.append(time.process_time() - begun)
    return 1000 * statistics.median(spent)


if __name__ == "__main__":
    sys.exit(main())
