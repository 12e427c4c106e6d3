"""Trunk inclination from vertical as an interval, from one camera whose view of the person is unknown. Pure.

The trunk is the line from mid-hip to mid-shoulder (METHODS 6); the interval is the exact bound of METHODS 6.2 over all
directions of view, over the range of camera pitch, and over the pixel noise of the keypoints: their own standard
deviations where the pose model has been calibrated, else a share of the trunk's length. Vectorised over people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Angle, FloatArray, Status
from spotter.core.parameters import ViewParameters
from spotter.ergonomics.gates import CALIBRATED, RAW
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.geometry.view import greatest_inclination, least_inclination
from spotter.ergonomics.joints import HIPS, SHOULDERS, middle

_TORSO = [*SHOULDERS, *HIPS]

MIN_LENGTH_PX = 12.0
"""A trunk shorter than this in the image has no direction worth stating [D]."""

NOISE_FRACTION = 0.05
"""Standard deviation of each end of the trunk line as a share of its length where keypoints have none of their own [D];
gives 4 degrees, between the median 2D errors of the default model on upright (1.6) and bent (up to 7.5) simulated
workers."""

NOISE_FLOOR_PX = 1.0
"""Standard deviation that no keypoint goes below, px: the default model's maps have a stride of 4 px."""

SHOULDERS_CORRELATION = -0.4
"""Correlation of the errors of the left and the right shoulder with the default model: they are pushed together or
apart more than moved together. -0.33 on COCO images (95 % interval -0.54 to -0.01), -0.52 on simulated workers (-0.68
to -0.28); of the hips 0.33 and -0.09, taken as 0 (benchmarks/calibration.py)."""

COVERAGE_Z = 1.645
"""Two-sided 90 % of a normal distribution: the share of truths that an interval is meant to hold."""

LENGTH_SLACK = 1.15
"""The true trunk may appear this much longer than the person's own usual trunk (perspective, noise) [D]."""


@dataclass(frozen=True, slots=True, eq=False)
class TrunkView:
    """The trunk line in the image, one entry a person.

    Attributes:
        apparent: (N,) degrees from the image vertical, 0..180; nan where not visible.
        sigma: (N,) standard deviation of `apparent`, degrees.
        length: (N,) px.
        visible: (N,) all four torso points pass the confidence gate and the line is long enough.
        hips, shoulders: (N, 2) px, the ends of the line.
    """

    apparent: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    length: npt.NDArray[np.float64]
    visible: npt.NDArray[np.bool_]
    hips: npt.NDArray[np.float64]
    shoulders: npt.NDArray[np.float64]


def trunk_view(keypoints: FloatArray, confidences: FloatArray, deviations: FloatArray | None = None) -> TrunkView:
    """Measure the trunk line.

    Args:
        keypoints: (N, 17, 2) px, y down.  confidences: (N, 17) in 0..1.
        deviations: (N, 17) px, along either axis; with them confidences are probabilities (see `gates`).
    """
    gates = RAW if deviations is None else CALIBRATED
    upper, lower = middle(keypoints, SHOULDERS), middle(keypoints, HIPS)
    line = (upper - lower).astype(np.float64)
    length = np.hypot(line[:, 0], line[:, 1])
    visible = (confidences[:, _TORSO] >= gates.torso).all(axis=1) & (length >= MIN_LENGTH_PX)
    apparent = np.degrees(np.arctan2(np.abs(line[:, 0]), -line[:, 1]))
    safe = np.maximum(length, 1.0)
    if deviations is None:
        ends = np.sqrt(2.0) * np.maximum(NOISE_FRACTION * safe, NOISE_FLOOR_PX)
    else:
        # Each end is the middle of two keypoints.
        left, right, *hips = deviations[:, _TORSO].astype(np.float64).T
        shoulders = left**2 + right**2 + 2.0 * SHOULDERS_CORRELATION * left * right
        ends = np.sqrt(shoulders + hips[0] ** 2 + hips[1] ** 2) / 2.0
    sigma = np.degrees(ends / safe)
    hips_at, shoulders_at = lower.astype(np.float64), upper.astype(np.float64)
    return TrunkView(np.where(visible, apparent, np.nan), sigma, length, visible, hips_at, shoulders_at)


def trunk_inclination(
    trunk: TrunkView,
    view: ViewParameters,
    usual_length: npt.NDArray[np.float64] | None = None,
    ground: Ground | None = None,
) -> list[Angle]:
    """Inclination of the trunk from vertical, degrees, one `Angle` a person.

    Args:
        trunk: from `trunk_view`.
        view: range of the camera's pitch.
        usual_length: (N,) px, the person's own trunk when it is not foreshortened at about this distance; nan where
            unknown. It closes the interval from above; without it any lean towards or away from the camera is possible.
        ground: the camera, where its mount is known: then the vertical and the pitch are those at the person's place,
            in perspective, and `view` is not used.
    """
    pitches = np.array([[view.pitch_low_deg], [view.pitch_high_deg]])
    spread = COVERAGE_Z * trunk.sigma
    least, most = np.maximum(trunk.apparent - spread, 0.0), np.minimum(trunk.apparent + spread, 180.0)
    low = least_inclination(least, pitches).min(axis=0)
    if usual_length is None:
        shortest = np.zeros_like(trunk.length)
    else:
        shortest = trunk.length / (LENGTH_SLACK * usual_length)
        shortest = np.where(np.isfinite(shortest), shortest, 0.0)
    shortest = np.clip(shortest, 0.0, 1.0)
    high = greatest_inclination(most, pitches, shortest).max(axis=0)
    if ground is not None and len(low):
        # Both ends move apart by half of what turns the line by the noise of its angle.
        noise = COVERAGE_Z * np.radians(trunk.sigma) * trunk.length / 2.0
        least_here, most_here = ground.inclination(trunk.hips, trunk.shoulders, shortest=shortest, noise=noise)
        here = np.isfinite(least_here) & np.isfinite(most_here)
        low, high = np.where(here, least_here, low), np.where(here, most_here, high)
    return [_angle(*row) for row in zip(trunk.visible, trunk.length, low, np.maximum(low, high), shortest, strict=True)]


def _angle(visible: bool, length: float, low: float, high: float, shortest: float) -> Angle:
    if not visible:
        short = length < MIN_LENGTH_PX
        return Angle.not_observable("trunk too short in the image" if short else "shoulders or hips not seen clearly")
    reason = "view of the person unknown" if shortest > 0 else "view and size of the person unknown"
    low, high = round(float(low), 2), round(float(high), 2)
    return Angle(round((low + high) / 2, 2), low, high, Status.BOUNDED, reason)
