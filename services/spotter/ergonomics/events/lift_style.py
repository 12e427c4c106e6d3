"""Posture at the origin of a lift: the continuous postural index first, a name second (METHODS 7.3). Pure.

After Burgess-Limerick & Abernethy 1997 (doi 10.1518/001872097778940632): knee flexion over the sum of ankle, hip and
lumbar flexion; near 0 stoop, near 1 full squat, whatever the height of the load. The lumbar spine is not among the
keypoints, so here it is knee / (hip + ankle), the hip between shoulder, hip and knee taking the spine in. No posture is
a fault: what matters for the back is load, distance, height, reach, asymmetry, frequency and duration.
"""

from __future__ import annotations

from spotter.core.contracts import Measure, Status
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift_turns import Still
from spotter.ergonomics.events.lift_values import LiftStyle

_ANGLE_DEG = 8.0
"""What 90 % of limb angles from one near-side camera are within [D]; knee and hip errors are taken as opposite."""

_OK = 0.15
"""Half width up to which the index is called known [D]."""

_STOOP, _STOOP_KNEE_DEG = 0.3, 45.0
_SQUAT, _SQUAT_KNEE_DEG = 0.7, 80.0
"""Limits of the names [D] (METHODS 7.3)."""

_LEAST_BEND_DEG = 30.0
"""With hip and ankle together bent less than this there is no posture to name: somebody stands [D]."""


def style_of(origin: Still, parameters: LiftParameters) -> tuple[LiftStyle, Measure]:
    """(name, index) of the posture in which the hands were at the origin."""
    yaw = origin.view.yaw
    knee, hip, shank = (origin.get(name) for name in ("knee", "hip", "shank"))
    if knee is None or hip is None or shank is None:
        return LiftStyle.UNKNOWN, Measure.not_observable("legs not seen", 0.0, 1.0, "")
    if yaw is None or yaw[1] > parameters.near_side_deg:
        why = "view unknown" if yaw is None else "flexion is not seen from the front, the back or aslant"
        return LiftStyle.UNKNOWN, Measure.not_observable(why, 0.0, 1.0, "")
    if hip + shank < _LEAST_BEND_DEG:
        return LiftStyle.UNKNOWN, Measure.not_observable("upright", 0.0, 1.0, "")
    index = postural_index(knee, hip, shank)
    ends = (
        postural_index(max(0.0, knee - _ANGLE_DEG), hip + _ANGLE_DEG, shank),
        postural_index(knee + _ANGLE_DEG, hip - _ANGLE_DEG, shank),
    )
    known = ends[1] - ends[0] <= 2 * _OK
    measure = Measure(
        round(index, 3), round(ends[0], 3), round(ends[1], 3), "", Status.OK if known else Status.BOUNDED,
        "" if known else "little bent, so angles are not known closely enough",
    )  # fmt: skip
    return style_by(index, knee), measure


def postural_index(knee_deg: float, hip_deg: float, ankle_deg: float) -> float:
    """PI' of three flexions, degrees; 0 where hip and ankle are straight."""
    bend = hip_deg + ankle_deg
    return knee_deg / bend if bend > 0 else 0.0


def style_by(index: float, knee_deg: float) -> LiftStyle:
    """The name that goes with an index and a knee flexion, degrees."""
    if index < _STOOP and knee_deg < _STOOP_KNEE_DEG:
        return LiftStyle.STOOP
    if index > _SQUAT and knee_deg > _SQUAT_KNEE_DEG:
        return LiftStyle.SQUAT
    return LiftStyle.SEMI_SQUAT
