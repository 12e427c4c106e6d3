"""The numbers that pose a worker, by name: what motions write and what the kinematics read. Pure.

World: metres, z up, floor at z = 0. Body: x ahead, y to the left, z up. Angles in degrees, as METHODS 6.1 has them
where it has them. Names that end in `_l` and `_r` are of one side.
"""

from __future__ import annotations

from collections.abc import Mapping

from spotter.simulate.workers.chance import Floats

Channels = Mapping[str, Floats]
"""(T,) values by name; all of `DEFAULTS`."""

SIDES = ("l", "r")

_WHOLE: dict[str, float] = {
    # The pelvis: where it is over the floor (used as far as `carried`, else balance decides), and how it is turned.
    "x": 0.0, "y": 0.0, "carried": 0.0, "heading": 0.0, "pitch": 0.0, "roll": 0.0,
    # Its height, used as far as `hung`; else the straighter leg has `knee` degrees of flexion.
    "height": 0.9, "hung": 0.0, "knee": 5.0,
    # Where the centre of mass is meant to be, from the middle of the feet, m ahead and to the left.
    "ahead": 0.0, "aside": 0.0,
    # Trunk against the pelvis, head against the trunk.
    "flexion": 0.0, "lateral": 0.0, "twist": 0.0, "nod": 0.0, "turn": 0.0, "tilt": 0.0,
    # Share of the load's weight that is in the hands.
    "load": 0.0,
}  # fmt: skip

_EACH: dict[str, float] = {
    # Upper arm: elevation from the trunk line towards `plane` (0 ahead, 90 outward); `swivel` turns the forearm inward.
    "elevation": 8.0, "plane": 25.0, "swivel": 0.0, "elbow": 14.0,
    # Wrist, as far as `reach`: at hand_* in the world or, as far as `near`, at hold_* from the floor below the pelvis.
    "reach": 0.0, "hand_x": 0.0, "hand_y": 0.0, "hand_z": 1.0,
    "near": 0.0, "hold_x": 0.3, "hold_y": 0.0, "hold_z": 1.0,
    # Foot: its ball in the world, where the toes point, heel up; `splay` turns the knee outward.
    "ball_x": 0.0, "ball_y": 0.0, "ball_z": 0.0, "toes": 0.0, "heel": 0.0, "splay": 0.0,
    # Leg that is not on its foot, as far as `loose`: thigh against the pelvis, knee.
    "loose": 0.0, "thigh": 0.0, "spread": 4.0, "bend": 5.0,
}  # fmt: skip

DEFAULTS: dict[str, float] = {**_WHOLE, **{f"{name}_{side}": value for side in SIDES for name, value in _EACH.items()}}
"""Standing at ease."""


def both(**values: float) -> dict[str, float]:
    """Values for the left and the right: `both(elbow=90)` is `elbow_l` and `elbow_r`."""
    return {f"{name}_{side}": value for name, value in values.items() for side in SIDES}


def hands(name: str, forward: float, high: float, apart: float, aside: float = 0.0) -> dict[str, float]:
    """Channels of two hands, `name` is "hold": m ahead of the pelvis, over the floor, between both, to the left."""
    found: dict[str, float] = {}
    for side, sign in (("l", 0.5), ("r", -0.5)):
        found |= {f"{name}_x_{side}": forward, f"{name}_y_{side}": aside + sign * apart, f"{name}_z_{side}": high}
    return found
