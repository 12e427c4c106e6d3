"""From the keypoints of one person to the signals of the lift rule: hands, feet, trunk and legs. Pure.

A metre is what the camera's calibration says where there is one, else a share of a stature that is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from spotter.core.contracts import FloatArray
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift_signals import LiftSignals, LiftView, Spot
from spotter.ergonomics.gates import RAW, Gates
from spotter.ergonomics.tracking.scale import Scale

_KNUCKLES = 0.046
"""Wrist to the middle knuckle as a share of stature (METHODS 7.1) [D]."""

_FOREARM = 0.146
"""Elbow to wrist as a share of stature: Drillis & Contini (Winter 2009, fig. 4.1)."""

_NOISE = 0.02
"""Standard deviation of a wrist without a calibrated model, as a share of stature [D]."""

_Z90 = 1.645
"""Middle 90 % of a normal distribution, as for the angles."""

_STATURE_PX_SD = 0.04
"""How far the length of a standing person in the picture may be off, as a share of it [D]."""


def lift_signals(
    keypoints: FloatArray,
    confidences: FloatArray,
    deviations: FloatArray | None,
    scale: Scale,
    parameters: LiftParameters,
    view: LiftView | None = None,
    *,
    settled: bool = True,
    gates: Gates = RAW,
) -> LiftSignals | None:
    """What the lift rule sees of one person.

    Args:
        keypoints: (17, 2) px.
        confidences: (17,).
        deviations: (17,) px; None where the model is not calibrated.
        scale: the person's size and floor in the picture.
        settled: whether it comes from their own upright frames.

    Returns:
        None where hips or shoulders are not seen, or the numbers are no numbers.
    """
    confident = confidences.tolist()
    if min(confident[5], confident[6], confident[11], confident[12]) < gates.torso:
        return None
    points = keypoints.tolist()
    if not (math.isfinite(sum(map(sum, points))) and math.isfinite(scale.stature + scale.floor) and scale.stature > 1):
        return None
    view = view or LiftView()
    left, right = (_hand(points, confident, side, scale.stature, gates) for side in (0, 1))
    shoulders, hips = _middle(points, 5), _middle(points, 11)
    ankles = min(confident[15], confident[16]) >= gates.legs
    knees = min(confident[13], confident[14]) >= gates.legs
    noise = _NOISE * scale.stature
    if deviations is not None:
        noise = math.hypot(float(deviations[9]), float(deviations[10])) / math.sqrt(2)
    return LiftSignals(
        left=left,
        right=right,
        hips=hips,
        shoulders=shoulders,
        ankles=((points[15][0], points[15][1]), (points[16][0], points[16][1])) if ankles else None,
        knees=_middle(points, 13) if knees else None,
        trunk=math.degrees(math.atan2(abs(shoulders[0] - hips[0]), hips[1] - shoulders[1])),
        legs=_legs([_leg(points, side) for side in (0, 1) if _seen(confident, side, gates)]),
        noise=noise if math.isfinite(noise) else _NOISE * scale.stature,
        stature=scale.stature,
        floor=scale.floor,
        settled=settled,
        px_per_m=view.px_per_m or _assumed(scale, parameters),
        view=view,
    )


def _assumed(scale: Scale, parameters: LiftParameters) -> tuple[float, float, float]:
    """Pixels to a metre where the person is as tall as people are: best, least, greatest."""
    share = _Z90 * math.hypot(parameters.stature_sd_m / parameters.stature_m, _STATURE_PX_SD)
    best = scale.stature / parameters.stature_m
    return best, best * (1 - share), best * (1 + share)


def _middle(points: Sequence[Sequence[float]], left: int) -> Spot:
    (ax, ay), (bx, by) = points[left], points[left + 1]
    return (ax + bx) / 2, (ay + by) / 2


def _hand(
    points: Sequence[Sequence[float]], confident: Sequence[float], side: int, stature: float, gates: Gates
) -> Spot | None:
    """Knuckles of one hand, px: on from the wrist, as far as the forearm is seen in its length."""
    if confident[9 + side] < gates.legs:
        return None
    x, y = points[9 + side]
    if confident[7 + side] < gates.legs:
        return x, y
    along = x - points[7 + side][0], y - points[7 + side][1]
    length = math.hypot(*along)
    if length < 1e-6:
        return x, y
    step = min(_KNUCKLES / _FOREARM, _KNUCKLES * stature / length)
    return x + step * along[0], y + step * along[1]


def _seen(confident: Sequence[float], side: int, gates: Gates) -> bool:
    return min(confident[11 + side], confident[13 + side], confident[15 + side]) >= gates.legs


def _leg(points: Sequence[Sequence[float]], side: int) -> tuple[float, float, float]:
    """(knee flexion, hip flexion, inclination of the lower leg) of one side in the picture, degrees."""
    shoulder, hip, knee, ankle = (points[start + side] for start in (5, 11, 13, 15))
    shank = math.degrees(math.atan2(abs(knee[0] - ankle[0]), ankle[1] - knee[1]))
    return _flexion(hip, knee, ankle), _flexion(shoulder, hip, knee), shank


def _flexion(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> float:
    """180 degrees less the angle at b; 0 is straight."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], c[0] - b[0], c[1] - b[1]
    return math.degrees(math.atan2(abs(ux * vy - uy * vx), ux * vx + uy * vy))


def _legs(sides: list[tuple[float, float, float]]) -> tuple[float, float, float] | None:
    if not sides:
        return None
    knee, hip, shank = (sum(values) / len(sides) for values in zip(*sides, strict=True))
    return knee, hip, shank
