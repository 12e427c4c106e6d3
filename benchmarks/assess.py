"""Cost of the pure assessment (tracking, angles, rules) by the number of people in view, on one core.

    python benchmarks/assess.py [--people 1 5 20] [--seconds 3] [--profile]

The skeletons are those that the default model finds in the demo clip of a packing worker, played to and fro; more
people are copies of it side by side, each some frames behind the other. "all" is everything that the service does by
default: falls, lifts, the angles of the body five times a second, REBA and OWAS once a second, exposure; "falls" goes
without lifts and angles. Times are processor seconds, so that other work
on the machine matters little. The ratio is to one frame of the default model on the same core in the same run.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

import spotter
from spotter.core.clock import from_seconds
from spotter.core.contracts import Image, PoseFrame, Skeleton
from spotter.core.parameters import LiftParameters, RuleParameters, ViewParameters, WorkParameters
from spotter.core.settings import PoseSettings
from spotter.ergonomics.assessment import CameraAssessor
from spotter.pose.models import create_model

FPS = 15.0
COLUMNS = 5
LAG_FRAMES = 7
WARM_FRAMES = 100
PROFILED_FRAMES = 1500
PROFILE_LINES = 15
RULES = {
    "all": RuleParameters(),
    "falls": RuleParameters(lift=LiftParameters(enabled=False), work=WorkParameters(angles=False)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--seconds", type=float, default=3.0, help="processor seconds for each number of people")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes, by function")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    worker, model_s = skeletons(clip("packing"))
    print(f"default model, one core: {1000 * model_s:.1f} ms a frame")
    print(f"{'people':>6} {'rules':>6} {'ms/frame':>9} {'us/skeleton':>12} {'skeletons/s':>12} {'of the model':>13}")
    for people in options.people:
        for name, rules in RULES.items():
            frame_s = seconds_a_frame(worker, people, options.seconds, rules)
            print(
                f"{people:>6} {name:>6} {1000 * frame_s:9.3f} {1e6 * frame_s / people:12.1f} {people / frame_s:12.0f} "
                f"{frame_s / model_s:12.1%}"
            )
    if options.profile:
        for people in options.people:
            profile(worker, people)
    return 0


def clip(name: str) -> Iterator[Image]:
    """The frames of a demo clip."""
    capture = cv2.VideoCapture(str(Path(spotter.__file__).with_name("demo") / f"{name}.mp4"))
    while (grabbed := capture.read())[0]:
        yield np.asarray(grabbed[1], np.uint8)
    capture.release()


def skeletons(images: Iterator[Image]) -> tuple[list[Skeleton], float]:
    """The best skeleton of each frame that has one, and the model's median seconds a frame."""
    model = create_model(PoseSettings().model, device="cpu", threads=1)
    model.load()
    found, seconds = [], []
    for image in images:
        begun = time.process_time()
        (people,) = model.predict([image])
        seconds.append(time.process_time() - begun)
        if len(people.scores):
            found.append(Skeleton(people.boxes[0], float(people.scores[0]), people.keypoints[0], people.confidences[0]))
    return found, statistics.median(seconds)


def frames(worker: list[Skeleton], people: int, fps: float = FPS) -> Iterator[PoseFrame]:
    """A steady camera, without end, that sees `people` copies of the worker on a grid."""
    there_and_back = worker + worker[-2:0:-1]
    boxes = np.stack([each.box for each in worker])
    cell = 1.1 * (boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0))
    columns, rows = np.arange(people) % COLUMNS, np.arange(people) // COLUMNS
    shift = (np.stack([columns, rows], axis=1) * cell).astype(np.float32)
    sequence = 0
    while True:
        shown = [there_and_back[(sequence + LAG_FRAMES * person) % len(there_and_back)] for person in range(people)]
        at = from_seconds(1.0 + sequence / fps)
        yield PoseFrame(
            camera_id="cam",
            epoch=0,
            sequence=sequence,
            captured_at=at,
            published_at=at,
            posed_at=at,
            width=round(COLUMNS * float(cell[0])),
            height=round((people // COLUMNS + 1) * float(cell[1])),
            model="benchmark/1",
            boxes=np.stack([each.box for each in shown]) + np.concatenate([shift, shift], axis=1),
            scores=np.array([each.score for each in shown], np.float32),
            keypoints=np.stack([each.keypoints for each in shown]) + shift[:, None],
            confidences=np.stack([each.confidences for each in shown]),
        )
        sequence += 1


def assessor(rules: RuleParameters) -> CameraAssessor:
    """Of a camera of which nothing is known."""
    return CameraAssessor("site", "cam", ViewParameters(), rules)


def seconds_a_frame(worker: list[Skeleton], people: int, seconds: float, rules: RuleParameters) -> float:
    """Processor seconds that one update takes, once the windows of the rules are full."""
    running, stream = assessor(rules), frames(worker, people)
    for pose in islice(stream, WARM_FRAMES):
        running.update(pose)
    taken, done = 0.0, 0
    while taken < seconds:
        ready = list(islice(stream, 50))
        begun = time.process_time()
        for pose in ready:
            running.update(pose)
        taken += time.process_time() - begun
        done += len(ready)
    return taken / done


def profile(worker: list[Skeleton], people: int) -> None:
    """Print the functions that most of the time goes to."""
    running = assessor(RuleParameters())
    ready = list(islice(frames(worker, people), PROFILED_FRAMES // people + WARM_FRAMES))
    for pose in ready[:WARM_FRAMES]:
        running.update(pose)
    profiler = cProfile.Profile()
    profiler.enable()
    for pose in ready[WARM_FRAMES:]:
        running.update(pose)
    profiler.disable()
    print(f"\n{people} people, {len(ready) - WARM_FRAMES} frames")
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("cumulative").print_stats(PROFILE_LINES)
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(PROFILE_LINES)


if __name__ == "__main__":
    sys.exit(main())
