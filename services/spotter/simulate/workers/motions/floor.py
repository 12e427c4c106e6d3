"""Near and on the floor: kneeling, tying shoes, lying down, getting up again."""

from __future__ import annotations

import numpy as np

from spotter.simulate.workers.channels import SIDES, both
from spotter.simulate.workers.kinematics import MOST_TILT
from spotter.simulate.workers.motions.gait import step
from spotter.simulate.workers.motions.lifting import Style, bend_to
from spotter.simulate.workers.motions.sitting import give_back, standing, take_over
from spotter.simulate.workers.timeline import Timeline

_KNEELING = 0.285
"""Height of the hips of whoever kneels upright, statures: thigh and knee."""

_BEHIND = 0.24
"""The ball of a kneeling foot from the hips, backwards, statures."""

_TIPTOE = 62.0
"""Heel up on a foot that is knelt on, degrees."""


def kneel(t: Timeline, *, both_knees: bool = True) -> None:
    """From standing onto the right knee, and onto the left one as well; the hips stay over the knees."""
    begin, tall = t.clock, t.body.stature
    pace = t.chance.uniform(0.9, 1.2)
    heading = t.now("heading")
    back = -0.20 * tall
    x, y = t.ahead(back)
    rx, ry = t.ahead(back - _BEHIND * tall, -0.06 * tall)
    take_over(t, begin)
    stepped, landed, down = (begin + part * pace for part in (0.7, 1.25, 1.8))
    step(t, begin + 0.3, landed, "r", rx, ry, heading)
    t.move(begin + 0.3, landed, {"heel_r": _TIPTOE})
    t.along([(begin, {}), (stepped, {"height": 0.9 * standing(t)}), (down, {"height": _KNEELING * tall})])
    t.move(begin, down, {"x": x, "y": y})
    t.along([(begin, {}), (stepped, {"flexion": 18.0}), (down, {"flexion": 6.0})])
    t.event("kneeling", down)
    t.clock = down
    if both_knees:
        lx, ly = t.ahead(-_BEHIND * tall, 0.06 * tall)
        t.clock = down + 0.8 * pace
        step(t, down, t.clock, "l", lx, ly, heading)
        t.move(down, t.clock, {"heel_l": _TIPTOE})
    t.unsettled.append((begin, t.clock))


def rise(t: Timeline) -> None:
    """From one knee or both onto the feet: the left foot comes ahead, then the right one beside it."""
    begin, tall = t.clock, t.body.stature
    heading = t.now("heading")
    x, y = t.ahead(0.20 * tall)
    lx, ly, toes = t.foothold("l", x, y, heading)
    forward = begin
    if t.now("heel_l"):
        forward = begin + 0.8
        step(t, begin, forward, "l", lx, ly, toes)
        t.move(begin, forward, {"heel_l": 0.0})
    up = forward + t.chance.uniform(1.2, 1.6)
    t.along([(forward, {}), (forward + 0.5 * (up - forward), {"flexion": 26.0}), (up, {"flexion": 0.0})])
    t.move(forward, up, {"x": x, "y": y, "height": standing(t)})
    leaves = forward + 0.42 * (up - forward)
    step(t, leaves, up, "r", *t.foothold("r", x, y, heading))
    t.move(leaves, up, {"heel_r": 0.0})
    t.event("stood_up", up)
    give_back(t, begin, up)


def work_kneeling(t: Timeline, seconds: float) -> None:
    """Hands at the floor ahead, bent over them."""
    t.need_hands()
    begin, tall = t.clock, t.body.stature
    flexion = t.chance.uniform(58, 70)
    for side, sign in (("l", 1.0), ("r", -1.0)):
        hx, hy = t.ahead(0.30 * tall, sign * 0.10 * tall)
        t.preset(begin, {f"hand_x_{side}": hx, f"hand_y_{side}": hy, f"hand_z_{side}": 0.06})
    t.move(begin, begin + 1.0, {"flexion": flexion, "nod": 10.0, **both(reach=1.0)})
    end = begin + 1.0 + seconds
    for number in range(int(seconds / 0.8)):
        at = begin + 1.1 + 0.8 * number
        t.move(at, at + 0.6, {"hand_z_r": t.chance.uniform(0.05, 0.14), "hand_z_l": t.chance.uniform(0.05, 0.10)})
    t.move(end, end + 0.9, {"flexion": 6.0, "nod": 0.0, **both(reach=0.0)})
    t.unsettled.append((begin, end + 0.9))
    t.clock = end + 0.9


def tie_shoes(t: Timeline) -> None:
    """Bend down to one shoe, which stands a little ahead, and come up again."""
    t.need_hands()
    begin, tall = t.clock, t.body.stature
    side = t.chance.pick(SIDES)
    sign = 1.0 if side == "l" else -1.0
    x, y = t.ahead(0.17 * tall)
    bx, by, toes = t.foothold(side, x, y, t.now("heading"))
    step(t, begin + 0.1, begin + 0.7, side, bx, by, toes)
    hx, hy = t.ahead(0.20 * tall, sign * 0.06 * tall)
    shoe = {f"hand_x_{each}": hx for each in SIDES} | {f"hand_z_{each}": 0.15 for each in SIDES}
    shoe |= {"hand_y_l": hy + 0.05, "hand_y_r": hy - 0.05}
    there = begin + t.chance.uniform(2.2, 2.7)
    bent = bend_to(t, Style.STOOP, shoe)
    t.move(begin + 0.7, there, {**bent, **both(reach=1.0)})
    t.preset(begin + 0.7, shoe)
    tied = there + t.chance.uniform(2.0, 3.0)
    t.event("at_shoe", there)
    up = tied + t.chance.uniform(1.2, 1.6)
    t.move(tied, up, {"flexion": 0.0, "knee": 5.0, "nod": 0.0, **both(reach=0.0)})
    step(t, up, up + 0.6, side, *t.foothold(side, *t.place))
    t.clock = up + 0.7


