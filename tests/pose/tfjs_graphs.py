"""Small TF.js graph models, written as TensorFlow.js writes them, and what they compute, by torch."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from spotter.pose.models.tfjs_heads import Heads

SIDE = 32
SCALE = 2 / 255


def write_graph(folder: Path, *, seed: int = 0) -> tuple[Path, Heads, dict[str, npt.NDArray[np.float32]]]:
    """A graph with each operation that the converter knows: strides, SAME padding, depthwise, upsampling, sum, sigmoid.

    Returns:
        model.json, what of it is used, and its weights in single precision.
    """
    random = np.random.default_rng(seed)
    shapes = {
        "stem/kernel": (3, 3, 3, 4),
        "stem/bias": (4,),
        "wide/kernel": (3, 3, 4, 1),
        "wide/bias": (4,),
        "side/kernel": (1, 1, 4, 4),
        "side/bias": (4,),
        "head/kernel": (3, 3, 4, 2),
        "head/bias": (2,),
    }
    weights = {name: random.normal(0, 0.5, shape).astype(np.float16) for name, shape in shapes.items()}
    size = np.array([SIDE // 2, SIDE // 2], np.int32)
    entries: list[dict[str, Any]] = [
        {"name": name, "shape": list(shapes[name]), "dtype": "float32", "quantization": {"dtype": "float16"}}
        for name in weights
    ]
    entries.append({"name": "up/size", "shape": [2], "dtype": "int32"})
    data = b"".join(array.tobytes() for array in weights.values()) + size.tobytes()
    nodes = [
        {"name": "image", "op": "Placeholder"},
        *({"name": entry["name"], "op": "Const"} for entry in entries),
        _convolution("stem", "_FusedConv2D", "image", "stem", 2, "Relu6"),
        _convolution("wide", "FusedDepthwiseConv2dNative", "stem", "wide", 2, "Relu"),
        {
            "name": "up",
            "op": "ResizeBilinear",
            "input": ["wide", "up/size"],
            "attr": {"half_pixel_centers": {"b": True}},
        },
        _convolution("side", "_FusedConv2D", "stem", "side", 1, None),
        {"name": "sum", "op": "AddV2", "input": ["up", "side"]},
        _convolution("head", "_FusedConv2D", "sum", "head", 1, None),
        {"name": "probability", "op": "Sigmoid", "input": ["head"]},
    ]
    manifest = [{"paths": ["weights.bin"], "weights": entries}]
    path = folder / "model.json"
    path.write_text(json.dumps({"modelTopology": {"node": nodes}, "weightsManifest": manifest}))
    (folder / "weights.bin").write_bytes(data)
    heads = Heads(
        name="tiny",
        title="Tiny",
        side=SIDE,
        scale=SCALE,
        first="image",
        nodes={"raw": "head", "sure": "probability"},
        channels={"raw": 2, "sure": 2},
        parameters=sum(array.size for array in weights.values()),
        weights_sha256=hashlib.sha256(data).hexdigest(),
    )
    return path, heads, {name: array.astype(np.float32) for name, array in weights.items()}


def compute(weights: dict[str, npt.NDArray[np.float32]], images: npt.NDArray[np.uint8]) -> torch.Tensor:
    """The head of `write_graph`'s graph, before the sigmoid: (N, 2, rows, columns)."""
    x = (torch.from_numpy(images).float() * SCALE - 1).permute(0, 3, 1, 2)
    stem = _apply(weights, "stem", x, 2).clamp(0, 6)
    wide = _apply(weights, "wide", stem, 2, groups=4).relu()
    up = F.interpolate(wide, scale_factor=2, mode="bilinear", align_corners=False)
    return _apply(weights, "head", up + _apply(weights, "side", stem, 1), 1)


def _apply(
    weights: dict[str, npt.NDArray[np.float32]], name: str, x: torch.Tensor, stride: int, groups: int = 1
) -> torch.Tensor:
    kernel = torch.from_numpy(weights[f"{name}/kernel"])
    kernel = kernel.permute(2, 3, 0, 1) if groups > 1 else kernel.permute(3, 2, 0, 1)
    padding = []
    for length in (x.shape[3], x.shape[2]):
        # TensorFlow's SAME: as many outputs as ceil(length / stride), the odd pixel of padding at the end.
        missing = max((-(-length // stride) - 1) * stride + kernel.shape[-1] - length, 0)
        padding += [missing // 2, missing - missing // 2]
    return F.conv2d(F.pad(x, padding), kernel, torch.from_numpy(weights[f"{name}/bias"]), stride, groups=groups)


def _convolution(name: str, op: str, source: str, weights: str, stride: int, activation: str | None) -> dict[str, Any]:
    fused = ["BiasAdd"] + ([activation] if activation else [])
    attributes = {
        "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
        "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
        "padding": {"s": base64.b64encode(b"SAME").decode()},
        "fused_ops": {"list": {"s": [base64.b64encode(one.encode()).decode() for one in fused]}},
    }
    return {"name": name, "op": op, "input": [source, f"{weights}/kernel", f"{weights}/bias"], "attr": attributes}
