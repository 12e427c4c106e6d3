"""Lifts with both hands: down to the box, up to where it is carried, and putting it down again, low or overhead.

How deep somebody bends follows from where the hands have to be: trunk and knees bend in the proportion of the style
until the arms reach. Only the trunk has an end (`MOST_FLEXION`): people bend their knees before they fold up further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from spotter.core.errors import ConfigError
from spotter.simulate.workers.chance import Floats
from spotter.simulate.workers.channels import DEFAULTS, both, hands
from spotter.simulate.workers.kinematics import pose
from spotter.simulate.workers.reach import dot
from spotter.simulate.workers.timeline import Box, Held, Timeline

MOST_FLEXION = 92.0
"""Degrees; deepest of the line from hips to shoulders in a lift [D]: the hands of most people then reach the floor with
little bend of the knees."""

_GRIP = 0.04
"""The wrists are this high over the middle of a box, m [D]."""

_STRETCH = 0.97
"""Share of the arm's length at which hands hold a box low down [D]."""

_DEPTHS = np.linspace(0.0, 4.0, 161)

_BEYOND = 40.0
"""Degrees by which the knees bend at each further step of depth once the trunk has come to its end [D]."""


class Style(StrEnum):
    """How somebody gets down."""

    STOOP = "stoop"
    SEMI_SQUAT = "semi_squat"
    SQUAT = "squat"


@dataclass(frozen=True, slots=True)
class Way:
    """Proportions of a style: trunk flexion and knee flexion at depth 1, and the end of the trunk's, degrees."""

    flexion: float
    knee: float
    most_flexion: float = MOST_FLEXION


WAYS = {
    Style.STOOP: Way(80, 12),
    Style.SEMI_SQUAT: Way(50, 58, 68),
    Style.SQUAT: Way(28, 95, 55),
}
"""[D], within the classes of METHODS 7.3."""


def pick_up(
    t: Timeline, style: Style, box: Box, *, ahead: float, base: float, aside: float = 0.0, twist: float = 0.0
) -> None:
    """Take a box in both hands and come up with it before the waist.

    Args:
        ahead, aside: middle of the box from where the worker stands, m; to the left positive.
        base: height of what it stands on, m.
        twist: of the trunk at the grasp, degrees, to the left positive; the box is turned along.

    Raises:
        ConfigError: the arms do not reach it in this style, or the hands hold one already.
    """
    t.need_hands()
    begin = t.clock
    pace = t.chance.uniform(0.9, 1.2)
    centre = (*t.ahead(ahead, aside), base + box.size[2] / 2)
    yaw = t.now("heading") + 0.8 * twist
    down = _deepest(t, style, twist, grips(centre, yaw, box))
    at_box = begin + pace * (1.0 + 0.5 * down.effort)
    grasped = at_box + 0.3
    t.move(begin, at_box, down.bent)
    t.preset(begin, down.hands)
    t.move(begin, at_box, both(reach=1.0))
    t.held.append(Held(box, centre, yaw, grasped))
    lifted = grasped + pace * (1.1 + 0.5 * down.effort)
    t.move(grasped, grasped + 0.25, {"load": 1.0})
    t.preset(grasped, carried(t, box))
    t.move(grasped, lifted, {**_upright(), **both(near=1.0)})
    t.event("lift_begin", begin)
    t.event(f"lift_origin:{style}", grasped)
    t.event("lift_upright", lifted)
    t.clock = lifted


def put_down(t: Timeline, style: Style, *, ahead: float, base: float, aside: float = 0.0, twist: float = 0.0) -> None:
    """The box from before the waist to a place whose surface is `base` m high; others as in `pick_up`.

    Raises:
        ConfigError: the arms do not reach there, or nothing is held.
    """
    held = _held(t)
    begin, box = t.clock, held.box
    pace = t.chance.uniform(0.9, 1.2)
    centre = (*t.ahead(ahead, aside), base + box.size[2] / 2)
    down = _deepest(t, style, twist, grips(centre, t.now("heading") + 0.8 * twist, box))
    there = begin + pace * (1.1 + 0.5 * down.effort)
    released = there + 0.3
    t.preset(begin, down.hands)
    t.move(begin, there, {**down.bent, **both(near=0.0)})
    t.move(there, released, {"load": 0.0})
    t.held[-1] = Held(box, held.centre, held.yaw, held.grasped_s, released)
    up = released + pace * (1.0 + 0.4 * down.effort)
    t.move(released + 0.05, up, {**_upright(), **both(reach=0.0)})
    t.event("lift_destination", there)
    t.event("lift_end", up)
    t.clock = up


