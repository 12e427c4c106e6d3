"""OWAS, Ovako Working posture Analysing System: Karhu, Kansi & Kuorinka 1977, Applied Ergonomics 8:199-201. Pure.

METHODS 4. The 252 action categories are those on which the majority of five open programs agree in every cell; none
falls when the load rises. The table of relative frequencies is recalled from the OWAS literature [R] and has not been
compared with the manual. Decisions: loads of exactly 10 and 20 kg belong to the lower code; a back is bent or turned,
and a knee bent, beyond 20 and 30 degrees (conventions, not in the article); a share of time on the edge of a column
belongs to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import Angles
from spotter.ergonomics.methods import observed
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance
from spotter.ergonomics.methods.chances import Bands, Chances, Table, Whole
from spotter.ergonomics.methods.engine import Outcome, TableMethod, number
from spotter.ergonomics.methods.known import Choices, Known, Numbers

BACKS = ("straight", "bent", "twisted_or_side_bent", "bent_and_twisted")
ARMS = ("both_below_shoulder", "one_above_shoulder", "both_above_shoulder")
LEGS = ("sitting", "two_straight", "one_straight", "two_bent", "one_bent", "kneeling", "walking")
"""Codes 1, 2, ... in this order; arms count as above when at or above shoulder level."""

_CATEGORIES = """
1/1: 111|111|111|222|222|111|111    2/1: 223|223|223|333|333|222|233
1/2: 111|111|111|222|222|111|111    2/2: 223|223|233|344|344|334|234
1/3: 111|111|111|223|223|111|112    2/3: 334|223|333|344|444|444|234
3/1: 111|111|112|333|444|111|111    4/1: 233|223|223|444|444|444|234
3/2: 223|111|112|444|444|333|111    4/2: 334|234|334|444|444|444|234
3/3: 223|111|233|444|444|444|111    4/3: 444|234|334|444|444|444|234
"""
"""Back/arms: legs 1..7 between the bars, each for load 1, 2, 3."""


def _categories() -> npt.NDArray[np.int64]:
    table = np.zeros((4, 3, 7, 3), np.int64)
    fields = _CATEGORIES.split()
    for code, cells in zip(fields[::2], fields[1::2], strict=True):
        back, arms = (int(digit) - 1 for digit in code.rstrip(":").split("/"))
        table[back, arms] = [[int(cell) for cell in loads] for loads in cells.split("|")]
    return table


CATEGORIES = _categories()
"""[back 1..4][arms 1..3][legs 1..7][load 1..3]."""

LEVELS = ("1 no action", "2 near future", "3 as soon as possible", "4 immediately")
LEVEL_OF = (0, 0, 1, 2, 3)

RELATIVE_FREQUENCY = {
    "back": ("1111111111", "1112222233", "1122233333", "1223333444"),
    "arms": ("1111111111", "1112222233", "1122222333"),
    "legs": (
        "1111111112", "1111111122", "1112222233", "1223333444", "1223333444", "1122233333", "1111111122",
    ),
}  # fmt: skip
"""Category by body part and code for 10, 20, ... 100 % of the time [R]."""

LOAD_BANDS = Bands(ends=(10, 20))
SHOULDER_BANDS = Bands(starts=(90,))
"""An upper arm at 90 degrees from the downward vertical is at shoulder level."""
KNEE_BANDS = Bands(ends=(30,))
HIP_BANDS = Bands(ends=(45,))
"""Hips flexed by no more than this do not sit [D]."""

MINIMUM_OBSERVATIONS, GOOD_OBSERVATIONS = 60, 100

_BACK = Table([[0, 2], [1, 3]])
_ARMS = Table([[0, 1], [1, 2]])
_CATEGORY = Table(CATEGORIES)


def load_code(load_kg: npt.ArrayLike) -> Whole:
    """Load code 1..3."""
    return LOAD_BANDS.at(load_kg) + 1


def category(back: npt.ArrayLike, arms: npt.ArrayLike, legs: npt.ArrayLike, load: npt.ArrayLike) -> Whole:
    """Action category 1..4 of the four codes (from 1); arrays broadcast."""
    return _CATEGORY.at(*(np.asarray(code, np.int64) - 1 for code in (back, arms, legs, load)))


def frequency_category(part: str, code: int, percent_of_time: float) -> int:
    """Category 1..4 of a code that takes a share of the observed time.

    Args:
        part: "back", "arms" or "legs".
        code: from 1.
        percent_of_time: 0..100.

    Raises:
        ValueError: no such part, code or share.
    """
    if part not in RELATIVE_FREQUENCY or not 1 <= code <= len(RELATIVE_FREQUENCY[part]):
        raise ValueError(f"OWAS has no code {code} of '{part}'")
    if not 0 <= percent_of_time <= 100:
        raise ValueError(f"{percent_of_time} % of the time is not within 0 to 100")
    column = max(1, math.ceil(percent_of_time / 10 - 1e-9))
    return int(RELATIVE_FREQUENCY[part][code - 1][column - 1])


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the observed time one code took, and its category."""

    part: str
    code: int
    percent: float
    category: int


