"""What a pose model runs on, and what is missing where it cannot. Imports torch only where a driver is installed."""

from __future__ import annotations

import ctypes
import importlib.util
from typing import Literal, get_args

from spotter.core.errors import ModelError

Device = Literal["auto", "cpu", "cuda", "tensorrt", "openvino"]
"""Providers of ONNX Runtime; a shipped model runs on cuda as a torch module."""

DEVICES: tuple[str, ...] = get_args(Device)


def choose_device(device: Device, *, torch: bool) -> str:
    """The device to use, never "auto".

    Args:
        torch: the model runs as a torch module on a GPU; else everything is ONNX Runtime's.

    Raises:
        ModelError: a device was asked for that cannot be used; says what is missing.
    """
    if device == "auto":
        return _best(torch)
    if device not in DEVICES:
        raise ModelError(f"device '{device}' is not known", mend=f"Use one of: {', '.join(DEVICES)}")
    missing = _missing(device, torch)
    if missing is not None:
        raise ModelError(f"device '{device}' cannot be used: {missing[0]}", mend=missing[1])
    return device


def _best(torch: bool) -> str:
    if torch:
        return "cpu" if _missing_for_cuda() else "cuda"
    from spotter.pose.models.session import available

    return "cuda" if available("cuda") else "cpu"


def _missing(device: str, torch: bool) -> tuple[str, str] | None:
    """What stands in the way of a device and its mend, or None. What ONNX Runtime lacks is told when it opens."""
    return _missing_for_cuda() if torch and device == "cuda" else None


def _missing_for_cuda() -> tuple[str, str] | None:
    if importlib.util.find_spec("torch") is None:
        return "torch is not installed", 'Install it with: pip install "spotter-safety[torch]"'
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver was found", "Install the driver, or use --device cpu"
    import torch

    if not torch.cuda.is_available():
        return (
            "torch finds no CUDA device",
            'Install a CUDA build of torch with: pip install "spotter-safety[torch]", or use --device cpu',
        )
    return None
