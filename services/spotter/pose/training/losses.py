"""The losses of the six head maps, as CenterNet weighs them.

Weights are those of CenterNet for COCO keypoints in the TensorFlow Object Detection API (heat maps and offsets 1, scale
and regression 0.1), which also are the paper's (Zhou, Wang, Kraehenbuehl 2019: size 0.1, offset 1). Alpha and beta are
the paper's 2 and 4. Everything is computed in single precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from spotter.core.contracts import KEYPOINTS
from spotter.pose.models.movenet_network import HeadMaps
from spotter.pose.training.samples import Sample

ALPHA, BETA = 2, 4
WEIGHTS = {
    "center": 1.0,
    "keypoint_heat": 1.0,
    "box_scale": 0.1,
    "box_offset": 1.0,
    "keypoint_regress": 0.1,
    "keypoint_offset": 1.0,
}
"""Weight of each part of the loss, by head."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures and targets of a step as tensors; `Targets` names the fields. `owners` and `holders` say which picture
    each person and each known offset belongs to."""

    images: Tensor
    center: Tensor
    center_weight: Tensor
    heat: Tensor
    heat_weight: Tensor
    owners: Tensor
    people: Tensor
    box_scale: Tensor
    box_offset: Tensor
    regress: Tensor
    regress_weight: Tensor
    holders: Tensor
    joints: Tensor
    cells: Tensor
    offsets: Tensor


def collate(samples: Sequence[Sample], device: str) -> Batch:
    """One batch on `device`."""
    targets = [sample.targets for sample in samples]

    def stack(arrays: Sequence[npt.NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(device)

    def chain(arrays: Sequence[npt.NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.concatenate(arrays)).to(device)

    return Batch(
        stack([sample.image for sample in samples]),
        stack([one.center for one in targets]),
        stack([one.center_weight for one in targets]),
        stack([one.heat for one in targets]),
        stack([one.heat_weight for one in targets]),
        chain([np.full(len(one.people), index) for index, one in enumerate(targets)]),
        chain([one.people for one in targets]),
        chain([one.box_scale for one in targets]),
        chain([one.box_offset for one in targets]),
        chain([one.regress for one in targets]),
        chain([one.regress_weight for one in targets]),
        chain([np.full(len(one.cells), index) for index, one in enumerate(targets)]),
        chain([one.joints for one in targets]),
        chain([one.cells for one in targets]),
        chain([one.offsets for one in targets]),
    )


def losses(logits: HeadMaps, batch: Batch) -> dict[str, Tensor]:
    """Each part of the loss by head, already weighted; their sum is what is minimised.

    Args:
        logits: of `MoveNetMultiPose.logits`.
    """
    at = {name: getattr(logits, name).float().flatten(2) for name in WEIGHTS}
    moves = at["keypoint_offset"].unflatten(1, (KEYPOINTS, 2))[batch.holders, batch.joints, :, batch.cells]
    parts = {
        "center": focal(logits.center.float(), batch.center, batch.center_weight),
        "keypoint_heat": focal(logits.keypoint_heat.float(), batch.heat, batch.heat_weight),
        "box_scale": _distance(at["box_scale"][batch.owners, :, batch.people], batch.box_scale),
        "box_offset": _distance(at["box_offset"][batch.owners, :, batch.people], batch.box_offset),
        "keypoint_regress": _distance(
            at["keypoint_regress"][batch.owners, :, batch.people], batch.regress, batch.regress_weight
        ),
        "keypoint_offset": _distance(moves, batch.offsets),
    }
    return {name: WEIGHTS[name] * part for name, part in parts.items()}


def focal(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Penalty-reduced focal loss, over the number of peaks: cells near a peak are forgiven by (1 - target) ^ beta."""
    probability = logits.sigmoid()
    peaks = target == 1
    found = F.logsigmoid(logits) * (1 - probability) ** ALPHA
    clear = F.logsigmoid(-logits) * probability**ALPHA * (1 - target) ** BETA
    total = (torch.where(peaks, found, clear) * weight).sum()
    return -total / (peaks * weight).sum().clamp(min=1)


def _distance(found: Tensor, wanted: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean L1 over what is known; 0 where nothing is."""
    if weight is None:
        weight = torch.ones_like(wanted)
    return ((found - wanted).abs() * weight).sum() / weight.sum().clamp(min=1)
