"""The lifting TLV: every cell, borders of zones and tables, open inputs, judgement."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.acgih import (
    ACGIH_TLV,
    HORIZONTAL,
    JUDGEMENT,
    TABLES,
    VERTICAL,
    horizontal_zone,
    limit,
    table_of,
    vertical_zone,
)
from spotter.ergonomics.methods.api import Given, Provenance, Result
from spotter.ergonomics.methods.inputs import givens

PRINTED = {
    1: "16 7 - / 32 16 9 / 18 14 7 / 14 - -",
    2: "14 5 - / 27 14 7 / 16 11 5 / 9 - -",
    3: "11 - - / 14 9 5 / 9 7 2 / - - -",
}
BODY = {"shoulder_cm": 140, "knuckle_cm": 72, "mid_shin_cm": 28}


def assess(**values: Any) -> Result:
    return ACGIH_TLV.assess(givens(ACGIH_TLV.name, ACGIH_TLV.asks, values))


@pytest.mark.parametrize("table", PRINTED)
def test_every_cell(table: int) -> None:
    rows = [line.split() for line in PRINTED[table].split("/")]
    assert [[limit(table, v, h) for h in HORIZONTAL] for v in VERTICAL] == [
        [None if cell == "-" else float(cell) for cell in row] for row in rows
    ]


def test_no_limit_rises_with_reach_or_from_table_to_table() -> None:
    known = np.nan_to_num(TABLES)
    assert np.all(np.diff(known, axis=2) <= 0)
    assert np.all(np.diff(known, axis=0) <= 0)


@pytest.mark.parametrize(
    ("hours", "rate", "table"),
    [
        (2, 60, 1), (2, 60.1, 2), (2, 360, 2), (2.1, 12, 1), (2.1, 12.1, 2), (8, 30, 2), (8, 30.1, 3), (8, 360, 3),
        (0.5, 1, 1), (8, 500, 3),
    ],
)  # fmt: skip
def test_table_by_hours_and_pace(hours: float, rate: float, table: int) -> None:
    assert table_of(hours, rate) == table


def test_borders_of_zones() -> None:
    assert horizontal_zone([0, 29.9, 30, 60, 60.1, 80]).tolist() == [0, 0, 1, 1, 2, 2]
    assert np.isnan(horizontal_zone(80.1))
    heights = [0, 27.9, 28, 71.9, 72, 131.9, 132, 170]
    assert vertical_zone(heights, 140, 72, 28).tolist() == [3, 3, 2, 2, 1, 1, 0, 0]
    assert np.isnan(vertical_zone(170.1, 140, 72, 28))


def test_an_exact_job() -> None:
    result = assess(vertical_zone="torso", horizontal_zone="close", hours_per_day=1, lifts_per_hour=30, load_kg=20)
    assert (result.name, result.value, result.unit, result.status) == ("TLV", 32.0, "kg", Status.OK)
    assert result.levels == {"load <= TLV": 1.0, "load > TLV": 0.0, "no known safe limit": 0.0}
    assert result.details["load_per_TLV"] == (20 / 32, 20 / 32)
    assert result.table_version == "table 1: text of 2004/2007, read"


def test_zones_from_heights_and_reach() -> None:
    result = assess(v_cm=50, h_cm=45, **BODY, hours_per_day=4, lifts_per_hour=20)
    assert result.value == 11.0
    assert "recalled" in result.table_version


def test_no_known_safe_limit_is_not_a_number() -> None:
    result = assess(vertical_zone="floor", horizontal_zone="extended", hours_per_day=1, lifts_per_hour=30, load_kg=2)
    assert (result.value, result.low, result.high) == (None, 0.0, 0.0)
    assert result.reasons == ("no safe limit for repetitive lifting is known",)
    assert result.levels["no known safe limit"] == 1.0


def test_outside_the_zones() -> None:
    job = {"hours_per_day": 1, "lifts_per_hour": 30, "vertical_zone": "torso"}
    far = assess(h_cm=85, **job)
    assert far.status is Status.OUT_OF_SCOPE
    assert math.isnan(far.low)
    perhaps = assess(h_cm=(70, 85), **job)
    assert (perhaps.low, perhaps.high) == (0.0, 9.0)
    assert "may be outside" in perhaps.reasons[0]


@pytest.mark.parametrize("flag", [flag.name for flag in JUDGEMENT])
def test_judgement_lowers_the_limit_by_an_unknown_amount(flag: str) -> None:
    job = {"vertical_zone": "knee", "horizontal_zone": "close", "hours_per_day": 1, "lifts_per_hour": 30}
    result = assess(**job, **{flag: True})
    assert (result.low, result.high, result.value, result.status) == (0.0, 18.0, None, Status.BOUNDED)
    assert "by judgement" in result.reasons[0]
    assert assess(**job).reasons == ()


def test_very_fast_or_very_long_work_is_left_to_judgement() -> None:
    result = assess(vertical_zone="knee", horizontal_zone="close", hours_per_day=9, lifts_per_hour=400)
    assert [reason.split(": ")[1] for reason in result.reasons] == ["over 360 lifts an hour", "over 8 hours a day"]
    assert result.low == 0.0


def test_unknown_duration_takes_all_tables_and_says_what_widens() -> None:
    result = assess(vertical_zone="torso", horizontal_zone="close", lifts_per_hour=40)
    assert (result.low, result.high) == (14.0, 32.0)
    assert result.widening == (("hours_per_day", 18.0),)
    assert result.reasons == ("hours_per_day is not known: not entered",)
    assert assess().status is Status.NOT_OBSERVABLE
    assert assess().value is None


def test_probability_of_a_measured_reach() -> None:
    job = givens(
        "acgih_tlv", ACGIH_TLV.asks,
        {"vertical_zone": "torso", "hours_per_day": 1, "lifts_per_hour": 30, "load_kg": 20},
    )  # fmt: skip
    job["h_cm"] = Given(25.0, 37.0, value=30.0, provenance=Provenance.OBSERVED)
    result = ACGIH_TLV.assess(job)
    # 32 kg nearer than 30 cm, 16 kg beyond; the best value is the border.
    assert (result.low, result.high) == (16.0, 32.0)
    assert result.levels["load <= TLV"] == pytest.approx(0.5, abs=0.001)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(0, 79), st.floats(0, 79)), st.tuples(st.floats(0, 170), st.floats(0, 170)),
    st.tuples(st.floats(0.1, 8), st.floats(0.1, 8)), st.tuples(st.floats(0, 360), st.floats(0, 360)),
    st.floats(0, 1),
)  # fmt: skip
def test_intervals_hold_every_exact_result(h: Any, v: Any, hours: Any, rate: Any, share: float) -> None:
    names = ("h_cm", "v_cm", "hours_per_day", "lifts_per_hour")
    wide = {name: tuple(sorted(ends)) for name, ends in zip(names, (h, v, hours, rate), strict=True)}
    inside = {name: low + share * (high - low) for name, (low, high) in wide.items()}
    result, exact = (assess(**job, **BODY) for job in (wide, inside))
    assert exact.low == exact.high
    assert result.low <= exact.low <= result.high


def test_errors_name_what_there_is() -> None:
    with pytest.raises(MethodError, match="no cell 'roof', 'close' in table 1"):
        limit(1, "roof", "close")
    with pytest.raises(MethodError, match="acgih_tlv: shoulder_cm is 90 cm"):
        assess(shoulder_cm=90)


@pytest.mark.shared
def test_shared_cases(shared_dir: Path) -> None:
    cases = json.loads((shared_dir / "ergonomics" / "cases.json").read_text(encoding="utf-8"))["cases"]
    vertical = {"shoulder": "shoulder", "knuckle": "torso", "mid-shin": "knee", "floor": "floor"}
    checked = 0
    for case in (case for case in cases if case["method"] == "ACGIH_TLV"):
        row = vertical[case["inputs"]["vertical_zone"].split(" ")[0]]
        column = case["inputs"]["horizontal_zone"].split(" ")[0]
        assert limit(case["inputs"]["table"], row, column) == case["expected"]["limit_kg"], case["id"]
        checked += 1
    assert checked >= 8
