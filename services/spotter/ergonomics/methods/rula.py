"""RULA, Rapid Upper Limb Assessment: McAtamney & Corlett 1993, Applied Ergonomics 24:91-99. Pure.

doi 10.1016/0003-6870(93)90080-S. METHODS 3. Two versions of table A circulate and differ in 31 of 144 cells:
"ergoplus" (the widely used worksheet, checked by its transcriber against a second calculator) and "hedge" (the Cornell
worksheet), which is never higher. The article's own print has not been read here; the default is the higher one [D] and
every result says which was used. Decisions:
- An edge belongs to the lower score. Trunk and wrist are neutral within 5 degrees [D]; the neck has no such tolerance.
- Trunk extension scores like flexion as far [D]: the article has no rule for it.
- Twist and side bend add 1 each (in REBA once).
- Muscle use: held for longer than 1 min or 4 and more times a minute. A popular worksheet prints 10 min; not used here.
- More than 10 kg intermittently is 2, statically or repeatedly 3. The same worksheet merges both into 3.
- Both arms are scored and the higher one counts. Wrists are not among the COCO-17 keypoints, so from a camera a RULA
  score is always an interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.methods import observed
from spotter.ergonomics.methods.api import Asked, Given, Kind
from spotter.ergonomics.methods.chances import Bands, Chances, Table, Whole, added, higher
from spotter.ergonomics.methods.engine import Outcome, TableMethod, both_sides, flag, number
from spotter.ergonomics.methods.known import Known

NEUTRAL_DEG = observed.UPRIGHT_DEG
"""Trunk and wrist angles that still count as upright and neutral [D]."""

VERSIONS = ("ergoplus", "hedge")

_ERGOPLUS = """
12222333 22223333 23333344  23333444 33333444 34444455  33444455 34444455 44444555
44444555 44444555 44455566  55555667 56666777 66677778  77777889 88888999 99999999
"""
_HEDGE = """
12222333 22223333 23233344  22233344 22233344 23333445  23334455 23334455 23344455
34444455 34444455 34455566  55555667 56666777 66677778  77777889 78888999 99999999
"""


def _cells(printed: str, *shape: int) -> npt.NDArray[np.int64]:
    return np.array([int(cell) for cell in printed if cell.isdigit()]).reshape(shape)


TABLE_A = {"ergoplus": _cells(_ERGOPLUS, 6, 3, 4, 2), "hedge": _cells(_HEDGE, 6, 3, 4, 2)}
"""By version: [upper arm 1..6][lower arm 1..3][wrist 1..4][twist 1..2]."""

TABLE_B = _cells("132334556677 232345556777 333445566777 555667777788 777778888888 888888899999", 6, 6, 2)
"""[neck 1..6][trunk 1..6][legs 1..2]; both worksheets agree."""

TABLE_C = _cells("1233455 2234455 3334456 3334566 4445677 4456677 5566777 5567777", 8, 7)
"""[score C 1..8 and more][score D 1..7 and more]."""

LEVELS = ("1 acceptable", "2 investigate", "3 change soon", "4 change now")
"""Action levels, McAtamney & Corlett 1993."""
LEVEL_OF = (0, 0, 0, 1, 1, 2, 2, 3)
"""Place in `LEVELS` by grand score 0..7; there is no score 0."""

FORCES = ("intermittent", "static_or_repeated", "shock")

UPPER_ARM_BANDS = Bands(starts=(-20,), ends=(20, 45, 90))
LOWER_ARM_BANDS = Bands(starts=(60,), ends=(100,))
WRIST_BANDS = Bands(starts=(-15, -NEUTRAL_DEG), ends=(NEUTRAL_DEG, 15))
NECK_BANDS = Bands(starts=(0,), ends=(10, 20))
TRUNK_BANDS = Bands(starts=(-60, -20, -NEUTRAL_DEG), ends=(NEUTRAL_DEG, 20, 60))
LOAD_BANDS = Bands(starts=(2,), ends=(10,))

_no_yes = np.arange(2)
_two = np.add.outer(_no_yes, _no_yes)
UPPER_ARM = Table(np.clip(np.array([2, 1, 2, 3, 4])[:, None, None, None] + _two[:, :, None] - _no_yes, 1, 6))
LOWER_ARM = Table(np.add.outer([2, 1, 2], _no_yes))
WRIST = Table(np.add.outer([3, 2, 1, 2, 3], _no_yes))
TWIST = Table([1, 2])
NECK = Table(np.array([4, 1, 2, 3])[:, None, None] + _two)
_upright_or_supported = np.stack([[4, 3, 2, 1, 2, 3, 4], [1] * 7], axis=1)
TRUNK = Table(_upright_or_supported[:, :, None, None] + _two)
LEGS = Table([2, 1])
FORCE = Table([[0, 0, 3], [1, 2, 3], [2, 3, 3]])
MUSCLE_AND_FORCE = added(2, 4)
A = {version: Table(np.pad(table, [(1, 0)] * 4)) for version, table in TABLE_A.items()}
B = Table(np.pad(TABLE_B, [(1, 0)] * 3))
SCORE_C = added(10, 5, cap=8)
SCORE_D = added(10, 5, cap=7)
C = Table(np.pad(TABLE_C, [(1, 0)] * 2))
_HIGHER_ARM = higher(10)
_A_OF_EITHER = Table(np.stack([A[version].values for version in VERSIONS]))
"""Both versions, for who does not know which was used. The arms are then taken as independent of each other."""


def upper_arm_score(
    flexion: npt.ArrayLike,
    abducted: npt.ArrayLike = False,
    shoulder_raised: npt.ArrayLike = False,
    supported: npt.ArrayLike = False,
) -> Whole:
    """Upper arm 1..6. Args: flexion against the trunk in degrees, backward negative; `supported` or leaning."""
    return UPPER_ARM.at(UPPER_ARM_BANDS.at(flexion), abducted, shoulder_raised, supported)


def lower_arm_score(flexion: npt.ArrayLike, across_or_out: npt.ArrayLike = False) -> Whole:
    """Lower arm 1..3. Args: elbow flexion in degrees; working across the midline or out to the side."""
    return LOWER_ARM.at(LOWER_ARM_BANDS.at(flexion), across_or_out)


def wrist_score(flexion: npt.ArrayLike, deviated: npt.ArrayLike = False) -> Whole:
    """Wrist 1..4. Args: flexion or extension (negative) in degrees; bent towards thumb or little finger."""
    return WRIST.at(WRIST_BANDS.at(flexion), deviated)


def neck_score(flexion: npt.ArrayLike, side_bent: npt.ArrayLike = False, twisted: npt.ArrayLike = False) -> Whole:
    """Neck 1..6. Args: flexion in degrees, extension negative."""
    return NECK.at(NECK_BANDS.at(flexion), side_bent, twisted)


def trunk_score(
    flexion: npt.ArrayLike,
    side_bent: npt.ArrayLike = False,
    twisted: npt.ArrayLike = False,
    supported_sitting: npt.ArrayLike = False,
) -> Whole:
    """Trunk 1..6. Args: flexion in degrees; sitting well supported with a hip-trunk angle of at least 90 degrees."""
    return TRUNK.at(TRUNK_BANDS.at(flexion), supported_sitting, side_bent, twisted)


def legs_score(balanced: npt.ArrayLike) -> Whole:
    """Legs 1..2. Args: legs and feet supported and balanced."""
    return LEGS.at(np.asarray(balanced, np.int64))


def force_score(load_kg: npt.ArrayLike, pattern: str = "intermittent") -> Whole:
    """Force or load 0..3. Args: pattern is one of `FORCES`."""
    return FORCE.at(LOAD_BANDS.at(load_kg), FORCES.index(pattern))


def action_level(grand: npt.ArrayLike) -> Whole:
    """Action level 1..4 of a grand score 1..7."""
    return np.asarray(np.array(LEVEL_OF)[np.asarray(grand, np.int64)] + 1, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class RulaScores:
    """Scores of one side on the way from body parts to the grand score; arrays."""

    posture_a: Whole
    score_c: Whole
    posture_b: Whole
    score_d: Whole
    grand: Whole
    action_level: Whole
    table_version: str


def score(
    upper: npt.ArrayLike,
    lower: npt.ArrayLike,
    wrist: npt.ArrayLike,
    twist: npt.ArrayLike,
    neck: npt.ArrayLike,
    trunk: npt.ArrayLike,
    legs: npt.ArrayLike,
    *,
    muscle_a: npt.ArrayLike = 0,
    force_a: npt.ArrayLike = 0,
    muscle_b: npt.ArrayLike = 0,
    force_b: npt.ArrayLike = 0,
    version: str = "ergoplus",
) -> RulaScores:
    """Grand score from the scores of body parts, exact; arrays broadcast.

    Args:
        muscle_a, force_a: 0..1 and 0..3, of arm and wrist; muscle_b, force_b: of neck, trunk and legs.
        version: of table A, one of `VERSIONS`.
    """
    posture_a, posture_b = A[version].at(upper, lower, wrist, twist), B.at(neck, trunk, legs)
    score_c = posture_a + np.asarray(muscle_a, np.int64) + np.asarray(force_a, np.int64)
    score_d = posture_b + np.asarray(muscle_b, np.int64) + np.asarray(force_b, np.int64)
    grand = C.at(np.minimum(score_c, 8), np.minimum(score_d, 7))
    return RulaScores(posture_a, score_c, posture_b, score_d, grand, action_level(grand), version)


_ARM = both_sides(
    (
        number("upper_arm", "Upper arm against the trunk line, backward negative.", "deg", -90, 180, observable=True),
        flag("upper_arm_abducted", "Upper arm is held away from the side.", observable=True),
        flag("shoulder_raised", "Shoulder is raised."),
        flag("arm_supported", "Arm is supported, or the person leans."),
        number("elbow_flexion", "Elbow flexion, 0 is a straight arm.", "deg", 0, 180, observable=True),
        flag("across_or_out", "Lower arm works across the midline or out to the side."),
        number("wrist_flexion", "Wrist flexion, extension negative.", "deg", -90, 90),
        flag("wrist_deviated", "Wrist is bent towards the thumb or the little finger."),
        flag("wrist_twisted", "Wrist is twisted to near the end of its range."),
    )
)

_FORCE = both_sides(
    (
        flag("static_or_repeated", "Held for longer than 1 min, or repeated 4 times a minute and more."),
        number("load_kg", "Load or force.", "kg", 0, 200),
        Asked("force", Kind.CHOICE, "How the load comes.", choices=FORCES),
    ),
    "arm",
    "body",
)


class Rula(TableMethod):
    """RULA of one posture, both arms. See the module."""

    name = "rula"
    version = "1"
    title = "RULA, Rapid Upper Limb Assessment"
    source = "McAtamney & Corlett 1993, Applied Ergonomics 24:91-99, doi 10.1016/0003-6870(93)90080-S"
    score_name = "RULA"
    table_version = "ergoplus"
    levels = LEVELS
    level_of = LEVEL_OF
    scale = (1, 7)
    asks: ClassVar[tuple[Asked, ...]] = (
        *_ARM,
        number("neck_flexion", "Neck forward against the trunk, backward negative.", "deg", -90, 180, observable=True),
        flag("neck_side_bent", "Neck is bent to a side."),
        flag("neck_twisted", "Neck is twisted."),
        number("trunk_flexion", "Trunk forward, backward negative.", "deg", -90, 180, observable=True),
        flag("trunk_side_bent", "Trunk is bent to a side.", observable=True),
        flag("trunk_twisted", "Trunk is twisted.", observable=True),
        flag("supported_sitting", "Sits well supported, hip-trunk angle 90 degrees or more."),
        flag("legs_balanced", "Legs and feet are supported and balanced."),
        *_FORCE,
        Asked("table", Kind.CHOICE, "Version of table A.", choices=VERSIONS, default="ergoplus"),
    )
    bands: ClassVar[Mapping[str, Bands]] = {
        "neck_flexion": NECK_BANDS,
        "trunk_flexion": TRUNK_BANDS,
        **{f"{side}_upper_arm": UPPER_ARM_BANDS for side in observed.SIDES},
        **{f"{side}_elbow_flexion": LOWER_ARM_BANDS for side in observed.SIDES},
        **{f"{side}_wrist_flexion": WRIST_BANDS for side in observed.SIDES},
        **{f"{part}_load_kg": LOAD_BANDS for part in ("arm", "body")},
    }

    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        arms = {side: _posture_a(at, side) for side in observed.SIDES}
        posture_b = B(
            NECK(at["neck_flexion"], at["neck_side_bent"], at["neck_twisted"]),
            TRUNK(at["trunk_flexion"], at["supported_sitting"], at["trunk_side_bent"], at["trunk_twisted"]),
            LEGS(at["legs_balanced"]),
        )
        score_d = SCORE_D(posture_b, _muscle_and_force(at, "body"))
        use = _muscle_and_force(at, "arm")
        score_c = SCORE_C(_HIGHER_ARM(arms["left"], arms["right"]), use)
        return Outcome(
            C(score_c, score_d),
            {
                **{side: C(SCORE_C(arm, use), score_d) for side, arm in arms.items()},
                "score_c": score_c,
                "score_d": score_d,
                "left_posture_a": arms["left"],
                "right_posture_a": arms["right"],
                "posture_b": posture_b,
            },
        )

    def version_of_tables(self, inputs: Mapping[str, Given]) -> str:
        return " or ".join(inputs["table"].choices)

    def from_angles(self, body: BodyAngles, entered: Mapping[str, Given] | None = None) -> dict[str, Known]:
        """What the angles of N postures say of the inputs; `entered` holds for all of them and counts more.

        RULA has no rule for arms that hang down by gravity: a stoop with hanging arms scores them at 90 degrees.
        """
        seen: dict[str, Known] = {
            "neck_flexion": observed.number(body.neck_flexion, -90, 180),
            "trunk_flexion": observed.number(body.trunk_flexion, -90, 180),
            "trunk_side_bent": observed.beyond(body.trunk_lateral, observed.TURNED_DEG),
            "trunk_twisted": observed.beyond(body.trunk_twist, observed.TURNED_DEG),
        }
        for side in observed.SIDES:
            seen[f"{side}_upper_arm"] = observed.upper_arm(body, side)
            seen[f"{side}_upper_arm_abducted"] = observed.abducted(body, side)
            seen[f"{side}_elbow_flexion"] = observed.number(getattr(body, f"{side}_elbow_flexion"), 0, 180)
        return observed.with_entered(self, seen, entered)


def _posture_a(at: Mapping[str, Chances], side: str) -> Chances:
    upper = UPPER_ARM(
        at[f"{side}_upper_arm"],
        at[f"{side}_upper_arm_abducted"],
        at[f"{side}_shoulder_raised"],
        at[f"{side}_arm_supported"],
    )
    lower = LOWER_ARM(at[f"{side}_elbow_flexion"], at[f"{side}_across_or_out"])
    wrist = WRIST(at[f"{side}_wrist_flexion"], at[f"{side}_wrist_deviated"])
    twist = TWIST(at[f"{side}_wrist_twisted"])
    possible = at["table"].reach.any(axis=0)
    if possible.sum() == 1:
        return A[VERSIONS[int(np.argmax(possible))]](upper, lower, wrist, twist)
    return _A_OF_EITHER(at["table"], upper, lower, wrist, twist)


def _muscle_and_force(at: Mapping[str, Chances], part: str) -> Chances:
    return MUSCLE_AND_FORCE(at[f"{part}_static_or_repeated"], FORCE(at[f"{part}_load_kg"], at[f"{part}_force"]))


RULA = Rula()
