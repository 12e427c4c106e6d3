"""The pose service: takes frames from the bus, runs the model, publishes skeletons.

Promises: skeletons of one camera come out in the order of its frames; a frame past its deadline, with an unreadable
picture, or on which the model fails is counted by reason and skipped, and costs no other frame anything; a frame is
committed after its skeletons are published; when the frames end, so do the skeletons.

On a GPU three stages run at once: the next batch is taken and decoded, and the one before published, while the model
has this one. No more than one batch stands between two stages, so no latency builds up. On a CPU, whose cores the model
itself keeps busy, no gain was measured: there the stages take turns on one thread, and a frame is chosen when the model
is free for it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from spotter.core import clock
from spotter.core.bus import SKELETONS, Bus
from spotter.core.contracts import PoseFrame
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.spans import POSE
from spotter.core.telemetry.tracing import NO_TRACER, Attributes, Tracer
from spotter.pose.intake import Batch, Intake, Ready
from spotter.pose.models import Detections, PoseModel
from spotter.pose.out_of_memory import BatchLimit, is_out_of_memory

_QUIET_S = 10.0
"""Failures of the model are logged at most this often; the metrics count each one."""

_DECODERS = 8
"""Threads that decode for a GPU at most, and at most one for every two cores."""


@dataclass(frozen=True, eq=False)
class Posed:
    """A frame and the people in it, in pixels of its decoded picture."""

    ready: Ready
    people: Detections


class PoseWorker:
    """One pose worker, run in a thread of its own.

    It joins the frames when it is made, so that nothing published before `run` is lost.

    Args:
        model: not yet loaded; `run` loads it.
        deadline_s: a frame older than this is skipped; None never skips (finite sources played as fast as possible).
            By default as in the settings.
        tracer: takes the span of each traced frame.
        overlap: whether the stages run at once; None: as suits the model's device.

    Attributes:
        ready: set once the model is warm.
    """

    def __init__(
        self,
        bus: Bus,
        model: PoseModel,
        settings: PoseSettings,
        metrics: Metrics,
        *,
        deadline_s: float | Literal["settings"] | None = "settings",
        tracer: Tracer = NO_TRACER,
        overlap: bool | None = None,
    ) -> None:
        self.ready = threading.Event()
        self._bus = bus
        self._model = model
        self._metrics = metrics
        self._tracer = tracer
        self._deadline_s = settings.deadline_s if deadline_s == "settings" else deadline_s
        on_cpu = model.device == "cpu"
        self._overlap = not on_cpu if overlap is None else overlap
        # A CPU is no faster with batches (see benchmarks), so there no frame waits for another.
        self._limit = BatchLimit(1 if on_cpu else settings.max_batch)
        metrics.pose.batch_limit.set_function(lambda: self._limit.size)
        self._intake = Intake(
            bus,
            settings,
            metrics,
            input_size=lambda: model.input_size,
            deadline_s=self._deadline_s,
            limit=self._limit,
            threads=settings.decode_threads or (1 if on_cpu else _decoders()),
        )
        self._log_failures_from = 0.0
        self._log = get_logger(__name__)

    def run(self, stop: threading.Event) -> None:
        """Load the model, then work until `stop` is set or the frames have ended.

        Raises:
            ModelError: the model cannot be loaded.
        """
        try:
            self._model.load()
            self.ready.set()
            ended = self._work_at_once(stop) if self._overlap else self._work_in_turn(stop)
            if ended:
                self._bus.end(SKELETONS)
        finally:
            self.ready.clear()
            self._intake.close()

    def _work_in_turn(self, stop: threading.Event) -> bool:
        """True when the frames have ended."""
        while not stop.is_set():
            batch = self._intake.next()
            if batch.last:
                return True
            self._publish_all(self._infer(batch))
        return False

    def _work_at_once(self, stop: threading.Event) -> bool:
        """The same, with the batches before and after this one in work on two threads beside it."""
        with ExitStack() as threads:
            intake = threads.enter_context(ThreadPoolExecutor(1, "spotter-pose-intake"))
            publisher = threads.enter_context(ThreadPoolExecutor(1, "spotter-pose-publish"))
            published: Future[None] | None = None
            coming = intake.submit(self._intake.next)
            while not (batch := coming.result()).last and not stop.is_set():
                coming = intake.submit(self._intake.next)
                posed = self._infer(batch)
                if published is not None:
                    published.result()
                published = publisher.submit(self._publish_all, posed)
            for ready in batch.frames:
                self._intake.let_go(ready.ticket, "shutdown")
            if published is not None:
                published.result()
            return batch.last

    def _infer(self, batch: Batch) -> list[Posed]:
        """Run the model on what is still fresh of a batch."""
        now = clock.now()
        fresh: list[Ready] = []
        for ready in batch.frames:
            frame = ready.ticket.frame
            age = clock.to_seconds(frame.age(now))
            if self._deadline_s is not None and age > self._deadline_s:
                self._intake.let_go(ready.ticket, "deadline")
                continue
            self._metrics.age_at_inference.labels(camera=frame.camera_id).observe(max(age, 0.0))
            fresh.append(ready)
        return self._predict(fresh)

    def _predict(self, frames: Sequence[Ready]) -> list[Posed]:
        """Run the model. What does not fit into memory is halved; what fails is tried frame by frame, so that only the
        bad one is lost."""
        size = self._limit.size
        if len(frames) > size:
            return [posed for at in range(0, len(frames), size) for posed in self._predict(frames[at : at + size])]
        if not frames:
            return []
        begun = time.perf_counter()
        try:
            found = self._model.predict([ready.picture.image for ready in frames])
        except Exception as error:
            # Whatever a model raises (out of memory, a bad picture), the cameras go on.
            exhausted, reason = is_out_of_memory(error), str(error)
        else:
            taken = time.perf_counter() - begun
            self._limit.fitted(begun)
            self._metrics.inference_seconds.labels(model=self._model.name).observe(taken)
            self._metrics.batch_size.observe(len(frames))
            return [Posed(ready, people) for ready, people in zip(frames, found, strict=True)]
        # Only here, where the error is gone, has the memory that its traceback held been given back.
        if exhausted:
            self._metrics.pose.out_of_memory.labels(model=self._model.name).inc()
            self._limit.failed(len(frames), begun)
        if len(frames) > 1:
            step = max(1, len(frames) // 2) if exhausted else 1
            return [posed for at in range(0, len(frames), step) for posed in self._predict(frames[at : at + step])]
        self._intake.let_go(frames[0].ticket, "inference_failed")
        self._log_failure(frames[0], reason, begun)
        return []

    def _log_failure(self, ready: Ready, reason: str, now: float) -> None:
        if now >= self._log_failures_from:
            self._log_failures_from = now + _QUIET_S
            camera = ready.ticket.frame.camera_id
            self._log.error("inference failed", model=self._model.name, camera=camera, error=reason)

    def _publish_all(self, posed: Sequence[Posed]) -> None:
        for one in posed:
            self._publish(one)
            self._intake.done(one.ready.ticket)

    def _publish(self, posed: Posed) -> None:
        frame, picture, people = posed.ready.ticket.frame, posed.ready.picture, posed.people
        if (picture.scale_x, picture.scale_y) != (1.0, 1.0):
            people = people.scaled(picture.scale_x, picture.scale_y, frame.width, frame.height)
        pose = PoseFrame(
            camera_id=frame.camera_id,
            epoch=frame.epoch,
            sequence=frame.sequence,
            captured_at=frame.captured_at,
            published_at=frame.published_at,
            posed_at=clock.now(),
            width=frame.width,
            height=frame.height,
            model=self._model.name,
            boxes=people.boxes,
            scores=people.scores,
            keypoints=people.keypoints,
            confidences=people.confidences,
            deviations=people.deviations,
            clock_offset_ns=frame.clock_offset_ns,
            trace=frame.trace,
            timing=frame.timing,
        )
        self._bus.publish(SKELETONS, pose)
        if pose.trace:
            attributes: Attributes = {
                "spotter.camera": pose.camera_id,
                "spotter.people": len(pose),
                "spotter.model": pose.model,
            }
            self._tracer.span(POSE, pose.trace, pose.published_at, clock.now(), attributes)
        camera = frame.camera_id
        self._metrics.frames_posed.labels(camera=camera).inc()
        self._metrics.skeletons.labels(camera=camera).inc(len(people))
        latency = clock.to_seconds(frame.age(pose.posed_at))
        self._metrics.capture_to_skeleton.labels(camera=camera).observe(max(latency, 0.0))


def _decoders() -> int:
    return max(1, min(_DECODERS, len(os.sched_getaffinity(0)) // 2))
