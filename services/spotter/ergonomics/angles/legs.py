"""Hip and knee flexion from one camera. Pure, vectorised over people.

Both are angles between two segments (METHODS 6.1): the interval is over every pair of directions that the picture
allows (see `directions`), in which a knee only bends backwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spotter.ergonomics.angles.context import SHANK, THIGH, TRUNK, Context
from spotter.ergonomics.angles.directions import Directions, Floats, Part, cross, directions, dot
from spotter.ergonomics.angles.drawn import between, ends, evened, judged, may_be_straight, noise_between
from spotter.ergonomics.angles.values import Angles

_OUT = 0.10
"""Sine by which a thigh and a shank are out of the sagittal plane each: 6 degrees, standard deviation [D]."""

_SIDE = 0.235
"""By which the line from a hip to the shoulder above points outwards: shoulders are wider than hip joints by 0.07 of
the stature to either side, and 0.29 of it above them (Winter 2009, figure 4.1)."""

_BUILD = 3.0
"""Degrees by which that line may differ from person to person beyond its draws, to either side of a hip's interval [D]:
without it 87 % of the hips that are `ok` were inside (benchmarks/angles.py)."""

PARTS = (
    Part(11, 5, TRUNK, 1.03, -_SIDE, 0.16, -0.25), Part(12, 6, TRUNK, 1.03, _SIDE, 0.16, -0.25),
    Part(11, 13, THIGH, 1.0, 0.0, _OUT, -0.4), Part(12, 14, THIGH, 1.0, 0.0, _OUT, -0.4),
    Part(13, 15, SHANK, 1.0, 0.0, _OUT), Part(14, 16, SHANK, 1.0, 0.0, _OUT),
)  # fmt: skip

_FIRST, _SECOND = [0, 1, 2, 3], [2, 3, 4, 5]
"""Rows of `PARTS` that meet in each angle of `LegAngles`."""

_HINGE = np.float32(0.12)
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
    sides, thighs, shanks = found.vectors[:, :, :2], found.vectors[:, :, 2:4], found.vectors[:, :, 4:]
    draws = np.concatenate([180.0 - between(sides, thighs), between(thighs, shanks)], axis=1)
    weights = evened(draws)
    weights[:, 2:] *= _hinge(found, thighs, shanks)
    low, high = ends(draws, weights)
    low[:, :2], high[:, :2] = low[:, :2] - _BUILD, high[:, :2] + _BUILD
    noise = noise_between(found, _FIRST, _SECOND)
    low[:, :2][may_be_straight(found, noise[:, :2], _FIRST[:2], _SECOND[:2], opposed=True)] = 0.0
    low[:, 2:][may_be_straight(found, noise[:, 2:], _FIRST[2:], _SECOND[2:])] = 0.0
    return LegAngles(
        *judged(
            context,
            low,
            high,
            seen=found.seen[:, _FIRST] & found.seen[:, _SECOND],
            ratio=np.minimum(found.ratio[:, _FIRST], found.ratio[:, _SECOND]),
            noise=noise,
            known=np.ones(low.shape, np.bool_),
            least=np.zeros(len(_FIRST)),
            most=np.full(len(_FIRST), 180.0),
        )
    )


def _hinge(found: Directions, thighs: Floats, shanks: Floats) -> Floats:
    """(N, 2, M) how well each draw fits a joint that bends one way."""
    wrong = dot(cross(thighs, shanks), found.right)
    fits = np.float32(1.0) / (np.float32(1.0) + np.exp(np.minimum((wrong - _HINGE) * (3.0 / _HINGE), np.float32(30.0))))
    return np.where(np.isnan(fits), np.float32(1.0), fits + np.float32(1e-3))
