"""The lifting equation, exact: tables in full, edges, published worked examples, and known errors of the literature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.niosh import (
    COUPLINGS,
    DURATIONS,
    FM_FREQUENCIES,
    FM_TABLE,
    METRIC,
    US,
    System,
    asymmetry_multiplier,
    coupling_multiplier,
    distance_multiplier,
    duration_class,
    frequency_multiplier,
    hand_distance,
    horizontal_multiplier,
    lifting_index,
    multipliers,
    special_frequency,
    vertical_multiplier,
)

FM_PRINTED = """
0.2 1.00 1.00 .95 .95 .85 .85
0.5  .97  .97 .92 .92 .81 .81
1    .94  .94 .88 .88 .75 .75
2    .91  .91 .84 .84 .65 .65
3    .88  .88 .79 .79 .55 .55
4    .84  .84 .72 .72 .45 .45
5    .80  .80 .60 .60 .35 .35
6    .75  .75 .50 .50 .27 .27
7    .70  .70 .42 .42 .22 .22
8    .60  .60 .35 .35 .18 .18
9    .52  .52 .30 .30 .00 .15
10   .45  .45 .26 .26 .00 .13
11   .41  .41 .00 .23 .00 .00
12   .37  .37 .00 .21 .00 .00
13   .00  .34 .00 .00 .00 .00
14   .00  .31 .00 .00 .00 .00
15   .00  .28 .00 .00 .00 .00
"""
"""Table 5 of the manual, typed a second time; the first row is printed there as "<=0.2" and in a reprint as "<=2"."""

FM_ROWS = [[float(cell) for cell in line.split()] for line in FM_PRINTED.strip().splitlines()]


@pytest.mark.parametrize("row", FM_ROWS, ids=lambda row: f"F {row[0]}")
def test_every_cell_of_the_frequency_table(row: list[float]) -> None:
    cells = [frequency_multiplier(row[0], d, v) for d in DURATIONS for v in (74.9, 75.0)]
    assert cells == row[1:]
    assert [frequency_multiplier(row[0], d, v, US) for d in DURATIONS for v in (29.9, 30.0)] == row[1:]


def test_frequency_between_rows_below_the_first_and_in_the_gap_before_the_zeros() -> None:
    assert frequency_multiplier(2.4, "short", 40) == pytest.approx(0.898)
    assert frequency_multiplier(9.25, "long", 120) == pytest.approx(0.145)
    assert frequency_multiplier(0.05, "moderate", 80) == 0.95
    # The manual is silent between the last row and the first zero; here there is no credit beyond the last row.
    assert frequency_multiplier([8.0, 8.01], "long", 40).tolist() == [0.18, 0.0]
    assert frequency_multiplier([15.0, 15.01], "short", 75).tolist() == [0.28, 0.0]


def test_frequency_multiplier_never_rises_with_frequency_or_duration_or_a_lower_origin() -> None:
    rates = np.linspace(0, 16, 3201)
    by = np.array([[frequency_multiplier(rates, d, v) for v in (10.0, 90.0)] for d in DURATIONS])
    assert np.all(np.diff(by, axis=2) <= 0)
    assert np.all(np.diff(by, axis=0) <= 0)
    assert np.all(np.diff(by, axis=1) >= 0)
    assert FM_TABLE.shape == (len(FM_FREQUENCIES), 2 * len(DURATIONS))


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1.0), (24.9, 1.0), (25, 1.0), (50, 0.5), (63, 25 / 63), (63.1, 0.0)]
)
def test_horizontal_edges(value: float, expected: float) -> None:
    assert horizontal_multiplier(value) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("value", "expected"), [(0, 0.775), (75, 1.0), (150, 0.775), (175, 0.7), (175.1, 0.0)])
def test_vertical_edges(value: float, expected: float) -> None:
    assert vertical_multiplier(value) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1.0), (25, 1.0), (26, 0.82 + 4.5 / 26), (175, 0.82 + 4.5 / 175), (175.1, 0.0)]
)
def test_distance_edges(value: float, expected: float) -> None:
    assert distance_multiplier(value) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("value", "expected"), [(0, 1.0), (90, 0.712), (135, 0.568), (135.1, 0.0), (180, 0.0)])
def test_asymmetry_edges(value: float, expected: float) -> None:
    assert asymmetry_multiplier(value) == pytest.approx(expected, abs=1e-12)


def test_us_edges() -> None:
    assert horizontal_multiplier([9.9, 10, 25, 25.1], US).tolist() == [1.0, 1.0, 0.4, 0.0]
    assert vertical_multiplier([30, 70, 70.1], US) == pytest.approx([1.0, 0.7, 0.0])
    assert distance_multiplier([10, 70, 70.1], US) == pytest.approx([1.0, 0.82 + 1.8 / 70, 0.0])


@pytest.mark.parametrize(("coupling", "below", "above"), [("good", 1.0, 1.0), ("fair", 0.95, 1.0), ("poor", 0.9, 0.9)])
def test_coupling_table(coupling: str, below: float, above: float) -> None:
    assert coupling_multiplier(coupling, [0, 74.99, 75, 150]).tolist() == [below, below, above, above]


def test_three_printed_entries_differ_from_the_formula_and_the_formula_governs() -> None:
    assert round(float(horizontal_multiplier(22, US)), 2) == 0.45  # printed .46
    assert round(float(horizontal_multiplier(23, US)), 2) == 0.43  # printed .44
    assert round(float(distance_multiplier(130)), 2) == 0.85  # printed .86


def test_manual_example_4_coupling_at_the_point_and_frequency_at_the_origin() -> None:
    origin = multipliers(h=10, v=22, d=37, f=3, coupling="fair", system=US)
    end = multipliers(h=20, v=59, d=37, f=3, coupling="fair", v_origin=22, system=US)
    # Printed 34.9: the worksheet multiplies rounded factors.
    assert float(origin.rwl) == pytest.approx(34.813562, abs=1e-6)
    assert float(end.rwl) == pytest.approx(15.252862, abs=1e-6)
    assert (float(origin.cm), float(end.cm), float(end.fm)) == (0.95, 1.0, 0.88)
    assert float(lifting_index(26, end.rwl)) == pytest.approx(1.704598, abs=1e-6)
    far_up = multipliers(h=20, v=80, d=60, f=9, duration="long", v_origin=70)
    assert float(far_up.fm) == 0.0, "the origin is below 75 cm, so its column holds at the destination too"


@pytest.mark.parametrize(
    ("load", "h", "v", "d", "a", "coupling", "rwl"),
    [(44, 23, 15, 48, 0, "fair", 16.031289), (40, 18, 15, 21, 45, "fair", 18.520582)],
)
def test_manual_examples_1_and_3_at_the_origin(
    load: float, h: float, v: float, d: float, a: float, coupling: str, rwl: float
) -> None:
    factors = multipliers(h=h, v=v, d=d, a=a, coupling=coupling, system=US)
    assert float(factors.rwl) == pytest.approx(rwl, abs=1e-6)
    assert float(lifting_index(load, factors.rwl)) == pytest.approx(load / rwl, abs=1e-6)


def test_units_are_not_conversions_of_each_other() -> None:
    metric = multipliers(h=25.4, v=76.2, d=25.4)
    us = multipliers(h=10, v=30, d=10, system=US)
    assert float(us.rwl) * 0.45359237 == pytest.approx(23.13, abs=0.01)
    assert float(metric.rwl) < 23.0


def test_lifting_index_is_not_a_number_where_nothing_may_be_lifted() -> None:
    index = lifting_index([10.0, 10.0, 0.0], [20.0, 0.0, 5.0])
    assert index[[0, 2]].tolist() == [0.5, 0.0]
    assert np.isnan(index[1])


@pytest.mark.parametrize(("system", "v", "expected"), [(METRIC, 25, 40), (METRIC, 24.9, 45), (US, 10, 28), (US, 9, 30)])
def test_hand_distance_from_the_width_of_the_container(system: System, v: float, expected: float) -> None:
    assert hand_distance(40, v, system) == expected


def test_special_frequency() -> None:
    assert special_frequency(10, 8) == pytest.approx(5.3333, abs=1e-4)
    assert special_frequency(10, 5) == pytest.approx(3.3333, abs=1e-4), "the manual prints 3.4"
    assert special_frequency(16, 5) == 16
    with pytest.raises(MethodError, match="lifting for 16 of 15"):
        special_frequency(10, 16)


@pytest.mark.parametrize(
    ("sessions", "edition", "expected"),
    [
        ([(30, 10), (45, None)], "2021", "moderate"),
        ([(30, 30), (45, None)], "2021", "short"),
        ([(30, 30), (45, None)], "1994", "moderate"),
        ([(30, 36), (45, None)], "1994", "short"),
        ([(120, 36)], "2021", "moderate"),
        ([(120, 35.9)], "2021", "long"),
        ([(60, 60)], "2021", "short"),
        ([(60, 60)], "1994", "moderate"),
        ([(60, 10)], "2021", "long"),
        ([(121, 10)], "2021", "long"),
        ([(60, None)], "2021", "short"),
        ([(61, None)], "2021", "moderate"),
        ([(50, 20), (50, 20), (50, None)], "2021", "long"),
        ([(90, 27), (50, None)], "2021", "moderate"),
        ([(90, 26), (50, None)], "2021", "long"),
    ],
)
def test_duration_class(sessions: list[tuple[float, float | None]], edition: str, expected: str) -> None:
    assert duration_class(sessions, edition) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vertical_multiplier(-1), "V is -1"),
        (lambda: horizontal_multiplier([30, float("nan")]), "H is nan"),
        (lambda: frequency_multiplier(1, "forever", 50), "duration 'forever' is unknown.*short, moderate, long"),
        (lambda: coupling_multiplier("sticky", 50), "coupling 'sticky' is unknown.*good, fair, poor"),
        (lambda: duration_class([(30, None)], "2001"), "edition '2001'"),
        (lambda: duration_class([]), "sessions are empty"),
        (lambda: duration_class([(0, 1)]), "time below zero"),
        (lambda: duration_class([(300, 1), (200, None)]), "more than 8 hours"),
    ],
)
def test_errors_name_the_value_and_the_mend(call: object, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        call()  # type: ignore[operator]


lifts = st.fixed_dictionaries(
    {
        "h": st.floats(0, 80),
        "v": st.floats(0, 190),
        "d": st.floats(0, 190),
        "a": st.floats(0, 160),
        "f": st.floats(0, 17),
        "duration": st.sampled_from(DURATIONS),
        "coupling": st.sampled_from(COUPLINGS),
    }
)


@given(lifts, st.sampled_from("hadf"), st.floats(0, 40), st.sampled_from([METRIC, US]))
def test_more_reach_turn_travel_or_pace_never_raises_the_limit(
    lift: dict, name: str, more: float, system: System
) -> None:
    worse = lift | {name: lift[name] + more}
    assert float(multipliers(**worse, system=system).rwl) <= float(multipliers(**lift, system=system).rwl) + 1e-12


@given(lifts, st.floats(0, 1))
def test_a_height_nearer_the_knuckles_never_lowers_the_limit(lift: dict, share: float) -> None:
    nearer = lift | {"v": 75 + (lift["v"] - 75) * share}
    assert float(multipliers(**nearer).rwl) >= float(multipliers(**lift).rwl) - 1e-12


@given(lifts)
def test_the_limit_never_exceeds_the_load_constant_and_is_the_product(lift: dict) -> None:
    factors = multipliers(**lift)
    assert 0 <= float(factors.rwl) <= 23.0
    assert float(factors.firwl * factors.fm) == pytest.approx(float(factors.rwl), abs=1e-12)
    assert 23.0 * float(factors.geometry_factor * factors.cm) == pytest.approx(float(factors.rwl), abs=1e-12)
