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

_FLOOR_SD = 0.03
"""The same of the floor under the feet, statures [D]."""

_TRUNK = (0.53, 0.83)
"""Heights of hips and shoulders, statures."""

_RAMPS_S = 0.25
"""Hands that move from rest to rest are slower than 0.15 m/s for so long at both ends together [D]: a smooth movement
of 0.5 to 1 m in 1 to 1.5 s (minimum jerk)."""

_STILL = 0.10
"""Hips that move no further than this before the lift, statures: the feet stand still [D]."""

_Z90 = 1.645
_OK_CM = 10.0
"""Half width up to which a height or distance is called known: 10 cm of V change the limit by 3 % (METHODS 1.9)."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Picture to metres, straight above the feet.

    With p pixels to an upright metre at the floor and a depth that changes by the share k per metre of height, a point
    z metres up is p z / (1 + k z) pixels above the floor.

    Attributes:
        px: best, least and greatest p.
        shrink: best, least and greatest k.
        assumed: p comes from a stature; then it goes with k, because a stature is measured on the trunk.
    """

    px: tuple[float, float, float]
    shrink: tuple[float, float, float]
    floor: float
    stature: float
    assumed: bool

    @classmethod
    def of(cls, still: Still) -> _Scale:
        view = still.view
        px = (still["px"], still["px_low"], still["px_high"])
        return cls(px, view.shrink, still["floor"], still["stature"], view.px_per_m is None)

    def metres(self, row: float) -> list[float]:
        """Height of a picture row, m: the best figure, then with p at either end, then with k at either end."""
        return [self._metre(self.floor - row, px, k) for px, k in self._ends()]

    def across(self, px: float, height: float) -> list[float]:
        """A level way across the picture at a height, m, as if the camera looked straight ahead; as `metres`."""
        return [px * (1 + k * height) / self._at_floor(one, k) for one, k in self._ends()]

    def _ends(self) -> list[tuple[float, float]]:
        px, shrink = self.px, self.shrink
        return [(px[0], shrink[0]), *((one, shrink[0]) for one in px[1:]), *((px[0], k) for k in shrink[1:])]

    def _metre(self, rise: float, px: float, k: float) -> float:
        return rise / max(self._at_floor(px, k) - k * rise, 1e-3)

    def _at_floor(self, px: float, k: float) -> float:
        """Pixels to a metre at the floor; one that comes from the trunk's length is larger than that."""
        if not self.assumed:
            return px
        return px * math.prod(1 + k * share * self.stature / self.px[0] for share in _TRUNK)


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
    seconds = to_seconds(way.destination_at - way.origin_at) + _RAMPS_S
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
        asymmetry=_asymmetry(origin, scales[0], hand, still_feet=way.walked <= _STILL),
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
    seen = scale.metres(still[f"{hand}_y"])
    tilt = _tilts(still.view, REACH_M)
    reason = "" if still.settled or way.origin.settled else "the person was not seen upright before"
    low, high = _together(seen, _blur(still, scale, floor=True), (tilt[1] - tilt[0]) / 2)
    shift = sum(tilt) / 2
    return _centimetres(seen[0] - shift, low - shift, high - shift, reason)


def _travel(origin: Still, destination: Still, scales: tuple[_Scale, _Scale], hand: str) -> Measure:
    """D: vertical way between origin and destination, cm; what the floor may be off hardly matters here."""
    before, after = (
        scale.metres(still[f"{hand}_y"]) for scale, still in zip(scales, (origin, destination), strict=True)
    )
    ways = [end - begin for begin, end in zip(before, after, strict=True)]
    sign = 1 if ways[0] >= 0 else -1
    tilt = _tilts(origin.view, (-_CHANGE_M, _CHANGE_M))
    noise = _blur(origin, scales[0]), _blur(destination, scales[1])
    low, high = _together([sign * one for one in ways], *noise, max(abs(one) for one in tilt))
    return _centimetres(sign * ways[0], low, high, "")


def _together(figures: list[float], *widths: float) -> tuple[float, float]:
    """Interval around the first figure from independent errors: half widths, and two pairs of further figures, each at
    the ends of one error (90 % each, so the root of the sum of their squares)."""
    best = figures[0]
    down = [max(0.0, best - min(pair)) for pair in (figures[1:3], figures[3:5])]
    up = [max(0.0, max(pair) - best) for pair in (figures[1:3], figures[3:5])]
    return best - math.hypot(*down, *widths), best + math.hypot(*up, *widths)


def _blur(still: Still, scale: _Scale, *, floor: bool = False) -> float:
    """Half width of what keypoints add to a height or distance, m."""
    metre = scale.stature / scale.px[0]
    feet = _FLOOR_SD * metre if floor else 0.0
    # Neither the second hand nor more frames help: a load hides both hands alike, and errors stay for a second.
    return _Z90 * math.hypot(still["noise"] / scale.px[0], _KNUCKLES_SD_M, feet)


def _asymmetry(origin: Still, scale: _Scale, hand: str, *, still_feet: bool) -> Measure:
    """A at the origin, degrees."""
    height = scale.metres(origin[f"{hand}_y"])[0]
    across = scale.across(origin[f"{hand}_x"] - origin["feet_x"], height)
    blur = _blur(origin, scale, floor=True) + (max(across) - min(across)) / 2
    return asymmetry(origin.view, across[0], blur, still_feet=still_feet)


def _tilts(view: LiftView, reach: tuple[float, float]) -> tuple[float, float]:
    """By how much hands that are so far before the feet seem too high, m: least and greatest over view and pitch."""
    low, high = view.yaw or (0.0, 90.0)
    signs = (view.away,) if view.away and view.yaw is not None else (-1, 1)
    depths = [sign * ahead * math.sin(math.radians(yaw)) for sign in signs for ahead in reach for yaw in (low, high)]
    seem = [depth * math.tan(math.radians(min(pitch, 75.0))) for depth in depths for pitch in view.pitch]
    return min(seem), max(seem)


def _reach(still: Still, scale: _Scale, hand: str, parameters: LiftParameters) -> Measure:
    """H: distance on the floor from mid-ankle to mid-hand, cm."""
    height = scale.metres(still[f"{hand}_y"])[0]
    across = scale.across(abs(still[f"{hand}_x"] - still["feet_x"]), height)
    level = [math.cos(math.radians(pitch)) for pitch in still.view.pitch]
    cosine, spread = sum(level) / 2, abs(level[1] - level[0]) / 2
    figures = [one * cosine for one in across]
    best = figures[0]
    ends = _together(figures, _blur(still, scale, floor=True), across[0] * spread)
    low, high = max(0.0, ends[0]), ends[1]
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
