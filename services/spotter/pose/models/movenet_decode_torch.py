"""The decoding of `movenet_decode` in torch, for a whole batch on the device that holds the maps.

Same answer as the numpy decoder up to rounding. On the device, a list of fixed length is made for each image, so that
the work can be recorded as a graph: no shape depends on what is in the picture. Which of the list are people is decided
on the CPU, where duplicates are removed too.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.pose.models.api import Detections
from spotter.pose.models.movenet_decode import GAUSSIAN_SPREAD, PEAK_TOLERANCE, PEAK_WINDOW, DecodeLimits, select
from spotter.pose.models.movenet_maps import STRIDE
from spotter.pose.models.movenet_network import HeadMaps

_CENTER, _BOX = 0, slice(1, 5)
_KEYPOINTS = slice(5, 5 + 2 * KEYPOINTS)
_CONFIDENCES = slice(5 + 2 * KEYPOINTS, None)

_MOST_BYTES = 512 * 1024**2
"""Memory of the keypoint search: candidates are searched in as many turns as this needs."""

_TINY = 1e-12
"""Stands for no heat at all, so that a cell outside the box is always worse than one inside."""


def decode_batch(maps: HeadMaps, limits: DecodeLimits) -> list[Detections]:
    """People of each image, in pixels of the network's input."""
    listed = list_candidates(maps, limits.max_candidates).cpu().numpy()
    return [people_of(each, limits) for each in listed]


def list_candidates(maps: HeadMaps, count: int) -> Tensor:
    """The `count` best peaks of each image, best first: (N, count, 56) float32 on the device of the maps.

    The numbers are centre (-1: no peak), box xyxy px, 17 keypoints x y px, 17 confidences. Fewer than `count` where the
    map has fewer cells.
    """
    height, width = maps.center.shape[2:]
    center = maps.center.float()
    follows = center < F.max_pool2d(center, PEAK_WINDOW, 1, PEAK_WINDOW // 2) - PEAK_TOLERANCE
    scores, cells = center.masked_fill(follows, -1.0).flatten(1).topk(min(count, height * width))
    rows, columns = (cells // width).float(), (cells % width).float()

    half_height, half_width = (_at(maps.box_scale, cells).clamp(min=0) / 2).unbind(2)
    down, across = _at(maps.box_offset, cells).unbind(2)
    top, bottom = _side(rows + down, half_height, height)
    left, right = _side(columns + across, half_width, width)

    coarse_rows, coarse_columns = torch.unflatten(_at(maps.keypoint_regress, cells), 2, (KEYPOINTS, 2)).unbind(3)
    spread = GAUSSIAN_SPREAD * min(height, width)
    near_rows = _near(rows.unsqueeze(2) + coarse_rows, top, bottom, height, spread)
    near_columns = _near(columns.unsqueeze(2) + coarse_columns, left, right, width, spread)
    best, confidences = _search(maps.keypoint_heat.float(), near_rows, near_columns)

    fine_rows, fine_columns = torch.unflatten(maps.keypoint_offset.float().flatten(2), 1, (KEYPOINTS, 2)).unbind(2)
    where = best.transpose(1, 2)
    y = best // width + fine_rows.gather(2, where).transpose(1, 2)
    x = best % width + fine_columns.gather(2, where).transpose(1, 2)
    boxes = torch.stack([left, top, right, bottom], 2) * STRIDE
    keypoints = torch.stack([x, y], 3).flatten(2) * STRIDE
    return torch.cat([scores.unsqueeze(2), boxes, keypoints, confidences], 2)


def people_of(listed: FloatArray, limits: DecodeLimits) -> Detections:
    """The people among one image's candidates, (count, 56)."""
    strong = listed[listed[:, _CENTER] >= limits.min_score]
    keypoints = strong[:, _KEYPOINTS].reshape(-1, KEYPOINTS, 2)
    return select(strong[:, _CENTER], strong[:, _BOX], keypoints, strong[:, _CONFIDENCES], limits)


def is_full(listed: FloatArray, limits: DecodeLimits) -> bool:
    """Whether there may be more people than one image's list, (count, 56), has room for."""
    return len(listed) < limits.max_candidates and bool(listed[-1, _CENTER] >= limits.min_score)


def _at(values: Tensor, cells: Tensor) -> Tensor:
    """A map's channels at the candidates' cells, (N, count, channels) float32."""
    channels = values.shape[1]
    return values.flatten(2).gather(2, cells.unsqueeze(1).expand(-1, channels, -1)).transpose(1, 2).float()


def _side(middle: Tensor, half: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Both ends of a box along one axis, in cells, clipped to the map."""
    return (middle - half).clamp(0, size), (middle + half).clamp(0, size)


def _near(coarse: Tensor, low: Tensor, high: Tensor, size: int, spread: float) -> Tensor:
    """The Gaussian around each coarse keypoint along one axis, -1 outside the box; (N, count, 17, size).

    A box holds the cells whose corner is in [low, high); an empty one its first cell.
    """
    cells = torch.arange(size, device=coarse.device, dtype=torch.float32)
    first = low.ceil().clamp(max=size - 1)
    end = torch.maximum(high.ceil(), first + 1)
    outside = (cells < first.unsqueeze(2)) | (cells >= end.unsqueeze(2))
    near = torch.exp(-((cells - coarse.unsqueeze(3)) ** 2) / spread)
    return near.masked_fill(outside.unsqueeze(2), -1.0)


def _search(heat: Tensor, near_rows: Tensor, near_columns: Tensor) -> tuple[Tensor, Tensor]:
    """Best cell (flat index) of each keypoint within each candidate's box, and its score; each (N, count, 17).

    The Gaussian is a product over the axes, so the best of a row is found first, then the best row: two passes over the
    large product instead of one for each factor.
    """
    width = near_columns.shape[3]
    turn = max(1, _MOST_BYTES // (heat.numel() * heat.element_size()))
    heat = heat.clamp(min=_TINY).unsqueeze(1)
    parts = [(heat * near.unsqueeze(3)).max(4) for near in torch.split(near_columns, turn, dim=1)]
    in_row, column = torch.cat([part.values for part in parts], 1), torch.cat([part.indices for part in parts], 1)
    # Outside the box either factor is -1; where both are, their product must not count.
    by_row = (in_row * near_rows).masked_fill(near_rows < 0, -1.0)
    scores, row = by_row.max(3)
    return row * width + column.gather(3, row.unsqueeze(3)).squeeze(3), scores
