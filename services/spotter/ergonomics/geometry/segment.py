"""Inclination of a body segment from vertical, by perspective, when its direction in space is unknown. Pure.

The segment's lower end lies somewhere on one ray and its upper end somewhere on another, so its direction is in the
plane of both rays, between the upper ray and the lower one turned round: w(t) = cos t * e + sin t * m, with m the
middle ray and e across it. The least and greatest angle from vertical over that arc are exact. For a distant person
they become METHODS 6.2 with the picture's vertical and the pitch at the person's place (`geometry.view`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.lens import Points

_ACROSS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])[:, None, None]
"""Where the bounds are looked at between the two extremes of the keypoints' noise."""


def inclination_bounds(
    camera: Camera,
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    *,
    shortest: npt.ArrayLike = 0.0,
    noise: npt.ArrayLike = 0.0,
) -> tuple[Points, Points]:
    """(least, greatest) inclination from vertical, degrees 0..180, each (..., N).

    Args:
        lower, upper: ends of the segment, (N, 2) px; for the trunk mid-hip and mid-shoulder.
        shortest: least possible ratio of apparent to true length, (N,) in 0..1; 0: nothing is known of it. It bounds
            the greatest angle only: what is proven must not rest on a length.
        noise: how far the ends may be off across the segment, in opposite directions, (N,) px.
    """
    low, high = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    line = high - low
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    aside = np.stack([-line[..., 1], line[..., 0]], axis=-1) / np.where(length > 0, length, np.nan)
    shift = _ACROSS * aside * np.asarray(noise, np.float64)[..., None]
    ends = np.stack([low - shift, high + shift])
    rays = camera.rays(ends.reshape(-1, 2))
    rays = rays.reshape(*rays.shape[:-2], *ends.shape[:-1], 3)
    arc = _Arc(rays[..., 0, :, :, :], rays[..., 1, :, :, :], np.asarray(shortest, np.float64))
    return arc.least().min(axis=-2), arc.greatest().max(axis=-2)


class _Arc:
    """All directions that segments between two rays can have: (..., noise, N, 3) each."""

    def __init__(self, lower: Points, upper: Points, shortest: Points) -> None:
        middle, across = lower + upper, upper - lower
        wide, far = np.linalg.norm(across, axis=-1), np.linalg.norm(middle, axis=-1)
        rise_across = across[..., 2] / np.where(wide > 0, wide, np.nan)
        rise_middle = middle[..., 2] / far
        side = lower[..., 0] * upper[..., 1] - lower[..., 1] * upper[..., 0]
        # Where the noise spans the vertical, the plane of both rays may hold the vertical itself.
        upright = side[..., :1, :] * side[..., -1:, :] <= 0
        self._steepest = np.hypot(rise_across, rise_middle)
        self._least_steepest = np.where(upright, 1.0, self._steepest)
        self._at = np.arctan2(rise_middle, rise_across)
        self._end = np.pi / 2 - np.arctan2(wide, far)
        self._open_to = np.minimum(self._end, np.arccos(np.clip(shortest, 0.0, 1.0)))

    def least(self) -> Points:
        nearest = np.clip(self._at, -self._end, self._end)
        return _angle(self._least_steepest * np.cos(nearest - self._at))

    def greatest(self) -> Points:
        end = self._open_to
        ends = (-end, end, *(np.clip(self._at + turn, -end, end) for turn in (np.pi, -np.pi)))
        return _angle(self._steepest * np.min([np.cos(one - self._at) for one in ends], axis=0))


def _angle(cosine: Points) -> Points:
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), np.float64)
