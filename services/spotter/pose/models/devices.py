"""What a pose model runs on, and what is missing where it cannot. Imports torch only where it may be of use."""

from __future__ import annotations

import ctypes
import importlib.util
import os
from typing import Literal, get_args

from spotter.core.errors import ModelError

Device = Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "mps", "torch-cpu"]
"""cpu, tensorrt and openvino are ONNX Runtime's. cuda is torch for the shipped model, ONNX Runtime for files of the
user's. mps (Apple; nobody here could try it, so auto never takes it) and torch-cpu are torch's, for the shipped model
alone."""

DEVICES: tuple[str, ...] = get_args(Device)

_TORCH_ONLY = ("mps", "torch-cpu")

_INSTALL_TORCH = 'pip install "spotter-safety[torch]"'


def choose_device(device: Device, *, torch: bool) -> str:
    """The device to use, never "auto".

    Args:
        torch: the model runs as a torch module on a GPU; else everything is ONNX Runtime's.

    Raises:
        ModelError: a device was asked for that cannot be used; says what is missing. What ONNX Runtime lacks is told
            when it opens the model.
    """
    if device == "auto":
        return _best(torch)
    if device not in DEVICES:
        raise ModelError(f"device '{device}' is not known", mend=f"Use one of: {', '.join(DEVICES)}")
    missing = _missing(device, torch)
    if missing is not None:
        raise ModelError(f"device '{device}' cannot be used: {missing[0]}", mend=missing[1])
    return device


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _best(torch: bool) -> str:
    if torch:
        return "cpu" if _missing_for_cuda() else "cuda"
    from spotter.pose.models.session import available

    return "cuda" if available("cuda") else "cpu"


def _missing(device: str, torch: bool) -> tuple[str, str] | None:
    """What stands in the way of a device and its mend, or None."""
    if device in _TORCH_ONLY and not torch:
        usable = ", ".join(name for name in DEVICES if name not in _TORCH_ONLY)
        return "a model from an ONNX file runs on ONNX Runtime, not on torch", f"Use one of: {usable}"
    if device == "torch-cpu":
        return _missing_torch()
    if device == "mps":
        return _missing_for_mps()
    return _missing_for_cuda() if torch and device == "cuda" else None


def _missing_torch() -> tuple[str, str] | None:
    if importlib.util.find_spec("torch") is None:
        return "torch is not installed", f"Install it with: {_INSTALL_TORCH}, or use --device cpu"
    return None


def _missing_for_cuda() -> tuple[str, str] | None:
    if (missing := _missing_torch()) is not None:
        return missing
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver was found", "Install the driver, or use --device cpu"
    import torch

    if not torch.cuda.is_available():
        return (
            "torch finds no CUDA device",
            f"Install a CUDA build of torch with: {_INSTALL_TORCH}, or use --device cpu",
        )
    return None


def _missing_for_mps() -> tuple[str, str] | None:
    if (missing := _missing_torch()) is not None:
        return missing
    import torch

    if not torch.backends.mps.is_available():
        built = torch.backends.mps.is_built()
        why = "torch finds no Apple GPU" if built else f"torch {torch.__version__} was built without MPS"
        return why, "MPS needs a Mac with Apple silicon: elsewhere use --device cuda or cpu"
    return None
