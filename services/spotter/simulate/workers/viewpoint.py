"""Where a camera hangs in the world: `geometry.camera.Camera` with a place and a direction. Pure.

A `Camera` has its origin on the floor below the lens and looks along y; a `Viewpoint` puts it anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.geometry.camera import Camera
from spotter.simulate.workers.chance import Chance, Floats

_PLACES = 11
"""Stream of chance."""

_KNOWN_PITCH = 2.0
"""Degrees by which the pitch that rules are told may be off [D]."""


@dataclass(frozen=True, slots=True, eq=False)
class Viewpoint:
    """A camera in the world.

    Attributes:
        camera: lens, pitch, roll and height.
        x, y: of the lens, m.
        heading: level direction in which it looks, degrees; 0 is along x, 90 along y.
    """

    camera: Camera
    x: float
    y: float
    heading: float

    @classmethod
    def around(
        cls,
        target: tuple[float, float, float],
        *,
        azimuth: float,
        distance: float,
        above: float,
        hfov: float = 70.0,
        width: int = 640,
        height: int = 360,
        roll: float = 0.0,
        distortion: npt.ArrayLike = (0.0, 0.0, 0.0, 0.0, 0.0),
    ) -> Self:
        """A camera that has a point in the middle of its picture.

        Args:
            target: m.
            azimuth: where the camera stands seen from the target, degrees in the world; a worker with heading 0 is seen
                from the front at 0, from their left at 90, from behind at 180.
            distance: over the floor, m.
            above: height of the lens over the floor, m.
            hfov: horizontal field of view, degrees.
            roll, distortion: as in `Camera`.
        """
        turn = np.radians(azimuth)
        x, y = target[0] + distance * np.cos(turn), target[1] + distance * np.sin(turn)
        pitch = float(np.degrees(np.arctan2(above - target[2], distance)))
        camera = Camera.of(width, height, hfov=hfov, pitch=pitch, above=above, roll=roll, distortion=distortion)
        return cls(camera, float(x), float(y), azimuth + 180.0)

    @classmethod
    def drawn(cls, target: tuple[float, float, float], seed: int, *, width: int = 640, height: int = 360) -> Self:
        """As cameras hang in workplaces: 3.5 to 8 m away, 2.2 to 4 m up, 55 to 95 degrees wide, from any side [D]."""
        chance = Chance(seed, _PLACES)
        return cls.around(
            target,
            azimuth=chance.uniform(-180, 180),
            distance=chance.uniform(3.5, 8.0),
            above=chance.uniform(2.2, 4.0),
            hfov=chance.uniform(55, 95),
            roll=chance.normal(0, 1.5),
            distortion=(chance.uniform(-0.12, 0.0), 0.0, 0.0, 0.0, 0.0),
            width=width,
            height=height,
        )

    def local(self, world: npt.ArrayLike) -> Floats:
        """Points (..., 3) m as the camera's own world has them: x to its right, y ahead, z up."""
        points = np.asarray(world, np.float64) - [self.x, self.y, 0.0]
        turn = np.radians(self.heading)
        ahead = points[..., 0] * np.cos(turn) + points[..., 1] * np.sin(turn)
        right = points[..., 0] * np.sin(turn) - points[..., 1] * np.cos(turn)
        return np.stack([right, ahead, points[..., 2]], axis=-1)

    def project(self, world: npt.ArrayLike) -> Floats:
        """(..., 3) m -> (..., 2) px; nan behind the camera."""
        return self.camera.project(self.local(world))

    @property
    def lens(self) -> Floats:
        """(3,) m, where the lens is in the world."""
        return np.array([self.x, self.y, float(self.camera.above)])

    def parameters(self, *, calibrated: bool = True) -> ViewParameters:
        """What the rules are told of this camera: lens and mount, or only the range of its pitch."""
        c = self.camera
        pitch = float(c.pitch)
        low, high = max(pitch - _KNOWN_PITCH, -30.0), min(pitch + _KNOWN_PITCH, 90.0)
        if not calibrated:
            return ViewParameters(pitch_low_deg=low, pitch_high_deg=high)
        k1, k2, p1, p2, k3 = (float(one) for one in c.distortion)
        lens = LensParameters(
            width=c.width, height=c.height, focal_px=(float(c.focal[0]), float(c.focal[1])),
            centre_px=(float(c.centre[0]), float(c.centre[1])), distortion=(k1, k2, p1, p2, k3), note="simulated",
        )  # fmt: skip
        mount = MountParameters(
            height_m=float(c.above), pitch_deg=pitch, roll_deg=float(c.roll), note="simulated"
        )  # fmt: skip
        return ViewParameters(pitch_low_deg=low, pitch_high_deg=high, lens=lens, mount=mount)
