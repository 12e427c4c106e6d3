"""REBA, Rapid Entire Body Assessment: Hignett & McAtamney 2000, Applied Ergonomics 31:201-205. Pure.

Tables A, B and C and the bands of the angles are those of the article (doi 10.1016/S0003-6870(99)00039-3); the tables
equal those of the open program rs9000/ergonomics @78a4179 in all 240 cells. METHODS 2. Decisions:
- An edge belongs to the lower score: 20.0 degrees are in the band 0..20. Load 5.0 and 10.0 kg score 1.
- Upright is within 5 degrees [D]: exactly 0 never occurs.
- Twist and side bend of trunk or neck add 1 once; the worksheets that print two lines would overflow table A.
- Both arms are scored and the higher one counts.
- A camera sees neither load, grip, wrist nor rhythm: `posture_only_reba` leaves them at their best case and says so.
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

TABLE_A = np.array([
    [[1, 2, 3, 4], [1, 2, 3, 4], [3, 3, 5, 6]],
    [[2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7]],
    [[2, 4, 5, 6], [4, 5, 6, 7], [5, 6, 7, 8]],
    [[3, 5, 6, 7], [5, 6, 7, 8], [6, 7, 8, 9]],
    [[4, 6, 7, 8], [6, 7, 8, 9], [7, 8, 9, 9]],
])  # fmt: skip
"""[trunk 1..5][neck 1..3][legs 1..4], Hignett & McAtamney 2000."""

TABLE_B = np.array([
    [[1, 2, 2], [1, 2, 3]], [[1, 2, 3], [2, 3, 4]], [[3, 4, 5], [4, 5, 5]],
    [[4, 5, 5], [5, 6, 7]], [[6, 7, 8], [7, 8, 8]], [[7, 8, 8], [8, 9, 9]],
])  # fmt: skip
"""[upper arm 1..6][lower arm 1..2][wrist 1..3], Hignett & McAtamney 2000."""

TABLE_C = np.array([
    [1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 7, 7],
    [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 7, 8],
    [2, 3, 3, 3, 4, 5, 6, 7, 7, 8, 8, 8],
    [3, 4, 4, 4, 5, 6, 7, 8, 8, 9, 9, 9],
    [4, 4, 4, 5, 6, 7, 8, 8, 9, 9, 9, 9],
    [6, 6, 6, 7, 8, 8, 9, 9, 10, 10, 10, 10],
    [7, 7, 7, 8, 9, 9, 9, 10, 10, 11, 11, 11],
    [8, 8, 8, 9, 10, 10, 10, 10, 10, 11, 11, 11],
    [9, 9, 9, 10, 10, 10, 11, 11, 11, 12, 12, 12],
    [10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 12],
    [11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 12],
    [12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12],
])  # fmt: skip
"""[score A 1..12][score B 1..12], Hignett & McAtamney 2000."""

LEVELS = ("0 none", "1 may be needed", "2 necessary", "3 necessary soon", "4 necessary now")
"""Action levels, Hignett & McAtamney 2000."""
LEVEL_OF = (0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4)
"""Action level by REBA score 0..15; there is no score 0."""

STANCES = ("both_legs", "sitting", "one_leg_or_unstable")
COUPLINGS = ("good", "fair", "poor", "unacceptable")

TRUNK_BANDS = Bands(starts=(-20, -observed.UPRIGHT_DEG), ends=(observed.UPRIGHT_DEG, 20, 60))
NECK_BANDS = Bands(starts=(0,), ends=(20,))
KNEE_BANDS = Bands(starts=(30,), ends=(60,))
UPPER_ARM_BANDS = Bands(starts=(-20,), ends=(20, 45, 90))
LOWER_ARM_BANDS = Bands(starts=(60,), ends=(100,))
WRIST_BANDS = Bands(starts=(-15,), ends=(15,))
LOAD_BANDS = Bands(starts=(5,), ends=(10,))

_once = np.array([[0, 1], [1, 1]])
"""Two conditions that add 1 together or alone."""

TRUNK = Table(np.array([3, 2, 1, 2, 3, 4])[:, None, None] + _once)
NECK = Table(np.array([2, 1, 2])[:, None, None] + _once)
LEGS = Table([[1, 2, 3], [1, 1, 1], [2, 3, 4]])
_raised_less_supported = np.array([[0, -1], [1, 0]])
UPPER_ARM = Table(
    np.clip(
        np.array([2, 1, 2, 3, 4])[:, None, None, None, None] + _once[:, :, None, None] + _raised_less_supported, 1, 6
    )
)
LOWER_ARM = Table([2, 1, 2])
WRIST = Table(np.array([[2, 3], [1, 2], [2, 3]]))
LOAD = added(3, 2)
A, B, C = (Table(np.pad(table, [(1, 0)] * table.ndim)) for table in (TABLE_A, TABLE_B, TABLE_C))
"""The printed tables with a row 0, so that a score is its own index."""
SCORE_A = added(10, 4, cap=12)
SCORE_B = added(10, 4, cap=12)
ACTIVITY = added(2, 2, 2)
FINAL = added(13, 4)
_HIGHER_ARM = higher(10)
_BEST_WRIST, _NO_LOAD, _GOOD_COUPLING = Chances.exact(1, 4), Chances.exact(0, 4), Chances.exact(0, 4)


def trunk_score(flexion: npt.ArrayLike, side_bent: npt.ArrayLike = False, twisted: npt.ArrayLike = False) -> Whole:
    """Trunk 1..5. Args: flexion in degrees, forward positive; arrays broadcast."""
    return TRUNK.at(TRUNK_BANDS.at(flexion), side_bent, twisted)


def neck_score(flexion: npt.ArrayLike, side_bent: npt.ArrayLike = False, twisted: npt.ArrayLike = False) -> Whole:
    """Neck 1..3. Args: flexion in degrees, extension negative."""
    return NECK.at(NECK_BANDS.at(flexion), side_bent, twisted)


def legs_score(
    bilateral: npt.ArrayLike = True, knee_flexion: npt.ArrayLike = 0.0, sitting: npt.ArrayLike = False
) -> Whole:
    """Legs 1..4. Args: weight on both legs or walking; flexion of the more bent knee, degrees, not counted sitting."""
    return LEGS.at(np.where(sitting, 1, np.where(bilateral, 0, 2)), KNEE_BANDS.at(knee_flexion))


def upper_arm_score(
    flexion: npt.ArrayLike,
    abducted: npt.ArrayLike = False,
    rotated: npt.ArrayLike = False,
    shoulder_raised: npt.ArrayLike = False,
    supported: npt.ArrayLike = False,
) -> Whole:
    """Upper arm 1..6. Args: flexion against the trunk in degrees, backward negative; `supported`: leaning, supported or
    helped by gravity."""
    return UPPER_ARM.at(UPPER_ARM_BANDS.at(flexion), abducted, rotated, shoulder_raised, supported)


def lower_arm_score(flexion: npt.ArrayLike) -> Whole:
    """Lower arm 1..2. Args: elbow flexion in degrees."""
    return LOWER_ARM.at(LOWER_ARM_BANDS.at(flexion))


def wrist_score(flexion: npt.ArrayLike, deviated_or_twisted: npt.ArrayLike = False) -> Whole:
    """Wrist 1..3. Args: flexion or extension (negative) in degrees."""
    return WRIST.at(WRIST_BANDS.at(flexion), deviated_or_twisted)


def load_score(load_kg: npt.ArrayLike, shock: npt.ArrayLike = False) -> Whole:
    """Load or force 0..3."""
    return LOAD.at(LOAD_BANDS.at(load_kg), shock)


def action_level(reba: npt.ArrayLike) -> Whole:
    """Action level 0..4 of a REBA score 1..15."""
    return np.asarray(np.array(LEVEL_OF)[np.asarray(reba, np.int64)], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class RebaScores:
    """Scores of one side on the way from body parts to REBA; arrays."""

    table_a: Whole
    score_a: Whole
    table_b: Whole
    score_b: Whole
    score_c: Whole
    reba: Whole
    action_level: Whole


def score(
    trunk: npt.ArrayLike,
    neck: npt.ArrayLike,
    legs: npt.ArrayLike,
    upper: npt.ArrayLike,
    lower: npt.ArrayLike,
    wrist: npt.ArrayLike,
    *,
    load: npt.ArrayLike = 0,
    shock: npt.ArrayLike = 0,
    coupling: npt.ArrayLike = 0,
    activity: npt.ArrayLike = 0,
) -> RebaScores:
    """REBA from the scores of body parts, exact; arrays broadcast.

    Args:
        load: 0..2, shock: 0..1, coupling: 0..3, activity: 0..3.
    """
    table_a, table_b = A.at(trunk, neck, legs), B.at(upper, lower, wrist)
    score_a = np.minimum(table_a + np.asarray(load) + np.asarray(shock), 12)
    score_b = np.minimum(table_b + np.asarray(coupling), 12)
    score_c = C.at(score_a, score_b)
    reba = score_c + np.asarray(activity, np.int64)
    return RebaScores(table_a, score_a, table_b, score_b, score_c, reba, action_level(reba))


Part = int | tuple[int, int]
"""Score of a body part: known, or from lowest to highest."""


def score_chances(
    *,
    trunk: Part = (1, 5),
    neck: Part = (1, 3),
    legs: Part = (1, 4),
    upper: Part = (1, 6),
    lower: Part = (1, 2),
    wrist: Part = (1, 3),
    load: Part = (0, 3),
    coupling: Part = (0, 3),
    activity: Part = (0, 3),
) -> Chances:
    """REBA of one arm from scores of body parts that may be intervals, each score in them equally likely.

    Args:
        load: load and shock together.
    """
    a = A(_part(trunk, 6), _part(neck, 4), _part(legs, 5))
    b = B(_part(upper, 7), _part(lower, 3), _part(wrist, 4))
    return _final(SCORE_A(a, _part(load, 4)), SCORE_B(b, _part(coupling, 4)), _part(activity, 4))


def _part(part: Part, count: int) -> Chances:
    low, high = (part, part) if isinstance(part, int) else part
    states = np.arange(count)
    return Chances.alike((low <= states) & (states <= high))


def _final(score_a: Chances, score_b: Chances, activity: Chances) -> Chances:
    return FINAL(C(score_a, score_b), activity)


_ARM = both_sides(
    (
        number("upper_arm", "Upper arm against the trunk line, backward negative.", "deg", -90, 180, observable=True),
        flag("upper_arm_abducted", "Upper arm is held away from the side.", observable=True),
        flag("upper_arm_rotated", "Upper arm is rotated."),
        flag("shoulder_raised", "Shoulder is raised."),
        flag("arm_supported", "Arm leans, is supported, or hangs down from a bent trunk.", observable=True),
        number("elbow_flexion", "Elbow flexion, 0 is a straight arm.", "deg", 0, 180, observable=True),
        number("wrist_flexion", "Wrist flexion, extension negative.", "deg", -90, 90),
        flag("wrist_deviated", "Wrist is bent sideways or twisted."),
    )
)


class Reba(TableMethod):
    """REBA of one posture, both arms. See the module."""

    name = "reba"
    version = "1"
    title = "REBA, Rapid Entire Body Assessment"
    source = "Hignett & McAtamney 2000, Applied Ergonomics 31:201-205, doi 10.1016/S0003-6870(99)00039-3"
    score_name = "REBA"
    table_version = "Hignett & McAtamney 2000"
    levels = LEVELS
    level_of = LEVEL_OF
    scale = (1, 15)
    asks: ClassVar[tuple[Asked, ...]] = (
        number("trunk_flexion", "Trunk forward, backward negative.", "deg", -90, 180, observable=True),
        flag("trunk_side_bent", "Trunk is bent to a side.", observable=True),
        flag("trunk_twisted", "Trunk is twisted.", observable=True),
        number("neck_flexion", "Neck forward against the trunk, backward negative.", "deg", -90, 180, observable=True),
        flag("neck_side_bent", "Neck is bent to a side."),
        flag("neck_twisted", "Neck is twisted."),
        Asked("stance", Kind.CHOICE, "Both legs carry (or walking), sitting, or one leg or unstable.", choices=STANCES),
        number("knee_flexion", "Flexion of the more bent knee, 0 is straight.", "deg", 0, 180, observable=True),
        number("load_kg", "Load or force.", "kg", 0, 200),
        flag("shock", "Force comes as a shock or builds up rapidly."),
        *_ARM,
        Asked("coupling", Kind.CHOICE, "Grip: handles good, acceptable, possible but poor, none.", choices=COUPLINGS),
        flag("static_posture", "A body part is held for longer than 1 min."),
        flag("repeated_motion", "Small motions are repeated more than 4 times a minute."),
        flag("rapid_changes", "Rapid large changes of posture, or an unstable base."),
    )
    bands: ClassVar[Mapping[str, Bands]] = {
        "trunk_flexion": TRUNK_BANDS,
        "neck_flexion": NECK_BANDS,
        "knee_flexion": KNEE_BANDS,
        "load_kg": LOAD_BANDS,
        **{f"{side}_upper_arm": UPPER_ARM_BANDS for side in observed.SIDES},
        **{f"{side}_elbow_flexion": LOWER_ARM_BANDS for side in observed.SIDES},
        **{f"{side}_wrist_flexion": WRIST_BANDS for side in observed.SIDES},
    }

    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        trunk = TRUNK(at["trunk_flexion"], at["trunk_side_bent"], at["trunk_twisted"])
        neck = NECK(at["neck_flexion"], at["neck_side_bent"], at["neck_twisted"])
        legs = LEGS(at["stance"], at["knee_flexion"])
        table_a = A(trunk, neck, legs)
        score_a = SCORE_A(table_a, LOAD(at["load_kg"], at["shock"]))
        activity = ACTIVITY(at["static_posture"], at["repeated_motion"], at["rapid_changes"])
        uppers = {side: _upper(at, side) for side in observed.SIDES}
        lowers = {side: LOWER_ARM(at[f"{side}_elbow_flexion"]) for side in observed.SIDES}
        arms = {
            side: B(uppers[side], lowers[side], WRIST(at[f"{side}_wrist_flexion"], at[f"{side}_wrist_deviated"]))
            for side in observed.SIDES
        }
        best = [B(uppers[side], lowers[side], _BEST_WRIST) for side in observed.SIDES]
        posture_only = C(SCORE_A(table_a, _NO_LOAD), SCORE_B(_HIGHER_ARM(*best), _GOOD_COUPLING))
        score_b = SCORE_B(_HIGHER_ARM(arms["left"], arms["right"]), at["coupling"])
        sides = {side: _final(score_a, SCORE_B(arm, at["coupling"]), activity) for side, arm in arms.items()}
        return Outcome(
            _final(score_a, score_b, activity),
            {
                "posture_only_reba": posture_only,
                "left": sides["left"],
                "right": sides["right"],
                "score_a": score_a,
                "score_b": score_b,
                "trunk": trunk,
                "neck": neck,
                "legs": legs,
                "left_upper_arm": uppers["left"],
                "right_upper_arm": uppers["right"],
            },
        )

    def from_angles(self, body: BodyAngles, entered: Mapping[str, Given] | None = None) -> dict[str, Known]:
        """What the angles of N postures say of the inputs; `entered` holds for all of them and counts more.

        An arm that hangs down (within 20 degrees of the vertical) from a trunk flexed by at least 20 degrees is
        helped by gravity and takes the -1 of the article [D].
        """
        seen: dict[str, Known] = {
            "trunk_flexion": observed.number(body.trunk_flexion, -90, 180),
            "trunk_side_bent": observed.beyond(body.trunk_lateral, observed.TURNED_DEG),
            "trunk_twisted": observed.beyond(body.trunk_twist, observed.TURNED_DEG),
            "neck_flexion": observed.number(body.neck_flexion, -90, 180),
            "knee_flexion": observed.larger(body.left_knee_flexion, body.right_knee_flexion, 0, 180),
        }
        for side in observed.SIDES:
            seen[f"{side}_upper_arm"] = observed.upper_arm(body, side)
            seen[f"{side}_upper_arm_abducted"] = observed.abducted(body, side)
            seen[f"{side}_arm_supported"] = observed.hanging(body, side)
            seen[f"{side}_elbow_flexion"] = observed.number(getattr(body, f"{side}_elbow_flexion"), 0, 180)
        return observed.with_entered(self, seen, entered)


def _upper(at: Mapping[str, Chances], side: str) -> Chances:
    return UPPER_ARM(
        at[f"{side}_upper_arm"],
        at[f"{side}_upper_arm_abducted"],
        at[f"{side}_upper_arm_rotated"],
        at[f"{side}_shoulder_raised"],
        at[f"{side}_arm_supported"],
    )


REBA = Reba()
