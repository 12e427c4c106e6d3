"""The lifting equation as a method: worked cases, unknowns, intervals, levels, scope."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Given, Provenance, Result
from spotter.ergonomics.methods.inputs import givens
from spotter.ergonomics.methods.lifting_scope import SCOPE
from spotter.ergonomics.methods.niosh_method import ISO_11228_1, NIOSH, NIOSH_US, LiftingEquation

JOB: dict[str, Any] = {
    "h_cm": 40, "v_cm": 30, "d_cm": 60, "a_deg": 15, "f_per_min": 2, "duration": "moderate", "coupling": "fair",
}  # fmt: skip


def assess(method: LiftingEquation, **values: Any) -> Result:
    return method.assess(givens(method.name, method.asks, values))


def test_an_exact_job_without_a_load_has_a_limit_and_no_index() -> None:
    result = assess(NIOSH, **JOB)
    assert (result.name, result.unit, result.status, result.levels) == ("RWL", "kg", Status.OK, {})
    expected = 23 * (25 / 40) * (1 - 0.003 * 45) * (0.82 + 4.5 / 60) * (1 - 0.0032 * 15) * 0.84 * 0.95
    assert result.value == result.low == result.high == pytest.approx(expected)
    assert not any(name.startswith("LI") for name in result.details)


def test_with_a_load_the_index_and_its_level_are_there() -> None:
    result = assess(NIOSH, **JOB, load_kg=10)
    assert (result.name, result.unit, result.status) == ("LI", "", Status.OK)
    assert result.value == pytest.approx(10 / assess(NIOSH, **JOB).low)
    assert result.levels == {"LI <= 1": 0.0, "1 < LI <= 3": 1.0, "LI > 3": 0.0}


def test_an_index_of_exactly_1_is_within_the_goal() -> None:
    ideal = {"h_cm": 25, "v_cm": 75, "d_cm": 25, "a_deg": 0, "f_per_min": 0.2, "duration": "short", "coupling": "good"}
    result = assess(NIOSH, **ideal, load_kg=23)
    assert result.value == 1.0
    assert result.levels["LI <= 1"] == 1.0


def test_manual_example_4_the_destination_governs_only_under_control() -> None:
    job = {
        "load_lb": 26, "h_in": 10, "v_in": 22, "a_deg": 0, "destination_h_in": 20, "destination_v_in": 59,
        "destination_a_deg": 0, "f_per_min": 3, "duration": "short", "coupling": "fair",
    }  # fmt: skip
    placed = assess(NIOSH_US, **job, significant_control=True)
    dropped = assess(NIOSH_US, **job)
    perhaps = assess(NIOSH_US, **job, significant_control=("yes", "no"))
    assert placed.value == pytest.approx(1.704598, abs=1e-6)
    assert dropped.value == pytest.approx(0.746835, abs=1e-6)
    assert (perhaps.low, perhaps.high) == (dropped.value, placed.value)
    assert placed.details["RWL_origin"][0] == pytest.approx(34.813562, abs=1e-6)
    assert placed.details["CM_origin"] == (0.95, 0.95)
    assert placed.details["CM_destination"] == (1.0, 1.0)
    assert "us" in placed.table_version
    assert placed.details["LC"] == (51.0, 51.0)


def test_a_limit_of_0_has_no_index() -> None:
    result = assess(NIOSH, **{**JOB, "a_deg": 140}, load_kg=10)
    assert (result.name, result.value, result.low, result.high) == ("RWL", 0.0, 0.0, 0.0)
    assert result.reasons == ("RWL is 0: A at the origin is over 135 degrees",)
    assert result.levels["LI undefined"] == 1.0


def test_a_limit_that_may_be_0_has_an_index_from_below_only() -> None:
    result = assess(NIOSH, **{**JOB, "a_deg": (100, 140)}, load_kg=10)
    assert (result.name, result.low) == ("RWL", 0.0)
    best = assess(NIOSH, **{**JOB, "a_deg": 100}, load_kg=10).value
    assert result.details["LI_at_least"] == pytest.approx((best, best))
    assert result.levels["LI undefined"] == pytest.approx(0.125, abs=0.001)
    assert all(math.isfinite(number) for pair in result.details.values() for number in pair)


def test_frequency_above_the_table_is_named() -> None:
    result = assess(NIOSH, **{**JOB, "f_per_min": 11})
    assert result.high == 0.0
    assert result.reasons == ("RWL is 0: the frequency is above the method's range for this duration and height",)


@pytest.mark.parametrize("flag", [flag.name for flag in SCOPE])
def test_out_of_scope_is_not_computed(flag: str) -> None:
    result = assess(NIOSH, **JOB, load_kg=10, **{flag: True})
    assert result.status is Status.OUT_OF_SCOPE
    assert result.value is None
    assert math.isnan(result.low)
    assert math.isnan(result.high)
    assert not result.details
    assert flag in result.reasons[0]
    perhaps = assess(NIOSH, **JOB, **{flag: ("yes", "no")})
    assert perhaps.status is Status.BOUNDED
    assert flag in perhaps.reasons[0]


def test_nothing_known_is_not_observable_and_not_an_error() -> None:
    result = assess(NIOSH)
    assert (result.status, result.value, result.low, result.high) == (Status.NOT_OBSERVABLE, None, 0.0, 23.0)


def test_near_the_greatest_reach_there_is_no_single_number_from_a_camera() -> None:
    entered = assess(NIOSH, **{**JOB, "h_cm": 60})
    assert entered.status is Status.BOUNDED
    assert entered.value == entered.low > 0
    assert "H within 5 cm of 63 cm" in entered.reasons[0]
    seen = givens("niosh", NIOSH.asks, {**JOB, "h_cm": 60})
    seen["h_cm"] = Given(55.0, 65.0, value=60.0, provenance=Provenance.OBSERVED)
    result = NIOSH.assess(seen)
    assert (result.value, result.low) == (None, 0.0)
    assert assess(NIOSH, **{**JOB, "h_cm": 57.9}).reasons == ()


def test_reach_from_the_width_of_the_container() -> None:
    job = {name: value for name, value in JOB.items() if name != "h_cm"}
    assert assess(NIOSH, **job, width_cm=40).value == pytest.approx(assess(NIOSH, **JOB).value)
    low_down = assess(NIOSH, **{**job, "v_cm": 20}, width_cm=40)
    assert low_down.value == pytest.approx(assess(NIOSH, **{**JOB, "v_cm": 20, "h_cm": 45}).value)


def test_travel_follows_from_the_heights_and_contradictions_are_errors() -> None:
    job = {name: value for name, value in JOB.items() if name != "d_cm"}
    assert assess(NIOSH, **job, destination_v_cm=90).value == pytest.approx(assess(NIOSH, **JOB).value)
    assert assess(NIOSH, **JOB, destination_v_cm=90).value == pytest.approx(assess(NIOSH, **JOB).value)
    with pytest.raises(MethodError, match=r"d_cm is 60 although the heights are 120 to 120 cm apart. Leave d_cm out"):
        assess(NIOSH, **JOB, destination_v_cm=150)


def test_sessions_give_the_duration_by_edition() -> None:
    job = {name: value for name, value in JOB.items() if name != "duration"}
    sessions = [{"work_min": 30, "recovery_min": 30}, {"work_min": 45}]
    short, moderate = (assess(NIOSH, **{**JOB, "duration": d}).value for d in ("short", "moderate"))
    assert assess(NIOSH, **job, sessions=sessions).value == pytest.approx(short)
    old = assess(NIOSH, **job, sessions=sessions, edition="1994")
    assert old.value == pytest.approx(moderate)
    assert "1994" in old.table_version
    uncertain = assess(NIOSH, **job, sessions=[{"work_min": 30, "recovery_min": (20, 40)}, {"work_min": 45}])
    assert (uncertain.low, uncertain.high) == pytest.approx((moderate, short))
    with pytest.raises(MethodError, match="duration and sessions are both given"):
        assess(NIOSH, **JOB, sessions=sessions)


def test_more_than_eight_hours_of_sessions_are_out_of_scope() -> None:
    job = {name: value for name, value in JOB.items() if name != "duration"}
    result = assess(NIOSH, **job, sessions=[{"work_min": 300, "recovery_min": 30}, {"work_min": 200}])
    assert result.status is Status.OUT_OF_SCOPE
    assert result.reasons == ("out of scope: the sessions add up to 500 min, more than 8 hours",)
    perhaps = assess(NIOSH, **job, sessions=[{"work_min": 300, "recovery_min": 30}, {"work_min": (150, 200)}])
    assert perhaps.status is Status.BOUNDED
    assert perhaps.value == assess(NIOSH, **{**JOB, "duration": "long"}).value


def test_special_frequency_of_interrupted_lifting() -> None:
    assert assess(NIOSH, **{**JOB, "f_per_min": 10}, work_min_of_15=8).details["F"] == pytest.approx(
        (5.3333, 5.3333), 1e-4
    )


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"reference_mass_kg": 20}, 20 / 23),
        ({"reference_mass_kg": 25, "one_handed": True}, 25 * 0.6 / 23),
        ({"reference_mass_kg": 25, "two_persons": True}, 25 * 0.85 / 23),
        ({"reference_mass_kg": 25, "shift": "12 h"}, 25 * 0.85 / 23),
        ({"reference_mass_kg": 25, "shift": "9 h"}, 25 * 0.97 / 23),
    ],
)
def test_reference_mass_is_a_method_of_its_own(change: dict[str, Any], factor: float) -> None:
    result = assess(ISO_11228_1, **JOB, **change)
    limit = assess(NIOSH, **JOB).value
    assert limit is not None
    assert result.value == pytest.approx(limit * factor)
    assert (result.method, "LC" in result.details) == ("iso_11228_1", False)
    assert result.method_version != NIOSH.version


def test_an_unknown_reference_mass_is_an_interval() -> None:
    result = assess(ISO_11228_1, **JOB)
    assert result.low / result.high == pytest.approx(15 / 25)
    assert result.widening[0][0] == "reference_mass_kg"


def test_reach_and_load_widen_most() -> None:
    result = assess(NIOSH, **{**JOB, "h_cm": (35, 45), "v_cm": (20, 40), "a_deg": (5, 25)}, load_kg=(8, 12))
    assert [name for name, _ in result.widening][:2] == ["load_kg", "h_cm"]
    assert {name for name, _ in result.widening} == {"load_kg", "h_cm", "v_cm", "a_deg"}
    for name, taken in result.widening:
        widths = [known.high - known.low for known in map(partial(with_known, result, name), np.linspace(0, 1, 21))]
        assert result.high - result.low - min(widths) == pytest.approx(taken)


def with_known(result: Result, name: str, share: float) -> Result:
    """The same job with one input known exactly, at a share of its interval."""
    asked = result.inputs[name]
    return NIOSH.assess({**result.inputs, name: Given.exact(asked.low + share * (asked.high - asked.low))})


def test_probabilities_of_a_measured_reach_follow_the_normal_distribution() -> None:
    """LI <= 1 exactly where H <= the H that makes the limit equal the load: a probability that can be looked up."""
    job = givens("niosh", NIOSH.asks, {**JOB, "load_kg": 23 * 0.5 * 0.865 * 0.895 * 0.952 * 0.84 * 0.95})
    job["h_cm"] = Given(44.0, 54.0, value=48.0, provenance=Provenance.OBSERVED)
    result = NIOSH.assess(job)
    # 50 cm lies 2 cm above the best value, where 6 cm are 1.645 standard deviations: Phi(0.548) = 0.708.
    assert result.levels["LI <= 1"] == pytest.approx(0.708, abs=0.002)
    assert sum(result.levels.values()) == pytest.approx(1.0)
    # The median of the index is at the best value of H.
    assert result.value == pytest.approx(48 / 50, abs=1e-3)


def test_uniform_where_only_an_interval_was_entered() -> None:
    result = assess(NIOSH, **JOB, load_kg=(0, 2 * assess(NIOSH, **JOB).low))
    assert result.levels["LI <= 1"] == pytest.approx(0.5, abs=0.001)


def test_the_uncertainty_formula_agrees_with_the_intervals() -> None:
    """METHODS 1.9: relative half widths of the index from one input at a time are the terms of the formula."""
    job = {**JOB, "load_kg": 10}
    index = assess(NIOSH, **job).value
    assert index is not None
    vm, dm, am = 1 - 0.003 * 45, 0.82 + 4.5 / 60, 1 - 0.0032 * 15
    terms = {"h_cm": 1 / 40, "v_cm": 0.003 / vm, "d_cm": 4.5 / (60**2 * dm), "a_deg": 0.0032 / am, "load_kg": 1 / 10}
    for name, term in terms.items():
        half = 0.2
        result = assess(NIOSH, **{**job, name: (job[name] - half, job[name] + half)})
        assert (result.high - result.low) / 2 / index == pytest.approx(half * term, rel=0.01)


@pytest.mark.parametrize(("h", "error", "change"), [(40, 5, 0.12), (30, 5, 0.17), (40, 10, 0.25)])
def test_the_index_moves_with_reach_as_published(h: float, error: float, change: float) -> None:
    index = assess(NIOSH, **{**JOB, "h_cm": h}, load_kg=10).value
    result = assess(NIOSH, **{**JOB, "h_cm": (h - error, h + error)}, load_kg=10)
    assert index is not None
    assert (result.high - result.low) / 2 / index == pytest.approx(change, abs=0.01)


numbers = {"load_kg": (1, 30), "h_cm": (20, 62), "v_cm": (0, 170), "a_deg": (0, 130), "f_per_min": (0, 8)}


@st.composite
def jobs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A job as intervals, and an exact job inside them."""
    wide: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for name, (low, high) in (numbers | {"destination_v_cm": (0, 170), "destination_h_cm": (20, 62)}).items():
        ends = sorted(draw(st.tuples(st.floats(low, high), st.floats(low, high))))
        wide[name], inside[name] = tuple(ends), float(np.clip(draw(st.floats(low, high)), *ends))
    for name, of in (("duration", ("short", "moderate", "long")), ("coupling", ("good", "fair", "poor"))):
        some = draw(st.lists(st.sampled_from(of), min_size=1, max_size=3, unique=True))
        wide[name], inside[name] = tuple(some), draw(st.sampled_from(some))
    wide["significant_control"] = inside["significant_control"] = draw(st.booleans())
    wide["destination_a_deg"] = inside["destination_a_deg"] = 0.0
    return wide, inside


