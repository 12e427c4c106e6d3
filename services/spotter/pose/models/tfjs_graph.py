"""Reads a TF.js graph model (model.json and its weight files) without TensorFlow.

Promises: the same files give the same arrays, in the precision in which they are stored; a file that is no graph model,
or is not whole, raises `ModelError` and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ModelError

Weights = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        inputs: names of the nodes whose first output it takes.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A text attribute, "" where there is none."""
        return _text(self.attributes[key]["s"]) if key in self.attributes else ""

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty where there is none."""
        return [_text(each) for each in self.attributes.get(key, {}).get("list", {}).get("s", [])]

    def numbers(self, key: str) -> list[int]:
        """A list of whole numbers, empty where there is none."""
        return [int(each) for each in self.attributes.get(key, {}).get("list", {}).get("i", [])]

    def flag(self, key: str) -> bool:
        """A truth value, false where there is none."""
        return bool(self.attributes.get(key, {}).get("b", False))


@dataclass(frozen=True, slots=True, eq=False)
class TfjsGraph:
    """Operations by name, weights by name, as stored, and the SHA-256 of the weight files, one after the other."""

    nodes: Mapping[str, Node]
    weights: Weights
    weights_sha256: str


def read_graph(model_json: Path, mend: str) -> TfjsGraph:
    """The whole graph model.

    Args:
        mend: what to do when the files are of no use.

    Raises:
        ModelError: a file is missing or damaged, or is something else.
    """
    weights, data = _read_files(model_json, mend)
    try:
        described = json.loads(model_json.read_bytes())["modelTopology"]["node"]
        nodes = [
            Node(one["name"], one["op"], tuple(one.get("input", ())), one.get("attr", {}))
            for one in described
            if one["op"] != "Const"
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_whole(model_json, error, mend) from None
    return TfjsGraph({node.name: node for node in nodes}, weights, hashlib.sha256(data).hexdigest())


def read_weights(model_json: Path, mend: str) -> Weights:
    """Weights by their name in the graph, in the precision in which they are stored.

    Raises:
        ModelError: as `read_graph`.
    """
    return _read_files(model_json, mend)[0]


def _read_files(model_json: Path, mend: str) -> tuple[Weights, bytes]:
    stored: Weights = {}
    everything = b""
    try:
        manifest = json.loads(model_json.read_bytes())["weightsManifest"]
        for group in manifest:
            data = b"".join((model_json.parent / path).read_bytes() for path in group["paths"])
            everything += data
            offset = 0
            for entry in group["weights"]:
                array = _read_entry(entry, data, offset)
                stored[entry["name"]] = array
                offset += array.nbytes
            if offset != len(data):
                raise ValueError(f"weight files hold {len(data)} bytes, expected {offset}")
    except OSError as error:
        raise ModelError(f"cannot read '{error.filename}': {error.strerror}", mend=mend) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _not_whole(model_json, error, mend) from None
    return stored, everything


def _read_entry(entry: dict[str, Any], data: bytes, offset: int) -> npt.NDArray[Any]:
    kind = np.dtype(entry["quantization"]["dtype"] if "quantization" in entry else entry["dtype"])
    shape = tuple(int(side) for side in entry["shape"])
    return np.frombuffer(data, kind, math.prod(shape), offset).reshape(shape)


def _not_whole(model_json: Path, error: Exception, mend: str) -> ModelError:
    return ModelError(f"'{model_json}' is not a whole TF.js graph model: {error}", mend=mend)


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode("ascii")
