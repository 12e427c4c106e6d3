"""Small ONNX graphs with the inputs and outputs of real exports, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_constant_graph(
    path: Path,
    outputs: dict[str, npt.NDArray[np.generic]],
    *,
    shape: tuple[int | str, ...] = (1, 3, 64, 64),
    half: bool = False,
    pixels: bool = False,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A graph that takes an image batch and gives out `outputs` whatever it is."""
    kind = TensorProto.UINT8 if pixels else TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes = [helper.make_node("ReduceMax", ["images"], ["unused"], keepdims=0)]
    declared = []
    for name, value in outputs.items():
        nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value)))
        declared.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    images = helper.make_tensor_value_info("images", kind, shape)
    graph = helper.make_graph(nodes, "constant", [images], declared)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))
    return path
