"""LiFFT: the published example and its defect, sums over lifts, bounds."""

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
from spotter.ergonomics.methods.api import Given, Provenance, Result
from spotter.ergonomics.methods.inputs import givens
from spotter.ergonomics.methods.lifft import LIFFT, damage, moment, risk


def assess(**values: Any) -> Result:
    return LIFFT.assess(givens(LIFFT.name, LIFFT.asks, values))


def test_the_articles_example_by_the_workbook_and_not_by_the_article() -> None:
    assert float(moment(13, 40)) == pytest.approx(50.995, abs=0.001)
    assert float(damage(moment(13, 40))) == pytest.approx(1.0518e-5, rel=1e-4)
    result = assess(load_kg=13, lever_cm=40, lifts_per_day=400)
    assert result.details["daily_dose"][0] == pytest.approx(0.004207, abs=1e-6)
    assert result.details["daily_dose"][0] == pytest.approx(0.0043, abs=0.0002), "as the article prints it"
    assert result.value == pytest.approx(0.3295, abs=2e-4)
    assert result.value != pytest.approx(0.2539, abs=0.05), "the article prints 25.39 % for this dose"
    assert "workbook" in result.table_version
    assert result.levels == {"under 25 %": 0.0, "25 to 50 %": 1.0, "over 50 %": 0.0}


def test_the_formula_in_its_own_units() -> None:
    """1 lb at 12 in is 1 ft lb."""
    turn = moment(0.45359237, 30.48)
    assert float(damage(turn)) == pytest.approx(10 ** (-5.81636221052493 + 0.0222878437409416))


def test_damage_of_different_lifts_adds_up() -> None:
    lifts = [
        {"load_kg": 13, "lever_cm": 40, "lifts_per_day": 400},
        {"load_kg": 5, "lever_cm": 60, "lifts_per_day": 900},
    ]
    together = assess(lifts=lifts)
    doses = [assess(**lift).details["daily_dose"][0] for lift in lifts]
    assert together.details["daily_dose"][0] == pytest.approx(sum(doses))
    assert together.details["row_2_moment_Nm"][0] == pytest.approx(5 * 9.80665 * 0.6)
    assert together.value == pytest.approx(float(risk(sum(doses))))


def test_no_lift_has_no_risk_and_risk_rises_with_dose() -> None:
    assert float(risk(0.0)) == 0.0
    doses = [1e-6, 1e-4, 1e-2, 1.0]
    risks = risk(doses).tolist()
    assert risks == sorted(risks)
    with pytest.raises(MethodError, match="daily dose is -1"):
        risk([1.0, -1.0])


def test_without_a_load_there_is_no_dose() -> None:
    result = assess(lever_cm=40, lifts_per_day=400)
    assert (result.status, result.value) == (Status.NOT_OBSERVABLE, None)
    assert math.isnan(result.low)
    assert result.reasons == ("load_kg of lift 1 is not known: a dose needs all loads",)
    assert assess().reasons == ("no lift is given",)


def test_a_measured_lever_gives_bounds_levels_and_what_widens() -> None:
    job = givens("lifft", LIFFT.asks, {"load_kg": (12, 14), "lifts_per_day": 400})
    job["lever_cm"] = Given(30.0, 55.0, value=40.0, provenance=Provenance.OBSERVED)
    result = LIFFT.assess(job)
    assert result.low == pytest.approx(assess(load_kg=12, lever_cm=30, lifts_per_day=400).low)
    assert result.high == pytest.approx(assess(load_kg=14, lever_cm=55, lifts_per_day=400).high)
    assert [name for name, _ in result.widening] == ["row_1_lever_cm", "row_1_load_kg"]
    narrow = assess(load_kg=(12, 14), lever_cm=30, lifts_per_day=400)
    assert result.widening[0][1] == pytest.approx(result.high - result.low - (narrow.high - narrow.low))
    assert sum(result.levels.values()) == pytest.approx(1.0, abs=1e-5)
    assert 0 < result.levels["under 25 %"] < 0.2


def test_moments_beyond_the_data_are_flagged() -> None:
    result = assess(load_kg=30, lever_cm=40, lifts_per_day=10)
    assert result.status is Status.BOUNDED
    assert "above 100 N m" in result.reasons[0]


def test_one_lift_or_a_table() -> None:
    with pytest.raises(MethodError, match="both given"):
        assess(load_kg=1, lifts=[{"load_kg": 1, "lever_cm": 1, "lifts_per_day": 1}])


span = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@settings(max_examples=60, deadline=None)
@given(span, span, span, st.floats(0, 1))
def test_intervals_hold_every_exact_result(load: Any, lever: Any, reps: Any, share: float) -> None:
    scale = {"load_kg": 30, "lever_cm": 80, "lifts_per_day": 5000}
    wide = {
        name: (of[0] * most, of[1] * most) for (name, most), of in zip(scale.items(), (load, lever, reps), strict=True)
    }
    inside = {name: low + share * (high - low) for name, (low, high) in wide.items()}
    result, exact = assess(**wide), assess(**inside)
    assert exact.low == exact.high
    assert result.low - 1e-12 <= exact.low <= result.high + 1e-12


@pytest.mark.shared
def test_shared_cases(shared_dir: Path) -> None:
    cases = json.loads((shared_dir / "ergonomics" / "cases.json").read_text(encoding="utf-8"))["cases"]
    found = [case for case in cases if case["method"] == "LiFFT"]
    assert found
    for case in found:
        job, expected = case["inputs"], case["expected"]
        result = assess(load_kg=job["load_kg"], lever_cm=job["lever_m"] * 100, lifts_per_day=job["reps"])
        assert result.details["row_1_moment_Nm"][0] == pytest.approx(expected["moment_Nm"], abs=0.01)
        assert result.details["daily_dose"][0] == pytest.approx(expected["cd_workbook"], abs=1e-5)
        assert result.value == pytest.approx(expected["probability_workbook"], abs=5e-4)
