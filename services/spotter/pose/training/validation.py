"""How well the network in memory does on labelled images, as the product would see them."""

from __future__ import annotations

import torch

from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.run import read_image
from spotter.pose.evaluation.score import MAX_PEOPLE, Score, score
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_decode_torch import decode_batch
from spotter.pose.models.movenet_network import MoveNetMultiPose
from spotter.pose.preprocess import Batcher, place

LOW_SCORE = 0.01
"""AP looks at the whole curve, so weak finds must be there too."""


def validate(network: MoveNetMultiPose, labels: LabelledSet, input_size: int, device: str) -> Score:
    """COCO's figures, without the interval.

    Raises:
        ModelError: an image cannot be decoded, nobody is labelled, or pycocotools is missing.
    """
    return score(labels, predict(network, labels, input_size, device), resamples=0)[0]


@torch.inference_mode()
def predict(network: MoveNetMultiPose, labels: LabelledSet, input_size: int, device: str) -> list[Detections]:
    """People of each image, in order; images one at a time, since they may differ in shape."""
    limits = DecodeLimits(min_score=LOW_SCORE, max_people=MAX_PEOPLE)
    batcher = Batcher()
    found = []
    for image in labels.images:
        pixels = read_image(image)
        at = place(pixels, input_size)
        maps = network(torch.from_numpy(batcher.fill([pixels], [at])).to(device))
        (people,) = decode_batch(maps, limits)
        found.append(people.scaled(at.scale_x, at.scale_y, at.width, at.height))
    return found
