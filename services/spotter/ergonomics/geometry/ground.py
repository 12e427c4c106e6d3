"""What a camera's picture says about the floor and the people on it, with intervals. Pure and deterministic.

Each thing that is not known of a camera is drawn many times over; what follows from a pixel is computed for all of
these cameras at once, and the middle 90 % are the interval. Nothing is linearised, so that a place near the horizon
honestly reaches to infinity. Without lens or mount in the settings, the draws cover what cameras usually are, and the
reason says so. Sources of the usual ranges are beside their constants.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Self

import numpy as np
import numpy.typing as npt

from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.geometry.camera import Camera, focal_of
from spotter.ergonomics.geometry.lens import COEFFICIENTS, Points
from spotter.ergonomics.geometry.segment import inclination_bounds

DRAWS = 32
"""Cameras that stand for what may be true: enough for the ends of the middle 90 %, and a question about 20 people costs
one or two milliseconds."""

COVERAGE = 0.90
"""Share of the draws that an interval holds, as for the angles."""

UNKNOWN_FOCAL, UNKNOWN_FOCAL_SD = 0.75, 0.35
"""Focal length as a share of the picture's longer side: 67 degrees of view, 43 to 100 over the middle 90 % (lenses of
2.8 to 6 mm on the usual 1/2.8 inch sensors of building cameras) [D]."""

UNKNOWN_HEIGHT_M, UNKNOWN_HEIGHT_SD = 3.0, 0.35
"""Height of a lens of which nothing is said, and standard deviation of its logarithm: 1.7 to 5.3 m [D]."""

UNKNOWN_ROLL_SD_DEG = 3.0
"""Roll of a camera of which nothing is said, standard deviation [D]."""

STATURE_M = (1.55, 1.95)
"""Standing height of the middle 90 % of adults in shoes, m, over both sexes and populations [D]; METHODS 7.1 assumes
1.75 +- 0.10 for one person."""

_SIDES_ALIKE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A quantity as best value and the interval that holds the truth in 90 %; nan where there is none."""

    value: Points
    low: Points
    high: Points


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A camera with what is not known of it.

    Attributes:
        best: the camera of the best estimates.
        draws: `DRAWS` candidates.
        reason: what the intervals are wide for, for people; empty when lens and mount are known.
    """

    best: Camera
    draws: Camera
    reason: str

    @classmethod
    def of(cls, view: ViewParameters, width: int, height: int) -> Self:
        """The camera that makes pictures of width x height px.

        A lens that was measured on another resolution of the same shape is scaled; of another shape (a crop) it is not
        used, and the reason says so.
        """
        lens, mount, reasons = view.lens, view.mount, []
        if lens is None:
            reasons.append("lens unknown")
        elif abs(lens.width * height / (lens.height * width) - 1) > _SIDES_ALIKE:
            reasons.append(f"lens is stated for {lens.width}x{lens.height}, the picture is {width}x{height}")
            lens = None
        if mount is None:
            reasons.append("height and roll unknown, pitch only as a range")
        normal = _correlated(mount)
        draws = _lens(lens, width, height, normal[0])
        if mount is None:
            share = np.array([NormalDist().cdf(value) for value in normal[1]])
            pitch = view.pitch_low_deg + share * (view.pitch_high_deg - view.pitch_low_deg)
            roll = UNKNOWN_ROLL_SD_DEG * normal[2]
            above = UNKNOWN_HEIGHT_M * np.exp(UNKNOWN_HEIGHT_SD * normal[3])
            middle = (view.pitch_low_deg + view.pitch_high_deg) / 2, 0.0, UNKNOWN_HEIGHT_M
        else:
            pitch = np.clip(mount.pitch_deg + mount.pitch_sd_deg * normal[1], -90.0, 90.0)
            roll = mount.roll_deg + mount.roll_sd_deg * normal[2]
            # A logarithm keeps a height that is hardly known above the floor.
            above = mount.height_m * np.exp(mount.height_sd_m / mount.height_m * normal[3])
            middle = mount.pitch_deg, mount.roll_deg, mount.height_m
        best = replace(_lens(lens, width, height, 0.0), pitch=middle[0], roll=middle[1], above=middle[2])
        return cls(best, replace(draws, pitch=pitch, roll=roll, above=above), "; ".join(reasons))

    def distance(self, feet: npt.ArrayLike) -> Band:
        """Distance on the floor from below the camera, m: (N, 2) px -> (N,); infinite where it may be at the
        horizon."""

        def far(camera: Camera) -> Points:
            return np.asarray(np.linalg.norm(camera.floor(feet), axis=-1), np.float64)

        return _band(far(self.best), np.nan_to_num(far(self.draws), nan=np.inf))

    def place(self, feet: npt.ArrayLike) -> tuple[Band, Band]:
        """Place on the floor, m: (N, 2) px -> to the right of the camera (N,), and ahead of it (N,)."""
        best, draws = self.best.floor(feet), self.draws.floor(feet)
        return _band(best[..., 0], draws[..., 0]), _band(best[..., 1], draws[..., 1])

    def standing(self, feet: npt.ArrayLike, stature: tuple[float, float] = STATURE_M) -> Band:
        """Length in the picture of someone who stands at the feet, px: (N, 2) px -> (N,).

        Args:
            stature: least and greatest standing height, m.
        """
        places = np.asarray(feet, np.float64)
        middle = _standing(self.best, places, (stature[0] + stature[1]) / 2)
        ends = [_band(middle, _standing(self.draws, places, height)) for height in stature]
        return Band(middle, ends[0].low, ends[1].high)

    def scale(self, feet: npt.ArrayLike) -> Band:
        """Pixels to a metre of upright length, just above the floor at the feet: (N, 2) px -> (N,)."""
        places = np.asarray(feet, np.float64)
        small = 0.1
        return _band(_standing(self.best, places, small) / small, _standing(self.draws, places, small) / small)

    def height(self, feet: npt.ArrayLike, points: npt.ArrayLike) -> Band:
        """Height above the floor of points straight above the feet, m: (N, 2) px each -> (N,)."""
        return _band(self.best.height_over(feet, points), self.draws.height_over(feet, points))

    def lean(self, points: npt.ArrayLike) -> Band:
        """Direction of up at a place, degrees from the picture's up, positive to the right: (N, 2) px -> (N,)."""

        def angle(camera: Camera) -> Points:
            up = camera.up(points)
            return np.asarray(np.degrees(np.arctan2(up[..., 0], -up[..., 1])), np.float64)

        return _band(angle(self.best), angle(self.draws))

    def ray_pitch(self, points: npt.ArrayLike) -> Band:
        """How far the ray through a pixel looks down, degrees: (N, 2) px -> (N,). For METHODS 6.2."""
        return _band(self.best.ray_pitch(points), self.draws.ray_pitch(points))

    def horizon(self, columns: npt.ArrayLike) -> Band:
        """Row of the horizon at picture columns, px: (N,) -> (N,). Outside the picture is usual."""
        return _band(self.best.horizon(columns), self.draws.horizon(columns))

    def inclination(
        self, lower: npt.ArrayLike, upper: npt.ArrayLike, *, shortest: npt.ArrayLike = 0.0, noise: npt.ArrayLike = 0.0
    ) -> tuple[Points, Points]:
        """(least, greatest) inclination of segments from vertical, degrees, each (N,); see `inclination_bounds`."""
        least, greatest = inclination_bounds(self.draws, lower, upper, shortest=shortest, noise=noise)
        return _ends(least)[0], _ends(greatest)[1]


