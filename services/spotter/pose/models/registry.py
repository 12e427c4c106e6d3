"""Pose models by name."""

from __future__ import annotations

import ctypes
import difflib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spotter.core.errors import ModelError
from spotter.pose.models.api import PoseModel
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION, PARAMETERS
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER, verify

Device = Literal["auto", "cpu", "cuda"]
_Factory = Callable[[str, int, int, DecodeLimits], PoseModel]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a person wants to know of a model before using it.

    Attributes:
        name, version: as they travel with every result, "name/version".
        licence: SPDX identifier of the weights' licence.
        author: who released the weights.
        input: what the network takes.
        parameters: how many numbers the weights hold.
        files: the files that the model needs, all in `folder`.
    """

    name: str
    version: str
    licence: str
    author: str
    input: str
    parameters: int
    folder: Path
    files: tuple[str, ...]

    def verify(self) -> None:
        """Check that the model's files are whole.

        Raises:
            ModelError: one is missing or damaged; names it.
        """
        verify(self.folder, *self.files)


def create_model(
    name: str,
    *,
    device: Device = "auto",
    input_size: int = 384,
    threads: int = 0,
    min_score: float = 0.15,
    max_people: int = 50,
) -> PoseModel:
    """Make a model; `load` it before use.

    Args:
        name: one of `model_names()`.
        device: auto takes CUDA when torch finds it, else the CPU.
        input_size: long side of the network's input, px, a multiple of 32.
        threads: CPU threads; 0: one per core.
        min_score: people below this are left out.
        max_people: most people per image.

    Raises:
        ModelError: unknown name, bad size, or no CUDA where it was asked for.
    """
    factory = _FACTORIES.get(name)
    if factory is None:
        near = difflib.get_close_matches(name, _FACTORIES, n=1, cutoff=0.4)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise ModelError(f"unknown pose model '{name}'", mend=f"{hint}Known: {', '.join(model_names())}")
    if input_size < 32 or input_size % 32:
        raise ModelError(f"input size {input_size} px is not a multiple of 32", mend="Use 256, 320, 384 or 512")
    return factory(choose_device(device), input_size, threads, DecodeLimits(min_score, max_people))


def model_names() -> tuple[str, ...]:
    """Names that `create_model` knows."""
    return tuple(sorted(_FACTORIES))


def model_cards() -> tuple[ModelCard, ...]:
    """The cards of all models, by name."""
    return tuple(_CARDS[name] for name in model_names())


def choose_device(device: Device) -> str:
    """The device to use, "cpu" or "cuda".

    Raises:
        ModelError: CUDA was asked for and cannot be used; says what is missing.
    """
    if device == "cpu":
        return "cpu"
    missing = _missing_for_cuda()
    if device == "cuda" and missing:
        raise ModelError(f"device 'cuda' cannot be used: {missing[0]}", mend=missing[1])
    return "cpu" if missing else "cuda"


def _missing_for_cuda() -> tuple[str, str] | None:
    """What stands in the way of CUDA and its mend, or None. Imports torch only where a driver is installed."""
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


def _movenet_multipose(device: str, input_size: int, threads: int, limits: DecodeLimits) -> PoseModel:
    if device == "cuda":
        from spotter.pose.models.movenet_torch import MoveNetTorch

        return MoveNetTorch(device=device, input_size=input_size, limits=limits)
    from spotter.pose.models.movenet_onnx import MoveNetOnnx

    return MoveNetOnnx(input_size=input_size, threads=threads, limits=limits)


_FACTORIES: dict[str, _Factory] = {MODEL_NAME: _movenet_multipose}
_CARDS = {
    MODEL_NAME: ModelCard(
        name=MODEL_NAME,
        version=MODEL_VERSION,
        licence="Apache-2.0",
        author="Google",
        input="RGB, sides multiples of 32 px",
        parameters=PARAMETERS,
        folder=WEIGHTS_FOLDER,
        files=(WEIGHTS_FILE, GRAPH_FILE),
    )
}
