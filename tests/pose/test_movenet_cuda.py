"""MoveNet on a real GPU, if there is one: what `test_movenet_torch` shows on a CPU, with graphs and half precision."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter.core.contracts import Image
from spotter.pose.models import Detections
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.movenet_torch import MoveNetTorch
from spotter.pose.models.torch_lanes import CudaLanes
from spotter.pose.models.torch_runner import Job, TorchRunner

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"


@pytest.fixture(scope="module")
def crowd() -> Image:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored["crowd_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def model() -> MoveNetTorch:
    made = MoveNetTorch(device="cuda", max_batch=8)
    made.load()
    return made


def assert_near(ours: Detections, exact: Detections) -> None:
    """Half precision moves confident keypoints by less than a pixel (`test_movenet_agreement`)."""
    assert len(ours) == len(exact)
    for box, score, keypoints in zip(ours.boxes, ours.scores, ours.keypoints, strict=True):
        same = np.abs(exact.boxes - box).max(1).argmin()
        assert abs(score - exact.scores[same]) < 0.005
        sure = exact.confidences[same] > 0.3
        assert np.abs(keypoints - exact.keypoints[same])[sure].max() < 1


def test_people_of_onnx_runtime_whatever_the_batch(model: MoveNetTorch, crowd: Image) -> None:
    exact = MoveNetOnnx()
    exact.load()
    (mirrored,), (as_it_is,) = exact.predict([crowd[:, ::-1]]), exact.predict([crowd])
    for count in (1, 2, 3, 8, 13, 40, 1):
        found = model.predict([crowd if number % 2 else crowd[:, ::-1] for number in range(count)])
        for number, people in enumerate(found):
            assert_near(people, as_it_is if number % 2 else mirrored)


def test_the_network_is_recorded(model: MoveNetTorch, crowd: Image) -> None:
    model.predict([crowd] * 3)
    assert model._runner is not None
    assert model._runner.programs >= 8
    assert model._runner.unrecorded == 0


def test_uploads_and_computing_wait_for_each_other() -> None:
    """As `test_torch_runner` with threads, on real streams."""

    def means(images: torch.Tensor, variant: int) -> torch.Tensor:
        return images.float().mean((1, 2, 3)).unsqueeze(1)

    runner = TorchRunner(means, CudaLanes(torch.device("cuda")), max_batch=16, most_programs=3)
    values = np.random.default_rng(1).integers(0, 256, 200)

    def jobs() -> list[Job]:
        made = []
        for number, value in enumerate(values):
            shape = (1 + number % 16, 256, 256 + 32 * (number % 4))
            made.append(Job(shape, lambda batch, value=value: batch.fill(value)))  # type: ignore[misc]
        return made

    for result, value in zip(runner.run(0, jobs()), values, strict=True):
        np.testing.assert_allclose(result, value, rtol=1e-3)
    assert runner.unrecorded == 0


def test_out_of_memory_is_passed_on_and_the_next_batch_runs() -> None:
    def greedy(images: torch.Tensor, variant: int) -> torch.Tensor:
        if len(images) > 1:
            torch.empty(2**44, dtype=torch.uint8, device="cuda")
        return images.float().mean((1, 2))

    runner = TorchRunner(greedy, CudaLanes(torch.device("cuda")), max_batch=2)
    with pytest.raises(torch.OutOfMemoryError):
        runner.run(0, [Job((2, 32, 32), lambda batch: batch.fill(1))])
    (result,) = runner.run(0, [Job((1, 32, 32), lambda batch: batch.fill(9))])
    assert result.tolist() == [[9.0, 9.0, 9.0]]
