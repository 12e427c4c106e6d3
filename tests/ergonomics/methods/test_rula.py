"""RULA: bands, both versions of table A, known errors of worksheets, intervals."""

from __future__ import annotations

import hashlib
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.ergonomics.methods import assess, rula

EXACT = {
    "upper_arm": 30, "upper_arm_abducted": False, "shoulder_raised": False, "arm_supported": False, "elbow_flexion": 80,
    "across_or_out": False, "wrist_flexion": 10, "wrist_deviated": False, "wrist_twisted": False, "neck_flexion": 15,
    "neck_side_bent": False, "neck_twisted": False, "trunk_flexion": 30, "trunk_side_bent": False,
    "trunk_twisted": False, "supported_sitting": False, "legs_balanced": True, "static_or_repeated": False,
    "load_kg": 5, "force": "intermittent",
}  # fmt: skip
"""Arm 2, 1, wrist 2, twist 1: A 3, with force 4. Neck 2, trunk 3, legs 1: B 4, with force 5. C[4][5] 5."""


def test_bands() -> None:
    assert rula.neck_score([-0.1, 0, 10, 10.1, 20, 20.1]).tolist() == [4, 1, 1, 2, 2, 3]
    assert rula.trunk_score([0, 5, 5.1, 20, 20.1, 60, 60.1]).tolist() == [1, 1, 2, 2, 3, 3, 4]
    assert rula.trunk_score(15, supported_sitting=True) == 1
    assert rula.trunk_score([-10, -30, -70]).tolist() == [2, 3, 4]
    assert rula.upper_arm_score([-20.1, -20, 20, 20.1, 45, 45.1, 90, 90.1]).tolist() == [2, 1, 1, 2, 2, 3, 3, 4]
    assert rula.upper_arm_score(10, supported=True) == 1
    assert rula.upper_arm_score(100, True, True) == 6
    assert rula.lower_arm_score([59, 60, 100, 101], [False, True, False, True]).tolist() == [2, 2, 1, 3]
    assert rula.wrist_score([-16, -15, 0, 5, 15, 15.1]).tolist() == [3, 2, 1, 1, 2, 3]
    assert rula.legs_score([True, False]).tolist() == [1, 2]
    assert rula.action_level(range(1, 8)).tolist() == [1, 1, 2, 2, 3, 3, 4]


def test_the_neutral_upper_arm_ends_at_20_degrees() -> None:
    """One Cornell sheet shows 15."""
    assert rula.upper_arm_score(18) == 1


def test_twist_and_side_bend_add_one_each() -> None:
    """In REBA they add one together."""
    assert rula.trunk_score(30, [False, True, False, True], [False, False, True, True]).tolist() == [3, 4, 4, 5]
    assert rula.neck_score(25, True, True) == 5


def test_force() -> None:
    """A popular worksheet merges all of more than 10 kg into 3."""
    assert rula.force_score([1.9, 2, 10, 10.1]).tolist() == [0, 1, 1, 2]
    assert rula.force_score([1.9, 2, 10, 10.1], "static_or_repeated").tolist() == [0, 2, 2, 3]
    assert rula.force_score([0, 20], "shock").tolist() == [3, 3]


def test_muscle_use_counts_from_one_minute() -> None:
    """The same worksheet prints 10 minutes."""
    texts = [ask.help for ask in rula.RULA.asks if ask.name.endswith("static_or_repeated")]
    assert len(texts) == 2
    assert all("longer than 1 min" in text for text in texts)


def test_every_posture_without_force() -> None:
    parts = np.array(list(product(range(1, 7), range(1, 4), range(1, 5), (1, 2), range(1, 7), range(1, 7), (1, 2)))).T
    found = rula.score(*parts).grand.tolist()
    digest = hashlib.sha256(",".join(map(str, found)).encode()).hexdigest()
    assert digest == "0bbb6c0c20d48326e2cc62f67e0c9bd22d89a874a6582512bca2adc9fe49987f"


