"""Asymmetry of a lift: how far the hands are to the side of where the body faces (METHODS 1.4, 7.2). Pure.

The angle between the sagittal line through mid-ankle and the line from there to mid-hand, on the floor. Keypoints hold
no toes, so the sagittal line is the heading of the pelvis just before the reach, with feet that stand still. A camera
sees only what is across the picture; how far the hands are before the body lies between bounds, so a side view says
nothing and a frontal view a lot.
"""

from __future__ import annotations

import math

from spotter.core.contracts import Angle, Measure, Status
from spotter.ergonomics.events.lift_signals import LiftView

MOST_DEG = 135.0
"""The lifting equation knows no asymmetry beyond this (METHODS 1.1)."""

_AHEAD_M = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65)
"""Distances of the hands from the ankles that are tried, m: the usual reach [D]."""

_BEHIND_DEG = 120.0
"""Nobody lifts with the hands further behind the body [D]."""

_STEPS = 9
_OK_DEG = 10.0
_SAYS_DEG = (5.0, 75.0)
"""An interval from below the first to above the second says nothing [D]."""


def asymmetry(view: LiftView, across: float, blur: float, *, still_feet: bool) -> Measure:
    """A, degrees.

    Args:
        across: from mid-ankle to mid-hand across the picture, m, to the right positive.
        blur: how much of that keypoints and size may make, m.
        still_feet: whether the feet stood still while the hands went to the origin.
    """
    if view.asymmetry is not None:
        return _magnitude(view.asymmetry)
    if not still_feet:
        return _unknown("the feet moved before the lift")
    if view.yaw is None:
        return _unknown("view unknown")
    if not view.away and view.yaw[1] > 45.0:
        return _unknown("whether the person faces the camera is not known")
    found = [
        angle
        for yaw in _spread(*view.yaw)
        for side in _sides(view.right)
        for shift in (across - blur, across, across + blur)
        for ahead in (*_AHEAD_M, _straight(yaw, shift), max(abs(shift), _AHEAD_M[0]))
        for angle in _angles(yaw, side, view.away, shift, ahead)
    ]
    if not found:
        return _unknown("hands, feet and view do not fit together")
    low, high = min(found), max(found)
    if low <= 0.0 <= high:
        low, high = 0.0, max(-low, high)
    else:
        low, high = min(abs(low), abs(high)), max(abs(low), abs(high))
    if low < _SAYS_DEG[0] and high > _SAYS_DEG[1]:
        return _unknown("it is not seen in this view")
    known = high - low <= 2 * _OK_DEG
    return Measure(
        round((low + high) / 2, 1), round(low, 1), round(min(high, 180.0), 1), "degrees",
        Status.OK if known else Status.BOUNDED, "" if known else "how far the hands are before the body is not seen",
    )  # fmt: skip


def _angles(yaw: float, side: int, away: int, across: float, ahead: float) -> list[float]:
    """Signed angles of hands `across` m to the right in the picture and `ahead` m from the ankles on the floor.

    With u the unit vector of the sagittal line, (side cos yaw, away sin yaw) in the picture's level axes, the hands are
    where the circle of radius `ahead` meets the column: nearer to the camera or further away, which is not seen.
    """
    if abs(across) > ahead:
        return []
    ux, uy = side * math.cos(math.radians(yaw)), (away or 1) * math.sin(math.radians(yaw))
    depth = math.sqrt(max(ahead * ahead - across * across, 0.0))
    angles = [math.degrees(math.atan2(ux * y - uy * across, ux * across + uy * y)) for y in (depth, -depth)]
    return [angle for angle in angles if abs(angle) <= _BEHIND_DEG]


def _magnitude(angle: Angle) -> Measure:
    """To whichever side."""
    ends = abs(angle.low), abs(angle.high)
    low = 0.0 if angle.low <= 0.0 <= angle.high else min(ends)
    value = None if angle.value is None else abs(angle.value)
    return Measure(value, low, max(ends), "degrees", angle.status, angle.reason)


def _straight(yaw: float, across: float) -> float:
    """How far the hands are where they are straight before the body, within the usual reach, m."""
    seen = abs(across) / max(math.cos(math.radians(yaw)), 1e-6)
    return min(max(seen, _AHEAD_M[0]), _AHEAD_M[-1])


def _spread(low: float, high: float) -> list[float]:
    return [low + (high - low) * index / (_STEPS - 1) for index in range(_STEPS)]


def _sides(right: int) -> tuple[int, ...]:
    return (right,) if right else (-1, 1)


def _unknown(reason: str) -> Measure:
    return Measure.not_observable(reason, 0.0, MOST_DEG, "degrees")
