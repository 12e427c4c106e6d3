"""The registry: one row for each method, the same promises for all, and errors that name thing, value and mend."""

from __future__ import annotations

import doctest
import json
import math
from typing import Any

import pytest

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods import Given, Kind, Provenance, assess, method, methods, registry
from spotter.ergonomics.methods.engine import at_least, level_reached
from spotter.ergonomics.methods.inputs import complete, given_of, givens

TASK = {"load_kg": 8, "h_cm": 30, "v_cm": 60, "d_cm": 40, "a_deg": 0, "f_per_min": 1, "coupling": "good"}
US_TASK = {"load_lb": 20, "h_in": 12, "v_in": 25, "d_in": 15, "a_deg": 0, "f_per_min": 1, "coupling": "good"}
LIFT = {name: value for name, value in TASK.items() if name != "f_per_min"}

ROWS: dict[str, dict[str, Any]] = {
    "niosh": {**TASK, "load_kg": (5, 10), "duration": "short"},
    "niosh_us": {**US_TASK, "load_lb": (10, 20), "duration": "short"},
    "iso_11228_1": {**TASK, "reference_mass_kg": (20, 25), "duration": "short"},
    "cli": {"tasks": [TASK, {**TASK, "h_cm": (35, 45)}], "duration": "short"},
    "cli_us": {"tasks": [US_TASK, {**US_TASK, "h_in": (14, 18)}], "duration": "short"},
    "vli": {"lifts": [{**LIFT, "load_kg": load} for load in range(3, 12)], "f_per_min": (1, 2), "duration": "short"},
    "acgih_tlv": {
        "load_kg": (8, 12),
        "vertical_zone": ("knee", "torso"),
        "h_cm": 40,
        "hours_per_day": 4,
        "lifts_per_hour": 20,
    },
    "lifft": {"load_kg": (10, 13), "lever_cm": 40, "lifts_per_day": 400},
    "l5s1": {"load_kg": (10, 15), "body_mass_kg": 75, "lever_cm": 45, "upper_body_lever_cm": 20},
    "reba": {"trunk_flexion": 45, "load_kg": (4, 12)},
    "rula": {"upper_arm": (10, 30), "trunk_flexion": 25, "neck_flexion": 10},
    "owas": {"back": "bent", "arms": "both_below_shoulder", "legs": "two_bent,sitting", "load_kg": 5},
    "en1005": {"trunk_flexion": (10, 30), "held_s": 10},
    "iso11226": {"trunk_inclination": (10, 30), "held_min": 1},
}
"""Inputs by method that leave an interval. A new method has a row here."""


def test_every_method_has_a_row() -> None:
    assert sorted(methods()) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_what_every_method_promises(name: str) -> None:
    chosen = method(name)
    result = assess(name, **ROWS[name])
    assert (result.method, result.method_version) == (name, chosen.version)
    assert result.low < result.high
    assert result.status is Status.BOUNDED
    assert result.value is None or result.low <= result.value <= result.high
    assert result.table_version
    assert result.levels == {} or sum(result.levels.values()) == pytest.approx(1)
    assert all(0 < width <= result.high - result.low + 1e-9 for _, width in result.widening)
    widths = [width for _, width in result.widening]
    assert widths == sorted(widths, reverse=True)
    assert set(result.inputs) == {ask.name for ask in chosen.asks}
    assert all(isinstance(given.provenance, Provenance) for given in result.inputs.values())
    assert result == assess(name, **ROWS[name]), "the same input gives the same answer"


@pytest.mark.parametrize("name", ROWS)
def test_questions_can_be_understood(name: str) -> None:
    chosen = method(name)
    assert chosen.title
    assert chosen.source
    names = [ask.name for ask in chosen.asks]
    assert len(names) == len(set(names))
    for ask in chosen.asks:
        assert ask.name == ask.name.lower().replace("-", "_")
        assert ask.help.endswith(".")
        assert ask.help[0].isupper()
        if ask.kind is Kind.NUMBER:
            assert ask.low < ask.high
            assert math.isfinite(ask.high)
        elif ask.kind is Kind.CHOICE:
            assert len(ask.choices) > 1
        elif ask.kind is Kind.TABLE:
            assert ask.columns


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not {"tasks", "lifts"} & set(row)])
def test_knowing_nothing_is_no_error(name: str) -> None:
    result = method(name).assess({})
    assert result.status in (Status.NOT_OBSERVABLE, Status.BOUNDED)
    assert result.reasons


