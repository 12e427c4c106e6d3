"""From where the hands were to the figures of a lift, as intervals that hold the truth in 90 %. Pure.

A picture row says how high a point is above the feet, and further back or nearer to the camera than they are it says
something else: with d metres further away and a camera that looks down by e, a point seems d tan e higher. How far the
hands are before the feet is not seen in a frontal view, so heights are intervals, and wide ones where a camera looks
down steeply at somebody who faces it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from spotter.core.clock import to_seconds
from spotter.core.contracts import Measure, Status
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events import lift_origin as posture
from spotter.ergonomics.events.lift_asymmetry import asymmetry
from spotter.ergonomics.events.lift_signals import LiftView
from spotter.ergonomics.events.lift_style import style_of
from spotter.ergonomics.events.lift_turns import Still
from spotter.ergonomics.events.lift_values import Lift, LiftFlag
from spotter.ergonomics.events.lift_way import Way

REACH_M = (0.10, 0.65)
"""How far before the ankles hands are in a lift: beyond 0.63 m the lifting equation has no limit, and nearer than
0.25 m the body is in the way of most loads [D]."""

FURTHEST_CM = 80.0
"""No hands are further from the ankles than this: the end of the ACGIH zones (METHODS 5.3)."""

_CHANGE_M = 0.35
"""By how much that distance changes within a lift at most [D]."""

_KNUCKLES_SD_M = 0.02
"""What the way from wrist to knuckles may be off, standard deviation [D]."""

_FLOOR_SD = 0.02
"""The same of the floor under the feet, statures [D]."""

_Z90 = 1.645
_OK_CM = 10.0
"""Half width up to which a height or distance is called known: 10 cm of V change the limit by 3 % (METHODS 1.9)."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Picture to metres: pixels to an upright metre, best, least, greatest; floor row; stature px."""

    px: tuple[float, float, float]
    floor: float
    stature: float

    @classmethod
    def of(cls, still: Still) -> _Scale:
        return cls((still["px"], still["px_low"], still["px_high"]), still["floor"], still["stature"])


def lift_from(way: Way, ended_at: int, parameters: LiftParameters, *, returned: bool) -> Lift:
    """The lift of a way whose destination was reached."""
    origin, destination = way.origin, way.destination
    assert destination is not None
    if origin.view.yaw is None and not way.stepped:
        origin = replace(origin, view=destination.view)
    scales = _scales(origin, destination, way.stepped > parameters.carry_steps)
    hand = _hand(way)
    ends = ((origin, scales[0]), (destination, scales[1]))
    heights = [_height(still, scale, hand, way) for still, scale in ends]
    reaches = [_reach(still, scale, hand, parameters) for still, scale in ends]
    style, index = style_of(origin, parameters)
    seconds = to_seconds(way.destination_at - way.origin_at)
    travel = _travel(origin, destination, scales, hand)
    low, high = (end / 100 / seconds for end in (travel.low, travel.high))
    speed = Measure((travel.value or 0.0) / 100 / seconds, low, high, "m/s", travel.status, travel.reason)
    return Lift(
        started_at=way.reached_at,
        origin_at=way.origin_at,
        destination_at=way.destination_at,
        ended_at=ended_at,
        vertical_origin=heights[0],
        vertical_destination=heights[1],
        travel=travel,
        horizontal_origin=reaches[0],
        horizontal_destination=reaches[1],
        asymmetry=asymmetry(origin, scales[0].px, still_feet=way.walked <= 0.1),
        speed=speed,
        direction="up" if way.sign > 0 else "down",
        style=style,
        style_index=index,
        flags=_flags(way, destination, speed, parameters, returned=returned),
        steps=way.stepped,
    )


def _scales(origin: Still, destination: Still, carried: bool) -> tuple[_Scale, _Scale]:
    """One scale for both ends, from upright frames if there were any before; each its own where the feet went."""
    before, after = _Scale.of(origin), _Scale.of(destination)
    if carried:
        return before, after
    best = before if origin.settled or not destination.settled else after
    return best, best


def _flags(
    way: Way, destination: Still, speed: Measure, parameters: LiftParameters, *, returned: bool
) -> tuple[LiftFlag, ...]:
    found = {
        LiftFlag.CARRY: way.stepped > parameters.carry_steps,
        LiftFlag.ONE_HAND: way.one_hand,
        LiftFlag.HIGH_SPEED: (speed.value or 0.0) >= parameters.high_speed,
        LiftFlag.SEATED: posture.seated(way.origin, destination),
        LiftFlag.KNEELING: posture.kneeling(way.origin, destination),
        LiftFlag.RETURNED: returned,
    }
    return tuple(flag for flag, here in found.items() if here)


