"""How a camera sees the joints of people: rays in the world, for each camera that may be the true one. Pure.

Directions are in the world of `geometry.camera`: z up, y the level direction in which the camera looks, x to its right.
Axes of every array: cameras (D), people (N), then joints, then x, y, z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.values import Degrees
from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.joints import HIPS

Joint = int | tuple[int, int]
"""A keypoint, or the middle of two."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Rays to the joints of N people.

    Attributes:
        rays: (D, N, 17, 3) unit vectors from the lens.
        ahead: (D, N, 3) level unit vector along the line of sight to the hips.
        right: (D, N, 3) level unit vector to the right of it in the picture.
        within: (N, 17) the lens has a ray for the pixel (see `geometry.lens`); elsewhere `rays` are a pinhole's.
        pitch: (D, N) by how much the line of sight to the hips looks down, degrees.
        reason: what the camera's own part of the intervals is wide for; empty when lens and mount are known.
    """

    rays: Points
    ahead: Points
    right: Points
    within: npt.NDArray[np.bool_]
    pitch: Degrees
    reason: str

    @classmethod
    def of(cls, ground: Ground, keypoints: npt.ArrayLike) -> Self:
        """Look at keypoints (N, 17, 2) px."""
        points = np.asarray(keypoints, np.float64)
        rays, within = _rays(ground.best, ground.draws, points.reshape(-1, 2))
        rays = rays.reshape(len(rays), *points.shape[:-1], 3)
        middle = rays[:, :, HIPS[0]] + rays[:, :, HIPS[1]]
        level = np.hypot(middle[..., 0], middle[..., 1])
        ahead = np.zeros_like(middle)
        ahead[..., :2] = middle[..., :2] / np.maximum(level, 1e-9)[..., None]
        right = np.stack([ahead[..., 1], -ahead[..., 0], ahead[..., 2]], axis=-1)
        pitch = np.degrees(np.arctan2(-middle[..., 2], level))
        return cls(rays, ahead, right, within.reshape(points.shape[:-1]), pitch, ground.reason)

    def __len__(self) -> int:
        return int(self.rays.shape[1])

    def at(self, joint: Joint) -> Points:
        """(D, N, 3) unit rays to a joint."""
        if isinstance(joint, int):
            return np.asarray(self.rays[:, :, joint])
        middle = self.rays[:, :, joint[0]] + self.rays[:, :, joint[1]]
        return np.asarray(middle / np.linalg.norm(middle, axis=-1, keepdims=True))

    def segment(self, lower: Joint, upper: Joint) -> tuple[Points, Points]:
        """What a segment's picture says of its direction: (across, along), (D, N, 3) unit vectors at right angles.

        The segment, from lower to upper, points along cos t * across + sin t * along with t in -90..90 degrees: `along`
        is the line of sight to its middle. A segment without length gives nan.
        """
        start, end = self.at(lower), self.at(upper)
        across, along = end - start, end + start
        size = np.linalg.norm(across, axis=-1, keepdims=True)
        across = across / np.where(size > 1e-12, size, np.nan)
        return across, along / np.linalg.norm(along, axis=-1, keepdims=True)


def _rays(best: Camera, draws: Camera, pixels: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
    """(D, N, 3), and (N,) who has one.

    Distortion is taken out once, with the best focal length: the draws' differ by a few per cent.
    """
    flat = best.normalised(pixels)
    within: npt.NDArray[np.bool_] = np.asarray(np.isfinite(flat).all(axis=-1))
    if not within.all():
        plain = (pixels - np.asarray(best.centre)) / np.asarray(best.focal)
        flat = np.where(within[:, None], flat, plain)
    scale = np.asarray(np.asarray(best.focal) / np.stack(np.broadcast_arrays(*draws.focal), axis=-1), np.float64)
    if scale.ndim == 1:
        scale = scale[None]
    points = flat * scale[:, None, :]
    inside = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    rays = inside @ draws.axes
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True), np.float64), within
