"""A worker over time, with everything that is true of them: joints, angles, events, feet, balance, what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.joints3d import body_angles_3d
from spotter.simulate.workers import anthropometry as share
from spotter.simulate.workers.anthropometry import Body
from spotter.simulate.workers.chance import Floats
from spotter.simulate.workers.channels import SIDES
from spotter.simulate.workers.kinematics import ELBOW_FLESH, WRIST_FLESH, pose
from spotter.simulate.workers.timeline import Box, Event, Held, Timeline

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """A box over T moments: centre (T, 3) m, yaw (T,) degrees, and whether it is in the hands (T,)."""

    box: Box
    centre: Floats
    yaw: Floats
    held: Flags


NECK_NEUTRAL = float(np.degrees(np.arctan2(share.EARS_AHEAD, share.EARS_UP)))
"""Head line against the trunk of a worker who looks straight ahead, degrees; what `neck_flexion` is measured from."""


@dataclass(frozen=True, eq=False)
class Take:
    """One worker over T moments. World: metres, z up, floor at 0.

    Attributes:
        name: of the motion.
        times: (T,) s, equally far apart.
        joints: (T, 17, 3) m, COCO-17 order.
        scripted: (T,) degrees by name of `BodyAngles`: what the motion asked for, where it asks for that angle itself.
        events: kind and seconds, in order of time.
        loads: what is lifted, over all moments.
        balls: (T, 2, 3) m, balls of the left and right foot.
        planted: (T, 2) the foot stands: its ball does not move.
        mass: (T, 3) m, centre of mass with what is carried.
        balanced: (T,) the worker stands or lifts with both feet planted; the centre of mass is over them.
        contact: (T,) hips, trunk or head lie on the floor.
    """

    name: str
    seed: int
    fps: float
    body: Body
    times: Floats
    joints: Floats
    scripted: dict[str, Floats]
    events: tuple[Event, ...]
    loads: tuple[Load, ...]
    balls: Floats
    planted: Flags
    mass: Floats
    balanced: Flags
    contact: Flags

    def __len__(self) -> int:
        return len(self.times)

    @cached_property
    def angles(self) -> BodyAngles:
        """Exact angles, (T,) each, by METHODS 6.1 from the joints."""
        return body_angles_3d(self.joints, neck_neutral=NECK_NEUTRAL)


def play(t: Timeline, name: str, seed: int, fps: float) -> Take:
    """What a timeline comes to, at `fps` moments a second from its beginning to its end."""
    times = np.arange(int(np.floor(t.clock * fps + 1e-9)) + 1) / fps
    c = t.values(times)
    heaviest = max((one.box.mass_kg for one in t.held), default=0.0)
    posed = pose(t.body, c, heaviest)
    loose = np.stack([c[f"loose_{side}"] for side in SIDES], axis=1)
    swinging = np.stack([_within(times, t.swings[side]) for side in SIDES], axis=1)
    planted = (loose == 0) & ~swinging
    balanced = planted.all(axis=1) & (c["carried"] == 0) & (c["hung"] == 0) & ~_within(times, t.unsettled)
    impact = _impact(t)
    events = sorted([*t.events, *impact], key=lambda one: (one.at_s, one.kind))
    return Take(
        name, seed, fps, t.body, times, posed.joints, _scripted(c, posed.joints), tuple(events),
        tuple(_carry(one, times, posed.joints) for one in t.held), posed.balls, planted, posed.mass, balanced,
        posed.contact > 0,
    )  # fmt: skip


def _within(times: Floats, spans: list[tuple[float, float]]) -> Flags:
    inside = np.zeros(len(times), bool)
    for begin, end in spans:
        inside |= (times > begin) & (times < end)
    return inside


_G = 9.81

_COARSE, _FINE = 0.02, 0.001
"""Steps in which the time of an impact is sought and then found, s."""


def _impact(t: Timeline) -> list[Event]:
    """When the floor first takes up the body after each loss of balance, to a millisecond at any frame rate."""
    found = []
    for onset in (one.at_s for one in t.events if one.kind.startswith("fall_onset")):
        before, step = onset, _COARSE
        for step, until in ((_COARSE, t.clock), (_FINE, None)):
            moments = np.arange(before, before + _COARSE if until is None else until, step)
            touching = np.flatnonzero(pose(t.body, t.values(moments)).contact > 0)
            if not len(touching):
                break
            before = float(moments[max(touching[0] - 1, 0)])
        else:
            found.append(Event("impact", round(before + _FINE, 3)))
    return found


def _scripted(c: dict[str, Floats], joints: Floats) -> dict[str, Floats]:
    """Trunk and head are as the channels say; so are arms that neither reach for anything nor lie on the floor."""
    upright = (c["pitch"] == 0) & (c["roll"] == 0)
    straight = (c["turn"] == 0) & (c["tilt"] == 0) & (c["twist"] == 0) & (c["lateral"] == 0)
    found = {
        "trunk_flexion": np.where(upright & (np.abs(c["lateral"]) < 89), c["flexion"], np.nan),
        "trunk_lateral": np.where(upright, c["lateral"], np.nan),
        "trunk_twist": np.where(upright, c["twist"], np.nan),
        "neck_flexion": np.where(straight & upright, c["nod"], np.nan),
    }
    for number, (side, word) in enumerate((("l", "left"), ("r", "right"))):
        high = (joints[:, 7 + number, 2] > ELBOW_FLESH + 1e-6) & (joints[:, 9 + number, 2] > WRIST_FLESH + 1e-6)
        free = (c[f"reach_{side}"] == 0) & high
        found[f"{word}_upper_arm_trunk"] = np.where(free, np.abs(c[f"elevation_{side}"]), np.nan)
        found[f"{word}_elbow_flexion"] = np.where(free, c[f"elbow_{side}"], np.nan)
    return found


def _carry(held: Held, times: Floats, joints: Floats) -> Load:
    """The box stands, then goes with the hands, then stays where they let it go."""
    inside = (times >= held.grasped_s) & (times < held.released_s)
    centre = np.tile(np.asarray(held.centre), (len(times), 1))
    yaw = np.full(len(times), held.yaw)
    if inside.any():
        first, last = int(np.flatnonzero(inside)[0]), int(np.flatnonzero(inside)[-1])
        line = joints[:, 9] - joints[:, 10]
        turned = np.degrees(np.unwrap(np.arctan2(-line[:, 0], line[:, 1])))
        hands = joints[:, 9:11].mean(axis=1)
        below = held.centre - hands[first]
        angle = np.radians(turned - turned[first])
        moved = np.stack([
            np.cos(angle) * below[0] - np.sin(angle) * below[1], np.sin(angle) * below[0] + np.cos(angle) * below[1],
            np.full(len(times), below[2]),
        ], axis=1)  # fmt: skip
        centre[first:], yaw[first:] = (hands + moved)[first:], (held.yaw + turned - turned[first])[first:]
        centre[last:], yaw[last:] = centre[last], yaw[last]
        if held.dropped:
            fallen = _G / 2 * (times[last:] - times[last]) ** 2
            centre[last:, 2] = np.maximum(centre[last, 2] - fallen, min(held.box.size[2] / 2, centre[last, 2]))
    return Load(held.box, centre, yaw, inside)
