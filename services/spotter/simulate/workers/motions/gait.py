"""Steps: walking along a line, turning on the spot, with free, carrying or pushing arms."""

from __future__ import annotations

import numpy as np

from spotter.simulate.workers.channels import SIDES, both, hands
from spotter.simulate.workers.timeline import Timeline

STEP = 0.40
"""Length of a step at 1.3 m/s, statures; it grows with the root of the speed (Winter 2009, ch. 2: 0.41 to 0.45)."""

USUAL_SPEED = 1.3
"""m/s."""

_LIFT = 0.035
"""Height of the ball of the foot in mid-swing, statures [D]."""

_TURN = 40.0
"""Most that one pair of steps turns, degrees [D]."""

_SWING = 0.43
"""Half of the share of a step's time in which one foot is in the air."""


def walk(t: Timeline, x: float, y: float, *, speed: float = USUAL_SPEED, swing: float = 1.0, lean: float = 3.0) -> None:
    """Turn to a place and walk there, m; `swing` 0 keeps the arms as they are, `lean` is the trunk's flexion."""
    x0, y0, heading = t.place
    dx, dy = x - x0, y - y0
    far = float(np.hypot(dx, dy))
    if far < 0.05:
        return
    turn(t, float(np.degrees(np.arctan2(dy, dx))))
    heading = t.now("heading")
    begin, flexion = t.clock, t.now("flexion")
    count = max(2, round(far / (STEP * t.body.stature * (speed / USUAL_SPEED) ** 0.5)))
    long, each = far / count, far / count / speed
    first = t.chance.pick((0, 1))
    t.event("walk", begin)
    t.move(begin, begin + 0.5 * each, {"carried": 1.0, "knee": 9.0, "flexion": lean})
    path = [(begin, {"x": x0, "y": y0})]
    arms: list[tuple[float, dict[str, float]]] = [(begin, {})]
    for number in range(1, count + 2):
        side, landed = SIDES[(first + number) % 2], begin + (number + 0.5) * each
        to = min(number * long, far)
        at = min((number - 0.5) * long, far) / far
        px, py = x0 + dx * at, y0 + dy * at
        bx, by, toes = t.foothold(side, x0 + dx * to / far, y0 + dy * to / far, heading)
        step(t, landed - (0.5 + _SWING) * each, landed - (0.5 - _SWING) * each, side, bx, by, toes, push=0.3 * each)
        path.append((landed, {"x": px, "y": py}))
        sign, last = (1.0 if side == "l" else -1.0), number > count
        forward, back = f"elevation_{SIDES[side == 'l']}", f"elevation_{side}"
        arms.append((landed, {forward: 8.0, back: 8.0, "twist": 0.0} if last else {
            forward: 4.0 + 18.0 * swing, back: 4.0 - 18.0 * swing, "twist": 5.0 * sign,
        }))  # fmt: skip
    end = begin + (count + 1.5) * each
    path[-1] = (end, {"x": x, "y": y})
    t.along(path)
    if swing:
        t.move(begin, begin + each, both(plane=8.0))
        t.along(arms)
    t.move(end, end + 0.4, {"carried": 0.0, "knee": 5.0, "flexion": flexion})
    if swing:
        t.move(end, end + 0.4, both(plane=25.0))
    t.unsettled.append((begin, end + 0.4))
    t.clock = end + 0.4


def push(t: Timeline, x: float, y: float, *, speed: float = 0.8) -> None:
    """Push a cart to a place: hands on its handle before the body, trunk leaning into it."""
    t.need_hands()
    begin, tall = t.clock, t.body.stature
    t.preset(begin, {**hands("hold", 0.26 * tall, 0.60 * tall, 0.44), **both(near=1.0)})
    t.move(begin, begin + 0.8, both(reach=1.0))
    t.clock = begin + 0.8
    t.event("push", t.clock)
    walk(t, x, y, speed=speed, swing=0.0, lean=t.chance.uniform(14, 24))
    t.move(t.clock, t.clock + 0.7, both(reach=0.0))
    t.clock += 0.7


def turn(t: Timeline, heading: float) -> None:
    """Turn on the spot to a heading, degrees, by steps; nothing below 8 degrees but the pelvis."""
    x, y, before = t.place
    by = (heading - before + 180.0) % 360.0 - 180.0
    if abs(by) < 1e-6:
        return
    begin = t.clock
    if abs(by) < 8.0:
        t.move(begin, begin + 0.4, {"heading": before + by})
        t.clock = begin + 0.4
        return
    pairs = int(np.ceil(abs(by) / _TURN))
    each = 0.42
    leading = 0 if by > 0 else 1
    headings = [(begin, {"heading": before})]
    for number, to in enumerate(np.linspace(before, before + by, pairs + 1)[1:]):
        for half in (0, 1):
            at = begin + (2 * number + half) * each
            side = SIDES[(leading + half) % 2]
            step(t, at + 0.04, at + each - 0.04, side, *t.foothold(side, x, y, float(to)))
        headings.append((begin + 2 * (number + 1) * each, {"heading": float(to)}))
    t.along(headings)
    t.clock = begin + 2 * pairs * each
    t.unsettled.append((begin, t.clock))


def step(
    t: Timeline,
    begin: float,
    end: float,
    side: str,
    x: float,
    y: float,
    toes: float,
    *,
    push: float = 0.0,
    onto: float = 0.0,
) -> None:
    """One foot to another place, `onto` m high; its heel rises for `push` seconds before it leaves the floor."""
    high = max(t.now(f"ball_z_{side}"), onto) + _LIFT * t.body.stature
    t.move(begin, end, {f"ball_x_{side}": x, f"ball_y_{side}": y, f"toes_{side}": toes})
    t.along([
        (begin, {}), (begin + 0.4 * (end - begin), {f"ball_z_{side}": high}),
        (end, {f"ball_z_{side}": onto}),
    ])  # fmt: skip
    if push:
        t.along([
            (begin - push, {f"heel_{side}": 0.0}), (begin, {f"heel_{side}": 24.0}),
            (begin + 0.3 * (end - begin), {f"heel_{side}": 34.0}), (end - 0.1 * (end - begin), {f"heel_{side}": 0.0}),
        ])  # fmt: skip
    t.swings[side].append((begin, end))


def stand(t: Timeline, seconds: float) -> None:
    """Stay, with the arms as they are."""
    t.clock += seconds
