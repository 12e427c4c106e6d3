"""MoveNet in torch as on a GPU, on the CPU: padded batches, several at once, crowds, limits of memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models import Detections
from spotter.pose.models import movenet_decode_torch as decoding
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.movenet_torch import MoveNetTorch
from spotter.pose.models.torch_lanes import HostLanes, Work

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"
SIZE = 256


class GpuLike(HostLanes):
    """Fixed shapes, as on a GPU; notes what is recorded."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"), fixed_shapes=True)
        self.recordings = 0

    def record(self, work: Work) -> Work:
        self.recordings += 1
        return super().record(work)


@pytest.fixture(scope="module")
def crowd() -> Image:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored["crowd_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait for each other in a loop, which a busy machine makes slow; the models here set one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def lanes() -> GpuLike:
    return GpuLike()


@pytest.fixture(scope="module")
def model(lanes: GpuLike) -> MoveNetTorch:
    made = MoveNetTorch(device="cpu", input_size=SIZE, max_batch=4, threads=1, lanes=lanes)
    made.load()
    return made


@pytest.fixture(scope="module")
def onnx_model() -> MoveNetOnnx:
    made = MoveNetOnnx(input_size=SIZE, threads=1)
    made.load()
    return made


def assert_alike(a: Detections, b: Detections) -> None:
    assert len(a) == len(b)
    np.testing.assert_allclose(a.scores, b.scores, atol=1e-4)
    np.testing.assert_allclose(a.boxes, b.boxes, atol=0.02)
    sure = a.confidences > 0.05
    np.testing.assert_allclose(a.keypoints[sure], b.keypoints[sure], atol=0.02)


def test_both_usual_shapes_are_ready_for_every_batch_size(model: MoveNetTorch, lanes: GpuLike) -> None:
    ready = lanes.recordings
    assert ready == 2 * len([1, 2, 4])
    wide, usual = np.zeros((90, 160, 3), np.uint8), np.zeros((120, 160, 3), np.uint8)
    model.predict([wide, usual, wide, usual, wide])
    assert lanes.recordings == ready
    model.predict([np.zeros((160, 90, 3), np.uint8)])
    assert lanes.recordings == ready + 1


@pytest.mark.parametrize("count", [1, 3, 5])
def test_padded_batches_give_the_people_of_onnx_runtime(
    model: MoveNetTorch, onnx_model: MoveNetOnnx, crowd: Image, count: int
) -> None:
    images = [np.ascontiguousarray(np.roll(crowd, 40 * number, axis=1)) for number in range(count)]
    model.predict([np.full_like(crowd, 255)] * 4)  # what is left over in the memory of the padding
    found = model.predict(images)
    assert sum(len(people) for people in found) >= 3 * count
    for ours, theirs in zip(found, onnx_model.predict(images), strict=True):
        assert_alike(ours, theirs)


def test_more_people_than_the_usual_list_holds_go_through_a_long_one(
    monkeypatch: pytest.MonkeyPatch, onnx_model: MoveNetOnnx, crowd: Image
) -> None:
    monkeypatch.setattr("spotter.pose.models.movenet_torch.USUAL_CANDIDATES", 2)
    lanes = GpuLike()
    model = MoveNetTorch(device="cpu", input_size=SIZE, max_batch=2, threads=1, lanes=lanes)
    model.load()
    blank = np.zeros_like(crowd)
    model.predict([blank, blank])
    ready = lanes.recordings
    found = model.predict([blank, crowd, blank, crowd[:, ::-1]])
    assert lanes.recordings == ready + 1, "one long list, and for the two crowds only"
    assert [len(people) for people in found][::2] == [0, 0]
    assert min(len(found[1]), len(found[3])) > 2
    assert_alike(found[1], onnx_model.predict([crowd])[0])


def test_a_search_in_several_turns_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, model: MoveNetTorch, crowd: Image
) -> None:
    whole = model.predict([crowd, crowd[::-1]])
    monkeypatch.setattr(decoding, "_MOST_BYTES", 1)
    for a, b in zip(whole, model.predict([crowd, crowd[::-1]]), strict=True):
        for field in ("boxes", "scores", "keypoints", "confidences"):
            assert getattr(a, field).tobytes() == getattr(b, field).tobytes()


def test_a_device_that_cannot_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ModelError, match="cannot run on 'mps'") as caught:
        MoveNetTorch(device="mps", input_size=64).load()
    assert "\n" not in str(caught.value)
    assert "--device cpu" in caught.value.mend


def test_limits_hold_on_the_device_too(crowd: Image) -> None:
    model = MoveNetTorch(device="cpu", input_size=SIZE, limits=DecodeLimits(min_score=0.2, max_people=2), threads=1)
    model.load()
    (people,) = model.predict([crowd])
    assert len(people) == 2
    assert (people.scores >= 0.2).all()