def shares(part: str, codes: npt.ArrayLike) -> tuple[Share, ...]:
    """Shares of time of every code of a body part in observations taken at regular intervals."""
    seen = np.asarray(codes, np.int64)
    count = len(RELATIVE_FREQUENCY[part])
    percents = [100.0 * float(np.mean(seen == code)) if len(seen) else 0.0 for code in range(1, count + 1)]
    return tuple(
        Share(part, code, percent, frequency_category(part, code, percent))
        for code, percent in enumerate(percents, start=1)
    )


def sampling_advice(observations: int) -> str:
    """Whether that many observations are enough; empty where they are. They are taken about every 30 s.

    The error told is the half width of a 95 % interval of a share of one half.
    """
    if observations >= GOOD_OBSERVATIONS:
        return ""
    if not observations:
        return f"no observations; OWAS takes one about every 30 s, at least {MINIMUM_OBSERVATIONS}"
    error = 100 * 1.96 * math.sqrt(0.25 / observations)
    enough = "at least" if observations < MINIMUM_OBSERVATIONS else "better"
    wanted = MINIMUM_OBSERVATIONS if observations < MINIMUM_OBSERVATIONS else GOOD_OBSERVATIONS
    return f"{observations} observations; OWAS takes {enough} {wanted}: shares are uncertain by {error:.0f} points"


class Owas(TableMethod):
    """OWAS category of one posture. See the module."""

    name = "owas"
    version = "1"
    title = "OWAS, Ovako Working posture Analysing System"
    source = "Karhu, Kansi & Kuorinka 1977, Applied Ergonomics 8:199-201"
    score_name = "OWAS category"
    table_version = "252 cells, majority of five open programs"
    levels = LEVELS
    level_of = LEVEL_OF
    scale = (1, 4)
    asks: ClassVar[tuple[Asked, ...]] = (
        Asked("back", Kind.CHOICE, "Back.", choices=BACKS, observable=True),
        Asked("arms", Kind.CHOICE, "Arms, at or above shoulder level counts as above.", choices=ARMS, observable=True),
        Asked("legs", Kind.CHOICE, "Legs; two_bent and one_bent stand or squat.", choices=LEGS, observable=True),
        number("load_kg", "Load or force.", "kg", 0, 200),
    )
    bands: ClassVar[Mapping[str, Bands]] = {"load_kg": LOAD_BANDS}

    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        codes = {"back": at["back"], "arms": at["arms"], "legs": at["legs"], "load": at["load_kg"]}
        return Outcome(
            _CATEGORY(*codes.values()),
            {f"{part}_code": Table(np.arange(1, each.reach.shape[1] + 1))(each) for part, each in codes.items()},
        )

    def from_angles(self, body: BodyAngles, entered: Mapping[str, Given] | None = None) -> dict[str, Known]:
        """What the angles of N postures say of the inputs; `entered` holds for all of them. Legs that were entered as
        several choices are narrowed by what is seen of knees and hips, where both agree on any."""
        bent = observed.beyond_chances(body.trunk_flexion, observed.BENT_DEG)
        side = observed.beyond_chances(body.trunk_lateral, observed.BENT_DEG)
        twist = observed.beyond_chances(body.trunk_twist, observed.BENT_DEG)
        raised = [_state(getattr(body, f"{s}_upper_arm_gravity"), SHOULDER_BANDS) for s in observed.SIDES]
        seen: dict[str, Known] = {
            "back": _choices(
                BACKS, _BACK(bent, _EITHER(side, twist)), _why(body.trunk_flexion, body.trunk_lateral, body.trunk_twist)
            ),
            "arms": _choices(ARMS, _ARMS(*raised), _why(body.left_upper_arm_gravity, body.right_upper_arm_gravity)),
            "legs": _choices(LEGS, _legs(body), _why(body.left_knee_flexion, body.right_knee_flexion)),
        }
        known = observed.with_entered(self, seen, entered)
        legs = known["legs"]
        if isinstance(legs, Choices) and len(legs.chances.reach) == 1 and legs.chances.reach.sum() > 1:
            known["legs"] = _narrowed(legs, seen["legs"])
        return known


