"""MoveNet MultiPose through ONNX Runtime, on a CPU unless told otherwise: the default, without torch.

Promise: the same image gives the same bits, whatever the batch it came in and however many threads there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.core.contracts import Image
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import DecodeLimits, decode
from spotter.pose.models.movenet_maps import HALF, MODEL_NAME, MODEL_VERSION
from spotter.pose.models.movenet_weights import read_weights
from spotter.pose.models.session import open_session
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER, verify
from spotter.pose.preprocess import Batcher, place


class MoveNetOnnx:
    """`PoseModel` on ONNX Runtime.

    Args:
        input_size: long side of the network's input, px, a multiple of 32.
        threads: threads within the network; 0 takes every core that this process may use.
        limits: which people count.
        folder: where the weights, the graph and their manifest lie.
        device: "cpu", "cuda", "tensorrt" or "openvino".
        name: name and version, where the weights are others than the shipped ones.
        weights: safetensors file to run the shipped graph with; None: the shipped weights.
    """

    def __init__(
        self,
        *,
        input_size: int = 384,
        threads: int = 0,
        limits: DecodeLimits | None = None,
        folder: Path = WEIGHTS_FOLDER,
        device: str = "cpu",
        name: str = f"{MODEL_NAME}/{MODEL_VERSION}",
        weights: Path | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self.input_size = input_size
        self._threads = threads
        self._limits = limits or DecodeLimits()
        self._folder = folder
        self._weights = weights
        self._batcher = Batcher()
        self._session: Any = None

    def load(self) -> None:
        verify(self._folder, WEIGHTS_FILE, GRAPH_FILE)
        tuned = None
        if self._weights is not None:
            tuned = {f"{name}{HALF}": array for name, array in read_weights(self._weights).items()}
        self._session = open_session(
            self._folder / GRAPH_FILE, self._threads, self.device, tuned, companions=(WEIGHTS_FILE,)
        )
        self.predict([np.zeros((self.input_size * 3 // 4, self.input_size, 3), np.uint8)])

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._session is None:
            raise RuntimeError("call load() before predict()")
        return [self._predict_one(image) for image in images]

    def _predict_one(self, image: Image) -> Detections:
        # One image per run: on a CPU a larger batch is no faster per image, and its activations leave the caches.
        placement = place(image, self.input_size)
        maps = self._session.run(None, {"images": self._batcher.fill([image], [placement])})
        people = decode([each[0] for each in maps], self._limits)
        return people.scaled(placement.scale_x, placement.scale_y, placement.width, placement.height)
