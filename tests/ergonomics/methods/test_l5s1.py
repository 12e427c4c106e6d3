"""L5/S1: the textbook example, bounds by all corners, and no newton without load and body mass."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Result
from spotter.ergonomics.methods.inputs import givens
from spotter.ergonomics.methods.l5s1 import HAND_LIMIT_LB, L5S1_COMPRESSION, hand_check_lb, static_loads

POSTURE: dict[str, Any] = {
    "load_kg": 20, "body_mass_kg": 75, "lever_cm": 45, "upper_body_lever_cm": 22, "sacral_angle_deg": 55,
    "muscle_lever_cm": 5, "upper_body_share": 0.62,
}  # fmt: skip


def assess(**values: Any) -> Result:
    return L5S1_COMPRESSION.assess(givens(L5S1_COMPRESSION.name, L5S1_COMPRESSION.asks, values))


def test_the_textbook_example() -> None:
    loads = static_loads(
        load_n=450, load_lever_m=0.3, upper_body_n=350, upper_body_lever_m=0.2, muscle_lever_m=0.05, sacral_angle_deg=55
    )
    assert float(loads.moment) == pytest.approx(205.0)
    assert float(loads.muscle) == pytest.approx(4100.0)
    assert float(loads.compression) == pytest.approx(4558.86, abs=0.01)
    assert float(loads.shear) == pytest.approx(655.32, abs=0.01)


def test_the_method_is_the_model_with_weights_from_masses() -> None:
    result = assess(**POSTURE)
    loads = static_loads(
        load_n=20 * 9.80665, load_lever_m=0.45, upper_body_n=75 * 0.62 * 9.80665, upper_body_lever_m=0.22,
        muscle_lever_m=0.05, sacral_angle_deg=55,
    )  # fmt: skip
    assert (result.unit, result.status) == ("N", Status.OK)
    assert result.value == result.low == result.high == pytest.approx(float(loads.compression))
    assert result.details["shear"][0] == pytest.approx(float(loads.shear))
    assert result.levels == {"<= 3400 N": 0.0, "3400 to 6400 N": 1.0, "> 6400 N": 0.0}
    assert "tens of percent" in result.table_version


@pytest.mark.parametrize("missing", [["load_kg"], ["body_mass_kg"], ["load_kg", "body_mass_kg"]])
def test_no_newtons_without_load_and_body_mass(missing: list[str]) -> None:
    result = assess(**{name: value for name, value in POSTURE.items() if name not in missing})
    assert (result.status, result.value, result.unit) == (Status.NOT_OBSERVABLE, None, "")
    assert math.isnan(result.low)
    assert math.isnan(result.high)
    assert not result.details
    assert not result.levels
    assert all(name in result.reasons[0] for name in missing)


def test_lever_of_the_muscles_and_share_of_the_body_are_open_unless_entered() -> None:
    known = {name: POSTURE[name] for name in ("load_kg", "body_mass_kg", "lever_cm", "upper_body_lever_cm")}
    result = assess(**known, sacral_angle_deg=55)
    assert result.status is Status.BOUNDED
    assert result.low < assess(**POSTURE).low < result.high
    assert result.widening[0][0] == "muscle_lever_cm"
    assert [reason.split(" ")[0] for reason in result.reasons] == ["muscle_lever_cm", "upper_body_share"]


@pytest.mark.parametrize("flag", ["one_handed", "fast", "asymmetric", "supported"])
def test_out_of_scope(flag: str) -> None:
    result = assess(**POSTURE, **{flag: True})
    assert result.status is Status.OUT_OF_SCOPE
    assert math.isnan(result.low)
    assert assess(**POSTURE, **{flag: ("yes", "no")}).status is Status.BOUNDED


ranges = {
    "load_kg": (0, 40), "body_mass_kg": (40, 120), "lever_cm": (0, 80), "upper_body_lever_cm": (0, 40),
    "sacral_angle_deg": (30, 80), "muscle_lever_cm": (5, 6), "upper_body_share": (0.6, 0.65),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=7, max_size=7))
def test_intervals_hold_every_exact_result(shares: list[tuple[float, float, float]]) -> None:
    wide, inside = {}, {}
    for (name, (low, high)), (first, second, place) in zip(ranges.items(), shares, strict=True):
        ends = sorted((low + first * (high - low), low + second * (high - low)))
        wide[name], inside[name] = tuple(ends), min(max(ends[0] + place * (ends[1] - ends[0]), ends[0]), ends[1])
    result, exact = assess(**wide), assess(**inside)
    assert exact.low == exact.high
    assert result.low - 1e-6 <= exact.low <= result.high + 1e-6
    for name in ("moment", "muscle", "shear"):
        assert result.details[name][0] - 1e-6 <= exact.details[name][0] <= result.details[name][1] + 1e-6
    assert sum(result.levels.values()) == pytest.approx(1.0, abs=1e-5)


def test_a_heavier_load_or_a_longer_lever_presses_more() -> None:
    forces = [assess(**{**POSTURE, "load_kg": load}).low for load in range(0, 40, 5)]
    assert forces == sorted(forces)
    forces = [assess(**{**POSTURE, "lever_cm": lever}).low for lever in range(0, 100, 10)]
    assert forces == sorted(forces)


def test_hand_formula_upright_without_a_load_is_four_tenths_of_the_body() -> None:
    assert float(hand_check_lb(170, 0, 10, 90)) == pytest.approx(0.4 * 170)
    assert float(hand_check_lb(170, 40, 20, 30)) == pytest.approx(3 * 170 * math.sqrt(0.75) + 400 + 0.8 * 125)
    assert float(hand_check_lb(170, 40, 20, 30)) > HAND_LIMIT_LB


def test_errors() -> None:
    good = {"load_lever_m": 0, "upper_body_n": 400, "upper_body_lever_m": 0.1, "sacral_angle_deg": 40}
    with pytest.raises(MethodError, match="the load is -1"):
        static_loads(load_n=-1, muscle_lever_m=0.05, **good)
    with pytest.raises(MethodError, match="muscle lever is 0 m"):
        static_loads(load_n=1, muscle_lever_m=0, **good)


@pytest.mark.shared
def test_shared_cases(shared_dir: Path) -> None:
    cases = json.loads((shared_dir / "ergonomics" / "cases.json").read_text(encoding="utf-8"))["cases"]
    found = [case for case in cases if case["method"] == "L5S1"]
    assert found
    for case in found:
        job = case["inputs"]
        loads = static_loads(
            load_n=job["load_N"], load_lever_m=job["x_load"], upper_body_n=job["ub_N"], upper_body_lever_m=job["x_ub"],
            muscle_lever_m=job["E"], sacral_angle_deg=job["alpha"],
        )  # fmt: skip
        for name, value in case["expected"].items():
            assert float(getattr(loads, name)) == pytest.approx(value, abs=0.5), (case["id"], name)