def test_the_two_versions_of_table_a() -> None:
    """METHODS 3.2: 31 cells differ, hedge is never higher, by at most 2. Grand scores differ in 8.2 % and action levels
    in 5.1 % of all postures with 0 to 4 of muscle use and force on the arm's side."""
    higher = rula.TABLE_A["ergoplus"] - rula.TABLE_A["hedge"]
    assert (higher != 0).sum() == 31
    assert (higher.min(), higher.max()) == (0, 2)
    parts = list(np.ogrid[1:7, 1:4, 1:5, 1:3, 1:7, 1:7, 1:3, 0:5])
    use = parts.pop()
    one, other = (rula.score(*parts, force_a=use, version=version) for version in ("ergoplus", "hedge"))
    assert one.grand.size == 51840
    assert (one.grand != other.grand).mean() == pytest.approx(0.082, abs=0.0005)
    assert (one.action_level != other.action_level).mean() == pytest.approx(0.051, abs=0.0005)


def test_tables_never_fall_where_the_arms_are_compared() -> None:
    assert (np.diff(rula.TABLE_C, axis=0) >= 0).all()
    assert (np.diff(rula.TABLE_C, axis=1) >= 0).all()


def test_an_exact_posture_says_its_table() -> None:
    result = assess("rula", **EXACT)
    assert (result.status, result.value, result.table_version) == (Status.OK, 5, "ergoplus")
    assert result.levels["3 change soon"] == 1
    hedge = assess("rula", **EXACT, table="hedge")
    assert (hedge.table_version, hedge.details["left_posture_a"]) == ("hedge", (2, 2))
    either = assess("rula", **EXACT, table="unknown")
    assert either.table_version == "ergoplus or hedge"
    assert (either.low, either.high) == (min(result.low, hedge.low), max(result.high, hedge.high))


def test_the_higher_arm_counts_and_both_are_told() -> None:
    result = assess("rula", **EXACT, left_upper_arm=95, left_wrist_flexion=30)
    assert result.details["left"] == (6, 6), "A[4][1][3][1] 4, with force 5; C[5][5] 6"
    assert result.details["right"] == (5, 5)
    assert result.value == 6


def test_probabilities_are_those_of_all_combinations() -> None:
    unknown = {
        "left_wrist_twisted": (True, False),
        "trunk_twisted": (True, False),
        "force": ("intermittent", "static_or_repeated", "shock"),
        "legs_balanced": (True, False),
    }
    known = {name: value for name, value in EXACT.items() if name not in unknown and name != "wrist_twisted"}
    known["right_wrist_twisted"] = True
    open_result = assess("rula", **known)
    shares = dict.fromkeys(open_result.levels, 0.0)
    lows, highs = [], []
    force = unknown.pop("force")
    for values in product(*unknown.values(), force, force):
        chosen = dict(zip(unknown, values, strict=False))
        exact = assess("rula", **known, **chosen, arm_force=values[-2], body_force=values[-1])
        lows.append(exact.low)
        highs.append(exact.high)
        for name, share in exact.levels.items():
            shares[name] += share / (8 * 9)
    assert (open_result.low, open_result.high) == (min(lows), max(highs))
    assert dict(open_result.levels) == pytest.approx(shares)


numbers = {
    "trunk_flexion": (-40, 100), "neck_flexion": (-20, 50), "arm_load_kg": (0, 20), "left_upper_arm": (-60, 150),
    "right_elbow_flexion": (0, 150), "right_wrist_flexion": (-40, 40),
}  # fmt: skip
intervals = st.fixed_dictionaries(
    {name: st.tuples(st.floats(*ends), st.floats(*ends)) for name, ends in numbers.items()}
)


@settings(max_examples=60, deadline=None)
@given(intervals)
def test_the_interval_holds_its_ends_and_the_middle(drawn: dict[str, tuple[float, float]]) -> None:
    wide = assess("rula", **{**EXACT, **{name: (min(ends), max(ends)) for name, ends in drawn.items()}})
    assert sum(wide.levels.values()) == pytest.approx(1)
    for pick in (min, max, lambda ends: sum(ends) / 2, lambda ends: ends[0]):
        exact = assess("rula", **{**EXACT, **{name: pick(ends) for name, ends in drawn.items()}})
        assert wide.low <= exact.low == exact.high <= wide.high
