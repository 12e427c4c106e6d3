"""PoseNet (Google, Apache-2.0): a bottom-up model, keypoints before people, on MobileNetV1. Supplied by the user.

`spotter models fetch posenet --from model.json` makes its file from the released TF.js graph. Its cells are 16 px wide,
so it wants a larger input than MoveNet: 640 px for the accuracy that MoveNet MultiPose has at 384.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image
from spotter.pose.models.api import Detections
from spotter.pose.models.posenet_decode import STRIDE, PoseNetLimits, decode
from spotter.pose.models.tfjs_heads import INPUT_NAME, Heads, open_heads
from spotter.pose.preprocess import Placement, draw, place

HEADS = Heads(
    name="posenet",
    title="PoseNet",
    side=385,
    scale=2 / 255,
    first="image",
    nodes={
        "heatmap": "MobilenetV1/heatmap_2/BiasAdd",
        "offset": "MobilenetV1/offset_2/BiasAdd",
        "displacement_forward": "MobilenetV1/displacement_fwd_2/BiasAdd",
        "displacement_backward": "MobilenetV1/displacement_bwd_2/BiasAdd",
    },
    channels={"heatmap": 17, "offset": 34, "displacement_forward": 32, "displacement_backward": 32},
    parameters=1_258_195,
    weights_sha256="15e9a22e499fe09307b077ee9bd37939987a5e20acb1a17506ccdf1cb72cd433",
)


class PoseNetOnnx:
    """`PoseModel` on ONNX Runtime.

    Args:
        name: name and version, as it travels with every result.
        file: the ONNX file.
        input_size: long side of the picture on the input, px, a multiple of 32; the input has one pixel more, as the
            network's cells are counted from corner to corner.
        device: "cpu", "cuda", "tensorrt" or "openvino".
    """

    def __init__(
        self,
        name: str,
        file: Path,
        *,
        input_size: int = 384,
        threads: int = 0,
        device: str = "cpu",
        limits: PoseNetLimits | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self.input_size = input_size
        self._file = file
        self._threads = threads
        self._limits = limits or PoseNetLimits()
        self._session: Any = None
        self._memory: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def load(self) -> None:
        self._session = open_heads(HEADS, self._file, self._threads, self.device)
        self.predict([np.zeros((self.input_size * 3 // 4, self.input_size, 3), np.uint8)])

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._session is None:
            raise RuntimeError("call load() before predict()")
        # One image per run: a CPU is no faster with more.
        return [self._predict_one(image) for image in images]

    def _predict_one(self, image: Image) -> Detections:
        at = place(image, self.input_size)
        maps = self._session.run(None, {INPUT_NAME: self._fill(image, at)})
        people = decode([each[0] for each in maps], self._limits)
        return people.scaled(at.scale_x, at.scale_y, at.width, at.height)

    def _fill(self, image: Image, at: Placement) -> npt.NDArray[np.uint8]:
        rows, columns = (-(-side // STRIDE) * STRIDE + 1 for side in (at.content_height, at.content_width))
        size = rows * columns * 3
        if self._memory.size < size:
            self._memory = np.empty(size, np.uint8)
        canvas = self._memory[:size].reshape(rows, columns, 3)
        draw(canvas, image, at)
        return canvas[None]
