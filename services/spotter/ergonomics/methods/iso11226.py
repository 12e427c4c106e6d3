"""ISO 11226, static working postures: zones of angles and how long they may be held. Pure.

ISO 11226:2000; METHODS 5.2. The zones were read in secondary texts [S], the lines of holding times are recalled [R];
equality with the standard to the last degree is not claimed. For postures held with hardly any external force.

In the first step an angle is acceptable, not recommended, or acceptable for a time. In the second step the time that it
is held is compared with the maximum: a straight line from 4 min at 20 degrees of trunk inclination to 1 min at 60, and
from 3 to 1 min for an upper arm without support. For the head the standard has such a line too; it is not known here,
so an inclined head stays limited in time. Leaning back and 20 to 60 degrees are acceptable with full support of the
trunk; over 60 degrees is not recommended with or without (METHODS names it for the unsupported trunk only; this is the
stricter reading). Side bend and twist should be absent: within 10 degrees, as a field study drew the line [S]. The
worst counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.methods import observed
from spotter.ergonomics.methods.api import Asked, Given
from spotter.ergonomics.methods.chances import Bands, Chances, Floats, Table, higher, share_below
from spotter.ergonomics.methods.engine import Outcome, TableMethod, both_sides, flag, number
from spotter.ergonomics.methods.known import Known, Numbers

ACCEPTABLE, STEP_2, NOT_RECOMMENDED = 1, 2, 3
ZONES = ("acceptable", "step2", "not_recommended")
LEVELS = ("1 acceptable", "2 limited in time", "3 not recommended")

FROM_DEG, TO_DEG = 20.0, 60.0
"""Angles between which the holding time counts, of trunk and upper arms."""
TRUNK_MINUTES = (4.0, 1.0)
ARM_MINUTES = (3.0, 1.0)
"""Maximum holding time at `FROM_DEG` and at `TO_DEG` [R]."""

TRUNK_BANDS = Bands(starts=(0,), ends=(FROM_DEG, TO_DEG))
ARM_BANDS = Bands(ends=(FROM_DEG, TO_DEG))
HEAD_BANDS = Bands(starts=(0,), ends=(25, 85))
TURN_BANDS = Bands(starts=(-10,), ends=(10,))

_TIMED = (
    ("trunk_inclination", "trunk_supported", TRUNK_MINUTES),
    *((f"{side}_arm_elevation", f"{side}_arm_supported", ARM_MINUTES) for side in observed.SIDES),
)
"""Angles whose holding time is limited, what lifts the limit, and the line."""

_by_time = np.array([2, 1, 3])
"""Step 2 by `_time_states`: undecided, within the maximum, beyond it."""


def _timed(zones: list[list[int]]) -> Table:
    """[band][supported][time]: zones of the first step with step 2 decided by the time."""
    step = np.array(zones)[:, :, None]
    return Table(np.where(step == STEP_2, _by_time, step))


_TRUNK = _timed([[3, 1], [1, 1], [2, 1], [3, 3]])
_ARM = _timed([[1, 1], [2, 1], [3, 3]])
_HEAD = Table([3, 1, 2, 3])
_TURNED = Table(np.fromfunction(lambda side, twist: np.where((side == 1) & (twist == 1), 1, 3), (3, 3)))
_HIGHER = higher(4)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Zone of one angle and how long it may be held; None where no time limits it or none is allowed."""

    zone: str
    max_holding_min: float | None


def trunk(inclination_deg: float, *, supported: bool = False) -> Verdict:
    """Trunk inclination from the vertical, degrees, backward negative; with full support of the trunk or without."""
    return _verdict(int(_TRUNK.at(TRUNK_BANDS.at(inclination_deg), supported, 0)), inclination_deg, TRUNK_MINUTES)


def upper_arm(elevation_deg: float, *, supported: bool = False) -> Verdict:
    """Upper arm elevation from the downward vertical, degrees; with full support of the arm or without."""
    return _verdict(int(_ARM.at(ARM_BANDS.at(elevation_deg), supported, 0)), elevation_deg, ARM_MINUTES)


def head(inclination_deg: float) -> Verdict:
    """Head inclination, degrees, backward negative. The holding time of step 2 is not known here."""
    return Verdict(ZONES[int(_HEAD.at(HEAD_BANDS.at(inclination_deg))) - 1], None)


def maximum_holding(degrees: npt.ArrayLike, minutes: tuple[float, float] = TRUNK_MINUTES) -> Floats:
    """Minutes that a trunk (or with `ARM_MINUTES` an upper arm) at 20 to 60 degrees may be held; beyond, the ends."""
    return np.interp(np.asarray(degrees, np.float64), (FROM_DEG, TO_DEG), minutes)


def _verdict(zone: int, degrees: float, minutes: tuple[float, float]) -> Verdict:
    limit = float(maximum_holding(degrees, minutes)) if zone == STEP_2 else None
    return Verdict(ZONES[zone - 1], limit)


