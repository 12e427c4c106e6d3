"""From a TF.js graph of convolutions to an ONNX graph that takes pictures and gives out head maps.

The graph is cut at the heads: what the original does behind them (picking cells, sorting people) is Spotter's own
decoding. Batch, height and width become free. TensorFlow's "SAME" padding is ONNX's SAME_UPPER. Weights stay in the
precision in which they are stored; half-precision ones are cast when the graph is loaded.
Needs the package onnx.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from spotter.core.errors import ModelError
from spotter.pose.models.tfjs_graph import Node, TfjsGraph
from spotter.pose.models.tfjs_heads import INPUT_NAME, Heads

_OPSET = 18
_IR_VERSION = 9
_ACTIVATIONS = ("Relu", "Relu6")
_CONVOLUTIONS = ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
_SAME_IN_ONNX = {"AddV2": "Add", "Sigmoid": "Sigmoid"}


def write_onnx(graph: TfjsGraph, heads: Heads, path: Path) -> None:
    """Write what `heads` names of a graph as ONNX; outputs are (batch, channels, rows, columns) float32.

    Raises:
        ModelError: the graph is another one: a node is missing or unknown here, or the weights are of other sizes.
    """
    writer = _Writer(graph, heads.side)
    try:
        writer.begin(heads.first, heads.scale)
        channels = {name: writer.end(name, node) for name, node in heads.nodes.items()}
    except KeyError as error:
        raise ModelError(f"the TF.js graph is not {heads.title}: no {error}", mend=heads.mend) from None
    except (IndexError, ValueError, TypeError) as error:
        raise ModelError(f"the TF.js graph is not {heads.title}: {error}", mend=heads.mend) from None
    if (channels, writer.parameters) != (dict(heads.channels), heads.parameters):
        raise ModelError(
            f"the TF.js graph is not {heads.title}: {writer.parameters} parameters, expected {heads.parameters}",
            mend=heads.mend,
        )
    onnx.save(writer.model(), str(path))


class _Writer:
    """Follows the graph from its outputs backwards. Each map is NCHW; its stride and channels are kept beside it."""

    def __init__(self, graph: TfjsGraph, side: int) -> None:
        self._graph = graph
        self.parameters = 0
        self._side = side
        self._maps: dict[str, tuple[int, int]] = {}
        self._nodes: list[NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}
        self._outputs: list[onnx.ValueInfoProto] = []

    def begin(self, first: str, scale: float) -> None:
        self._constant("scale", np.array(scale, np.float32))
        self._constant("one", np.array(1, np.float32))
        self._add("Cast", [INPUT_NAME], "pixels", to=TensorProto.FLOAT)
        self._add("Mul", ["pixels", "scale"], "scaled")
        self._add("Sub", ["scaled", "one"], "normalised")
        self._add("Transpose", ["normalised"], first, perm=[0, 3, 1, 2])
        self._maps[first] = 1, 3

    def end(self, name: str, node: str) -> int:
        """Write a head map and what it needs. Returns its channels."""
        stride, channels = self._visit(node)
        self._add("Identity", [node], name)
        sides: list[str | int | None] = ["batch", channels, f"height/{stride}", f"width/{stride}"]
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sides))
        return channels

    def model(self) -> onnx.ModelProto:
        images = helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, ["batch", "height", "width", 3])
        graph = helper.make_graph(self._nodes, "heads", [images], self._outputs, list(self._tensors.values()))
        opset = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="spotter")

    def _visit(self, name: str) -> tuple[int, int]:
        """Write a node and what it needs, once. Returns its stride and channels."""
        # A chain of some hundred nodes would exceed Python's recursion in an odd graph, so the way back is a list.
        waiting = [name]
        while waiting:
            node = self._graph.nodes[waiting[-1]] if waiting[-1] not in self._maps else None
            missing = [] if node is None else [i for i in self._pictures(node) if i not in self._maps]
            if missing:
                if len(waiting) > len(self._graph.nodes):
                    raise ValueError("it runs in a circle")
                waiting.append(missing[0])
                continue
            if node is not None:
                self._maps[node.name] = self._write(node)
            waiting.pop()
        return self._maps[name]

    def _pictures(self, node: Node) -> tuple[str, ...]:
        """Inputs that are no weights."""
        return tuple(name for name in node.inputs if name not in self._graph.weights)

    def _write(self, node: Node) -> tuple[int, int]:
        maps = {self._maps[name] for name in self._pictures(node)}
        if len(maps) != 1:
            raise ValueError(f"'{node.name}' joins maps of different shapes")
        stride, channels = maps.pop()
        if node.op in _CONVOLUTIONS:
            return self._convolution(node, stride)
        if node.op == "ResizeBilinear":
            return self._resize(node, stride), channels
        self._add(_SAME_IN_ONNX[node.op], list(node.inputs), node.name)
        return stride, channels

    def _convolution(self, node: Node, stride: int) -> tuple[int, int]:
        kernel = self._graph.weights[node.inputs[1]]
        depthwise = "Depthwise" in node.op
        if depthwise and kernel.shape[3] != 1:
            raise ValueError(f"'{node.name}' multiplies its channels")
        weights = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
        inputs = [node.inputs[0], self._weight(f"{node.name}/kernel", weights)]
        fused = node.texts("fused_ops")
        if fused[:1] == ["BiasAdd"]:
            inputs.append(self._weight(f"{node.name}/bias", self._graph.weights[node.inputs[2]]))
        activations = [one for one in fused if one != "BiasAdd"]
        if len(activations) > 1 or not set(activations) <= set(_ACTIVATIONS) or node.text("padding") == "EXPLICIT":
            raise ValueError(f"'{node.name}' does {fused} with padding {node.text('padding')}")
        step = node.numbers("strides")[1]
        spread = (node.numbers("dilations") or [1, 1])[1]
        plain = f"{node.name}/plain" if activations else node.name
        self._add(
            "Conv",
            inputs,
            plain,
            group=kernel.shape[2] if depthwise else 1,
            strides=[step, step],
            dilations=[spread, spread],
            kernel_shape=list(kernel.shape[:2]),
            auto_pad="SAME_UPPER" if node.text("padding") == "SAME" else "VALID",
        )
        if activations == ["Relu"]:
            self._add("Relu", [plain], node.name)
        elif activations:
            self._constant("zero", np.array(0, np.float32))
            self._constant("six", np.array(6, np.float32))
            self._add("Clip", [plain, "zero", "six"], node.name)
        return stride * step, len(weights)

    def _resize(self, node: Node, stride: int) -> int:
        if not node.flag("half_pixel_centers"):
            raise ValueError(f"'{node.name}' does not resize by half-pixel centres")
        rows = int(self._graph.weights[node.inputs[1]][0])
        factor = rows * stride // self._side
        self._constant(f"by{factor}", np.array([1, 1, factor, factor], np.float32))
        self._add(
            "Resize",
            [node.inputs[0], "", f"by{factor}"],
            node.name,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        return stride // factor

    def _weight(self, name: str, array: npt.NDArray[Any]) -> str:
        """The name under which single-precision nodes can use a stored weight."""
        self.parameters += array.size
        if array.dtype != np.float16:
            self._constant(name, array.astype(np.float32, copy=False))
            return name
        self._constant(f"{name}/half", array)
        self._add("Cast", [f"{name}/half"], name, to=TensorProto.FLOAT)
        return name

    def _constant(self, name: str, array: npt.NDArray[Any]) -> None:
        self._tensors.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(array), name))

    def _add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
