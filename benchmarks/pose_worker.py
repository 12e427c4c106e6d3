"""What the pose worker adds to the model: throughput, latency at 80 % load, and who gets how much at overload.

    python benchmarks/pose_worker.py [--rounds 5] [--frames 120] [--seconds 10] [--device cpu] [--max-batch 4]

Virtual cameras publish 640x480 JPEG pictures of the demo clips on the memory bus; the worker decodes, runs the default
model and publishes skeletons. What it is held against is `predict` alone on the same pictures, decoded beforehand, in
turns with the worker within the same run. Stages "in turn" share one thread; "at once" the next picture is decoded and
the last skeletons published while the model works.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import cv2
import numpy as np

from spotter.core import clock
from spotter.core.bus import FRAMES, SKELETONS, MemoryBus, Overflow
from spotter.core.contracts import Frame, Image, PoseFrame
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics
from spotter.pose.models import Detections, PoseModel, create_model
from spotter.pose.worker import PoseWorker
from spotter.simulate.footage import HEIGHT, WIDTH, pictures
from spotter.simulate.pacing import TICK_S

CAMERAS = (1, 4, 16)
LOAD = 0.8
OVERLOAD = 3.0
"""Frames offered at overload, in multiples of what the worker does."""


class Loaded:
    """A model that is loaded once and used by many workers, one after the other."""

    def __init__(self, model: PoseModel) -> None:
        self.name, self.device, self.input_size = model.name, model.device, model.input_size
        self.predict: Callable[[Sequence[Image]], list[Detections]] = model.predict
        model.load()

    def load(self) -> None:
        """It is."""


class Waiting:
    """Takes a while and no processor."""

    name, device, input_size = "waiting/1", "elsewhere", PoseSettings().input_size
    seconds = 0.04

    def load(self) -> None:
        """Nothing to load."""

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        time.sleep(self.seconds)
        return [Detections.none() for _ in images]


class Run:
    """A worker on a thread of its own, with what it published.

    Args:
        lossless: cameras are held back rather than losing frames.
        overlap: as for `PoseWorker`.
    """

    def __init__(self, model: PoseModel, settings: PoseSettings, *, lossless: bool, overlap: bool | None) -> None:
        self.bus = MemoryBus(overflow={FRAMES.name: Overflow.BLOCK} if lossless else None)
        self.poses: list[PoseFrame] = []
        self._skeletons = self.bus.subscribe(SKELETONS, "bench")
        deadline = None if lossless else settings.deadline_s
        worker = PoseWorker(self.bus, model, settings, Metrics(), deadline_s=deadline, overlap=overlap)
        self._threads = [
            threading.Thread(target=worker.run, args=(threading.Event(),)),
            threading.Thread(target=self._read),
        ]
        for thread in self._threads:
            thread.start()
        worker.ready.wait()

    def finish(self) -> list[PoseFrame]:
        """End the frames and wait for the last skeletons."""
        self.bus.end(FRAMES)
        for thread in self._threads:
            thread.join()
        self.bus.close()
        return self.poses

    def _read(self) -> None:
        while not self._skeletons.ended:
            self.poses += self._skeletons.take(100, 0.1)
            self._skeletons.commit()


def frame_of(picture: bytes, camera: int, sequence: int) -> Frame:
    now = clock.now()
    return Frame(f"camera-{camera:02}", 1, sequence, now, now, WIDTH, HEIGHT, picture)


@dataclass(frozen=True)
class Cost:
    """Seconds a frame: of time, and of all processors together, which other work on the machine disturbs less."""

    wall: float
    processor: float

    @classmethod
    def of(cls, work: Callable[[], object], frames: int) -> Cost:
        wall, processor = time.perf_counter(), time.process_time()
        work()
        return cls((time.perf_counter() - wall) / frames, (time.process_time() - processor) / frames)


def bare(model: Loaded, images: Sequence[Image], frames: int, batch: int) -> Cost:
    """`predict` alone."""
    source = cycle(images)
    rounds = max(1, frames // batch)
    return Cost.of(lambda: [model.predict(list(islice(source, batch))) for _ in range(rounds)], rounds * batch)


def worker(
    model: PoseModel, settings: PoseSettings, jpegs: Sequence[bytes], cameras: int, frames: int, overlap: bool
) -> Cost:
    """The worker, where the cameras are held back rather than losing frames."""
    run = Run(model, settings, lossless=True, overlap=overlap)

    def work() -> None:
        for number in range(frames):
            run.bus.publish(FRAMES, frame_of(jpegs[number % len(jpegs)], number % cameras, number // cameras))
        if len(run.finish()) != frames:
            raise SystemExit("a frame was lost")

    return Cost.of(work, frames)


def paced(run: Run, jpegs: Sequence[bytes], rates: Sequence[float], seconds: float) -> Counter[str]:
    """Publish in real time at a rate for each camera; frames published, by camera."""
    sent: Counter[str] = Counter()
    begun = time.monotonic()
    while (elapsed := time.monotonic() - begun) < seconds:
        for camera, rate in enumerate(rates):
            # Cameras are spread over the time of a frame.
            while sent[f"camera-{camera:02}"] <= elapsed * rate - camera / len(rates):
                number = sent[f"camera-{camera:02}"]
                run.bus.publish(FRAMES, frame_of(jpegs[(number + 7 * camera) % len(jpegs)], camera, number))
                sent[f"camera-{camera:02}"] += 1
        time.sleep(TICK_S / 2)
    return sent


def latency(
    model: Loaded, settings: PoseSettings, jpegs: Sequence[bytes], rates: Sequence[float], seconds: float, overlap: bool
) -> tuple[float, float, float]:
    """p50 and p95 of capture to skeleton, ms, and the share of frames posed."""
    run = Run(model, settings, lossless=False, overlap=overlap)
    sent = paced(run, jpegs, rates, seconds)
    poses = run.finish()
    ages = [1000 * clock.to_seconds(pose.posed_at - pose.captured_at) for pose in poses]
    return float(np.percentile(ages, 50)), float(np.percentile(ages, 95)), len(poses) / sent.total()


def throughput(
    model: Loaded, settings: PoseSettings, jpegs: Sequence[bytes], images: Sequence[Image], rounds: int, frames: int
) -> tuple[float, float]:
    """Print the worker's rates beside the model's; the model's in frames/s, and the worker's as a share of it."""
    batch = 1 if model.device == "cpu" else settings.max_batch
    kinds = [(count, overlap) for count in CAMERAS for overlap in (False, True)]
    shares: dict[tuple[int, bool], list[Cost]] = {kind: [] for kind in kinds}
    alone: list[float] = []
    bare(model, images, 20, batch)
    for _ in range(rounds):
        for kind in kinds:
            # Side by side, since the machine may become slower or faster meanwhile.
            one = bare(model, images, frames, batch)
            both = worker(model, settings, jpegs, kind[0], frames, kind[1])
            shares[kind].append(Cost(one.wall / both.wall, one.processor / both.processor))
            alone.append(1 / one.wall)
    rate = statistics.median(alone)
    print(f"{model.name} on {model.device}, batches of up to {batch}: predict alone {rate:.1f} frames/s")
    print(f"the worker as a share of it, median of {rounds} rounds (all of them):")
    for (count, overlap), found in shares.items():
        walls = sorted(each.wall for each in found)
        print(
            f"  {count:2} cameras, {manner(overlap)}: by time {statistics.median(walls):.2f} "
            f"({' '.join(f'{each:.2f}' for each in walls)}), by processor time "
            f"{statistics.median(each.processor for each in found):.2f}"
        )
    gains = sorted(
        once.wall / turn.wall
        for count in CAMERAS
        for turn, once in zip(shares[count, False], shares[count, True], strict=True)
    )
    low, middle, high = statistics.quantiles(gains, n=4)
    print(f"at once to in turn, by time: {middle:.2f} (quartiles {low:.2f} and {high:.2f} of {len(gains)} pairs)")
    return rate, statistics.median(each.wall for each in shares[CAMERAS[-1], model.device != "cpu"])


def at_load(
    model: Loaded, settings: PoseSettings, jpegs: Sequence[bytes], rate: float, capacity: float, seconds: float
) -> None:
    for overlap in (False, True):
        for count in CAMERAS[1:]:
            rates = [LOAD * capacity / count] * count
            p50, p95, posed = latency(model, settings, jpegs, rates, seconds, overlap)
            print(
                f"{LOAD:.0%} load, {count} cameras, {manner(overlap)}: capture to skeleton p50 {p50:.0f} ms, "
                f"p95 {p95:.0f} ms, {p95 * rate / 1000:.1f} times a `predict`; {posed:.1%} posed"
            )


def at_overload(model: Loaded, settings: PoseSettings, jpegs: Sequence[bytes], capacity: float, seconds: float) -> None:
    """Twelve cameras want more than their share, one of them much more; four want less."""
    fair = capacity / 16
    wanted = [8 * OVERLOAD * fair, *[OVERLOAD * fair] * 11, *[fair / 2] * 4]
    run = Run(model, settings, lossless=False, overlap=None)
    sent = paced(run, jpegs, wanted, seconds)
    posed = Counter(pose.camera_id for pose in run.finish())
    eager = [posed[f"camera-{camera:02}"] for camera in range(12)]
    modest = [posed[name] / max(1, sent[name]) for name in (f"camera-{camera:02}" for camera in range(12, 16))]
    print(
        f"overload, {sent.total() / seconds:.0f} frames/s offered, {posed.total() / seconds:.1f} posed: lowest to "
        f"highest of the 12 cameras above their share {min(eager)}/{max(eager)} = {min(eager) / max(eager):.2f}; "
        f"the 4 below it had {min(modest):.0%} or more of their frames posed"
    )


def elsewhere(jpegs: Sequence[bytes], rounds: int) -> None:
    """What overlap gains where the model computes elsewhere: a stand-in that only waits, as for a GPU."""
    settings = PoseSettings(max_batch=16, max_wait_s=0)
    gains = []
    for _ in range(rounds):
        costs = [worker(Waiting(), settings, jpegs, 16, 320, overlap).wall for overlap in (False, True)]
        gains.append(costs[0] / costs[1])
    print(
        f"stand-in that waits {1000 * Waiting.seconds:.0f} ms a batch of 16: at once {statistics.median(gains):.2f} "
        f"times as many frames as in turn ({' '.join(f'{gain:.2f}' for gain in sorted(gains))})"
    )


def manner(overlap: bool) -> str:
    return "at once" if overlap else "in turn"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=120, help="of each throughput figure and round")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each latency and fairness figure")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--max-batch", type=int, default=PoseSettings().max_batch)
    options = parser.parse_args()
    settings = PoseSettings(max_batch=options.max_batch)
    model = Loaded(create_model(settings.model, device=options.device, input_size=settings.input_size))
    jpegs = pictures()[:: max(1, len(pictures()) // 60)]
    images = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).astype(np.uint8) for each in jpegs]
    rate, share = throughput(model, settings, jpegs, images, options.rounds, options.frames)
    at_load(model, settings, jpegs, rate, rate * share, options.seconds)
    at_overload(model, settings, jpegs, rate * share, options.seconds)
    elsewhere(jpegs, options.rounds)


if __name__ == "__main__":
    main()
