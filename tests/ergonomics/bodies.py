"""A body in 3D and cameras to see it with, for the angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.memory import AngleMemory
from spotter.ergonomics.angles.view import assess
from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.ground import Ground

Points = npt.NDArray[np.float64]

STANDING = np.array([
    [0.105, 0, 1.60], [0.08, 0.03, 1.64], [0.08, -0.03, 1.64], [0, 0.079, 1.6065], [0, -0.079, 1.6065],
    [0, 0.2266, 1.4315], [0, -0.2266, 1.4315], [0, 0.2266, 1.106], [0, -0.2266, 1.106], [0, 0.2266, 0.8505],
    [0, -0.2266, 0.8505], [0, 0.1003, 0.9275], [0, -0.1003, 0.9275], [0, 0.1003, 0.4988], [0, -0.1003, 0.4988],
    [0, 0.1003, 0.0683], [0, -0.1003, 0.0683],
])  # fmt: skip
"""Someone of 1.75 m who looks along x."""

MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
HIPS = np.array([0, 0, 0.9275])


def rotation(degrees: float) -> Points:
    """About z, from x towards y."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def pitching(degrees: float) -> Points:
    """Forward, from z towards x."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def rolling(degrees: float) -> Points:
    """To the right of someone who looks along x: from z towards -y."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def bent(flexion: float, lateral: float = 0.0, nod: float = 0.0) -> Points:
    """Bent at the hips, head nodded against the trunk; arms move with the trunk."""
    body = STANDING.copy()
    neck = np.array([0, 0, 1.4315])
    body[:5] = neck + (body[:5] - neck) @ pitching(nod).T
    body[:11] = HIPS + (body[:11] - HIPS) @ (pitching(flexion) @ rolling(lateral)).T
    return body


@dataclass
class Stage:
    """A camera before people who stand `distance` m away, each turned by a heading (see `angles.yaw`).

    Attributes:
        known: lens and mount are in the settings, as exactly as a person enters them.
        spread: how much less exactly they are known than that.
        noise: standard deviation of the keypoints, share of stature in the picture; the errors last for half a second.
        stated: what the pose model says of it, as a multiple; None: it says nothing.
    """

    headings: Sequence[float]
    pitch: float = 15.0
    distance: float = 6.0
    known: bool = True
    spread: float = 1.0
    noise: float = 0.0
    stated: float | None = 1.0
    fps: float = 15.0
    memories: list[AngleMemory] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        above = 0.93 + self.distance * np.tan(np.radians(self.pitch))
        self.camera = Camera.of(1920, 1080, hfov=70.0, pitch=self.pitch, above=above)
        focal = float(self.camera.focal[0])
        lens = LensParameters(width=1920, height=1080, focal_px=(focal, focal), focal_sd=0.05 * self.spread)
        mount = MountParameters(
            height_m=above, height_sd_m=0.15 * self.spread, pitch_deg=self.pitch, pitch_sd_deg=3.0 * self.spread,
            roll_deg=0.0, roll_sd_deg=2.0 * self.spread,
        )  # fmt: skip
        self.ground = Ground.of(ViewParameters(lens=lens, mount=mount) if self.known else ViewParameters(), 1920, 1080)
        self.stature = 1.75 * focal / np.hypot(self.distance, above - 0.93)
        self.memories = self.memories or [AngleMemory() for _ in self.headings]
        self._random = np.random.default_rng(7)
        self._error = self._random.normal(size=(len(self.headings), 17, 2))

    def joints(self, body: Points) -> Points:
        """(N, 17, 3) m: everybody in the same posture, each in the middle of the picture."""
        turned = [body @ rotation(heading).T + [0, self.distance, 0] for heading in self.headings]
        return np.array(turned).reshape(-1, 17, 3)

    def pixels(self, body: Points) -> Points:
        """(N, 17, 2) px, with the noise of this moment."""
        keep = np.exp(-1.0 / (0.5 * self.fps))
        fresh = self._random.normal(size=self._error.shape)
        self._error = keep * self._error + np.sqrt(1 - keep**2) * fresh
        exact = self.camera.project(self.joints(body).reshape(-1, 3)).reshape(-1, 17, 2)
        return exact + self.noise * self.stature * self._error

    def see(self, body: Points, **changes: Points) -> tuple[Context, BodyAngles]:
        """One frame."""
        count = len(self.headings)
        keypoints = changes.get("keypoints", self.pixels(body))
        confidences = changes.get("confidences", np.full((count, 17), 0.9))
        deviation = max((self.stated or 0.0) * self.noise, 1e-3) * self.stature
        stated = None if self.stated is None else np.full((count, 17), deviation)
        at, sizes = from_seconds(self.seconds + 1.0 / self.fps), np.full(count, np.nan)
        self.seconds += 1.0 / self.fps
        return assess(self.memories, at, keypoints, confidences, stated, sizes, self.ground)

    def watch(self, body: Points, seconds: float) -> tuple[Context, BodyAngles]:
        """So long in this posture; the last frame."""
        for _ in range(round(seconds * self.fps) - 1):
            self.see(body)
        return self.see(body)