def _hand(way: Way) -> str:
    """Whose place counts: the middle of both hands, or the one that moves alone."""
    return way.working_hand if way.one_hand else "middle"


def _height(still: Still, scale: _Scale, hand: str, way: Way) -> Measure:
    """V: height of the hands above the floor, cm."""
    rise = scale.floor - still[f"{hand}_y"]
    metre = scale.stature / scale.px[0]
    blur = _Z90 * math.sqrt((still["noise"] / scale.px[0]) ** 2 + _KNUCKLES_SD_M**2 + (_FLOOR_SD * metre) ** 2)
    tilts = _tilts(still.view, REACH_M)
    ends = [rise / px - tilt for px in scale.px[1:] for tilt in tilts]
    best = rise / scale.px[0] - sum(tilts) / 2
    reason = "" if still.settled or way.origin.settled else "the person was not seen upright before"
    return _centimetres(best, min(ends) - blur, max(ends) + blur, reason)


def _travel(origin: Still, destination: Still, scales: tuple[_Scale, _Scale], hand: str) -> Measure:
    """D: vertical way between origin and destination, cm; what the floor may be off does not matter here."""
    ends = []
    for index in range(3):
        before, after = (
            (scale.floor - still[f"{hand}_y"]) / scale.px[index]
            for scale, still in zip(scales, (origin, destination), strict=True)
        )
        ends.append(after - before)
    noise = math.hypot(origin["noise"], destination["noise"]) / scales[0].px[0]
    blur = _Z90 * math.hypot(noise, math.sqrt(2) * _KNUCKLES_SD_M)
    tilt = max(abs(one) for one in _tilts(origin.view, (-_CHANGE_M, _CHANGE_M)))
    sign = 1 if ends[0] >= 0 else -1
    ways = [sign * end for end in ends]
    return _centimetres(ways[0], max(0.0, min(ways) - blur - tilt), max(ways) + blur + tilt, "")


def _tilts(view: LiftView, reach: tuple[float, float]) -> tuple[float, float]:
    """By how much hands that are so far before the feet seem too high, m: least and greatest over view and pitch."""
    low, high = view.yaw or (0.0, 90.0)
    signs = (view.away,) if view.away and view.yaw is not None else (-1, 1)
    depths = [sign * ahead * math.sin(math.radians(yaw)) for sign in signs for ahead in reach for yaw in (low, high)]
    seem = [depth * math.tan(math.radians(min(pitch, 75.0))) for depth in depths for pitch in view.pitch]
    return min(seem), max(seem)


def _reach(still: Still, scale: _Scale, hand: str, parameters: LiftParameters) -> Measure:
    """H: distance on the floor from mid-ankle to mid-hand, cm."""
    across = abs(still[f"{hand}_x"] - still["feet_x"])
    blur = _Z90 * math.hypot(still["noise"] / scale.px[0], _KNUCKLES_SD_M, _FLOOR_SD * scale.stature / scale.px[0])
    cosines = [math.cos(math.radians(pitch)) for pitch in still.view.pitch]
    seen = [across / px * cosine for px in scale.px[1:] for cosine in cosines]
    best = across / scale.px[0] * sum(cosines) / 2
    low, high = max(0.0, min(seen) - blur), max(seen) + blur
    yaw = still.view.yaw
    if yaw is None or yaw[1] > parameters.near_side_deg:
        why = "view unknown" if yaw is None else "seen from the front, the back or aslant"
        if 100 * low < 100 * REACH_M[0]:
            return Measure.not_observable(why, 0.0, FURTHEST_CM, "cm")
        return Measure(None, round(100 * low, 1), max(FURTHEST_CM, round(100 * low, 1)), "cm", Status.BOUNDED, why)
    near, far = (1 / math.cos(math.radians(angle)) for angle in yaw)
    return _centimetres(best * (near + far) / 2, low * near, high * far, "")


def _centimetres(value: float, low: float, high: float, reason: str) -> Measure:
    """Metres in, a measure in centimetres out; heights and distances are not negative."""
    ends = [round(100 * max(0.0, one), 1) for one in (value, low, high)]
    wide = ends[2] - ends[1] > 2 * _OK_CM
    status = Status.BOUNDED if wide or reason else Status.OK
    return Measure(ends[0], min(ends[0], ends[1]), max(ends[0], ends[2]), "cm", status, reason or _why(wide))


def _why(wide: bool) -> str:
    return "size, view or pitch not known closely enough" if wide else ""
