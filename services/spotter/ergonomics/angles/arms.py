"""Upper arms against the trunk and against gravity, and elbows, from one camera. Pure, vectorised over people.

Definitions as in `joints3d`; the intervals are over every direction that the picture allows (see `directions`). The
split into flexion and abduction is in the trunk's frame, so it needs the heading.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.context import FOREARM, TRUNK, UPPER_ARM, Context
from spotter.ergonomics.angles.directions import MID_HIPS, MID_SHOULDERS, Part, directions
from spotter.ergonomics.angles.drawn import between, dot, ends, evened, judged, turning, unit
from spotter.ergonomics.angles.values import OK, Angles

PARTS = (
    Part(MID_HIPS, MID_SHOULDERS, TRUNK, 1.0, 0.0, 0.14, -0.25),
    Part(5, 7, UPPER_ARM), Part(6, 8, UPPER_ARM), Part(7, 9, FOREARM), Part(8, 10, FOREARM),
)  # fmt: skip

_DOWN = np.array([0.0, 0.0, -1.0])

_SINGULAR = 60.0
"""Flexion of an arm that is raised sideways by more than this says little: it turns about itself [D]."""


class ArmAngles(NamedTuple):
    """Fields of `BodyAngles`, (N,) each."""

    left_upper_arm_trunk: Angles
    right_upper_arm_trunk: Angles
    left_upper_arm_gravity: Angles
    right_upper_arm_gravity: Angles
    left_upper_arm_flexion: Angles
    right_upper_arm_flexion: Angles
    left_upper_arm_abduction: Angles
    right_upper_arm_abduction: Angles
    left_elbow_flexion: Angles
    right_elbow_flexion: Angles


def arm_angles(context: Context) -> ArmAngles:
    """Judge the arms of everybody in the frame."""
    found = directions(context, PARTS)
    trunk, uppers, forearms = found.vectors[:, :, :1], found.vectors[:, :, 1:3], found.vectors[:, :, 3:]
    right = found.right[:, :, None, :]
    right = unit(right - dot(right, trunk)[..., None] * trunk)
    outward = np.concatenate([-right, right], axis=2)
    flexion = np.degrees(np.arctan2(dot(uppers, np.cross(trunk, right)), -dot(uppers, trunk)))
    abduction = np.degrees(np.arcsin(np.clip(dot(uppers, outward), -1.0, 1.0)))
    flexions, abductions = turning(np.nan_to_num(flexion)), ends(np.nan_to_num(abduction))
    facing = context.facing.status == OK
    anywhere = np.isnan(context.facing.headings).any(axis=0)

    def angle(
        pair: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        side: int,
        columns: list[int],
        *,
        framed: bool = False,
        least: float = 0.0,
        most: float = 180.0,
    ) -> Angles:
        low, high = pair[0][:, side], pair[1][:, side]
        if framed:
            low, high = np.where(anywhere, least, low), np.where(anywhere, most, high)
            low, high = _within(low, high, least, most)
        seen = np.asarray(found.seen[:, columns].all(axis=1))
        known = facing if framed else True
        return judged(context, low, high, seen=seen, ratio=found.ratio[:, columns], known=known, least=least, most=most)

    trunks, gravity, elbows = (
        ends(draws, evened(draws))
        for draws in (180.0 - between(trunk, uppers), between(uppers, _DOWN), between(uppers, forearms))
    )
    sideways = np.maximum(np.abs(abductions[0]), np.abs(abductions[1])) > _SINGULAR
    flexions = np.where(sideways, -180.0, flexions[0]), np.where(sideways, 180.0, flexions[1])
    sides = (0, 1)
    return ArmAngles(
        *(angle(trunks, side, [0, 1 + side]) for side in sides),
        *(angle(gravity, side, [1 + side]) for side in sides),
        *(angle(flexions, side, [0, 1 + side], framed=True, least=-180.0) for side in sides),
        *(angle(abductions, side, [0, 1 + side], framed=True, least=-90.0, most=90.0) for side in sides),
        *(angle(elbows, side, [1 + side, 3 + side]) for side in sides),
    )


def _within(
    low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], least: float, most: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """An interval that passes the end of the range goes on at its beginning: then it is the whole range."""
    passes = (low < least) | (high > most)
    return np.where(passes, least, low), np.where(passes, most, high)