def lie_down(t: Timeline) -> None:
    """On purpose: squat, sit on the floor, lie back."""
    t.need_hands()
    begin, tall = t.clock, t.body.stature
    pace = t.chance.uniform(0.9, 1.2)
    x, y = t.ahead(-0.27 * tall)
    take_over(t, begin)
    seated, flat = begin + 2.6 * pace, begin + 5.2 * pace
    t.along([(begin, {}), (begin + 1.4 * pace, {"height": 0.30 * tall}), (seated, {"height": 0.0})])
    t.along(
        [(begin, {}), (begin + 1.4 * pace, {"flexion": 45.0}), (seated, {"flexion": 25.0}), (flat, {"flexion": 0.0})]
    )
    t.move(begin, seated, {"x": x, "y": y})
    t.move(begin + 1.0, seated, {**both(elevation=-30.0, plane=20.0, elbow=15.0)})
    t.move(seated, flat, {"pitch": -88.0, "nod": 4.0, **both(elevation=12.0, plane=60.0, elbow=20.0)})
    t.move(seated + 0.4, flat, {**both(loose=1.0, thigh=4.0, bend=8.0, spread=8.0)})
    t.event("lying", flat)
    t.unsettled.append((begin, flat))
    t.clock = flat


def get_up(t: Timeline) -> None:
    """From lying in any way: roll over, sit up or get on all fours, and stand."""
    # Where a script has gone on into the floor, it comes back to where the floor has held the body.
    held = {name: float(np.clip(t.now(name), -MOST_TILT, MOST_TILT)) for name in ("pitch", "roll")}
    t.preset(t.clock, held | {"height": 0.0})
    if t.now("pitch") > 45:
        _from_the_front(t)
    else:
        _from_the_back(t)


def _from_the_back(t: Timeline) -> None:
    begin, tall = t.clock, t.body.stature
    pace = t.chance.uniform(1.0, 1.3)
    sat_up, seated = begin + 1.7 * pace, begin + 2.6 * pace
    t.move(begin, sat_up, {
        "pitch": 0.0, "roll": 0.0, "flexion": 28.0, "lateral": 0.0, "twist": 0.0, "height": 0.0,
        "turn": 0.0, "nod": 0.0, **both(elevation=25.0, plane=10.0, elbow=30.0, thigh=130.0, bend=108.0, spread=6.0),
    })  # fmt: skip
    fx, fy = t.ahead(0.27 * tall)
    t.preset(begin, t.stance(fx, fy, t.now("heading")) | both(heel=0.0, ball_z=0.0))
    t.move(sat_up, seated, both(loose=0.0))
    up = seated + 1.7 * pace
    t.along([(seated, {}), (seated + 0.9 * pace, {"height": 0.29 * tall}), (up, {"height": standing(t)})])
    t.along([(seated, {}), (seated + 0.8 * pace, {"flexion": 62.0}), (up, {"flexion": 0.0})])
    t.move(seated, seated + 1.0 * pace, {"x": fx, "y": fy})
    t.move(seated, up, both(elevation=8.0, plane=25.0, elbow=14.0))
    t.event("stood_up", up)
    give_back(t, begin, up)


def _from_the_front(t: Timeline) -> None:
    begin, tall = t.clock, t.body.stature
    pace = t.chance.uniform(1.0, 1.3)
    fours, upright = begin + 1.8 * pace, begin + 3.2 * pace
    heading = t.now("heading")
    x, y = t.ahead(0.10 * tall)
    feet: dict[str, float] = {}
    for side, sign in (("l", 1.0), ("r", -1.0)):
        bx, by = t.ahead((0.10 - _BEHIND) * tall, sign * 0.06 * tall)
        feet |= {f"ball_x_{side}": bx, f"ball_y_{side}": by, f"ball_z_{side}": 0.0, f"toes_{side}": heading}
    t.preset(begin, feet | both(heel=_TIPTOE))
    t.move(begin, fours, {
        "pitch": 55.0, "roll": 0.0, "flexion": 15.0, "lateral": 0.0, "twist": 0.0, "height": 0.27 * tall,
        "x": x, "y": y, "turn": 0.0, "nod": -25.0,
        **both(thigh=60.0, bend=85.0, spread=6.0, elevation=75.0, plane=15.0, elbow=15.0),
    })  # fmt: skip
    t.move(fours, upright, {
        "pitch": 0.0, "flexion": 6.0, "nod": 0.0, "height": _KNEELING * tall,
        **both(loose=0.0, elevation=8.0, plane=25.0, elbow=14.0),
    })  # fmt: skip
    t.unsettled.append((begin, upright))
    t.clock = upright
    rise(t)
