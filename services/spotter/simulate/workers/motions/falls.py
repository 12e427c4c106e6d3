"""Falls: over the feet in any direction, from a seat, from a ladder, and a slow collapse.

A body that has lost its balance goes over like a pole that stands on its foot: the angle grows as a hyperbolic cosine
with the time constant of a rod of the body's length, sqrt(2 L / 3 g). Legs and hips give way on the way down by a share
of their length. When the floor takes the body up follows from the posture; the time of impact is that moment, and is
told as an event whatever the frame rate.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from spotter.simulate.workers.channels import both, hands
from spotter.simulate.workers.motions.gait import step
from spotter.simulate.workers.motions.sitting import standing, take_over
from spotter.simulate.workers.timeline import Timeline

_G = 9.81
_START, _END = 5.0, 84.0
"""Degrees from vertical at which balance is lost for good, and at which the body is down."""

_KEYS = 12

_ON = 0.15
"""Seconds by which the script goes on beyond the impact, into the floor, which stops the body [D]: it hits the floor at
speed."""

_AHEAD = {"forward": (1.0, 0.0), "backward": (-1.0, 0.0), "left": (0.0, 1.0), "right": (0.0, -1.0)}
"""By direction, ahead and to the left."""


class Direction(StrEnum):
    """Where somebody falls to, seen from themselves."""

    FORWARD = "forward"
    BACKWARD = "backward"
    LEFT = "left"
    RIGHT = "right"


_GIVES_WAY = {Direction.FORWARD: 0.10, Direction.BACKWARD: 0.38, Direction.LEFT: 0.25, Direction.RIGHT: 0.25}
"""Share of the leg's length that is lost in the middle of the fall [D]."""


def fall(t: Timeline, direction: Direction) -> None:
    """Lose balance where one stands and end on the floor, lying."""
    onset, tall = t.clock, t.body.stature
    tau = t.chance.uniform(1.05, 1.25) * float(np.sqrt(2 * tall / 3 / _G))
    over = onset + 0.35
    take_over(t, onset)
    down = over + tau * float(np.arccosh(_END / _START))
    seconds = np.linspace(0.0, down + _ON - over, _KEYS)
    angles = np.minimum(_START * np.cosh(seconds / tau), 150.0)
    forward, left = _AHEAD[direction]
    turned, sign = ("pitch", forward) if forward else ("roll", -left)
    path: list[tuple[float, dict[str, float]]] = [(onset, {})]
    for at, angle in zip(over + seconds, angles, strict=True):
        tilt = np.radians(angle)
        length = standing(t) * (1 - _GIVES_WAY[direction] * np.sin(min(tilt, np.pi / 2)) ** 2)
        x, y = t.ahead(*(way * length * np.sin(min(tilt, np.pi / 2)) for way in (forward, left)))
        path.append((float(at), {"x": x, "y": y, "height": float(length * np.cos(tilt)), turned: sign * float(angle)}))
    t.along(path)
    t.event(f"fall_onset:{direction}", onset)
    _posture(t, direction, over, down)
    t.lose_balance(onset)
    t.clock = down + 0.6


