"""How fast the default pose model is alone on these cores: what the pipeline's rates are held against."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

import onnxruntime

from spotter.core.contracts import Image
from spotter.core.settings import PoseSettings
from spotter.pose.models import create_model
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FOLDER
from spotter.pose.preprocess import Batcher, place

ROUND_S = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BareRates:
    """Frames per second: the network alone, and with scaling before and decoding after it."""

    network: float
    predict: float

    def __str__(self) -> str:
        return f"network alone {self.network:.1f} frames/s, predict {self.predict:.1f} frames/s"


class BareModel:
    """Measured in rounds, so that a busy moment of the machine does not decide; `rates` are the medians.

    Args:
        images: of one size; taken in turn.
        round_s: seconds per round and kind.
    """

    def __init__(self, images: Sequence[Image], round_s: float = ROUND_S) -> None:
        self.rounds: list[BareRates] = []
        self._images = images
        self._round_s = round_s

    @property
    def rates(self) -> BareRates:
        """Medians over the rounds so far."""
        return BareRates(
            statistics.median(each.network for each in self.rounds),
            statistics.median(each.predict for each in self.rounds),
        )

    def measure(self) -> None:
        """One round. Sessions live no longer than that, so that their threads do not disturb what comes after."""
        size = PoseSettings().input_size
        inputs = [Batcher().fill([image], [place(image, size)]) for image in self._images]
        # Spinning threads are faster on a quiet machine and slower on a busy one: the better of the two counts.
        network = max(self._network(inputs, spinning) for spinning in ("1", "0"))
        model = create_model(PoseSettings().model, device="cpu", input_size=size)
        model.load()
        self.rounds.append(BareRates(network, self._rate(self._images, lambda each: model.predict([each]))))

    def _network(self, inputs: Sequence[Image], spinning: str) -> float:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
        session = onnxruntime.InferenceSession(
            str(WEIGHTS_FOLDER / GRAPH_FILE), options, providers=["CPUExecutionProvider"]
        )
        return self._rate(inputs, lambda each: session.run(None, {"images": each}))

    def _rate(self, items: Sequence[T], work: Callable[[T], object]) -> float:
        taken = cycle(items)
        for _ in range(5):
            work(next(taken))
        done, begun = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < self._round_s:
            work(next(taken))
            done += 1
        return done / elapsed
