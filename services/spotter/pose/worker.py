"""The pose service: takes frames from the bus, runs the model, publishes skeletons.

Promises: skeletons of one camera come out in the order of its frames; a frame past its deadline, with an unreadable
picture, or on which the model fails is counted by reason and skipped, and costs no other frame anything; when the
frames end, so do the skeletons.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from spotter.core import clock
from spotter.core.bus import FRAMES, SKELETONS, Bus
from spotter.core.contracts import Frame, Image, PoseFrame
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.spans import POSE
from spotter.core.telemetry.tracing import NO_TRACER, Attributes, Tracer
from spotter.pose.models import Detections, PoseModel

_POLL_S = 0.1
"""Longest wait for a frame before looking at `stop` again."""

_QUIET_S = 10.0
"""Failures of the model are logged at most this often; the metrics count each one."""


class PoseWorker:
    """One pose worker, run in a thread of its own.

    It joins the frames when it is made, so that nothing published before `run` is lost.

    Args:
        model: not yet loaded; `run` loads it.
        deadline_s: a frame older than this is skipped; None never skips (finite sources played as fast as possible).
            By default as in the settings.
        tracer: takes the span of each traced frame.

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
    ) -> None:
        self.ready = threading.Event()
        self._bus = bus
        self._model = model
        self._metrics = metrics
        self._tracer = tracer
        self._deadline_s = settings.deadline_s if deadline_s == "settings" else deadline_s
        # A CPU is no faster with batches (see benchmarks), so there no frame waits for another.
        self._max_batch = 1 if model.device == "cpu" else settings.max_batch
        self._max_wait_s = settings.max_wait_s
        self._frames = bus.subscribe(FRAMES, "pose")
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
            while not stop.is_set():
                frames = self._take()
                if frames:
                    self._pose(frames)
                    self._frames.commit()
                elif self._frames.ended:
                    self._bus.end(SKELETONS)
                    return
        finally:
            self.ready.clear()
            self._frames.close()

    def _take(self) -> list[Frame]:
        """What is there, up to a batch; waits a little to fill it once there is a first frame."""
        frames = self._frames.take(self._max_batch, _POLL_S)
        until = time.monotonic() + self._max_wait_s
        while frames and len(frames) < self._max_batch and (left := until - time.monotonic()) > 0:
            more = self._frames.take(self._max_batch - len(frames), left)
            if not more:
                break
            frames += more
        return frames

    def _pose(self, frames: Sequence[Frame]) -> None:
        fresh: list[Frame] = []
        images: list[Image] = []
        for frame in frames:
            age = clock.to_seconds(frame.age(clock.now()))
            if self._deadline_s is not None and age > self._deadline_s:
                self._drop(frame, "deadline")
                continue
            image = _read_picture(frame)
            if image is None:
                self._drop(frame, "undecodable")
                continue
            self._metrics.age_at_inference.labels(camera=frame.camera_id).observe(max(age, 0.0))
            fresh.append(frame)
            images.append(image)
        if fresh:
            self._infer(fresh, images)

    def _infer(self, frames: Sequence[Frame], images: Sequence[Image]) -> None:
        """Run the model on a batch; if it fails, on each frame alone, so that only the bad one is lost."""
        begun = time.perf_counter()
        try:
            found = self._model.predict(images)
        except Exception as error:
            # Whatever a model raises (out of memory, a bad picture), the cameras go on.
            if len(frames) > 1:
                for frame, image in zip(frames, images, strict=True):
                    self._infer([frame], [image])
                return
            self._drop(frames[0], "inference_failed")
            if begun >= self._log_failures_from:
                self._log_failures_from = begun + _QUIET_S
                self._log.error(
                    "inference failed", model=self._model.name, camera=frames[0].camera_id, error=str(error)
                )
            return
        self._metrics.inference_seconds.labels(model=self._model.name).observe(time.perf_counter() - begun)
        self._metrics.batch_size.observe(len(frames))
        for frame, image, people in zip(frames, images, found, strict=True):
            self._publish(frame, image, people)

    def _publish(self, frame: Frame, image: Image, people: Detections) -> None:
        height, width = image.shape[:2]
        if (width, height) != (frame.width, frame.height):
            people = people.scaled(frame.width / width, frame.height / height, frame.width, frame.height)
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
            clock_offset_ns=frame.clock_offset_ns,
            trace=frame.trace,
            deviations=people.deviations,
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

    def _drop(self, frame: Frame, reason: str) -> None:
        self._metrics.frames_dropped.labels(camera=frame.camera_id, reason=reason).inc()


def _read_picture(frame: Frame) -> Image | None:
    """The picture as an array, or None when its JPEG bytes cannot be decoded."""
    if isinstance(frame.picture, np.ndarray):
        return frame.picture
    try:
        decoded = cv2.imdecode(np.frombuffer(frame.picture, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # raised for no bytes at all and for absurd sizes; other damage gives None
        return None
    return None if decoded is None else decoded.astype(np.uint8, copy=False)
