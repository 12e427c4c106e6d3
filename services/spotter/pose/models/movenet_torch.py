"""MoveNet MultiPose in torch: on CUDA in half precision, on MPS and the CPU in single precision.

Pictures are scaled on the CPU; normalisation, network and decoding run on the device, in batches as `torch_runner`
says, and one download brings the people of a batch back. A picture with more people than the usual list has room for
goes through once more with a long list.

Needs torch and safetensors: `pip install "spotter-safety[torch]"`. What runs on a GPU has only been run on a CPU here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models.api import Detections
from spotter.pose.models.devices import cores
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_decode_torch import is_full, list_candidates, people_of
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION
from spotter.pose.models.movenet_network import MoveNetMultiPose, load_network
from spotter.pose.models.movenet_weights import read_weights
from spotter.pose.models.torch_lanes import Lanes, lanes_of
from spotter.pose.models.torch_runner import Job, TorchRunner
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER, verify
from spotter.pose.preprocess import Placement, draw, group_by_canvas, place

USUAL_CANDIDATES = 32
"""Length of the usual list of a picture. Searching it costs the device a third of the list of 100 for 50 people."""

_WARM_SHAPES = ((16, 9), (4, 3))
"""Shapes of cameras' pictures that are made ready before the first frame; others on their first frame."""

_DRAWERS = 8
"""Threads that scale pictures for a GPU, at most: a single one would keep it waiting."""


class MoveNetTorch:
    """`PoseModel` on torch.

    Args:
        device: "cuda", "mps" or "cpu", as torch calls it.
        input_size: long side of the network's input, px, a multiple of 32.
        limits: which people count.
        folder: where the weights and their manifest lie.
        name: name and version, where the weights are others than the shipped ones.
        weights: safetensors file to load; None: the shipped one.
        max_batch: most pictures computed at once; `predict` takes any number.
        threads: threads of torch on the CPU, for the whole process; 0 takes every core that this process may use.
        lanes: how work is ordered on the device; None: as suits it.
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
        max_batch: int = 4,
        threads: int = 0,
        lanes: Lanes | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self.input_size = input_size
        self._limits = limits or DecodeLimits()
        self._usual = min(USUAL_CANDIDATES, self._limits.max_candidates)
        self._folder = folder
        self._weights = weights
        self._max_batch = max_batch
        self._threads = threads
        self._lanes = lanes
        self._runner: TorchRunner | None = None
        self._drawers: ThreadPoolExecutor | None = None

    def load(self) -> None:
        if self._weights is None:
            verify(self._folder, WEIGHTS_FILE)
        else:
            read_weights(self._weights)
        network = load_network(self._weights or self._folder / WEIGHTS_FILE)
        try:
            self._prepare(network)
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"pose model '{self.name}' cannot run on '{self.device}': {reason}", mend="Use --device cpu"
            ) from None

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._runner is None:
            raise RuntimeError("call load() before predict()")
        placements = [place(image, self.input_size) for image in images]
        found = [Detections.none()] * len(images)
        crowded = self._find(self._runner, images, placements, range(len(images)), self._usual, found)
        self._find(self._runner, images, placements, crowded, self._limits.max_candidates, found)
        return found

    def _prepare(self, network: MoveNetMultiPose) -> None:
        lanes = self._lanes or lanes_of(torch.device(self.device))
        if self.device == "cpu":
            torch.set_num_threads(self._threads or cores())
        else:
            self._drawers = ThreadPoolExecutor(min(_DRAWERS, cores()), "draw")
        if self.device == "cuda":
            network = network.half()
        network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

        def forward(images: Tensor, candidates: int) -> Tensor:
            return list_candidates(network(images), candidates)

        runner = TorchRunner(forward, lanes, max_batch=self._max_batch)
        blank = [
            np.zeros((self.input_size * high // wide, self.input_size, 3), np.uint8) for wide, high in _WARM_SHAPES
        ]
        runner.warm(self._usual, list(dict.fromkeys(place(each, self.input_size).canvas for each in blank)))
        self._runner = runner

    def _find(
        self,
        runner: TorchRunner,
        images: Sequence[Image],
        placements: Sequence[Placement],
        which: Sequence[int],
        candidates: int,
        found: list[Detections],
    ) -> list[int]:
        """Put the people of the images of these indices into `found`; gives the indices where there may be more."""
        parts = list(_parts([placements[i] for i in which], which, runner.max_batch))
        jobs = (
            Job(
                (len(part), *placements[part[0]].canvas),
                partial(self._draw, images=[images[i] for i in part], placements=[placements[i] for i in part]),
            )
            for part in parts
        )
        crowded = []
        for part, listed in zip(parts, runner.run(candidates, jobs), strict=True):
            for i, each in zip(part, listed, strict=True):
                at = placements[i]
                found[i] = people_of(each, self._limits).scaled(at.scale_x, at.scale_y, at.width, at.height)
                if is_full(each, self._limits):
                    crowded.append(i)
        return crowded

    def _draw(self, batch: npt.NDArray[np.uint8], images: Sequence[Image], placements: Sequence[Placement]) -> None:
        each = map if self._drawers is None else self._drawers.map
        list(each(draw, batch, images, placements))


def _parts(placements: Sequence[Placement], which: Sequence[int], most: int) -> Iterator[list[int]]:
    """The indices in `which`, those that share an input size together, at most `most` at a time."""
    for group in group_by_canvas(placements).values():
        for first in range(0, len(group), most):
            yield [which[i] for i in group[first : first + most]]