def _standing(camera: Camera, feet: Points, stature: float) -> Points:
    below = camera.floor(feet)
    top = np.concatenate([below, np.full_like(below[..., :1], stature)], axis=-1)
    return np.asarray(np.linalg.norm(camera.project(top) - feet, axis=-1), np.float64)


def _lens(lens: LensParameters | None, width: int, height: int, normal: npt.NDArray[np.float64] | float) -> Camera:
    """The lens, not mounted yet; `normal` draws the focal length."""
    if lens is None:
        unknown = UNKNOWN_FOCAL * max(width, height) * np.exp(UNKNOWN_FOCAL_SD * normal)
        return Camera(width, height, (unknown, unknown), (width / 2, height / 2), 0, 0, 1, np.zeros(COEFFICIENTS))
    scale = width / lens.width
    fx, fy = lens.focal_px if lens.focal_px is not None else (focal_of(lens.width, lens.hfov_deg or 0.0),) * 2
    cx, cy = lens.centre_px or (lens.width / 2, lens.height / 2)
    spread = scale * np.exp(lens.focal_sd * normal)
    bent = np.array(lens.distortion)
    return Camera(width, height, (fx * spread, fy * spread), (cx * scale, cy * scale), 0, 0, 1, bent)


def _correlated(mount: MountParameters | None) -> npt.NDArray[np.float64]:
    """(4, DRAWS) of focal length, pitch, roll and height, of unit variance."""
    if mount is None or not any(mount.correlation):
        return _NORMAL
    matrix = np.eye(4)
    matrix[np.triu_indices(4, 1)] = mount.correlation
    values, vectors = np.linalg.eigh(matrix + np.triu(matrix, 1).T)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    mixed = root @ _NORMAL
    return np.asarray(mixed / np.sqrt((root**2).sum(axis=1, keepdims=True)), np.float64)


def _normal_draws() -> npt.NDArray[np.float64]:
    """(4, DRAWS) independent standard normal figures that fill the space evenly, without a random generator.

    An additive recurrence with the generalised golden ratio (Roberts 2018, "The unreasonable effectiveness of
    quasirandom sequences"), whitened so that means, variances and correlations are exact.
    """
    ratio = 1.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / 5)
    steps = np.array([ratio ** -(axis + 1) for axis in range(4)])
    even = (0.5 + np.outer(steps, np.arange(1, DRAWS + 1))) % 1.0
    normal = np.vectorize(NormalDist().inv_cdf)(even)
    normal -= normal.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(normal @ normal.T / DRAWS)
    return np.asarray(vectors @ np.diag(values**-0.5) @ vectors.T @ normal, np.float64)


_NORMAL = _normal_draws()


def _band(best: Points, draws: Points) -> Band:
    low, high = _ends(draws)
    return Band(best, low, high)


def _ends(draws: Points) -> tuple[Points, Points]:
    """The middle `COVERAGE` of (M, N) draws; nan where more than the rest of them say nothing."""
    ordered = np.sort(draws, axis=0)  # nan goes to the end
    said = (~np.isnan(draws)).sum(axis=0)
    out = (1 - COVERAGE) / 2
    low = np.floor(out * (said - 1)).astype(int)
    high = np.ceil((1 - out) * (said - 1)).astype(int)
    enough = said >= COVERAGE * len(draws)
    pick = [np.take_along_axis(ordered, np.maximum(index, 0)[None], axis=0)[0] for index in (low, high)]
    return np.where(enough, pick[0], np.nan), np.where(enough, pick[1], np.nan)