@settings(max_examples=40, deadline=None)
@given(jobs())
def test_intervals_hold_every_exact_result_and_probabilities_add_up(job: tuple[dict[str, Any], dict[str, Any]]) -> None:
    wide, inside = (assess(NIOSH, **values) for values in job)
    assert inside.low == inside.high == inside.value
    rwl = wide.details["RWL"]
    assert rwl[0] - 1e-9 <= inside.details["RWL"][0] <= rwl[1] + 1e-9
    if wide.name == "LI" and inside.name == "LI":
        assert wide.low - 1e-9 <= inside.low <= wide.high + 1e-9
    assert sum(wide.levels.values()) == pytest.approx(1.0, abs=1e-5)
    assert max(inside.levels.values()) == 1.0
    for name, values in inside.details.items():
        if name in wide.details and name != "LI_at_least":
            assert wide.details[name][0] - 1e-9 <= values[0] <= wide.details[name][1] + 1e-9


@settings(max_examples=20, deadline=None)
@given(jobs(), st.floats(0, 5))
def test_a_heavier_load_never_lowers_the_index(job: tuple[dict[str, Any], dict[str, Any]], more: float) -> None:
    exact = job[1]
    light, heavy = assess(NIOSH, **exact), assess(NIOSH, **{**exact, "load_kg": exact["load_kg"] + more})
    assert heavy.low >= light.low


def test_the_same_job_gives_the_same_bits() -> None:
    job = {**JOB, "h_cm": (30, 50), "v_cm": (20, 90), "load_kg": (5, 15), "coupling": ("good", "poor")}
    assert assess(NIOSH, **job) == assess(NIOSH, **job)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"v_cm": -1}, "niosh: v_cm is -1 cm. Give 0 to 250 cm"),
        ({"coupling": "sticky"}, "niosh: coupling is 'sticky'. Choose from good, fair, poor"),
        ({"h_in": 10}, "niosh does not ask for h_in"),
    ],
)
def test_errors(values: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        assess(NIOSH, **values)
