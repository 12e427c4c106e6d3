"""How much faster than the time they took skeleton recordings are replayed, and what a recording costs on the disk.

    python benchmarks/replay.py [--minutes 10] [--people 1 3] [--fps 15] [FILE|FOLDER...]

Without files the recordings are of the demo's worker, played to and fro, with copies side by side. Each is replayed on
one process and one core; the same frames go through the bare rules too, so that the ratio of the two tells what reading
costs. Factors are camera seconds a wall second of one core, by processor time, so that other work matters little.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from assess import frames as worker_frames
from spotter.core.contracts import PoseFrame, Skeleton
from spotter.evaluation.replay import Rules, replay, replay_poses
from spotter.recordings import CameraRecord, RecordingHeader, RecordingSet, RecordingWriter, find_recordings
from spotter.simulate.recordings import recordings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="*", metavar="FILE|FOLDER")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each recording that is made")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--fps", type=float, default=15.0)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(f"{'recording':<26} {'seconds':>8} {'people':>7} {'B/person':>9} {'x real time':>12} {'x bare rules':>13}")
    if options.paths:
        report("all", find_recordings(options.paths))
        return 0
    for people in options.people:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.avro"
            count = round(options.minutes * 60 * options.fps)
            with RecordingWriter(path, RecordingHeader("site", {"cam": CameraRecord(footage="cam")})) as writer:
                for pose in islice(worker(people, options.fps), count):
                    writer.append(pose)
            report(f"demo, {people} in view", find_recordings([path]))
    return 0


def worker(people: int, fps: float) -> Iterator[PoseFrame]:
    """The demo's worker, as `assess.py` shows it, at another frame rate."""
    found = recordings()["packing"]
    seen = [
        Skeleton(found.boxes[row], float(found.scores[row]), found.keypoints[row], found.confidences[row])
        for row in range(len(found))
    ]
    return worker_frames(seen, people, fps)


def report(name: str, found: list[RecordingSet]) -> None:
    """One line: the replay of everything, beside the rules on the same frames without reading them."""
    begun = time.process_time()
    replays = [replay(one, Rules()) for one in found]
    taken = time.process_time() - begun
    bare = 0.0
    for one in found:
        poses = list(one.poses())
        begun = time.process_time()
        replay_poses(poses, one.site, one.cameras, Rules())
        bare += time.process_time() - begun
    cameras = [camera for one in replays for camera in one.cameras.values()]
    seconds = sum(camera.seconds(camera.last_at) - camera.seconds(camera.first_at) for camera in cameras)
    people, frames = sum(camera.people for camera in cameras), sum(camera.frames for camera in cameras)
    size = sum(path.stat().st_size for one in found for path in one.files)
    print(
        f"{name:<26} {seconds:8.0f} {people / max(frames, 1):7.2f} {size / max(people, 1):9.0f} "
        f"{seconds / taken:12.0f} {taken / bare:13.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
