"""How a training run goes: everything that decides its result, and nothing else."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from spotter.pose.training.augment import Augmentation

Freeze = Literal["none", "backbone"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Defaults marked [D] are chosen here; the figures behind them are in docs/training.md.

    Attributes:
        epochs: times through all images.
        batch: images a step.
        rate: greatest learning rate (Adam), relative to the size of each channel (`trainer`). [D]
        freeze: "backbone" trains the feature pyramid and the heads alone: a third of the time and of the memory, and
            the safer choice with a few hundred images.
        input_size: long side of the input, px, a multiple of 32.
        warm_up: share of all steps in which the rate rises from 0; it then falls to 0 as a cosine. [D]
        clip: greatest norm of the gradient (TensorFlow's CenterNet configurations use 10 as well).
        average: weights are averaged over about 1 / (1 - average) steps; the average is what is kept. 0: not. [D]
        seed: of the order of the images and of the views.
        augmentation: how far views differ from the pictures.
    """

    epochs: int = 20
    batch: int = 8
    rate: float = 1e-3
    freeze: Freeze = "backbone"
    input_size: int = 384
    warm_up: float = 0.05
    clip: float = 10.0
    average: float = 0.99
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def rate_at(self, step: int, steps: int) -> float:
        """Learning rate of step `step` (from 0) of `steps`."""
        warm = max(1, round(self.warm_up * steps))
        if step < warm:
            return self.rate * (step + 1) / warm
        return self.rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))

    def average_at(self, step: int) -> float:
        """Share of the old average that stays after step `step`: little at first, when there is nothing to average."""
        return min(self.average, (1 + step) / (10 + step))

    def figures(self) -> dict[str, Any]:
        """As JSON knows it."""
        figures = asdict(self)
        figures["augmentation"]["scale"] = list(self.augmentation.scale)
        return figures
