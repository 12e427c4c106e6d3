"""The models as their users see them: order, sizes, repeatability, damaged files, names and devices."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models import Detections, PoseModel, create_model, model_cards, model_names
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.movenet_torch import MoveNetTorch
from spotter.pose.models.weights import GRAPH_FILE, MANIFEST_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER, verify

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"


@pytest.fixture(scope="module")
def crowd() -> Image:
    with np.load(GOLDEN) as stored:
        image = cv2.imdecode(stored["crowd_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def onnx_model() -> PoseModel:
    model = MoveNetOnnx(threads=1)
    model.load()
    return model


@pytest.fixture(scope="module", params=["onnx", "torch"])
def model(request: pytest.FixtureRequest, onnx_model: PoseModel) -> PoseModel:
    if request.param == "onnx":
        return onnx_model
    made = MoveNetTorch(device="cpu", threads=1)
    made.load()
    return made


def assert_same(a: Detections, b: Detections) -> None:
    for field in ("boxes", "scores", "keypoints", "confidences"):
        assert getattr(a, field).tobytes() == getattr(b, field).tobytes()


def test_result_has_the_promised_shapes_types_and_bounds(model: PoseModel, crowd: Image) -> None:
    (people,) = model.predict([crowd])
    count = len(people)
    assert count == 5
    assert people.boxes.shape == (count, 4)
    assert people.scores.shape == (count,)
    assert people.keypoints.shape == (count, 17, 2)
    assert people.confidences.shape == (count, 17)
    for each in (people.boxes, people.scores, people.keypoints, people.confidences):
        assert each.dtype == np.float32
    assert (np.diff(people.scores) <= 0).all()
    assert (people.scores >= 0.15).all()
    assert (people.scores <= 1).all()
    height, width = crowd.shape[:2]
    assert (people.boxes >= 0).all()
    assert (people.boxes <= (width, height, width, height)).all()


def test_images_of_different_sizes_come_back_in_order_and_in_their_own_pixels(model: PoseModel, crowd: Image) -> None:
    large = cv2.resize(crowd, None, fx=2, fy=2).astype(np.uint8)
    tall = np.ascontiguousarray(crowd[:, :128])
    blank = np.zeros((1, 1, 3), np.uint8)
    found = model.predict([large, blank, tall, crowd])
    assert [len(each) for each in found][1] == 0
    assert len(found[0]) == len(found[3]) == 5
    alone = [model.predict([image])[0] for image in (large, blank, tall, crowd)]
    for together, single in zip(found, alone, strict=True):
        np.testing.assert_allclose(together.keypoints, single.keypoints, atol=1e-2)
    # The same people, twice as large, in whatever order of nearly equal scores.
    centres = [np.sort(each.boxes.reshape(-1, 2, 2).mean(1), axis=0) for each in (found[0], found[3])]
    np.testing.assert_allclose(centres[0] / 2, centres[1], atol=2)


def test_no_images_no_people(model: PoseModel) -> None:
    assert model.predict([]) == []


def test_onnx_gives_the_same_bits_again_in_any_batch_and_with_any_threads(onnx_model: PoseModel, crowd: Image) -> None:
    (first,) = onnx_model.predict([crowd])
    for again in onnx_model.predict([crowd, crowd[:, ::-1], crowd])[::2]:
        assert_same(first, again)
    other = MoveNetOnnx(threads=2)
    other.load()
    assert_same(first, other.predict([crowd])[0])


def test_torch_gives_the_same_bits_again(crowd: Image) -> None:
    models = [MoveNetTorch(device="cpu", input_size=256, threads=1) for _ in range(2)]
    for each in models:
        each.load()
    assert_same(models[0].predict([crowd])[0], models[1].predict([crowd])[0])


def test_views_and_read_only_images_are_accepted(onnx_model: PoseModel, crowd: Image) -> None:
    mirrored = crowd[:, ::-1]
    frozen = np.ascontiguousarray(mirrored)
    frozen.flags.writeable = False
    assert_same(onnx_model.predict([mirrored])[0], onnx_model.predict([frozen])[0])


@pytest.mark.parametrize("kind", [MoveNetOnnx, MoveNetTorch])
def test_predict_before_load_is_a_programming_error(kind: type[MoveNetOnnx | MoveNetTorch]) -> None:
    with pytest.raises(RuntimeError, match=r"load\(\)"):
        kind().predict([])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "weights"
    shutil.copytree(WEIGHTS_FOLDER, copy)
    return copy


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def overwrite(path: Path) -> None:
    path.write_bytes(b"\xff" * 9)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, GRAPH_FILE, MANIFEST_FILE])
@pytest.mark.parametrize("damage", [halve, flip_a_bit, overwrite, Path.unlink])
def test_damaged_or_missing_files_are_named_with_the_mend(
    folder: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(folder / name)
    with pytest.raises(ModelError) as caught:
        MoveNetOnnx(folder=folder).load()
    assert str(folder) in str(caught.value)
    assert name in str(caught.value) or name == MANIFEST_FILE
    assert "pip install" in caught.value.mend


def test_torch_checks_its_weights_too(folder: Path) -> None:
    flip_a_bit(folder / WEIGHTS_FILE)
    with pytest.raises(ModelError, match="damaged"):
        MoveNetTorch(device="cpu", folder=folder).load()


def test_a_graph_that_onnx_runtime_refuses_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / GRAPH_FILE).write_bytes(b"\x08not a graph")
    monkeypatch.setattr("spotter.pose.models.movenet_onnx.verify", lambda *_: None)
    with pytest.raises(ModelError, match="is not a whole ONNX file"):
        MoveNetOnnx(folder=folder).load()


def test_shipped_files_match_their_manifest() -> None:
    verify(WEIGHTS_FOLDER, WEIGHTS_FILE, GRAPH_FILE)
    for card in model_cards():
        card.verify()
        assert card.licence == "Apache-2.0" or not card.shipped


def test_weights_are_shipped_once() -> None:
    assert (WEIGHTS_FOLDER / GRAPH_FILE).stat().st_size < 200_000
    assert 9_400_000 < (WEIGHTS_FOLDER / WEIGHTS_FILE).stat().st_size < 9_600_000


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("movenet", "Did you mean 'movenet-multipose'?"),
        ("zzz", "Known: movenet-multipose, y"),
        ("", "Known:"),
    ],
)
def test_unknown_names_get_the_known_ones(name: str, says: str) -> None:
    with pytest.raises(ModelError, match="unknown pose model") as caught:
        create_model(name)
    assert says in str(caught.value)


@pytest.mark.parametrize("input_size", [0, -32, 100, 385])
def test_bad_input_sizes_are_refused(input_size: int) -> None:
    with pytest.raises(ModelError, match="not a multiple of 32"):
        create_model("movenet-multipose", input_size=input_size)


def test_cpu_means_onnx_runtime_and_cards_know_every_model() -> None:
    model = create_model("movenet-multipose", device="cpu")
    assert isinstance(model, MoveNetOnnx)
    assert (model.name, model.device) == ("movenet-multipose/1", "cpu")
    assert tuple(card.name for card in model_cards()) == model_names()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_cuda_auto_is_the_cpu_and_cuda_says_what_is_missing() -> None:
    assert create_model("movenet-multipose").device == "cpu"
    with pytest.raises(ModelError, match="device 'cuda' cannot be used") as caught:
        create_model("movenet-multipose", device="cuda")
    assert caught.value.mend


_WITHOUT_TORCH = """
import sys, importlib.abc
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "onnx", "onnxscript", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else found(name, package)
import numpy as np
from spotter.core.errors import ModelError
from spotter.pose.models import create_model
import spotter.pose.worker, spotter.cli.models
model = create_model("movenet-multipose", input_size=128)
model.load()
print(model.device, len(model.predict([np.zeros((48, 64, 3), np.uint8)])))
try:
    create_model("movenet-multipose", device="cuda")
except ModelError as error:
    print(error)
"""


def test_the_default_install_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT_TORCH], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "cpu 1"
    assert "torch is not installed" in second
    assert 'pip install "spotter-safety[torch]"' in second
