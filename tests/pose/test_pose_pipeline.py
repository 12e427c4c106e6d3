"""The worker's stages at work together: overlap, order, commits, memory that runs out, failures, stops, fairness.

On a real bus. The models here answer at once or after a pause, so that it is the worker that is tested; that the real
model gives the same skeletons either way is tested too.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from running_worker import GIVE_UP_S, JPEG, Pretended, Running, patient, wait_until
from test_pose_worker import GOLDEN, counted, make_frame

from spotter.core.bus import FRAMES, SKELETONS, MemoryBus, Overflow
from spotter.core.contracts import Frame, Image
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics
from spotter.pose.models import Detections
from spotter.pose.models.movenet_onnx import MoveNetOnnx


@pytest.fixture
def bus() -> Iterator[MemoryBus]:
    made = MemoryBus()
    yield made
    made.close()


@pytest.fixture
def lossless() -> Iterator[MemoryBus]:
    """As for finite sources played as fast as possible."""
    made = MemoryBus(overflow={FRAMES.name: Overflow.BLOCK})
    yield made
    made.close()


def test_the_real_model_gives_the_same_skeletons_with_and_without_overlap() -> None:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored["crowd_input"], cv2.IMREAD_COLOR).astype(np.uint8)
    images = [np.ascontiguousarray(np.roll(image, 8 * number, axis=1)) for number in range(4)]
    answers = []
    for overlap in (False, True):
        with_bus = MemoryBus(overflow={FRAMES.name: Overflow.BLOCK})
        model = MoveNetOnnx(input_size=256, threads=1)
        running = Running(with_bus, model, deadline_s=None, overlap=overlap)
        for sequence, one in enumerate(images):
            for camera in ("dock", "aisle"):
                with_bus.publish(FRAMES, make_frame(one, sequence, camera))
        with_bus.end(FRAMES)
        running.join()
        answers.append({(pose.camera_id, pose.sequence): pose.keypoints.tobytes() for pose in running.poses})
    assert len(answers[0]) == 8
    assert answers[0] == answers[1]


@pytest.mark.parametrize("overlap", [False, True])
def test_nothing_is_lost_and_order_holds_when_no_frame_may_be_late(lossless: MemoryBus, overlap: bool) -> None:
    model = Pretended(seconds=0.001)
    running = Running(lossless, model, deadline_s=None, overlap=overlap)
    for sequence in range(100):
        for camera in ("a", "b", "c"):
            lossless.publish(FRAMES, make_frame(JPEG, sequence, camera, size=(32, 24), age_s=100))
    lossless.end(FRAMES)
    running.join()
    for camera in ("a", "b", "c"):
        assert [pose.sequence for pose in running.poses if pose.camera_id == camera] == list(range(100))
    assert len(model.threads) == 1, "a model is loaded and used by one thread"
    assert running.error is None


def test_the_next_batch_is_decoded_while_the_model_works_and_no_more_than_that(bus: MemoryBus) -> None:
    model, metrics = Pretended(), Metrics()
    model.gate.clear()
    running = Running(bus, model, metrics, patient(max_batch=2, max_wait_s=0))
    cameras = [f"camera-{number}" for number in range(20)]
    bus.publish(FRAMES, make_frame(JPEG, 0, "first", size=(32, 24)))
    assert model.entered.wait(GIVE_UP_S)
    for camera in cameras:
        bus.publish(FRAMES, make_frame(JPEG, 0, camera, size=(32, 24)))
    wait_until(lambda: counted(metrics, "spotter_pose_decode_seconds_count") == 2)
    time.sleep(0.05)
    assert counted(metrics, "spotter_pose_decode_seconds_count") == 2, "one in the model, one ready, no third"
    model.gate.set()
    running.wait_for(21)
    running.stop.set()
    running.join()
    assert max(model.batches) == 2


def test_a_frame_that_grows_old_while_it_waits_for_the_model_is_let_go(bus: MemoryBus) -> None:
    model, metrics = Pretended(), Metrics()
    model.gate.clear()
    running = Running(bus, model, metrics, PoseSettings(max_batch=1, deadline_s=1.0))
    bus.publish(FRAMES, make_frame(JPEG, 0, "a", size=(32, 24)))
    assert model.entered.wait(GIVE_UP_S)
    bus.publish(FRAMES, make_frame(JPEG, 0, "b", size=(32, 24)))
    wait_until(lambda: counted(metrics, "spotter_pose_decode_seconds_count") == 2)
    time.sleep(1.05)
    model.gate.set()
    wait_until(lambda: counted(metrics, "spotter_frames_dropped_total", camera="b", reason="deadline") == 1)
    running.stop.set()
    running.join()
    assert [pose.camera_id for pose in running.poses] == ["a"]
    assert model.batches == [1]


@pytest.mark.parametrize("overlap", [False, True])
def test_frames_are_committed_after_their_skeletons_are_published(bus: MemoryBus, overlap: bool) -> None:
    """Seen by a second member: it gets no frame of a camera as long as one of it is in work."""
    model = Pretended()
    model.gate.clear()
    running = Running(bus, model, settings=patient(max_batch=1), overlap=overlap)
    bus.publish(FRAMES, make_frame(JPEG, 0, "a", size=(32, 24)))
    assert model.entered.wait(GIVE_UP_S)
    other = bus.subscribe(FRAMES, "pose")
    bus.publish(FRAMES, make_frame(JPEG, 1, "a", size=(32, 24)))
    bus.publish(FRAMES, make_frame(JPEG, 2, "a", size=(32, 24)))
    assert other.take(1, 0.1) == []
    assert running.poses == []
    model.gate.set()
    running.wait_for(1)
    running.stop.set()
    running.join()


@pytest.mark.parametrize("overlap", [False, True])
def test_every_frame_is_posed_or_counted_at_a_stop_in_the_middle_of_overload(overlap: bool) -> None:
    metrics = Metrics()
    bus = MemoryBus(on_drop=metrics.count_drop)
    model = Pretended(seconds=0.01)
    running = Running(bus, model, metrics, patient(max_batch=2), overlap=overlap)
    sent = 0
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        for camera in "abcdef":
            bus.publish(FRAMES, make_frame(JPEG, sent, camera, size=(32, 24)))
            sent += 1
        time.sleep(0.002)
    running.stop.set()
    running.join()
    bus.close()
    samples = [s for family in metrics.registry.collect() for s in family.samples]
    dropped = sum(s.value for s in samples if s.name == "spotter_frames_dropped_total")
    posed = sum(s.value for s in samples if s.name == "spotter_frames_posed_total")
    assert posed == len(running.poses) > 0
    assert posed + dropped == sent
    for camera in "abcdef":
        mine = [pose.sequence for pose in running.poses if pose.camera_id == camera]
        assert mine == sorted(set(mine))


def test_a_stop_takes_no_longer_than_the_batches_in_work(bus: MemoryBus) -> None:
    model, metrics = Pretended(), Metrics()
    model.gate.clear()
    running = Running(bus, model, metrics, patient(max_batch=1))
    for camera in "abcdef":
        bus.publish(FRAMES, make_frame(JPEG, 0, camera, size=(32, 24)))
    assert model.entered.wait(GIVE_UP_S)
    wait_until(lambda: counted(metrics, "spotter_pose_decode_seconds_count") == 2)
    running.stop.set()
    model.gate.set()
    running.join()
    assert [pose.camera_id for pose in running.poses] == ["a"], "what the model had is published"
    assert model.batches == [1]
    left = [counted(metrics, "spotter_frames_dropped_total", camera=camera, reason="shutdown") for camera in "bcdef"]
    assert left == [1] * 5
    assert not any(thread.name.startswith("spotter-pose") for thread in threading.enumerate())


def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(bus: MemoryBus) -> None:
    model, metrics = Pretended(fits=3), Metrics()
    cameras = [f"camera-{number:02}" for number in range(16)]
    for camera in cameras:
        bus.subscribe(FRAMES, "pose").close()
        bus.publish(FRAMES, make_frame(JPEG, 0, camera, size=(32, 24)))
    running = Running(bus, model, metrics, patient(max_batch=16, max_wait_s=0.2))
    running.wait_for(16)
    assert sorted(pose.camera_id for pose in running.poses) == cameras
    assert model.batches[:3] == [16, 8, 4]
    assert model.batches[3:] == [2] * 8
    assert counted(metrics, "spotter_pose_out_of_memory_total", model="pretended/1") == 3
    assert counted(metrics, "spotter_pose_batch_limit") == 2
    for camera in cameras:
        bus.publish(FRAMES, make_frame(JPEG, 1, camera, size=(32, 24)))
    running.wait_for(32)
    running.stop.set()
    running.join()
    assert max(model.batches[3:]) == 2, "the limit stays halved for a while"


def test_a_frame_that_does_not_fit_alone_is_let_go(bus: MemoryBus) -> None:
    model, metrics = Pretended(fits=0), Metrics()
    running = Running(bus, model, metrics)
    bus.publish(FRAMES, make_frame(JPEG, 0, "a", size=(32, 24)))
    wait_until(lambda: counted(metrics, "spotter_frames_dropped_total", camera="a", reason="inference_failed") == 1)
    model.fits = 1
    bus.publish(FRAMES, make_frame(JPEG, 1, "a", size=(32, 24)))
    assert [pose.sequence for pose in running.wait_for(1)] == [1]
    running.stop.set()
    running.join()


class Broken(MemoryBus):
    """A bus of which one end breaks."""

    def publish(self, topic: Any, message: Any) -> None:
        if topic is SKELETONS:
            raise OSError("the bus broke")
        super().publish(topic, message)

    def reject(self, topic: Any, message: Any, reason: str, error: str) -> None:
        raise OSError("the bus broke")


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("picture", [JPEG, b"no picture"], ids=["publishing", "taking"])
def test_an_error_of_the_bus_ends_the_worker_with_it(overlap: bool, picture: bytes) -> None:
    bus = Broken()
    running = Running(bus, Pretended(), overlap=overlap)
    for sequence in range(3):
        bus.publish(FRAMES, make_frame(picture, sequence, "a", size=(32, 24)))
    running.join()
    assert isinstance(running.error, OSError)
    assert not running.worker.ready.is_set()
    assert not any(thread.name.startswith("spotter-pose") for thread in threading.enumerate())


def test_at_overload_cameras_of_any_rate_get_their_share() -> None:
    """One camera at 400 frames/s, seven at 40, two at 4; the model does 100 a second."""
    metrics = Metrics()
    bus = MemoryBus(on_drop=metrics.count_drop)
    running = Running(bus, Pretended(seconds=0.04), metrics, patient(max_batch=4, max_wait_s=0))
    every = {"eager": 1, **{f"usual-{number}": 10 for number in range(7)}, "slow-0": 100, "slow-1": 100}
    sent: Counter[str] = Counter()
    begun = time.monotonic()
    for tick in range(1200):
        for camera, ticks in every.items():
            if tick % ticks == 0:
                bus.publish(FRAMES, make_frame(JPEG, sent[camera], camera, size=(32, 24)))
                sent[camera] += 1
        time.sleep(max(0.0, begun + (tick + 1) / 400 - time.monotonic()))
    running.stop.set()
    running.join()
    posed = Counter(pose.camera_id for pose in running.poses)
    assert posed["slow-0"] >= sent["slow-0"] - 1
    assert posed["slow-1"] >= sent["slow-1"] - 1
    shares = [posed[camera] for camera in every if not camera.startswith("slow")]
    assert min(shares) >= 0.8 * max(shares)
    assert counted(metrics, "spotter_pose_cameras_behind") == 0


def test_a_camera_that_gets_less_than_the_minimum_is_told(bus: MemoryBus) -> None:
    model, metrics = Pretended(seconds=0.1), Metrics()
    running = Running(bus, model, metrics, PoseSettings(max_batch=1, max_wait_s=0, min_fps=5.0, deadline_s=60))
    sent = 0
    until = time.monotonic() + GIVE_UP_S
    while counted(metrics, "spotter_pose_cameras_behind") < 4 and time.monotonic() < until:
        for camera in range(8):
            bus.publish(FRAMES, make_frame(JPEG, sent, f"camera-{camera}", size=(32, 24)))
        sent += 1
        time.sleep(0.01)
    assert 4 <= counted(metrics, "spotter_pose_cameras_behind") <= 8
    running.stop.set()
    running.join()


def test_a_single_bad_camera_takes_no_place_in_the_batches(bus: MemoryBus) -> None:
    model = Pretended()
    bus.subscribe(FRAMES, "pose").close()
    for camera in ("a", "bad", "b", "c", "d"):
        bus.publish(FRAMES, make_frame(b"no picture" if camera == "bad" else JPEG, 0, camera, size=(32, 24)))
    running = Running(bus, model, settings=patient(max_batch=4, max_wait_s=0.2))
    running.wait_for(4)
    running.stop.set()
    running.join()
    assert model.batches == [4]


def test_many_pictures_are_decoded_at_a_time(bus: MemoryBus) -> None:
    bus.subscribe(FRAMES, "pose").close()
    cameras = [f"camera-{number}" for number in range(12)]
    for number, camera in enumerate(cameras):
        picture = cv2.imencode(".jpg", np.full((24, 32, 3), 20 * number, np.uint8))[1].tobytes()
        bus.publish(FRAMES, make_frame(picture, 0, camera, size=(32, 24)))
    seen: list[int] = []

    class Seeing(Pretended):
        def predict(self, images: Sequence[Image]) -> list[Detections]:
            seen.extend(round(float(image.mean()) / 20) for image in images)
            return super().predict(images)

    settings = patient(max_batch=12, max_wait_s=0.2, decode_threads=4)
    running = Running(bus, Seeing(), settings=settings)
    running.wait_for(12)
    running.stop.set()
    running.join()
    assert seen == list(range(12)), "in the order in which they were chosen"
    assert [pose.camera_id for pose in running.poses] == cameras


def test_a_frame_of_the_wire_keeps_its_trace_and_times(bus: MemoryBus) -> None:
    running = Running(bus, Pretended())
    sent: Frame = make_frame(JPEG, 3, "a", size=(320, 240), offset_s=5.0)
    bus.publish(FRAMES, sent)
    (pose,) = running.wait_for(1)
    running.stop.set()
    running.join()
    for field in ("epoch", "sequence", "captured_at", "published_at", "width", "height", "clock_offset_ns", "trace"):
        assert getattr(pose, field) == getattr(sent, field)
