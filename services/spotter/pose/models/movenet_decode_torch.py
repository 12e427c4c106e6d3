"""The decoding of `movenet_decode` in torch, for a whole batch on the device that holds the maps.

Same answer as the numpy decoder up to rounding. Candidates of all images go through the keypoint search together; only
their boxes, keypoints and scores come back to the CPU, where duplicates are removed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from spotter.core.contracts import KEYPOINTS
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import GAUSSIAN_SPREAD, PEAK_TOLERANCE, PEAK_WINDOW, DecodeLimits, select
from spotter.pose.models.movenet_maps import STRIDE
from spotter.pose.models.movenet_network import HeadMaps

_CHUNK = 32
"""Candidates searched at once; bounds the memory (17 maps of single precision each)."""


def decode_batch(maps: HeadMaps, limits: DecodeLimits) -> list[Detections]:
    """People of each image, in pixels of the network's input."""
    image, row, column, center = _find_peaks(maps.center.float(), limits)
    if not len(image):
        return [Detections.none() for _ in range(len(maps.center))]
    height, width = maps.center.shape[2:]
    cell = torch.stack([row, column], 1)
    shape = cell.new_tensor([height, width], dtype=torch.float32)
    middle = cell + maps.box_offset[image, :, row, column].float()
    half = maps.box_scale[image, :, row, column].float().clamp(min=0) / 2
    low = torch.minimum((middle - half).clamp(min=0), shape)
    high = torch.minimum((middle + half).clamp(min=0), shape)
    coarse = maps.keypoint_regress[image, :, row, column].float().reshape(-1, KEYPOINTS, 2) + cell[:, None]
    parts = [
        _search(maps.keypoint_heat, image[part], low[part], high[part], coarse[part])
        for part in torch.split(torch.arange(len(image), device=image.device), _CHUNK)
    ]
    best, confidences = torch.cat([cells for cells, _ in parts]), torch.cat([scores for _, scores in parts])
    rows, columns = best // width, best % width
    joint = torch.arange(KEYPOINTS, device=best.device)
    owner = image[:, None]
    x = columns + maps.keypoint_offset[owner, 2 * joint + 1, rows, columns].float()
    y = rows + maps.keypoint_offset[owner, 2 * joint, rows, columns].float()
    boxes = torch.cat([low.flip(1), high.flip(1)], 1) * STRIDE
    # One transfer for everything: image, centre, box, keypoints, confidences.
    packed = torch.cat(
        [image[:, None].float(), center[:, None], boxes, torch.stack([x, y], 2).flatten(1) * STRIDE, confidences], 1
    )
    return _unpack(packed.cpu().numpy(), len(maps.center), limits)


def _find_peaks(center: Tensor, limits: DecodeLimits) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Image, row, column and value of the peaks, image by image, best first."""
    leads = center >= F.max_pool2d(center, PEAK_WINDOW, 1, PEAK_WINDOW // 2) - PEAK_TOLERANCE
    peaks = torch.where(leads, center, -1.0).flatten(1)
    count = min(limits.max_candidates, peaks.shape[1])
    values, cells = peaks.topk(count)
    image, rank = torch.nonzero(values >= limits.min_score, as_tuple=True)
    cell = cells[image, rank]
    width = center.shape[3]
    return image, cell // width, cell % width, values[image, rank]


def _search(heat: Tensor, image: Tensor, low: Tensor, high: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
    """Best cell (flat index) of each keypoint within each candidate's box, and its score; each (N, 17)."""
    height, width = heat.shape[2:]
    shape = low.new_tensor([height, width])
    first = torch.minimum(low.ceil(), shape - 1)
    end = torch.maximum(high.ceil(), first + 1)
    spread = GAUSSIAN_SPREAD * min(height, width)
    near, inside = [], []
    for axis, size in enumerate((height, width)):
        cells = torch.arange(size, device=heat.device, dtype=torch.float32)
        near.append(torch.exp(-((cells - coarse[..., axis, None]) ** 2) / spread))
        inside.append((cells >= first[:, axis, None]) & (cells < end[:, axis, None]))
    product = heat[image].float() * near[0][..., None] * near[1][..., None, :]
    box = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    scores, best = product.masked_fill_(~box, -1.0).flatten(2).max(2)
    return best, scores


def _unpack(
    packed: np.ndarray[tuple[int, int], np.dtype[np.float32]], images: int, limits: DecodeLimits
) -> list[Detections]:
    found = []
    for number in range(images):
        mine = packed[packed[:, 0] == number]
        keypoints = mine[:, 6 : 6 + 2 * KEYPOINTS].reshape(-1, KEYPOINTS, 2)
        found.append(select(mine[:, 1], mine[:, 2:6], keypoints, mine[:, 6 + 2 * KEYPOINTS :], limits))
    return found
