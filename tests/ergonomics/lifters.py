"""Scripted hands and bodies as signals of the lift rule: what a camera from the side sees of one person."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift import LiftMachine
from spotter.ergonomics.events.lift_signals import LiftSignals, LiftView, Spot
from spotter.ergonomics.events.lift_values import Lift

PX = 100.0
"""Pixels to a metre."""

FLOOR = 500.0
STATURE_M = 1.75
LEVEL = LiftView(pitch=(0.0, 0.0), px_per_m=(PX, PX, PX), yaw=(0.0, 10.0), away=0, right=1, shrink=(0.0, 0.0, 0.0))
"""A calibrated camera that looks straight ahead at somebody who faces to the right."""


@dataclass(frozen=True)
class Pose:
    """One moment, m: hands before the feet and above the floor, hips and knees, trunk and knee in degrees."""

    ahead: float = 0.05
    hands: float = 0.77
    hips: float = 0.93
    trunk: float = 0.0
    knee: float = 0.0
    knees: float = 0.48
    apart: float = 0.3
    one_hand: float | None = None
    feet: float = 3.0


STAND = Pose()
STOOP = Pose(ahead=0.45, hands=0.20, hips=0.90, trunk=80.0, knee=15.0)
SQUAT = Pose(ahead=0.40, hands=0.20, hips=0.45, trunk=30.0, knee=110.0, knees=0.40)
HOLD = Pose(ahead=0.35, hands=1.00)
TABLE = Pose(ahead=0.45, hands=0.95, trunk=10.0)
SHELF = Pose(ahead=0.45, hands=1.55)
SEAT = Pose(ahead=0.40, hands=0.62, hips=0.50, trunk=5.0, knee=90.0, knees=0.48)
KNEEL = Pose(ahead=0.40, hands=0.10, hips=0.50, trunk=35.0, knee=95.0, knees=0.06)


@dataclass
class Script:
    """Poses at times, moved between as people move: smoothly from rest to rest."""

    steps: list[tuple[float, Pose]] = field(default_factory=list)

    def pose(self, seconds: float) -> Pose:
        """Where the body is."""
        if seconds <= self.steps[0][0]:
            return self.steps[0][1]
        for (begin, before), (end, after) in zip(self.steps, self.steps[1:], strict=False):
            if seconds <= end:
                share = (seconds - begin) / (end - begin)
                return _between(before, after, share**3 * (10 - 15 * share + 6 * share**2))
        return self.steps[-1][1]

    @property
    def end(self) -> float:
        return self.steps[-1][0]


def lifting(
    low: Pose = STOOP, high: Pose = HOLD, *, seconds: float = 1.2, after: Sequence[tuple[float, Pose]] = ()
) -> Script:
    """Stand, go to `low` until 2.0 s, grasp until 2.6 s, lift to `high` within `seconds`, stay; then `after`, at
    seconds from the arrival on."""
    arrived = 2.6 + seconds
    rest = [(arrived + at, pose) for at, pose in after] or [(arrived + 4.0, high)]
    return Script([(0.0, STAND), (1.0, STAND), (2.0, low), (2.6, low), (arrived, high), *rest])


def signals(pose: Pose, *, view: LiftView = LEVEL, noise: float = 0.01, mirror: bool = False) -> LiftSignals:
    """What the rule sees of a pose."""
    side = -1.0 if mirror else 1.0

    def spot(ahead: float, height: float) -> Spot:
        return (pose.feet + side * ahead) * PX, FLOOR - height * PX

    near, far = pose.apart / 2, -pose.apart / 2
    left, right = spot(pose.ahead + near, pose.hands), spot(pose.ahead + far, pose.hands)
    if pose.one_hand is not None:
        left = spot(0.1, pose.one_hand)
    lean = math.radians(pose.trunk)
    hips = spot(-0.1 * math.sin(lean), pose.hips)
    shoulders = spot(-0.1 * math.sin(lean) + 0.51 * math.sin(lean), pose.hips + 0.51 * math.cos(lean))
    if mirror:
        left, right = right, left
        view = replace(view, right=-view.right)
    return LiftSignals(
        left=left,
        right=right,
        hips=hips,
        shoulders=shoulders,
        ankles=(spot(0.05, 0.07), spot(-0.05, 0.07)),
        knees=spot(0.1, pose.knees),
        trunk=pose.trunk,
        legs=(pose.knee, pose.trunk + pose.knee * 0.7, pose.knee * 0.25),
        noise=noise * PX,
        stature=STATURE_M * PX,
        floor=FLOOR,
        settled=True,
        px_per_m=(PX, PX, PX),
        view=view,
    )


def frames(script: Script, fps: float, *, jitter: float = 0.0, seed: int = 1) -> Iterator[tuple[int, Pose]]:
    """Event times of a camera and the poses at them; `jitter` is the share of a frame by which times wander."""
    rng = np.random.default_rng(seed)
    for index in range(round(script.end * fps)):
        seconds = (index + jitter * rng.uniform(-0.4, 0.4)) / fps
        yield from_seconds(max(seconds, 0.0)), script.pose(seconds)


def watch(
    script: Script,
    fps: float = 15.0,
    *,
    jitter: float = 0.0,
    shake: float = 0.0,
    unseen: tuple[float, float] = (0.0, 0.0),
    parameters: LiftParameters | None = None,
    mirror: bool = False,
    noise: float = 0.01,
    view: LiftView = LEVEL,
) -> list[Lift]:
    """All lifts of a script; hands shake by `shake` m (standard deviation), nobody is seen within `unseen`."""
    machine, rng, found = LiftMachine(parameters or LiftParameters()), np.random.default_rng(7), []
    for at, pose in frames(script, fps, jitter=jitter):
        seen = signals(pose, mirror=mirror, noise=noise, view=view)
        if shake and seen.left is not None and seen.right is not None:
            moved = rng.normal(0, shake * PX, 4)
            left, right = seen.left, seen.right
            seen = replace(
                seen,
                left=(left[0] + moved[0], left[1] + moved[1]),
                right=(right[0] + moved[2], right[1] + moved[3]),
            )
        hidden = unseen[0] <= to_seconds(at) < unseen[1]
        lift = machine.update(at, None if hidden else seen)
        found += [lift] if lift is not None else []
    lift = machine.end()
    return [*found, lift] if lift is not None else found


def _between(before: Pose, after: Pose, share: float) -> Pose:
    def mix(name: str) -> float:
        return float(getattr(before, name) + share * (getattr(after, name) - getattr(before, name)))

    one = after.one_hand
    if before.one_hand is not None and after.one_hand is not None:
        one = before.one_hand + share * (after.one_hand - before.one_hand)
    elif before.one_hand is not None:
        one = before.one_hand
    plain = ("ahead", "hands", "hips", "trunk", "knee", "knees", "apart", "feet")
    return Pose(**{name: mix(name) for name in plain}, one_hand=one)
