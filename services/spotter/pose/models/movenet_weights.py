"""Weights of the shipped architecture from a safetensors file of the user's, as fine-tuning writes it.

Needs only numpy. The same file serves both runtimes: torch loads it, and ONNX Runtime runs the shipped graph with these
weights in place of the shipped ones. A safetensors file holds a table of contents and numbers, no code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ModelError
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER

Weights = dict[str, npt.NDArray[np.float16]]

Header = dict[str, tuple[tuple[int, ...], int, int]]
"""Shape, begin and end (bytes from the start of the data) of each tensor, all half precision."""

MOST_HEADER_BYTES = 1024 * 1024
"""The shipped file's table of contents takes 14 KB."""

_MEND = "Give the .safetensors file that `spotter models train` wrote"


def read_weights(path: Path) -> Weights:
    """Weights by parameter name, with the names and shapes of the shipped file.

    Raises:
        ModelError: the file cannot be read, is damaged, or holds the weights of another network.
    """
    start, found = read_header(path)
    _, expected = read_header(WEIGHTS_FOLDER / WEIGHTS_FILE)
    if {name: entry[0] for name, entry in found.items()} != {name: entry[0] for name, entry in expected.items()}:
        raise ModelError(f"'{path}' holds the weights of another network than MoveNet MultiPose", mend=_MEND)
    try:
        data = path.read_bytes()[start:]
    except OSError as error:
        raise ModelError(f"cannot read model file '{path}': {error.strerror}", mend="Check the path") from None
    weights = {}
    for name, (shape, begin, end) in found.items():
        if end > len(data):
            raise ModelError(f"model file '{path}' is cut off", mend="Copy it again")
        weights[name] = np.frombuffer(data[begin:end], "<f2").reshape(shape)
        if not np.isfinite(weights[name]).all():
            raise ModelError(f"model file '{path}' holds numbers that are not finite in '{name}'", mend=_MEND)
    return weights


def read_header(path: Path) -> tuple[int, Header]:
    """Offset of the data, and where each tensor lies in it.

    Raises:
        ModelError: the file cannot be read or is not a safetensors file of half-precision tensors.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(length) if length <= MOST_HEADER_BYTES else b""
    except OSError as error:
        raise ModelError(f"cannot read model file '{path}': {error.strerror}", mend="Check the path") from None
    try:
        entries = json.loads(text)
        entries.pop("__metadata__", None)
        return 8 + length, {name: _entry(entry) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"'{path}' is not a safetensors file in half precision", mend=_MEND) from None


def _entry(entry: dict[str, Any]) -> tuple[tuple[int, ...], int, int]:
    shape = tuple(int(side) for side in entry["shape"])
    begin, end = (int(place) for place in entry["data_offsets"])
    size = 2 * int(np.prod(shape, dtype=np.int64))
    if entry["dtype"] != "F16" or not 0 <= begin <= end or end - begin != size:
        raise ValueError("not a tensor of half precision")
    return shape, begin, end
