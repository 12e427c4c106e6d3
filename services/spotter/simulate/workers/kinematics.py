"""From channels to joints: trunk and head by their angles, legs and arms by two-bone reach, pelvis by balance. Pure.

Vectorised over moments. Bones keep their length whatever the channels say: a hand or a foot that cannot be where it
should be is as near as it can be. What lies on the floor lies on it: the pelvis is raised until no part of pelvis,
trunk and head is lower than its own flesh allows, and that it had to be raised is the contact that `Posed` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotter.core.contracts import KEYPOINTS
from spotter.simulate.workers import anthropometry as share
from spotter.simulate.workers.anthropometry import Body
from spotter.simulate.workers.chance import Floats
from spotter.simulate.workers.channels import SIDES, Channels
from spotter.simulate.workers.reach import dot, two_bones, unit

HIP_FLESH, SHOULDER_FLESH, HEAD_FLESH, FACE_FLESH = 0.09, 0.06, 0.085, 0.02
"""Least height of a joint centre above the floor that it lies on, m: hips, shoulders, middle of the ears, face [D]."""

MOST_TILT = 88.0
"""Degrees; whoever falls is stopped there by the floor, however fast the script goes on."""

KNEE_FLESH, ANKLE_FLESH, ELBOW_FLESH, WRIST_FLESH = 0.05, 0.04, 0.045, 0.03
"""The same for limbs, m [D]."""

MASSES = {"head": 0.081, "trunk": 0.497, "upper_arm": 0.028, "forearm": 0.022, "thigh": 0.100, "shank": 0.061}
"""Share of the body's mass, each arm and leg; hands and feet are counted to their neighbours (Dempster 1955, in Winter
2009, table 4.1)."""

ALONG = {"upper_arm": 0.436, "forearm": 0.682, "thigh": 0.433, "shank": 0.59, "trunk": 0.5}
"""Where along its segment from the trunk's side a mass lies (Winter 2009, table 4.1; trunk: greater trochanter to
glenohumeral joint)."""

_BALANCE_PASSES = 4
_BLEND = 0.05
"""While stepping, heights that either leg would allow are blended over this, m: hips do not rise and fall in edges."""

_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """T moments.

    Attributes:
        joints: (T, 17, 3) m.
        balls: (T, 2, 3) m, balls of the feet, left and right.
        mass: (T, 3) m, centre of mass with what is carried.
        contact: (T,) m by which the floor held the body up against the script; above 0 it lies there.
    """

    joints: Floats
    balls: Floats
    mass: Floats
    contact: Floats


def pose(body: Body, c: Channels, load_kg: float = 0.0) -> Posed:
    """Pose the body by channels of one length."""
    frame = _Frame(body, c)
    place = frame.feet_middle.copy()
    carried = c["carried"][:, None]
    script = np.stack([c["x"], c["y"]], axis=1)
    goal = place + frame.level(c["ahead"], c["aside"])
    loads = load_kg / body.mass * c["load"]
    passes = 1 if (carried == 1).all() else _BALANCE_PASSES
    for left in reversed(range(passes)):
        posed = frame.at(carried * script + (1 - carried) * place, loads)
        if left:
            place = place + goal - posed.mass[:, :2]
    return posed


class _Frame:
    """What does not depend on where the pelvis is."""

    def __init__(self, body: Body, c: Channels) -> None:
        self._b, self._c = body, c
        heading = np.radians(c["heading"])
        self._ahead = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], axis=1)
        self._left = np.stack([-np.sin(heading), np.cos(heading), np.zeros_like(heading)], axis=1)
        up = np.broadcast_to(_UP, self._ahead.shape)
        pitch, roll = (np.clip(c[name], -MOST_TILT, MOST_TILT) for name in ("pitch", "roll"))
        self._pelvis = _turned(self._ahead, self._left, up, pitch, roll)
        self._trunk = self._trunk_axes()
        self._feet = [self._foot(side) for side in SIDES]
        middles = [ball - 0.4 * share.BALL * body.stature * toes for ball, toes, _ in self._feet]
        self.feet_middle: Floats = ((middles[0] + middles[1]) / 2)[:, :2]

    def level(self, ahead: Floats, aside: Floats) -> Floats:
        """(T, 2) m, of a shift in the body's own directions."""
        return (self._ahead * ahead[:, None] + self._left * aside[:, None])[:, :2]

    def at(self, place: Floats, loads: Floats) -> Posed:
        b, c = self._b, self._c
        offsets = self._upper_body()
        hips = [self._pelvis[1] * (sign * b.hips / 2) for sign in (1, -1)]
        height = c["hung"] * c["height"] + (1 - c["hung"]) * self._leg_height(place, hips)
        lowest = self._lowest(offsets, hips)
        contact = np.maximum(lowest - height, 0.0)
        pelvis = np.concatenate([place, np.maximum(height, lowest)[:, None]], axis=1)
        joints = np.empty((len(place), KEYPOINTS, 3))
        for index, offset in offsets.items():
            joints[:, index] = pelvis + offset
        balls = np.empty((len(place), 2, 3))
        for number, side in enumerate(SIDES):
            joints[:, 11 + number] = hip = pelvis + hips[number]
            joints[:, 13 + number], joints[:, 15 + number] = self._leg(number, side, hip)
            balls[:, number] = joints[:, 15 + number] + self._feet[number][2]
            elbow, wrist = self._arm(number, side, joints[:, 5 + number], pelvis)
            joints[:, 7 + number], joints[:, 9 + number] = elbow, wrist
        return Posed(joints, balls, _mass(joints, loads), contact)

    def _trunk_axes(self) -> tuple[Floats, Floats, Floats]:
        """Ahead, left and up of the trunk: its line and the line of the shoulders are by METHODS 6.1."""
        c = self._c
        ahead, left, up = self._pelvis
        flexion, lateral, twist = (np.radians(c[name])[:, None] for name in ("flexion", "lateral", "twist"))
        line = np.cos(lateral) * (np.sin(flexion) * ahead + np.cos(flexion) * up) - np.sin(lateral) * left
        level = unit(left - line * dot(left, line)[:, None])
        side = np.cos(twist) * level + np.sin(twist) * np.cross(line, level)
        return np.cross(side, line), side, line

    def _upper_body(self) -> dict[int, Floats]:
        """Shoulders and head from the pelvis."""
        b, c = self._b, self._c
        ahead, left, up = self._trunk
        shoulders = up * b.trunk
        found = {5: shoulders + left * (b.shoulders / 2), 6: shoulders - left * (b.shoulders / 2)}
        turn = np.radians(c["turn"])[:, None]
        facing, aside = np.cos(turn) * ahead + np.sin(turn) * left, np.cos(turn) * left - np.sin(turn) * ahead
        front, side, top = _turned(facing, aside, up, c["nod"], c["tilt"])
        tall = b.stature
        ears = shoulders + (top * share.EARS_UP + front * share.EARS_AHEAD) * tall
        eyes = ears + (top * share.EYES_UP + front * share.EYES_AHEAD) * tall
        found[0] = ears + (top * share.NOSE_UP + front * share.NOSE_AHEAD) * tall
        for number, sign in enumerate((0.5, -0.5)):
            found[1 + number] = eyes + side * (sign * share.EYES_APART * tall)
            found[3 + number] = ears + side * (sign * share.EARS_APART * tall)
        return found

    def _lowest(self, offsets: dict[int, Floats], hips: list[Floats]) -> Floats:
        """(T,) least height of the pelvis at which nothing of pelvis, trunk and head is in the floor."""
        ears = (offsets[3] + offsets[4]) / 2
        parts = [(HIP_FLESH, hips[0]), (HIP_FLESH, hips[1]), (HEAD_FLESH, ears), (FACE_FLESH, offsets[0])]
        parts += [(SHOULDER_FLESH, offsets[5]), (SHOULDER_FLESH, offsets[6])]
        parts += [(FACE_FLESH, offsets[index]) for index in (1, 2, 3, 4)]
        return np.asarray(np.max([flesh - offset[:, 2] for flesh, offset in parts], axis=0), np.float64)

    def _foot(self, side: str) -> tuple[Floats, Floats, Floats]:
        """Ball of the foot, where its toes point on the floor, and the ball from the ankle."""
        b, c = self._b, self._c
        yaw, heel = np.radians(c[f"toes_{side}"]), np.radians(c[f"heel_{side}"])[:, None]
        ball = np.stack([c[f"ball_x_{side}"], c[f"ball_y_{side}"], c[f"ball_z_{side}"]], axis=1)
        toes = np.stack([np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)], axis=1)
        long, high = share.BALL * b.stature, b.ankle
        ahead = np.cos(heel) * long - np.sin(heel) * high
        below = np.sin(heel) * long + np.cos(heel) * high
        return ball, toes, toes * ahead - _UP * below

    def _leg_height(self, place: Floats, hips: list[Floats]) -> Floats:
        """(T,) height of the pelvis at which no planted leg is straighter than the channel `knee` says."""
        b, c = self._b, self._c
        reach = np.sqrt(b.thigh**2 + b.shank**2 + 2 * b.thigh * b.shank * np.cos(np.radians(c["knee"])))
        heights = []
        for number, (ball, _, foot) in enumerate(self._feet):
            ankle = ball - foot
            level = place + hips[number][:, :2] - ankle[:, :2]
            heights.append(
                ankle[:, 2] + np.sqrt(np.maximum(reach**2 - dot(level, level), 0.01)) - hips[number][:, 2]
            )  # fmt: skip
        apart = np.abs(heights[0] - heights[1])
        blend = np.maximum(_BLEND * c["carried"], 1e-9)
        lower = np.minimum(heights[0], heights[1])
        return np.asarray(lower - np.maximum(blend - apart, 0.0) ** 2 / (4 * blend), np.float64)

    def _leg(self, number: int, side: str, hip: Floats) -> tuple[Floats, Floats]:
        b, c = self._b, self._c
        out = 1 if side == "l" else -1
        ball, toes, foot = self._feet[number]
        ahead, left, up = self._pelvis
        thigh, spread, bend = (np.radians(c[f"{name}_{side}"])[:, None] for name in ("thigh", "spread", "bend"))
        outward = left * out
        down = np.cos(spread) * -up + np.sin(spread) * outward
        bone = np.cos(thigh) * down + np.sin(thigh) * ahead
        front = np.cos(thigh) * ahead - np.sin(thigh) * down
        shank = np.cos(bend) * bone - np.sin(bend) * front
        loose = c[f"loose_{side}"][:, None]
        target = (1 - loose) * (ball - foot) + loose * (hip + bone * b.thigh + shank * b.shank)
        target[:, 2] = np.maximum(target[:, 2], ANKLE_FLESH)
        splay = np.radians(c[f"splay_{side}"])[:, None] * out
        aside = np.stack([-toes[:, 1], toes[:, 0], toes[:, 2]], axis=1)
        knee_to = np.cos(splay) * toes + np.sin(splay) * aside + 0.5 * ahead
        towards = (1 - loose) * knee_to + loose * front
        return two_bones(hip, target, b.thigh, b.shank, towards, KNEE_FLESH)

    def _arm(self, number: int, side: str, shoulder: Floats, pelvis: Floats) -> tuple[Floats, Floats]:
        b, c = self._b, self._c
        out = 1 if side == "l" else -1
        ahead, left, up = self._trunk
        outward = left * out
        elevation, plane, swivel, flexion = (
            np.radians(c[f"{name}_{side}"])[:, None] for name in ("elevation", "plane", "swivel", "elbow")
        )
        raised = np.cos(plane) * ahead + np.sin(plane) * outward
        bone = np.sin(elevation) * raised - np.cos(elevation) * up
        bend = np.cos(elevation) * raised + np.sin(elevation) * up
        bend = np.cos(swivel) * bend + out * np.sin(swivel) * np.cross(bend, bone)
        free = shoulder + bone * b.upper_arm + (np.cos(flexion) * bone + np.sin(flexion) * bend) * b.forearm
        hand = np.stack([c[f"hand_x_{side}"], c[f"hand_y_{side}"], c[f"hand_z_{side}"]], axis=1)
        flat = pelvis * [1, 1, 0]
        hold = np.stack([c[f"hold_x_{side}"], c[f"hold_y_{side}"], c[f"hold_z_{side}"]], axis=1)
        own = flat + self._ahead * hold[:, :1] + self._left * hold[:, 1:2] + _UP * hold[:, 2:]
        near, reach = c[f"near_{side}"][:, None], c[f"reach_{side}"][:, None]
        target = (1 - reach) * free + reach * (near * own + (1 - near) * hand)
        target[:, 2] = np.maximum(target[:, 2], WRIST_FLESH)
        towards = (1 - reach) * -bend + reach * (0.5 * outward - 0.5 * ahead - 0.7 * up)
        return two_bones(shoulder, target, b.upper_arm, b.forearm, towards, ELBOW_FLESH)