def _posture(t: Timeline, direction: Direction, over: float, down: float) -> None:
    """Trunk, head and limbs on the way down and on the floor."""
    middle, late = over + 0.55 * (down - over), over + 0.8 * (down - over)
    side = t.chance.pick((1.0, -1.0))
    t.move(late, down + 0.3, {**both(loose=1.0)})
    if direction is Direction.FORWARD:
        t.along([(over, {}), (middle, {"flexion": 16.0}), (down, {"flexion": 0.0}), (down + 0.3, {"flexion": -2.0})])
        t.along([(over, {}), (late, {"nod": -35.0}), (down + 0.5, {"nod": -6.0})])
        t.move(down - 0.15, down + 0.5, {"turn": side * 62.0})
        t.move(over, down, {**both(heel=66.0)})
        t.move(over, down + 0.5, {"thigh_l": 2.0, "thigh_r": 2.0, "bend_l": 10.0, "bend_r": 22.0, **both(spread=10.0)})
        t.along([(over, {}), (late, both(elevation=95.0, plane=20.0, elbow=30.0)),
                 (down + 0.5, both(elevation=120.0, plane=50.0, elbow=85.0))])  # fmt: skip
    elif direction is Direction.BACKWARD:
        t.along([(over, {}), (middle, {"flexion": 34.0, "nod": 25.0}), (down + 0.35, {"flexion": 2.0, "nod": 6.0})])
        t.along([(over, {}), (late, both(thigh=50.0, bend=70.0)), (down + 0.6, both(thigh=8.0, bend=16.0))])
        t.along([(over, {}), (middle, both(elevation=60.0, plane=40.0, elbow=20.0)),
                 (down + 0.5, both(elevation=40.0, plane=85.0, elbow=30.0))])  # fmt: skip
    else:
        low, high = ("l", "r") if direction is Direction.LEFT else ("r", "l")
        bent = 12.0 if direction is Direction.LEFT else -12.0
        t.along([(over, {}), (middle, {"flexion": 14.0, "lateral": bent}), (down, {"flexion": 3.0, "lateral": 0.0})])
        # Few lie square on their side: the body rolls on to the front or the back.
        t.move(middle, down + 0.3, {"pitch": t.chance.uniform(-30, 28)})
        t.along([(over, {}), (down, {f"thigh_{low}": 25.0, f"thigh_{high}": 42.0, f"bend_{low}": 40.0,
                                     f"bend_{high}": 62.0, **both(spread=0.0)})])  # fmt: skip
        t.along([
            (over, {}),
            (middle, {f"elevation_{low}": 65.0, f"plane_{low}": 75.0, f"elevation_{high}": 35.0, **both(elbow=25.0)}),
            (down + 0.4, {f"elevation_{low}": 70.0, f"plane_{low}": 5.0, f"elevation_{high}": 55.0,
                          f"plane_{high}": 10.0, **both(elbow=55.0)}),
        ])  # fmt: skip


def fall_from_seat(t: Timeline, direction: Direction) -> None:
    """Slide from the seat onto the floor, ahead or to a side."""
    onset, tall = t.clock, t.body.stature
    pace = t.chance.uniform(0.9, 1.2)
    forward, left = {Direction.LEFT: (0.1, 1.0), Direction.RIGHT: (0.1, -1.0)}.get(direction, (1.0, 0.0))
    down = onset + 1.15 * pace
    keys = ((0.35, 0.06, 1.0, 20.0), (0.7, 0.17, 0.75, 48.0), (1.0, 0.27, 0.22, 76.0), (1.15, 0.30, 0.0, 84.0))
    seat = t.now("height")
    turned, sign = ("roll", -left) if left else ("pitch", 1.0)
    path: list[tuple[float, dict[str, float]]] = [(onset, {})]
    for at, away, high, angle in keys:
        x, y = t.ahead(forward * away * tall, left * away * tall)
        path.append((onset + at * pace, {"x": x, "y": y, "height": high * seat, turned: sign * angle}))
    t.along(path)
    t.event(f"fall_onset:seat_{direction}", onset)
    t.move(onset, down, {"flexion": 8.0, "nod": 12.0 if left else -30.0, **both(reach=0.0, elevation=45.0, elbow=50.0)})
    t.move(
        onset + 0.6 * pace, down + 0.2, {**both(loose=1.0, thigh=20.0 if left else 4.0, bend=45.0 if left else 14.0)}
    )
    if not left:
        t.move(down - 0.1, down + 0.4, {"turn": t.chance.pick((60.0, -60.0))})
    t.lose_balance(onset)
    t.clock = down + 0.6


