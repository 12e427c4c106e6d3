"""MoveNet MultiPose on a CPU through ONNX Runtime: the default, without torch.

Promise: the same image gives the same bits, whatever the batch it came in and however many threads there are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import DecodeLimits, decode
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER, verify
from spotter.pose.preprocess import Batcher, place


class MoveNetOnnx:
    """`PoseModel` on ONNX Runtime's CPU provider.

    Args:
        input_size: long side of the network's input, px, a multiple of 32.
        threads: threads within the network; 0 takes every core that this process may use.
        limits: which people count.
        folder: where the weights, the graph and their manifest lie.
    """

    def __init__(
        self,
        *,
        input_size: int = 384,
        threads: int = 0,
        limits: DecodeLimits | None = None,
        folder: Path = WEIGHTS_FOLDER,
    ) -> None:
        self.name = f"{MODEL_NAME}/{MODEL_VERSION}"
        self.device = "cpu"
        self._input_size = input_size
        self._threads = threads or len(os.sched_getaffinity(0))
        self._limits = limits or DecodeLimits()
        self._folder = folder
        self._batcher = Batcher()
        self._session: Any = None

    def load(self) -> None:
        verify(self._folder, WEIGHTS_FILE, GRAPH_FILE)
        self._session = _open_session(self._folder / GRAPH_FILE, self._threads)
        self.predict([np.zeros((self._input_size * 3 // 4, self._input_size, 3), np.uint8)])

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._session is None:
            raise RuntimeError("call load() before predict()")
        return [self._predict_one(image) for image in images]

    def _predict_one(self, image: Image) -> Detections:
        # One image per run: on a CPU a larger batch is no faster per image, and its activations leave the caches.
        placement = place(image, self._input_size)
        maps = self._session.run(None, {"images": self._batcher.fill([image], [placement])})
        people = decode([each[0] for each in maps], self._limits)
        return people.scaled(placement.scale_x, placement.scale_y, placement.width, placement.height)


def _open_session(graph: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            f"ONNX Runtime cannot be imported: {error}", mend="Reinstall with: pip install spotter-safety"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning ones starve the decoder and the other services on a busy machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # ONNX Runtime's own exception types are many and undocumented; each means that this graph cannot run here.
        raise ModelError(
            f"ONNX Runtime {onnxruntime.__version__} cannot load '{graph}': {error}",
            mend="Update it with: pip install --upgrade onnxruntime",
        ) from None
