"""Hip and knee flexion from one camera. Pure, vectorised over people.

Both are angles between two segments (METHODS 6.1): the interval is over every pair of directions that the picture
allows (see `directions`), in which a knee only bends backwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import SHANK, THIGH, TRUNK, Context
from spotter.ergonomics.angles.directions import Directions, Part, directions
from spotter.ergonomics.angles.drawn import between, dot, ends, evened, judged
from spotter.ergonomics.angles.values import Angles

_OUT = 0.20
"""Sine by which a thigh and a shank are out of the sagittal plane: 12 degrees, standard deviation [D]."""

_SIDE = 0.235
"""By which the line from a hip to the shoulder above points outwards: shoulders are wider than hip joints by 0.07 of
the stature to either side, and 0.29 of it above them (Winter 2009, figure 4.1)."""

PARTS = (
    Part(11, 5, TRUNK, 1.03, -_SIDE, 0.16, -0.25), Part(12, 6, TRUNK, 1.03, _SIDE, 0.16, -0.25),
    Part(11, 13, THIGH, 1.0, 0.0, _OUT, -0.4), Part(12, 14, THIGH, 1.0, 0.0, _OUT, -0.4),
    Part(13, 15, SHANK, 1.0, 0.0, _OUT), Part(14, 16, SHANK, 1.0, 0.0, _OUT),
)  # fmt: skip

_HINGE = 0.12
"""By how much the sine of a knee's flexion may seem to go the wrong way, for legs that are turned out [D]."""


class LegAngles(NamedTuple):
    """Fields of `BodyAngles`, (N,) each."""

    left_hip_flexion: Angles
    right_hip_flexion: Angles
    left_knee_flexion: Angles
    right_knee_flexion: Angles


def leg_angles(context: Context) -> LegAngles:
    """Judge the legs of everybody in the frame."""
    found = directions(context, PARTS)
    sides, thighs, shanks = (found.vectors[:, :, index : index + 2] for index in (0, 2, 4))
    hips, knees = 180.0 - between(sides, thighs), between(thighs, shanks)
    weights = _hinge(found, thighs, shanks) * evened(knees)
    (hip_low, hip_high), (knee_low, knee_high) = ends(hips, evened(hips)), ends(knees, weights)

    def angle(
        low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], side: int, first: int, second: int
    ) -> Angles:
        pair = [first + side, second + side]
        seen = np.asarray(found.seen[:, pair].all(axis=1))
        return judged(context, low[:, side], high[:, side], seen=seen, ratio=found.ratio[:, pair])

    return LegAngles(
        angle(hip_low, hip_high, 0, 0, 2),
        angle(hip_low, hip_high, 1, 0, 2),
        angle(knee_low, knee_high, 0, 2, 4),
        angle(knee_low, knee_high, 1, 2, 4),
    )


def _hinge(
    found: Directions, thighs: npt.NDArray[np.float64], shanks: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(M, N, 2) how well each draw fits a joint that bends one way."""
    wrong = dot(np.cross(thighs, shanks), found.right[:, :, None, :])
    fits = 1.0 / (1.0 + np.exp(np.clip((wrong - _HINGE) / (_HINGE / 3.0), -50.0, 50.0)))
    return np.where(np.isnan(fits), 1.0, fits + 1e-3)