def climb(t: Timeline, rungs: int = 4) -> None:
    """Up a ladder that leans right ahead, hands on its rails."""
    t.need_hands()
    begin, tall = t.clock, t.body.stature
    heading = t.now("heading")
    x, y = t.ahead(0.16 * tall)
    t.preset(begin, {**hands("hold", 0.24 * tall, 0.80 * tall, 0.40), **both(near=1.0)})
    t.move(begin, begin + 0.8, both(reach=1.0))
    at = begin + 0.8
    for rung in range(1, rungs + 1):
        for side in ("r", "l"):
            bx, by, toes = t.foothold(side, x, y, heading, wide=0.10, out=2.0)
            step(t, at, at + 0.55, side, bx, by, toes, onto=rung * RUNG)
            at += 0.6
        t.move(at - 1.2, at, hands("hold", 0.24 * tall, 0.80 * tall + rung * RUNG, 0.40))
    t.event("on_ladder", at)
    t.unsettled.append((begin, at))
    t.clock = at


RUNG = 0.28
"""Distance of rungs, m (EN 131-1: 0.25 to 0.30)."""


def fall_from_ladder(t: Timeline) -> None:
    """Let go, tip backwards, fall freely, and land on the back."""
    onset, tall = t.clock, t.body.stature
    rung = t.now("ball_z_l")
    top = rung + standing(t)
    t.preset(onset, {"height": top})
    t.move(onset, onset + 0.25, {"hung": 1.0, "carried": 1.0})
    x0, y0 = t.ahead(0.16 * tall)
    t.preset(onset, {"x": x0, "y": y0})
    tip = onset + 0.5
    drop = float(np.sqrt(2 * (top - 0.1) / _G))
    seconds = np.linspace(0.0, drop + _ON, _KEYS)
    path: list[tuple[float, dict[str, float]]] = [(onset, {})]
    for at in seconds:
        share = float(at / drop)
        x, y = t.ahead(-(0.05 + 0.9 * at))
        path.append((tip + float(at), {"x": x, "y": y, "height": top - 0.02 - _G * float(at) ** 2 / 2,
                                       "pitch": -(12.0 + 66.0 * share)}))  # fmt: skip
    down = tip + drop
    t.along(path)
    t.move(down + _ON, down + _ON + 0.2, {"pitch": -88.0})
    t.event("fall_onset:ladder", onset)
    t.move(onset, onset + 0.35, both(reach=0.0))
    t.along([(onset, {}), (down, both(elevation=70.0, plane=45.0, elbow=35.0)),
             (down + 0.5, both(elevation=45.0, plane=85.0))])  # fmt: skip
    t.along([(onset, {}), (down, {"flexion": 22.0, "nod": 20.0}), (down + 0.3, {"flexion": 0.0, "nod": 5.0})])
    t.move(tip, tip + 0.25, both(loose=1.0))
    t.along([(tip, {}), (down, both(thigh=40.0, bend=50.0)), (down + 0.6, both(thigh=8.0, bend=18.0))])
    t.lose_balance(onset)
    t.clock = down + 0.7


def collapse(t: Timeline) -> None:
    """Knees give way slowly, then the body goes over to a side."""
    onset, tall = t.clock, t.body.stature
    pace = t.chance.uniform(0.9, 1.25)
    left = t.chance.pick((1.0, -1.0))
    take_over(t, onset)
    low, over, down = onset + 1.5 * pace, onset + 2.3 * pace, onset + 3.3 * pace
    x, y = t.ahead(0.20 * tall, left * 0.22 * tall)
    kx, ky = t.ahead(0.10 * tall)
    t.along([
        (onset, {}), (low, {"x": kx, "y": ky, "height": 0.42 * tall}), (over, {"height": 0.27 * tall}),
        (down, {"x": x, "y": y, "height": 0.0}),
    ])  # fmt: skip
    t.along([(onset, {}), (low, {"flexion": 22.0, "nod": 25.0}), (over, {"flexion": 30.0}),
             (down, {"flexion": 14.0, "nod": 10.0})])  # fmt: skip
    t.move(over - 0.3 * pace, down, {"roll": -left * 84.0})
    t.event("fall_onset:collapse", onset)
    t.move(over, down + 0.3, both(loose=1.0, thigh=35.0, bend=70.0, spread=0.0))
    t.move(onset, down + 0.3, both(elevation=50.0, plane=10.0, elbow=50.0))
    t.lose_balance(onset)
    t.clock = down + 0.6
