"""The worker on a real bus with the real model; where a model has to fail or to take batches, with one that does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import structlog

from spotter.core import clock
from spotter.core.bus import FRAMES, SKELETONS, MemoryBus, Subscription
from spotter.core.contracts import Frame, Image, PoseFrame
from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics
from spotter.pose.models import Detections, PoseModel
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.worker import PoseWorker

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"


@pytest.fixture(scope="module")
def picture() -> Image:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored["crowd_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.fixture
def bus() -> Iterator[MemoryBus]:
    made = MemoryBus()
    yield made
    made.close()


class Brittle:
    """Stands in for a model on a GPU: takes batches, records them, and fails on black pictures."""

    name = "brittle/1"
    device = "cuda"
    input_size = 64

    def __init__(self) -> None:
        self.batches: list[int] = []

    def load(self) -> None:
        return None

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        self.batches.append(len(images))
        if any(not image.any() for image in images):
            raise RuntimeError("black picture")
        return [Detections.none() for _ in images]


def make_frame(
    picture: Image | bytes,
    sequence: int = 0,
    camera: str = "dock",
    age_s: float = 0.0,
    size: tuple[int, int] | None = None,
    offset_s: float = 0.0,
) -> Frame:
    now = clock.now()
    offset = clock.from_seconds(offset_s)
    width, height = size or ((picture.shape[1], picture.shape[0]) if isinstance(picture, np.ndarray) else (384, 320))
    return Frame(
        camera_id=camera,
        epoch=7,
        sequence=sequence,
        captured_at=now - clock.from_seconds(age_s) + offset,
        published_at=now,
        width=width,
        height=height,
        picture=picture,
        clock_offset_ns=offset,
    )


def run_over(
    bus: MemoryBus,
    frames: Sequence[Frame],
    model: PoseModel | None = None,
    metrics: Metrics | None = None,
    **options: float | bool | None,
) -> list[PoseFrame]:
    """Publish all frames, end them, run the worker to its end, and return what it published."""
    skeletons: Subscription[PoseFrame] = bus.subscribe(SKELETONS, "test")
    model = model or MoveNetOnnx(input_size=256, threads=1)
    # Loading the model takes a while on a busy machine.
    settings = PoseSettings(max_batch=4, max_wait_s=0.2, deadline_s=4.0)
    worker = PoseWorker(bus, model, settings, metrics or Metrics(), **options)  # type: ignore[arg-type]
    for frame in frames:
        bus.publish(FRAMES, frame)
    bus.end(FRAMES)
    worker.run(threading.Event())
    assert not worker.ready.is_set()
    found = skeletons.take(100, 0)
    assert skeletons.ended
    return found


def counted(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def test_skeletons_carry_their_frame_and_come_in_order_per_camera(bus: MemoryBus, picture: Image) -> None:
    frames = [make_frame(picture, n, camera) for n in range(2) for camera in ("dock", "aisle")]
    metrics = Metrics()
    found = run_over(bus, frames, metrics=metrics)
    assert len(found) == 4
    for camera in ("dock", "aisle"):
        mine = [pose for pose in found if pose.camera_id == camera]
        assert [pose.sequence for pose in mine] == [0, 1]
        for pose, frame in zip(mine, [f for f in frames if f.camera_id == camera], strict=True):
            for field in ("epoch", "captured_at", "published_at", "width", "height", "clock_offset_ns"):
                assert getattr(pose, field) == getattr(frame, field)
            assert pose.posed_at >= frame.published_at
            assert pose.model == "movenet-multipose/1"
            assert len(pose) > 0
        assert counted(metrics, "spotter_frames_posed_total", camera=camera) == 2
        assert counted(metrics, "spotter_skeletons_total", camera=camera) == sum(map(len, mine))
        assert counted(metrics, "spotter_age_at_inference_seconds_count", camera=camera) == 2
        assert counted(metrics, "spotter_capture_to_skeleton_seconds_count", camera=camera) == 2
    assert counted(metrics, "spotter_inference_seconds_count", model="movenet-multipose/1") == 4
    assert counted(metrics, "spotter_batch_size_sum") == 4


def test_a_late_frame_is_skipped_and_counted(bus: MemoryBus, picture: Image) -> None:
    metrics = Metrics()
    found = run_over(bus, [make_frame(picture, 0, age_s=5), make_frame(picture, 1)], metrics=metrics)
    assert [pose.sequence for pose in found] == [1]
    assert counted(metrics, "spotter_frames_dropped_total", camera="dock", reason="deadline") == 1


def test_age_is_on_the_wall_clock_whatever_the_event_time(bus: MemoryBus, picture: Image) -> None:
    frames = [make_frame(picture, 0, offset_s=-3600), make_frame(picture, 1, offset_s=3600, age_s=5)]
    assert [pose.sequence for pose in run_over(bus, frames)] == [0]


def test_without_a_deadline_nothing_is_late(bus: MemoryBus, picture: Image) -> None:
    frames = [make_frame(picture, 0, age_s=500), make_frame(picture, 1)]
    assert [pose.sequence for pose in run_over(bus, frames, deadline_s=None)] == [0, 1]


def test_jpeg_is_decoded_and_scaled_to_the_original_pixels(bus: MemoryBus, picture: Image) -> None:
    height, width = picture.shape[:2]
    encoded = cv2.imencode(".jpg", picture)[1].tobytes()
    small, large = run_over(
        bus, [make_frame(encoded, 0, size=(width, height)), make_frame(encoded, 1, size=(3 * width, 3 * height))]
    )
    assert len(small) == len(large) > 0
    np.testing.assert_allclose(large.keypoints, 3 * small.keypoints, rtol=1e-5)
    np.testing.assert_allclose(large.boxes, 3 * small.boxes, rtol=1e-5)
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR).astype(np.uint8)
    (direct,) = run_over(MemoryBus(), [make_frame(decoded)])
    assert direct.keypoints.tobytes() == small.keypoints.tobytes()


def test_a_large_jpeg_is_decoded_smaller_and_its_people_stay_where_they_are(picture: Image) -> None:
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    height, width = large.shape[:2]
    encoded = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    (reduced,) = run_over(MemoryBus(), [make_frame(encoded, size=(width, height))])
    (whole,) = run_over(MemoryBus(), [make_frame(large.astype(np.uint8))])
    assert len(reduced) == len(whole) > 0
    # People of like scores may change places.
    apart = np.linalg.norm(reduced.boxes[:, None] - whole.boxes[None], axis=2)
    matched = reduced.keypoints[apart.argmin(axis=0)]
    moved = np.linalg.norm(matched - whole.keypoints, axis=2)[whole.confidences > 0.5]
    assert np.median(moved) < 0.002 * width


@pytest.mark.parametrize("damaged", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut"], ids=["empty", "text", "cut"])
@pytest.mark.parametrize("overlap", [False, True])
def test_an_undecodable_picture_is_counted_and_costs_only_itself(picture: Image, damaged: bytes, overlap: bool) -> None:
    rejected: list[tuple[str, str, str]] = []
    bus = MemoryBus(on_reject=lambda *reject: rejected.append(reject))
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    metrics = Metrics()
    frames = [make_frame(damaged, 0), make_frame(jpeg, 1), make_frame(jpeg, 0, "aisle")]
    with structlog.testing.capture_logs() as logs:
        found = run_over(bus, frames, metrics=metrics, overlap=overlap)
    assert {(pose.camera_id, pose.sequence) for pose in found} == {("dock", 1), ("aisle", 0)}
    assert counted(metrics, "spotter_frames_dropped_total", camera="dock", reason="undecodable") == 1
    assert rejected == [("frames", "dock", "undecodable")]
    (line,) = [entry for entry in logs if entry["event"] == "picture unusable"]
    assert line["error"].startswith("frame 0 of camera 'dock': its ")


def test_a_picture_that_the_model_refuses_costs_only_itself(bus: MemoryBus, picture: Image) -> None:
    metrics = Metrics()
    empty = np.zeros((0, 0, 3), np.uint8)
    found = run_over(bus, [make_frame(empty, 0), make_frame(picture, 1)], metrics=metrics)
    assert [pose.sequence for pose in found] == [1]
    assert counted(metrics, "spotter_frames_dropped_total", camera="dock", reason="inference_failed") == 1


def test_a_failed_batch_is_tried_frame_by_frame_and_logged_once(bus: MemoryBus, picture: Image) -> None:
    black = np.zeros_like(picture)
    frames = [
        make_frame(each, 0, camera) for camera, each in zip("abcd", (picture, black, picture, black), strict=True)
    ]
    metrics, model = Metrics(), Brittle()
    with structlog.testing.capture_logs() as logs:
        found = run_over(bus, frames, model=model, metrics=metrics)
    assert [(entry["event"], entry["camera"]) for entry in logs] == [("inference failed", "b")]
    assert [pose.camera_id for pose in found] == ["a", "c"]
    assert model.batches == [4, 1, 1, 1, 1]
    for camera in "bd":
        assert counted(metrics, "spotter_frames_dropped_total", camera=camera, reason="inference_failed") == 1


def test_a_gpu_gets_batches_filled_within_the_wait(bus: MemoryBus, picture: Image) -> None:
    model, metrics, stop = Brittle(), Metrics(), threading.Event()
    skeletons = bus.subscribe(SKELETONS, "test")
    worker = PoseWorker(bus, model, PoseSettings(max_batch=3, max_wait_s=1.0), metrics)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    assert worker.ready.wait(5)
    for camera in ("a", "b", "c"):
        bus.publish(FRAMES, make_frame(picture, 0, camera))
    received = [pose for _ in range(3) for pose in skeletons.take(1, 5)]
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert {pose.camera_id for pose in received} == {"a", "b", "c"}
    assert model.batches == [3]


def test_stop_ends_the_worker_but_not_the_skeletons(bus: MemoryBus) -> None:
    skeletons, stop = bus.subscribe(SKELETONS, "test"), threading.Event()
    worker = PoseWorker(bus, MoveNetOnnx(input_size=128, threads=1), PoseSettings(), Metrics())
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    assert worker.ready.wait(30)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert not skeletons.ended


def test_a_model_that_cannot_load_raises_and_leaves_the_frames(bus: MemoryBus, picture: Image, tmp_path: Path) -> None:
    worker = PoseWorker(bus, MoveNetOnnx(folder=tmp_path), PoseSettings(), Metrics())
    with pytest.raises(ModelError, match="SHA256SUMS"):
        worker.run(threading.Event())
    assert not worker.ready.is_set()