_EITHER = Table([[0, 1], [1, 1]])

_LEGS_BY_KNEES = np.array([
    #  sit  two| one| two< one< kneel walk
    [[0, 1, 1, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0, 1]],
    [[0, 0, 1, 0, 1, 1, 1], [1, 0, 1, 0, 1, 1, 1]],
    [[0, 0, 0, 1, 1, 1, 1], [1, 0, 0, 1, 1, 1, 1]],
])  # fmt: skip
"""[bent knees 0..2][hips flexed: no, yes]: which codes are possible. Weight on one or both legs, and walking, are not
seen in the angles of one moment; with one bent knee the other leg may carry all the weight."""

_KNEES = Table([[0, 1], [1, 2]])
_HIPS = Table([[0, 0], [0, 1]])
"""Sitting flexes both hips."""


def _legs(body: BodyAngles) -> Chances:
    knees = _KNEES(*(_state(getattr(body, f"{s}_knee_flexion"), KNEE_BANDS) for s in observed.SIDES))
    hips = _HIPS(*(_state(getattr(body, f"{s}_hip_flexion"), HIP_BANDS) for s in observed.SIDES))
    shares_of = _LEGS_BY_KNEES / _LEGS_BY_KNEES.sum(axis=2, keepdims=True)
    chance = np.einsum("nk,nh,khl->nl", knees.chance, hips.chance, shares_of)
    reach = np.einsum("nk,nh,khl->nl", knees.reach * 1.0, hips.reach * 1.0, _LEGS_BY_KNEES * 1.0) > 0
    return Chances.weighted(reach, chance)


def _narrowed(entered: Choices, seen: Known) -> Choices:
    """Entered choices that the angles leave possible; all entered ones where they leave none."""
    if not isinstance(seen, Choices):
        return entered
    both = entered.chances.reach & seen.chances.reach
    none = ~both.any(axis=1, keepdims=True)
    reach = np.where(none, entered.chances.reach, both)
    weights = np.where(none, entered.chances.chance, seen.chances.chance * entered.chances.reach)
    return Choices(entered.names, Chances.weighted(reach, weights), seen.reason, Provenance.DERIVED)


def _state(angles: Angles, bands: Bands) -> Chances:
    return Numbers.of_angles(angles, 0.0, 180.0).chances(bands)


def _why(*angles: Angles) -> npt.NDArray[np.object_]:
    """(N,) the first reason among several angles."""
    first = np.full(len(angles[0]), "", np.object_)
    for each in angles:
        first = np.where(first == "", each.reason, first)
    return first.astype(np.object_)


def _choices(names: tuple[str, ...], chances: Chances, reason: npt.NDArray[np.object_]) -> Choices:
    return Choices(names, chances, reason, Provenance.DERIVED)


OWAS = Owas()
