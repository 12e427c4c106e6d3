"""Our network and decoding against the released graph, and torch against ONNX Runtime.

`tests/golden/pose_movenet_multipose.npz` was made once by running the released TF.js graph, operation by operation, on
frames of the demo clips: dock (frame 30), aisle after the fall (frame 90, "fallen"), and six cut-outs side by side
("crowd"). It holds each input as PNG, the graph's answer (6, 56) and its centre map.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from released_graph import assert_agrees

from spotter.core.contracts import Image
from spotter.pose.models import PoseModel
from spotter.pose.models.movenet_decode import DecodeLimits, decode
from spotter.pose.models.movenet_decode_torch import decode_batch
from spotter.pose.models.movenet_network import HeadMaps, MoveNetMultiPose, load_network
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.movenet_torch import MoveNetTorch
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"
SCENES = ("dock", "fallen", "crowd")
LIMITS = DecodeLimits(min_score=0.05)


def make(kind: str, input_size: int) -> PoseModel:
    if kind == "onnx":
        return MoveNetOnnx(input_size=input_size, threads=1, limits=LIMITS)
    return MoveNetTorch(device="cpu", input_size=input_size, limits=LIMITS, threads=1)


def golden_image(scene: str) -> Image:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored[f"{scene}_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def to_input(image: Image) -> Image:
    return np.ascontiguousarray(image[None, ..., ::-1])


@pytest.fixture(scope="module")
def network() -> MoveNetMultiPose:
    return load_network(WEIGHTS_FOLDER / WEIGHTS_FILE)


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(WEIGHTS_FOLDER / GRAPH_FILE), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_people_of_the_released_graph_on_the_demo_scenes(kind: str, scene: str) -> None:
    image = golden_image(scene)
    model = make(kind, max(image.shape[:2]))
    model.load()
    (people,) = model.predict([image])
    with np.load(GOLDEN) as stored:
        released = stored[f"{scene}_people"]
    assert_agrees(people, released, image.shape[1], image.shape[0])


@pytest.mark.shared
@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_people_of_the_released_graph_on_photographs(kind: str, index: int, shared_dir: Path) -> None:
    with np.load(shared_dir / "models" / "movenet-multipose-reference.npz") as stored:
        image = np.ascontiguousarray(stored[f"x{index}"][0][..., ::-1])
        released = stored[f"y{index}"][0]
    model = make(kind, max(image.shape[:2]))
    model.load()
    (people,) = model.predict([image])
    assert_agrees(people, released, image.shape[1], image.shape[0])


@pytest.mark.parametrize("scene", SCENES)
def test_centre_map_of_the_released_graph(scene: str, network: MoveNetMultiPose) -> None:
    maps = network(torch.from_numpy(to_input(golden_image(scene))))
    with np.load(GOLDEN) as stored:
        np.testing.assert_allclose(maps.center[0, 0].numpy(), stored[f"{scene}_center"], atol=1e-5)


@pytest.mark.parametrize("scene", SCENES)
def test_torch_and_onnx_runtime_give_the_same_maps(
    scene: str, network: MoveNetMultiPose, session: onnxruntime.InferenceSession
) -> None:
    batch = np.concatenate([to_input(golden_image(scene)), to_input(golden_image(scene)[:, ::-1])])
    ours = network(torch.from_numpy(batch))
    theirs = session.run(None, {"images": batch})
    for name, a, b in zip(HeadMaps._fields, ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b, atol=2e-4, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("min_score", [0.0, 0.05, 0.15])
def test_torch_and_numpy_decode_alike(scene: str, min_score: float, session: onnxruntime.InferenceSession) -> None:
    image = golden_image(scene)
    maps = session.run(None, {"images": np.concatenate([to_input(image), to_input(image[:, ::-1])])})
    limits = DecodeLimits(min_score=min_score, max_people=20)
    on_torch = decode_batch(HeadMaps(*map(torch.from_numpy, maps)), limits)
    assert len(on_torch) == 2
    for number, theirs in enumerate(on_torch):
        ours = decode([each[number] for each in maps], limits)
        assert len(ours) == len(theirs) > 0
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-6)
        clear = ours.scores > 1e-3  # below that, ties between cells are decided by rounding
        for field in ("boxes", "keypoints", "confidences"):
            np.testing.assert_allclose(
                getattr(ours, field)[clear], getattr(theirs, field)[clear], atol=1e-3, err_msg=field
            )


def test_half_precision_moves_confident_keypoints_by_less_than_a_pixel(network: MoveNetMultiPose) -> None:
    """What CUDA runs: half-precision weights and activations, channels-last; here on the CPU."""
    images = torch.from_numpy(to_input(golden_image("crowd")))
    half = load_network(WEIGHTS_FOLDER / WEIGHTS_FILE).half().to(memory_format=torch.channels_last)
    (whole,), (coarse,) = decode_batch(network(images), DecodeLimits()), decode_batch(half(images), DecodeLimits())
    assert len(whole) == len(coarse) == 5
    np.testing.assert_allclose(coarse.scores, whole.scores, atol=0.005)
    confident = whole.confidences > 0.3
    assert confident.sum() > 30
    assert np.abs(coarse.keypoints - whole.keypoints)[confident].max() < 1
