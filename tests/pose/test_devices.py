"""Devices by name: what runs where, and one clear line for each that is missing."""

from __future__ import annotations

import builtins
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from graphs import write_constant_graph

from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.models import create_model
from spotter.pose.models.devices import DEVICES, choose_device
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.movenet_torch import MoveNetTorch

PROVIDERS = onnxruntime.get_available_providers()

without_gpu = pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(), reason="this machine has a GPU"
)


def load_movenet(device: str) -> None:
    create_model("movenet-multipose", device=device, input_size=64).load()  # type: ignore[arg-type]


@pytest.fixture
def load_yolo(tmp_path: Path) -> Callable[[str], None]:
    output = np.zeros((1, 300, 57), np.float32)
    file = write_constant_graph(tmp_path / "yolo.onnx", {"output0": output}, shape=(1, 3, 64, 64))
    return lambda device: create_model("yolo11n-pose", device=device, file=file).load()  # type: ignore[arg-type]


MISSING = [
    # model, device, what is missing, what to do
    ("movenet", "cuda", "no NVIDIA driver was found", "Install the driver, or use --device cpu"),
    ("movenet", "mps", "was built without MPS", "a Mac with Apple silicon: elsewhere use --device cuda or cpu"),
    ("movenet", "tensorrt", "has no TensorrtExecutionProvider", "pip install onnxruntime-gpu, and install TensorRT"),
    ("movenet", "openvino", "has no OpenVINOExecutionProvider", "pip install onnxruntime-openvino, or use"),
    ("yolo", "cuda", "has no CUDAExecutionProvider", "pip install onnxruntime-gpu, or use --device cpu"),
    ("yolo", "tensorrt", "has no TensorrtExecutionProvider", "pip install onnxruntime-gpu, and install TensorRT"),
    ("yolo", "openvino", "has no OpenVINOExecutionProvider", "pip install onnxruntime-openvino, or use"),
    ("yolo", "mps", "runs on ONNX Runtime, not on torch", "Use one of: auto, cpu, cuda, tensorrt, openvino"),
    ("yolo", "torch-cpu", "runs on ONNX Runtime, not on torch", "Use one of: auto, cpu, cuda, tensorrt, openvino"),
]


@without_gpu
@pytest.mark.parametrize(("model", "device", "missing", "mend"), MISSING)
def test_a_device_that_is_missing_says_what_and_how(
    load_yolo: Callable[[str], None], model: str, device: str, missing: str, mend: str
) -> None:
    assert PROVIDERS in (["CPUExecutionProvider"], ["AzureExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(ModelError) as caught:
        (load_movenet if model == "movenet" else load_yolo)(device)
    assert f"device '{device}' cannot be used" in str(caught.value)
    assert missing in str(caught.value)
    assert mend in caught.value.mend
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["cuda", "mps", "torch-cpu"])
def test_without_torch_each_of_its_devices_says_so(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else found(name, *rest)
    )
    with pytest.raises(ModelError, match=f"device '{device}' cannot be used: torch is not installed") as caught:
        create_model("movenet-multipose", device=device)  # type: ignore[arg-type]
    assert 'pip install "spotter-safety[torch]"' in caught.value.mend


def test_without_onnx_runtime_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    imports = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError("libonnxruntime.so: cannot open shared object file")
        return imports(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ModelError, match="ONNX Runtime cannot be imported: libonnxruntime") as caught:
        load_movenet("cpu")
    assert "pip install" in caught.value.mend


def test_an_unknown_device_gets_the_known_ones() -> None:
    with pytest.raises(ModelError, match="device 'npu' is not known") as caught:
        choose_device("npu", torch=True)  # type: ignore[arg-type]
    assert all(name in caught.value.mend for name in DEVICES)


@pytest.mark.parametrize("device", DEVICES)
def test_the_settings_know_every_device(device: str) -> None:
    assert PoseSettings.model_validate({"device": device}).device == device


@without_gpu
@pytest.mark.parametrize(("device", "kind"), [("auto", MoveNetOnnx), ("cpu", MoveNetOnnx), ("torch-cpu", MoveNetTorch)])
def test_what_a_device_means_for_the_shipped_model(device: str, kind: type) -> None:
    model = create_model("movenet-multipose", device=device, input_size=64, threads=1)  # type: ignore[arg-type]
    assert type(model) is kind
    assert model.device == "cpu"
    model.load()
    assert model.predict([np.zeros((48, 64, 3), np.uint8)])[0].boxes.shape == (0, 4)


def test_torch_takes_the_threads_that_it_is_given() -> None:
    before = torch.get_num_threads()
    try:
        create_model("movenet-multipose", device="torch-cpu", input_size=64, threads=1).load()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