def _turned(ahead: Floats, left: Floats, up: Floats, pitch: Floats, roll: Floats) -> tuple[Floats, Floats, Floats]:
    """Axes after a turn forwards about the left axis, then to the right about the new front."""
    p, r = np.radians(pitch)[:, None], np.radians(roll)[:, None]
    front, top = np.cos(p) * ahead - np.sin(p) * up, np.cos(p) * up + np.sin(p) * ahead
    return front, np.cos(r) * left + np.sin(r) * top, np.cos(r) * top - np.sin(r) * left


def _mass(joints: Floats, loads: Floats) -> Floats:
    """(T, 3) centre of mass; `loads` (T,) are shares of the body's mass in both hands."""
    shoulders, hips = joints[:, 5:7], joints[:, 11:13]
    total = MASSES["head"] * joints[:, 3:5].mean(axis=1)
    middle, base = shoulders.mean(axis=1), hips.mean(axis=1)
    total = total + MASSES["trunk"] * (middle + ALONG["trunk"] * (base - middle))
    limbs = (("upper_arm", 5, 7), ("forearm", 7, 9), ("thigh", 11, 13), ("shank", 13, 15))
    for name, begin, end in limbs:
        both = joints[:, begin : begin + 2] + ALONG[name] * (joints[:, end : end + 2] - joints[:, begin : begin + 2])
        total = total + MASSES[name] * both.sum(axis=1)
    hands = joints[:, 9:11].mean(axis=1)
    return np.asarray((total + loads[:, None] * hands) / (1 + loads[:, None]), np.float64)
