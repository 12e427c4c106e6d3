"""Writes a model folder: weights as half-precision safetensors, and the ONNX graph that reads them from that file.

The graph holds no weights of its own: each initializer is ONNX external data at the tensor's offset in the safetensors
file, followed by a cast to single precision that ONNX Runtime folds when it loads.
Needs torch, onnx, onnxscript and safetensors.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from pathlib import Path

import onnx
import onnxscript  # noqa: F401 - torch exports through it, and says so clearly only when asked early
import torch
from onnx import TensorProto, helper
from safetensors.numpy import save

from spotter.pose.models.movenet_import import Weights
from spotter.pose.models.movenet_maps import HALF, MAP_CHANNELS
from spotter.pose.models.movenet_network import MoveNetMultiPose, load_network
from spotter.pose.models.weights import GRAPH_FILE, MANIFEST_FILE, WEIGHTS_FILE


def write_model(weights: Weights, folder: Path) -> None:
    """Write weights, graph and manifest of checksums into `folder`, which is created if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(weights, folder / WEIGHTS_FILE)
    write_graph(folder / WEIGHTS_FILE, folder / GRAPH_FILE)
    write_manifest(folder)


def write_weights(weights: Weights, path: Path) -> None:
    """Write safetensors. The same weights give the same bytes."""
    path.write_bytes(save(dict(sorted(weights.items()))))


def write_graph(weights: Path, path: Path) -> None:
    """Export the network with free batch, height and width; `path` must lie beside `weights`."""
    network = load_network(weights)
    model = _export(network)
    _refer_to_weights(model, weights)
    _name_sides(model)
    onnx.save(model, path)
    onnx.checker.check_model(str(path))


def write_manifest(folder: Path) -> None:
    """Write the SHA-256 of both files in the form that `sha256sum --check` reads."""
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in (WEIGHTS_FILE, GRAPH_FILE)
    ]
    (folder / MANIFEST_FILE).write_text("".join(lines), encoding="ascii")


def _export(network: MoveNetMultiPose) -> onnx.ModelProto:
    images = torch.zeros(2, 64, 96, 3, dtype=torch.uint8)
    free = {0: torch.export.Dim("batch"), 1: 32 * torch.export.Dim("rows"), 2: 32 * torch.export.Dim("columns")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            network,
            (images,),
            dynamo=True,
            input_names=["images"],
            output_names=list(MAP_CHANNELS),
            dynamic_shapes=(free,),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _refer_to_weights(model: onnx.ModelProto, weights: Path) -> None:
    """Replace each parameter by a reference into the weights file and a cast; small constants stay where they are."""
    start, header = read_header(weights)
    casts = []
    initializers = []
    for tensor in model.graph.initializer:
        entry = header.get(tensor.name)
        if entry is None:
            initializers.append(tensor)
            continue
        begin, end = entry["data_offsets"]
        half = TensorProto(name=tensor.name + HALF, data_type=TensorProto.FLOAT16, dims=entry["shape"])
        half.data_location = TensorProto.EXTERNAL
        for key, value in (("location", weights.name), ("offset", start + begin), ("length", end - begin)):
            half.external_data.add(key=key, value=str(value))
        initializers.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], name=tensor.name, to=TensorProto.FLOAT))
    if len(casts) != len(header):
        missing = sorted(set(header) - {node.name for node in casts})
        raise RuntimeError(f"the exporter renamed parameters: {missing[:3]}")
    nodes = [*casts, *model.graph.node]
    for node in nodes:
        node.doc_string = ""
        node.metadata_props.clear()
    del model.graph.initializer[:], model.graph.node[:], model.graph.value_info[:]
    model.graph.initializer.extend(initializers)
    model.graph.node.extend(nodes)


def _name_sides(model: onnx.ModelProto) -> None:
    """Give the free sides plain names and drop the exporter's notes, so that a graph viewer shows what matters."""
    for part in (model, model.graph):
        part.metadata_props.clear()
        part.doc_string = ""
    named = [(model.graph.input[0], {1: "height", 2: "width"})]
    named += [(output, {2: "height/4", 3: "width/4"}) for output in model.graph.output]
    for value, names in named:
        value.metadata_props.clear()
        for axis, name in names.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name


def read_header(weights: Path) -> tuple[int, dict[str, dict[str, list[int]]]]:
    """Offset of the data and the tensors' entries (dtype, shape, data_offsets) of a safetensors file."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return 8 + length, header