def place_overhead(t: Timeline, *, base: float, ahead: float = 0.42) -> None:
    """The box from before the waist onto a shelf, `base` m high.

    Raises:
        ConfigError: nothing is held.
    """
    held = _held(t)
    begin, box = t.clock, held.box
    pace = t.chance.uniform(0.9, 1.2)
    high = base + box.size[2] / 2 + _GRIP
    over = begin + 1.2 * pace
    there, released = over + 0.5 * pace, over + 0.5 * pace + 0.3
    lean = {"flexion": -6.0, "nod": -22.0, "knee": 4.0}
    t.move(begin, over, {**lean, **hands("hold", ahead - 0.1, high + 0.04, box.size[1])})
    t.move(over, there, {"flexion": 4.0, **hands("hold", ahead, high, box.size[1])})
    t.move(there, released, {"load": 0.0})
    t.held[-1] = Held(box, held.centre, held.yaw, held.grasped_s, released)
    end = released + 1.1 * pace
    t.move(released + 0.1, end, {**_upright(), "nod": 0.0, **both(reach=0.0)})
    t.event("lift_destination", there)
    t.event("lift_end", end)
    t.clock = end


def carried(t: Timeline, box: Box) -> dict[str, float]:
    """Hands that hold a box before the waist."""
    tall = t.body.stature
    return hands("hold", 0.10 + 0.5 * box.size[0] + 0.03 * tall, 0.58 * tall, box.size[1])


def grips(centre: tuple[float, float, float], yaw: float, box: Box) -> dict[str, float]:
    """Channels of hands at both sides of a box that stands in the world."""
    turn = np.radians(yaw)
    left = box.size[1] / 2
    found: dict[str, float] = {}
    for side, sign in (("l", left), ("r", -left)):
        found |= {
            f"hand_x_{side}": float(centre[0] - np.sin(turn) * sign),
            f"hand_y_{side}": float(centre[1] + np.cos(turn) * sign),
            f"hand_z_{side}": centre[2] + _GRIP,
        }
    return found


def bend_to(t: Timeline, style: Style, at: Mapping[str, float], twist: float = 0.0) -> Mapping[str, float]:
    """Trunk and knees at which both hands reach places in the world; `at` as `grips` gives them.

    Raises:
        ConfigError: the arms do not reach there in this style.
    """
    return _deepest(t, style, twist, at).bent


@dataclass(frozen=True, slots=True)
class _Down:
    effort: float
    bent: Mapping[str, float]
    hands: Mapping[str, float]


def _deepest(t: Timeline, style: Style, twist: float, at: Mapping[str, float]) -> _Down:
    """The least depth at which both hands reach."""
    way = WAYS[style]
    channels = {name: np.full(len(_DEPTHS), t.now(name)) for name in DEFAULTS}
    bend = _bends(way, twist, _DEPTHS)
    channels |= bend | {
        name: np.full(len(_DEPTHS), value) for name, value in {**at, **both(reach=1.0, near=0.0)}.items()
    }
    joints = pose(t.body, channels).joints
    far = np.zeros(len(_DEPTHS))
    for number, side in enumerate("lr"):
        wanted = np.array([at[f"hand_{axis}_{side}"] for axis in "xyz"])
        line = wanted - joints[:, 5 + number]
        far = np.maximum(far, np.sqrt(dot(line, line)))
    reached = np.flatnonzero(far <= _STRETCH * t.body.arm)
    if not len(reached):
        raise ConfigError(
            f"a worker of {t.body.stature:.2f} m does not reach a box at {at['hand_z_l']:.2f} m in a {style}",
            mend="Put it nearer or higher, or choose another style",
        )
    depth = float(_DEPTHS[reached[0]])
    return _Down(min(depth, 1.3), {name: float(curve[reached[0]]) for name, curve in bend.items()}, at)


def _bends(way: Way, twist: float, depth: Floats) -> dict[str, Floats]:
    share = np.minimum(depth, 1.0)
    beyond = np.maximum(depth - way.most_flexion / way.flexion, 0.0)
    return {
        "flexion": np.minimum(way.flexion * depth, way.most_flexion),
        "knee": np.clip(5.0 + way.knee * depth + _BEYOND * beyond, 5.0, 135.0),
        "twist": twist * share,
        "lateral": -0.2 * twist * share,
        "nod": -12.0 * share,
    }


def _upright() -> dict[str, float]:
    return {"flexion": 0.0, "knee": 5.0, "twist": 0.0, "lateral": 0.0, "nod": 0.0}


def _held(t: Timeline) -> Held:
    if not t.holding:
        raise ConfigError("nothing is held that could be put down", mend="Pick up a box first")
    return t.held[-1]
