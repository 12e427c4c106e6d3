"""Whether hands that rest somewhere may be on a load: the posture tests of the lift rule. Pure.

Heights and lengths are shares of the person's stature in the picture, so that no calibration is needed.
"""

from __future__ import annotations

import math

from spotter.ergonomics.events.lift_turns import Still
from spotter.ergonomics.tracking.scale import ANKLE_HEIGHT

HANGING = 0.44
"""Height of the knuckles of hanging arms when standing upright: shoulder 0.818 less upper arm 0.186, forearm 0.146 and
0.046 to the knuckles (Drillis & Contini, Winter 2009, fig. 4.1; METHODS 7.1)."""

_BELOW = 0.06
"""Hands this far below hanging ones are down by bending, from whatever side it is seen [D]."""

_ABOVE = 0.06
"""Hands this far above hanging ones are held up [D]."""

_BENT_TRUNK_DEG = 30.0
"""A trunk so far inclined in the picture is bent [D]."""

_LOW_HIPS = 0.43
"""Hips below this: the knees are bent (standing 0.53) [D]."""

_FAR_BELOW_HIPS = 0.18
"""Hanging hands are 0.09 below the hips of someone who stands; twice that is bent [D]."""

_LYING_HIPS = 0.20
_LYING_SHOULDERS = 0.30
"""Hips and shoulders below these: on the ground, as in the fall rule (METHODS 8.2)."""

_BENT_HIPS, _SUNK = 0.40, 0.12
"""Hips of somebody who bends the knees, and how much lower they are in a fall [D]."""

_SEAT_HIPS = (0.18, 0.42)
"""Hips of someone who sits [D]: from a stool to a raised chair."""

_OVER_LAP = 0.15
"""Hands so far above the hips are not on the lap [D]."""

_SAME_HIPS = 0.06
"""Hips that stay within this have not risen [D]."""

_KNEELING = 0.09
"""Knees below this are on the floor: a joint's own height of 0.03 to 0.05 and noise [D]."""

_FRONTAL_DEG = 30.0
"""A yaw of more than this is no side view."""

_OWN_FOOT = 0.13
"""Both hands within this of one ankle are at the own shoe, not at a load [D]."""


def height(still: Still, name: str) -> float:
    """Height of a place above the floor, statures; `name` as in "hips".

    By the floor that is known or by the ankles, whichever puts it higher: the floor lags behind whoever walks, and
    ankles that a load hides are misplaced.
    """
    floor = still["floor"]
    left, right = still.get("ankle_left_y"), still.get("ankle_right_y")
    if left is not None and right is not None:
        floor = max(floor, (left + right) / 2 + ANKLE_HEIGHT * still["stature"])
    return (floor - still[f"{name}_y"]) / still["stature"]


def bent(still: Still) -> bool:
    """A trunk or knees that are bent, or, seen from in front, hands far below the hips."""
    hands, hips = height(still, "middle"), height(still, "hips")
    return still["trunk"] >= _BENT_TRUNK_DEG or hips <= _LOW_HIPS or hips - hands >= _FAR_BELOW_HIPS


def down(still: Still) -> bool:
    """Hands lower than arms reach without bending, and a body that is bent."""
    return height(still, "middle") <= HANGING - _BELOW and bent(still)


def held_up(still: Still) -> bool:
    """Hands higher than hanging ones, or clearly in front of the body: on something, or with something in them."""
    return height(still, "middle") >= HANGING + _ABOVE or in_front(still)


def in_front(still: Still) -> bool:
    """Hands away from the hips across the picture; in a frontal view this cannot be seen."""
    return abs(still["middle_x"] - still["hips_x"]) / still["stature"] >= 0.15


def lying(still: Still) -> bool:
    """On the ground: what hands do there is no lift."""
    return height(still, "hips") <= _LYING_HIPS and height(still, "shoulders") <= _LYING_SHOULDERS


def sunk(origin: Still, after: Still) -> bool:
    """Hips far lower than when the load was taken up, near the ground: the person went down instead."""
    return height(after, "hips") < min(height(origin, "hips"), _BENT_HIPS) - _SUNK


def upright(still: Still) -> bool:
    """Standing, near enough."""
    return still["trunk"] <= _BENT_TRUNK_DEG and height(still, "shoulders") >= 0.7


def at_own_foot(still: Still, *, long: bool) -> bool:
    """Both hands at one ankle: a shoe is tied. From in front a load before the feet can look the same, but nobody takes
    hold of it for long."""
    if not long and still.view.yaw is not None and still.view.yaw[0] > _FRONTAL_DEG:
        return False
    for side in ("left", "right"):
        x, y = still.get(f"ankle_{side}_x"), still.get(f"ankle_{side}_y")
        if x is None or y is None:
            continue
        ways = [math.hypot(still[f"{hand}_x"] - x, still[f"{hand}_y"] - y) for hand in ("left", "right")]
        if max(ways) <= _OWN_FOOT * still["stature"]:
            return True
    return False


def over_lap(still: Still) -> bool:
    """Hands of someone who sits are higher than on their lap."""
    return height(still, "middle") - height(still, "hips") >= _OVER_LAP


def seated(origin: Still, destination: Still) -> bool:
    """Hips at the height of a seat at both ends, on which they stay, and a trunk that is not bent."""
    if max(origin["trunk"], destination["trunk"]) >= _BENT_TRUNK_DEG:
        return False
    # Whoever sits upright is taken for a smaller person who stands, so both ends go by the better size.
    size = (origin if origin.settled else destination)["stature"]
    before = height(origin, "hips") * origin["stature"] / size
    after = height(destination, "hips") * destination["stature"] / size
    low, high = _SEAT_HIPS
    return low <= before <= high and low <= after <= high and abs(after - before) <= _SAME_HIPS


def kneeling(origin: Still, destination: Still) -> bool:
    """Knees on the floor at both ends."""
    ends = [one for one in (origin, destination) if one.get("knees_y") is not None]
    return bool(ends) and all(height(one, "knees") <= _KNEELING for one in ends)
