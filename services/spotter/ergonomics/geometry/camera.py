"""A pinhole camera over a level floor: pixels, rays, places on the floor, and where up is in the picture. Pure.

Frames of reference:
- pixel: x right, y down, origin at the top left corner of the picture, of the original (distorted) camera image;
- camera: x right, y down, z forward along the optical axis, metres, origin in the lens;
- world: z up, metres, origin on the floor below the lens, y the level direction in which the camera looks, x to its
  right.

Pitch is the angle by which the camera looks down. Positive roll turns the camera clockwise about its axis, so that
upright things lean to the left in the picture.

Figures may be arrays of M cameras, one for each thing that may be true of one camera: every result then has a first
axis of M. A point that a camera cannot see, or a ray that never meets the floor, gives nan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.geometry.lens import COEFFICIENTS, Points, distort, jacobian, undistort

Figure = float | npt.NDArray[np.float64]
"""A number, or (M,) of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """One camera, or M candidates for it.

    Attributes:
        width, height: of the picture, px.
        focal: fx and fy, px.
        centre: cx and cy, px.
        distortion: (5,) k1, k2, p1, p2, k3 as in OpenCV.
        pitch, roll: degrees.
        above: height of the lens above the floor, m.
        axes: (..., 3, 3), rows are the camera's axes in world coordinates; follows from pitch and roll.
    """

    width: int
    height: int
    focal: tuple[Figure, Figure]
    centre: tuple[Figure, Figure]
    pitch: Figure
    roll: Figure
    above: Figure
    distortion: Points
    axes: Points = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", _axes(self.pitch, self.roll))

    @classmethod
    def of(
        cls,
        width: int,
        height: int,
        *,
        hfov: Figure,
        pitch: Figure,
        above: Figure,
        roll: Figure = 0.0,
        distortion: npt.ArrayLike = (0.0,) * COEFFICIENTS,
    ) -> Self:
        """A camera with square pixels and a centred lens, by its horizontal field of view in degrees."""
        focal = focal_of(width, hfov)
        bent = np.asarray(distortion, np.float64)
        return cls(width, height, (focal, focal), (width / 2, height / 2), pitch, roll, above, bent)

    def with_mount(self, *, pitch: Figure, roll: Figure, above: Figure) -> Self:
        """The same lens, mounted in another way."""
        return replace(self, pitch=pitch, roll=roll, above=above)

    def normalised(self, pixels: npt.ArrayLike) -> Points:
        """(N, 2) px -> (..., N, 2) undistorted, at distance 1 along the axis."""
        points = np.asarray(pixels, np.float64)
        x = (points[..., 0] - _column(self.centre[0])) / _column(self.focal[0])
        y = (points[..., 1] - _column(self.centre[1])) / _column(self.focal[1])
        return undistort(np.stack([x, y], axis=-1), self.distortion)

    def rays(self, pixels: npt.ArrayLike) -> Points:
        """(N, 2) px -> (..., N, 3) unit vectors in the world."""
        flat = self.normalised(pixels)
        inside = np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)
        inside /= np.linalg.norm(inside, axis=-1, keepdims=True)
        return np.asarray(inside @ self.axes, np.float64)

    def project(self, world: npt.ArrayLike) -> Points:
        """(N, 3) or (..., N, 3) m -> (..., N, 2) px; nan behind the camera and beyond the lens' limit."""
        points = np.asarray(world, np.float64)
        down = _column(self.above)[..., None] * np.array([0.0, 0.0, 1.0])
        inside = (points - down) @ np.swapaxes(self.axes, -1, -2)
        ahead = np.where(inside[..., 2:] > 1e-9, inside[..., 2:], np.nan)
        flat = distort(inside[..., :2] / ahead, self.distortion)
        x = flat[..., 0] * _column(self.focal[0]) + _column(self.centre[0])
        y = flat[..., 1] * _column(self.focal[1]) + _column(self.centre[1])
        return np.stack([x, y], axis=-1)

    def floor(self, pixels: npt.ArrayLike) -> Points:
        """(N, 2) px of points on the floor -> (..., N, 2) m; nan at and above the horizon."""
        rays = self.rays(pixels)
        falling = np.where(rays[..., 2:] < -1e-9, rays[..., 2:], np.nan)
        return np.asarray(-_column(self.above)[..., None] * rays[..., :2] / falling, np.float64)

    def height_over(self, feet: npt.ArrayLike, points: npt.ArrayLike) -> Points:
        """Height above the floor, m, of points that are straight above the feet: (N, 2), (N, 2) px -> (..., N).

        Where the points are a little aside, the height at which their rays pass nearest to the line above the feet.
        """
        foot, ray = self.floor(feet), self.rays(points)
        level = (ray[..., :2] ** 2).sum(axis=-1)
        reach = (foot * ray[..., :2]).sum(axis=-1) / np.where(level > 1e-12, level, np.nan)
        return np.asarray(_column(self.above) + reach * ray[..., 2], np.float64)

    def up(self, pixels: npt.ArrayLike) -> Points:
        """Where up is in the picture at a place: (N, 2) px -> (..., N, 2) unit vectors, y down.

        It points to (or away from) the vanishing point of verticals, which is not along the picture's y axis off the
        middle of a camera that looks down.
        """
        flat = self.normalised(pixels)
        up = self.axes[..., None, :, 2]
        moved = up[..., :2] - flat * up[..., 2:]
        bent = (jacobian(flat, self.distortion) @ moved[..., None])[..., 0]
        seen = np.stack([bent[..., 0] * _column(self.focal[0]), bent[..., 1] * _column(self.focal[1])], axis=-1)
        length = np.linalg.norm(seen, axis=-1, keepdims=True)
        return np.asarray(seen / np.where(length > 1e-12, length, np.nan), np.float64)

    def ray_pitch(self, pixels: npt.ArrayLike) -> Points:
        """By how much the ray through a pixel looks down, degrees: (N, 2) -> (..., N)."""
        return np.asarray(np.degrees(np.arcsin(np.clip(-self.rays(pixels)[..., 2], -1.0, 1.0))), np.float64)

    def horizon(self, columns: npt.ArrayLike) -> Points:
        """Row of the horizon at picture columns: (N,) px -> (..., N) px, of a lens without distortion."""
        up = self.axes[..., None, :, 2]
        x = (np.asarray(columns, np.float64) - _column(self.centre[0])) / _column(self.focal[0])
        row = -(up[..., 0] * x + up[..., 2]) / np.where(np.abs(up[..., 1]) > 1e-9, up[..., 1], np.nan)
        return np.asarray(row * _column(self.focal[1]) + _column(self.centre[1]), np.float64)


def focal_of(width: int, hfov: Figure) -> Figure:
    """Focal length in px from the horizontal field of view in degrees."""
    focal: Figure = width / 2 / np.tan(np.radians(hfov) / 2)
    return focal


def hfov_of(width: int, focal: Figure) -> Figure:
    """Horizontal field of view in degrees from the focal length in px."""
    hfov: Figure = 2 * np.degrees(np.arctan(width / 2 / np.asarray(focal)))
    return hfov


def _axes(pitch_deg: Figure, roll_deg: Figure) -> Points:
    pitch, roll = np.radians(pitch_deg), np.radians(roll_deg)
    sp, cp, sr, cr = np.broadcast_arrays(np.sin(pitch), np.cos(pitch), np.sin(roll), np.cos(roll))
    rows = [[cr, -sr * sp, -sr * cp], [-sr, -cr * sp, -cr * cp], [np.zeros_like(sp), cp, -sp]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _column(figure: Figure) -> Points:
    """(...) -> (..., 1), to stand beside N points."""
    return np.asarray(figure, np.float64)[..., None]
