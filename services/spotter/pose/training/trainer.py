"""One training run in memory: the network, its optimizer, and the average of its weights; `step` learns one batch.

The released weights have their batch norms folded into the convolutions, so there are no statistics to keep still or to
disturb, and a small batch is as good as a large one for the norms. Folding left kernels of very different size behind,
from 0.0005 to 10; one step size for all of them destroys the network within ten steps. So each channel is trained in
units of its own size at the start, and the learning rate is relative: at 0.001 a step changes a weight by at most about
a thousandth of its channel's size.

On CUDA the network runs in half precision with scaled gradients; nobody here could run that. On a CPU everything is
single precision (bf16 was 20 times slower there).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from spotter.core.errors import ModelError
from spotter.pose.models.movenet_network import HeadMaps, MoveNetMultiPose
from spotter.pose.training.losses import Batch, collate, losses
from spotter.pose.training.recipe import Recipe
from spotter.pose.training.samples import Sample

_LEAST_UNIT = 0.01
"""A channel's unit is at least this share of its tensor's size. [D]"""


class Trainer:
    """Learns batches.

    Args:
        network: where training starts; it is trained in place.
        steps: of the whole run, for the schedule.
        device: "cpu" or "cuda".

    Attributes:
        done: steps done.
        network: as it is now.
        average: the average of its weights over the last steps, which is what is validated and kept.
        trained: what the optimizer sees, by parameter name: weights in units of their channel.
    """

    def __init__(self, network: MoveNetMultiPose, recipe: Recipe, steps: int, device: str) -> None:
        self.done = 0
        self.steps = steps
        self.recipe = recipe
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.requires_grad_(True)
        self.network.backbone.requires_grad_(recipe.freeze != "backbone")
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self._weights = {name: each for name, each in self.network.named_parameters() if each.requires_grad}
        self._units = {name: _units(each.detach()) for name, each in self._weights.items()}
        self.trained = {name: torch.zeros_like(each).requires_grad_(True) for name, each in self._weights.items()}
        self.take_weights()
        self.optimizer = torch.optim.Adam(self.trained.values(), lr=recipe.rate)
        self.scaler = torch.amp.GradScaler(device, enabled=device == "cuda")

    def step(self, samples: Sequence[Sample]) -> dict[str, float]:
        """Learn one batch; the parts of the loss by head, their sum as "loss", and the gradient's "norm".

        Raises:
            ModelError: the loss is not finite any more.
        """
        rate = self.recipe.rate_at(self.done, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        batch = collate(samples, self.device)
        with torch.autocast(self.device, torch.float16, enabled=self.device == "cuda"):
            logits = self._logits(batch)
        parts = losses(logits, batch)
        total = torch.stack(list(parts.values())).sum()
        self.network.zero_grad(set_to_none=True)
        self.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        for name, value in self.trained.items():
            gradient = self._weights[name].grad
            value.grad = None if gradient is None else gradient * self._units[name]
        self.scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.trained.values(), self.recipe.clip)
        figures = {"loss": total.item(), **{name: part.item() for name, part in parts.items()}, "norm": norm.item()}
        if not math.isfinite(figures["loss"]):
            raise ModelError(
                f"training failed: the loss is {figures['loss']} at step {self.done}", mend="Try a lower --lr"
            )
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._give_weights()
        self.done += 1
        return {**figures, "rate": rate}

    def _logits(self, batch: Batch) -> HeadMaps:
        images = self.network.normalised(batch.images)
        if self.recipe.freeze == "backbone":
            with torch.no_grad():
                features = self.network.backbone(images)
        else:
            features = self.network.backbone(images)
        maps: HeadMaps = self.network.logits(features)
        return maps

    @torch.no_grad()
    def take_weights(self) -> None:
        """Go on from the weights that `network` holds."""
        for name, value in self.trained.items():
            value.copy_(self._weights[name] / self._units[name])

    @torch.no_grad()
    def _give_weights(self) -> None:
        share = self.recipe.average_at(self.done)
        averages = dict(self.average.named_parameters())
        for name, value in self.trained.items():
            self._weights[name].copy_(value * self._units[name])
            averages[name].lerp_(self._weights[name], 1 - share)


def _units(weights: Tensor) -> Tensor:
    """Size of each output channel, and of a bias as a whole: the root of the mean square, as a power of two.

    Dividing and multiplying by a power of two loses nothing, so a run goes on from stored weights with the same bits.
    """
    whole = weights.square().mean().sqrt()
    size = whole if weights.ndim == 1 else weights.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    # A channel that is (almost) off may still wake up.
    least = (whole * _LEAST_UNIT).clamp(min=torch.finfo(torch.float16).tiny)
    return torch.exp2(torch.maximum(size, least).log2().round())


def weights_of(network: MoveNetMultiPose) -> dict[str, Tensor]:
    """Parameters by name, on the CPU, a copy."""
    return {name: each.detach().to("cpu", copy=True).contiguous() for name, each in network.named_parameters()}
