"""EN 1005-4, working postures at machinery: zones of angles against gravity, with duration and frequency. Pure.

EN 1005-4:2005+A1:2008; METHODS 5.1, where the edges of side bend, twist, upper arms and line of sight were read in
secondary texts [S] and the limits "held for longer than 4 s" and "2 times a minute" are recalled [R]. Compare with the
standard before relying on an edge. No load is needed. An edge belongs to the zone nearer to neutral. The worst region
counts. "Conditional" means acceptable only under a condition that this method does not check: full support of trunk or
arm where the posture is held, or little time in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.methods import observed
from spotter.ergonomics.methods.api import Asked, Given
from spotter.ergonomics.methods.chances import Bands, Chances, Table, Whole, higher
from spotter.ergonomics.methods.engine import Outcome, TableMethod, both_sides, flag, number
from spotter.ergonomics.methods.known import Known

ACCEPTABLE, CONDITIONAL, NOT_ACCEPTABLE = 1, 2, 3
LEVELS = ("1 acceptable", "2 conditional", "3 not acceptable")
MOVEMENTS = ("static", "low_frequency", "high_frequency")

STATIC_S = 4.0
"""Held for longer than this is static [R]."""
HIGH_PER_MINUTE = 2.0
"""From this many movements a minute the frequency is high [R]."""

TRUNK_BANDS = Bands(starts=(0,), ends=(20, 60))
TURN_BANDS = Bands(starts=(-10,), ends=(10,))
ARM_BANDS = Bands(ends=(20, 60))
SIGHT_BANDS = Bands(starts=(0,), ends=(40,))
HELD_BANDS = Bands(ends=(STATIC_S,))
FREQUENCY_BANDS = Bands(starts=(HIGH_PER_MINUTE,))

ZONES = {
    "trunk": ((2, 2, 3), (1, 1, 1), (2, 1, 3), (3, 2, 3)),
    "turned": ((1, 1, 1), (3, 2, 3)),
    "arm": ((1, 1, 1), (2, 1, 2), (3, 2, 3)),
    "sight": ((3, 2, 3), (1, 1, 1), (3, 2, 3)),
}
"""Verdict by zone for each of `MOVEMENTS`. Trunk: backward, 0..20, 20..60, over 60. Turned: side bend and twist within
10 degrees, beyond. Arm: 0..20, 20..60, over 60 or behind. Sight: above horizontal, 0..40 below, further below."""

_MOVEMENT = Table([[1, 2], [0, 0]])
"""[held: no, yes][frequency: low, high]."""
_ARM_ZONE = Table([[0, 2], [1, 2], [2, 2]])
_TURNED_ZONE = Table(np.fromfunction(lambda side, twist: (side != 1) | (twist != 1), (3, 3)))
_WORST_ARM = higher(3)


def _worst() -> Table:
    trunk, turned, arm, sight = (np.array(ZONES[region]) for region in ("trunk", "turned", "arm", "sight"))
    verdicts = np.empty((3, len(trunk), len(turned), len(arm), len(sight)), np.int64)
    for movement in range(3):
        columns = (trunk[:, movement], turned[:, movement], arm[:, movement], sight[:, movement])
        verdicts[movement] = np.maximum.reduce(np.meshgrid(*columns, indexing="ij"))
    return Table(verdicts)


_WORST = _worst()
"""[movement][trunk][turned][arm][sight]: one look-up, because the movement is the same for all regions."""
_BY_REGION = {region: Table(np.array(zones).T) for region, zones in ZONES.items()}


def movement(held_s: float, per_minute: float) -> str:
    """One of `MOVEMENTS` from how long the posture is held and how often it is taken."""
    return MOVEMENTS[int(_MOVEMENT.at(HELD_BANDS.at(held_s), FREQUENCY_BANDS.at(per_minute)))]


def trunk_verdict(flexion: npt.ArrayLike, moving: str) -> Whole:
    """1 acceptable, 2 conditional, 3 not acceptable. Args: degrees, backward negative; one of `MOVEMENTS`."""
    return _BY_REGION["trunk"].at(MOVEMENTS.index(moving), TRUNK_BANDS.at(flexion))


def turned_verdict(side_bend: npt.ArrayLike, twist: npt.ArrayLike, moving: str) -> Whole:
    """Verdict on side bend and twist, degrees to either side."""
    zone = _TURNED_ZONE.at(TURN_BANDS.at(side_bend), TURN_BANDS.at(twist))
    return _BY_REGION["turned"].at(MOVEMENTS.index(moving), zone)


def arm_verdict(elevation: npt.ArrayLike, moving: str, behind: npt.ArrayLike = False) -> Whole:
    """Verdict on an upper arm. Args: degrees from the downward vertical; whether it is behind the body."""
    zone = _ARM_ZONE.at(ARM_BANDS.at(elevation), behind)
    return _BY_REGION["arm"].at(MOVEMENTS.index(moving), zone)


def sight_verdict(below_horizontal: npt.ArrayLike, moving: str) -> Whole:
    """Verdict on the line of sight. Args: degrees below the horizontal, above negative."""
    return _BY_REGION["sight"].at(MOVEMENTS.index(moving), SIGHT_BANDS.at(below_horizontal))


class En1005(TableMethod):
    """The worst zone of one posture by EN 1005-4. See the module."""

    name = "en1005"
    version = "1"
    title = "EN 1005-4, working postures at machinery"
    source = "EN 1005-4:2005+A1:2008, zones as found in secondary texts; compare with the standard"
    score_name = "EN 1005-4 zone"
    table_version = "EN 1005-4:2005+A1:2008, secondary texts"
    levels = LEVELS
    level_of = (0, 0, 1, 2)
    scale = (ACCEPTABLE, NOT_ACCEPTABLE)
    asks: ClassVar[tuple[Asked, ...]] = (
        number("held_s", "How long the posture is held; over 4 s is static.", "s", 0, 86400, observable=True),
        number("per_minute", "How often it is taken; from 2 a minute is often.", "1/min", 0, 120, observable=True),
        number(
            "trunk_flexion", "Trunk forward from the vertical, backward negative.", "deg", -90, 180, observable=True
        ),
        number("trunk_side_bend", "Trunk to a side.", "deg", -90, 90, observable=True),
        number("trunk_twist", "Shoulders turned against hips.", "deg", -180, 180, observable=True),
        *both_sides(
            (
                number("arm_elevation", "Upper arm from the downward vertical.", "deg", 0, 180, observable=True),
                flag("arm_behind", "Upper arm is behind the body.", observable=True),
            )
        ),
        number("line_of_sight", "Gaze below the horizontal, above negative.", "deg", -90, 90),
    )
    bands: ClassVar[Mapping[str, Bands]] = {
        "held_s": HELD_BANDS,
        "per_minute": FREQUENCY_BANDS,
        "trunk_flexion": TRUNK_BANDS,
        "trunk_side_bend": TURN_BANDS,
        "trunk_twist": TURN_BANDS,
        "left_arm_elevation": ARM_BANDS,
        "right_arm_elevation": ARM_BANDS,
        "line_of_sight": SIGHT_BANDS,
    }

    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        moving = _MOVEMENT(at["held_s"], at["per_minute"])
        turned = _TURNED_ZONE(at["trunk_side_bend"], at["trunk_twist"])
        arms = {side: _ARM_ZONE(at[f"{side}_arm_elevation"], at[f"{side}_arm_behind"]) for side in observed.SIDES}
        worst_arm = _WORST_ARM(arms["left"], arms["right"])
        return Outcome(
            _WORST(moving, at["trunk_flexion"], turned, worst_arm, at["line_of_sight"]),
            {
                "trunk": _BY_REGION["trunk"](moving, at["trunk_flexion"]),
                "side_bend_or_twist": _BY_REGION["turned"](moving, turned),
                "left": _BY_REGION["arm"](moving, arms["left"]),
                "right": _BY_REGION["arm"](moving, arms["right"]),
                "line_of_sight": _BY_REGION["sight"](moving, at["line_of_sight"]),
            },
        )

    def from_angles(self, body: BodyAngles, entered: Mapping[str, Given] | None = None) -> dict[str, Known]:
        """What the angles of N postures say of the inputs; `entered` holds for all of them and counts more.

        Leaning back by up to 5 degrees counts as upright [D]: nobody stands at exactly 0. Duration and frequency are
        not seen in one posture; exposure gives them, or a person.
        """
        seen: dict[str, Known] = {
            "trunk_flexion": observed.upright(body.trunk_flexion, observed.UPRIGHT_DEG, 180),
            "trunk_side_bend": observed.number(body.trunk_lateral, -90, 90),
            "trunk_twist": observed.number(body.trunk_twist, -180, 180),
        }
        for side in observed.SIDES:
            seen[f"{side}_arm_elevation"] = observed.number(getattr(body, f"{side}_upper_arm_gravity"), 0, 180)
            seen[f"{side}_arm_behind"] = observed.behind(body, side)
        return observed.with_entered(self, seen, entered)


EN1005 = En1005()