class Iso11226(TableMethod):
    """The worst zone of one static posture by ISO 11226. See the module."""

    name = "iso11226"
    version = "1"
    title = "ISO 11226, static working postures"
    source = "ISO 11226:2000, zones and holding times as found in secondary texts; compare with the standard"
    score_name = "ISO 11226 zone"
    table_version = "ISO 11226:2000, secondary texts"
    levels = LEVELS
    level_of = (0, 0, 1, 2)
    scale = (ACCEPTABLE, NOT_RECOMMENDED)
    asks: ClassVar[tuple[Asked, ...]] = (
        number("held_min", "How long the posture is held.", "min", 0, 1440, observable=True),
        number("trunk_inclination", "Trunk from the vertical, backward negative.", "deg", -90, 180, observable=True),
        flag("trunk_supported", "Trunk is fully supported."),
        number("trunk_side_bend", "Trunk to a side.", "deg", -90, 90, observable=True),
        number("trunk_twist", "Shoulders turned against hips.", "deg", -180, 180, observable=True),
        *both_sides(
            (
                number("arm_elevation", "Upper arm from the downward vertical.", "deg", 0, 180, observable=True),
                flag("arm_supported", "Arm is fully supported."),
            )
        ),
        number("head_inclination", "Head from the upright, backward negative.", "deg", -90, 180),
    )
    bands: ClassVar[Mapping[str, Bands]] = {
        "held_min": Bands(),
        "trunk_inclination": TRUNK_BANDS,
        "trunk_side_bend": TURN_BANDS,
        "trunk_twist": TURN_BANDS,
        "left_arm_elevation": ARM_BANDS,
        "right_arm_elevation": ARM_BANDS,
        "head_inclination": HEAD_BANDS,
    }

    def states(self, known: Mapping[str, Known]) -> dict[str, Chances]:
        """Also whether each angle is held longer than it may be. Each is taken as independent of the others; the bounds
        are exact nevertheless, because a longer time is never better for any of them."""
        held = known["held_min"]
        at = super().states(known)
        return at | {f"{name}_time": _time_states(known[name], held, minutes) for name, _, minutes in _TIMED}

    def groups(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        times = tuple(name for name in names if name.endswith("_time"))
        rest = super().groups([name for name in names if name not in times])
        return rest | ({"held_min": times} if times else {})

    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        trunk = _TRUNK(at["trunk_inclination"], at["trunk_supported"], at["trunk_inclination_time"])
        turned = _TURNED(at["trunk_side_bend"], at["trunk_twist"])
        head = _HEAD(at["head_inclination"])
        arms = {
            side: _ARM(at[f"{side}_arm_elevation"], at[f"{side}_arm_supported"], at[f"{side}_arm_elevation_time"])
            for side in observed.SIDES
        }
        worst = _HIGHER(_HIGHER(trunk, turned), _HIGHER(head, _HIGHER(arms["left"], arms["right"])))
        return Outcome(worst, {"trunk": trunk, "side_bend_or_twist": turned, "head": head, **arms})

    def remarks(self, inputs: Mapping[str, Given], at: Mapping[str, Chances]) -> tuple[str, ...]:
        said = []
        for name, supported, minutes in _TIMED:
            limited = at[name].reach[0, -2] and at[supported].reach[0, 0]
            if limited:
                given = inputs[name]
                longest, shortest = maximum_holding(given.low, minutes), maximum_holding(given.high, minutes)
                span = f"{longest:.1f}" if longest == shortest else f"{shortest:.1f} to {longest:.1f}"
                said.append(f"{name}: held for at most {span} min without support")
        return tuple(said)

    def from_angles(self, body: BodyAngles, entered: Mapping[str, Given] | None = None) -> dict[str, Known]:
        """What the angles of N postures say of the inputs; `entered` holds for all of them and counts more.

        Leaning back by up to 5 degrees counts as upright [D].
        """
        seen: dict[str, Known] = {
            "trunk_inclination": observed.upright(body.trunk_flexion, observed.UPRIGHT_DEG, 180),
            "trunk_side_bend": observed.number(body.trunk_lateral, -90, 90),
            "trunk_twist": observed.number(body.trunk_twist, -180, 180),
        }
        for side in observed.SIDES:
            seen[f"{side}_arm_elevation"] = observed.number(getattr(body, f"{side}_upper_arm_gravity"), 0, 180)
        return observed.with_entered(self, seen, entered)


def _time_states(angle: Known, held: Known, minutes: tuple[float, float]) -> Chances:
    """0 undecided because the time is not known, 1 held within the maximum, 2 beyond it, given an angle of step 2."""
    if not isinstance(angle, Numbers) or not isinstance(held, Numbers):
        raise TypeError("angle and holding time are numbers")
    if held.unknown.all():
        return Chances.exact(0, 3)
    longest = maximum_holding(angle.low, minutes)
    shortest = maximum_holding(angle.high, minutes)
    rows = max(len(angle), len(held))
    within, over = held.low <= longest, held.high > shortest
    edges, minutes_at = _parts(angle, minutes)
    share = np.diff(share_below(edges, angle.low, angle.high, angle.value), axis=1)
    total = share.sum(axis=1, keepdims=True)
    share = np.where(total > 0, share / np.where(total > 0, total, 1.0), 1 / share.shape[1])
    limits = np.nextafter(minutes_at, np.inf)
    longer = ((1 - share_below(limits, held.low, held.high, held.value)) * share).sum(axis=1)
    known = ~np.broadcast_to(held.unknown, rows)
    reach = np.stack([~known, known & within, known & over], axis=1)
    weights = np.stack([np.ones(rows), np.broadcast_to(1 - longer, rows), np.broadcast_to(longer, rows)], axis=1)
    return Chances.weighted(reach, weights)


def _parts(angle: Numbers, minutes: tuple[float, float]) -> tuple[Floats, Floats]:
    """The step 2 part of each interval cut into 32: (N, 33) edges, and (N, 32) the maximum minutes in the middle of
    each."""
    low, high = np.clip(angle.low, FROM_DEG, TO_DEG), np.clip(angle.high, FROM_DEG, TO_DEG)
    edges = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, 33)
    return edges, maximum_holding((edges[:, 1:] + edges[:, :-1]) / 2, minutes)


ISO11226 = Iso11226()
