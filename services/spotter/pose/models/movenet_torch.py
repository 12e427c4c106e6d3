"""MoveNet MultiPose in torch: on CUDA in half precision and channels-last, decoded on the device; on a CPU for tests.

Needs torch and safetensors: `pip install "spotter-safety[torch]"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_decode_torch import decode_batch
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION
from spotter.pose.models.movenet_network import MoveNetMultiPose, load_network
from spotter.pose.models.movenet_weights import read_weights
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER, verify
from spotter.pose.preprocess import Batcher, group_by_canvas, place


class MoveNetTorch:
    """`PoseModel` on torch.

    Args:
        device: "cuda" (half precision) or "cpu" (single precision).
        input_size: long side of the network's input, px, a multiple of 32.
        limits: which people count.
        folder: where the weights and their manifest lie.
        name: name and version, where the weights are others than the shipped ones.
        weights: safetensors file to load; None: the shipped one.
    """

    def __init__(
        self,
        *,
        device: str = "cuda",
        input_size: int = 384,
        limits: DecodeLimits | None = None,
        folder: Path = WEIGHTS_FOLDER,
        name: str = f"{MODEL_NAME}/{MODEL_VERSION}",
        weights: Path | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self.input_size = input_size
        self._limits = limits or DecodeLimits()
        self._folder = folder
        self._weights = weights
        self._batcher = Batcher()
        self._network: MoveNetMultiPose | None = None

    def load(self) -> None:
        if self._weights is None:
            verify(self._folder, WEIGHTS_FILE)
        else:
            read_weights(self._weights)
        network = load_network(self._weights or self._folder / WEIGHTS_FILE)
        try:
            if self.device == "cuda":
                network = network.half()
            self._network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.predict([np.zeros((self.input_size * 3 // 4, self.input_size, 3), np.uint8)])
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"pose model '{self.name}' cannot run on '{self.device}': {reason}", mend="Use --device cpu"
            ) from None

    @torch.inference_mode()
    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._network is None:
            raise RuntimeError("call load() before predict()")
        placements = [place(image, self.input_size) for image in images]
        found = [Detections.none()] * len(images)
        for indices in group_by_canvas(placements).values():
            batch = self._batcher.fill([images[i] for i in indices], [placements[i] for i in indices])
            maps = self._network(torch.from_numpy(batch).to(self.device))
            for i, people in zip(indices, decode_batch(maps, self._limits), strict=True):
                at = placements[i]
                found[i] = people.scaled(at.scale_x, at.scale_y, at.width, at.height)
        return found