def test_the_example_of_the_docstring_runs() -> None:
    assert doctest.testmod(registry).failed == 0
    assert doctest.testmod(registry).attempted > 0


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("rebar", {}, "there is no method 'rebar'. Choose from"),
        ("reba", {"trunk_flexon": 4}, "reba does not ask for trunk_flexon. Did you mean trunk_flexion?"),
        ("reba", {"load_kg": -3}, "reba: load_kg is -3 kg. Give 0 to 200 kg, or leave it out"),
        ("reba", {"load_kg": math.nan}, "reba: load_kg is nan kg. Give 0 to 200 kg"),
        ("reba", {"load_kg": "10..5"}, "reba: load_kg goes from 10 to 5 kg. Put the lower end first"),
        ("reba", {"load_kg": "heavy"}, "reba: load_kg is 'heavy', which is not a number. Write a number, or LOW..HIGH"),
        ("reba", {"load_kg": "1..2..3"}, "which is not a number"),
        ("reba", {"load_kg": True}, "which is not a number"),
        ("reba", {"coupling": "firm"}, "reba: coupling is 'firm'. Choose from good, fair, poor, unacceptable"),
        ("reba", {"coupling": 3}, "reba: coupling is 3, not one of good"),
        ("reba", {"coupling": ()}, "reba: coupling is given without a choice"),
        ("reba", {"trunk_twisted": "maybe"}, "reba: trunk_twisted is 'maybe'. Choose from yes, no"),
        ("cli", {"tasks": 5}, "cli: tasks is not a list of rows. Each row holds load_kg"),
        ("cli", {"tasks": [{"load": 5}]}, "cli: tasks does not ask for load"),
        ("cli", {"tasks": [{**TASK, "h_cm": -1}]}, "cli: tasks row 1: h_cm is -1 cm"),
    ],
)
def test_errors_name_thing_value_and_mend(name: str, values: dict[str, Any], words: str) -> None:
    with pytest.raises(MethodError) as caught:
        assess(name, **values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -1.0)])
def test_weights_fit_their_choices(weights: tuple[float, ...]) -> None:
    with pytest.raises(MethodError, match="coupling has weights"):
        method("reba").assess({"coupling": Given(choices=("good", "fair"), weights=weights)})


def test_plain_values_become_inputs() -> None:
    asks = {ask.name: ask for ask in method("reba").asks}
    assert given_of("reba", asks["load_kg"], "5..10") == Given.between(5, 10)
    assert given_of("reba", asks["load_kg"], [5, 10]) == given_of("reba", asks["load_kg"], (5.0, 10))
    assert given_of("reba", asks["load_kg"], " 7 ") == Given.exact(7)
    assert given_of("reba", asks["coupling"], "good, Fair") == Given.of("good", "fair")
    assert given_of("reba", asks["trunk_twisted"], True) == Given.of("yes")
    assert given_of("reba", asks["stance"], "one-leg-or-unstable") == Given.of("one_leg_or_unstable")
    for word in (None, "", "unknown", "?"):
        assert given_of("reba", asks["load_kg"], word).provenance is Provenance.UNKNOWN


def test_a_name_without_its_side_sets_both() -> None:
    found = givens("reba", method("reba").asks, {"upper_arm": 30, "left_upper_arm": 50})
    assert (found["left_upper_arm"].low, found["right_upper_arm"].low) == (50, 30)
    load = givens("rula", method("rula").asks, {"load_kg": 3})
    assert set(load) == {"arm_load_kg", "body_load_kg"}


def test_what_is_left_out_is_assumed_or_unknown() -> None:
    found = complete("rula", method("rula").asks, {})
    assert (found["table"].choices, found["table"].provenance) == (("ergoplus",), Provenance.ASSUMED)
    wrist = found["left_wrist_flexion"]
    assert (wrist.low, wrist.high, wrist.provenance) == (-90, 90, Provenance.UNKNOWN)
    assert wrist.reason == "not entered, and a camera does not see it"


def test_a_level_is_claimed_with_nine_tenths_only() -> None:
    levels = {"1": 0.05, "2": 0.06, "3": 0.89}
    assert at_least(levels, "2") == pytest.approx(0.95)
    assert level_reached(levels) == "2"
    assert level_reached({"1": 0.05, "2": 0.05, "3": 0.9}) == "3"
    assert level_reached({"1": 0.5, "2": 0.5}) == "1"
    assert level_reached(levels, 0.5) == "3"


def test_unknown_widens_never_narrows() -> None:
    """Whatever is left out, the interval holds that of the full row."""
    for name in ("reba", "rula", "owas", "en1005", "iso11226"):
        full = assess(name, **ROWS[name])
        for left_out in ROWS[name]:
            wider = assess(name, **{each: value for each, value in ROWS[name].items() if each != left_out})
            assert wider.low <= full.low <= full.high <= wider.high, (name, left_out)


def test_results_are_json_but_for_what_has_no_number() -> None:
    from spotter.cli.assess_page import result_json

    for name, row in ROWS.items():
        text = json.dumps(result_json(method(name), assess(name, **row)), allow_nan=False)
        assert json.loads(text)["method"] == name
