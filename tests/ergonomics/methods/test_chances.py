"""States, bands and tables: what is reachable, how likely it is, and that both are complete."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.ergonomics.methods.chances import MIDDLE_90, Bands, Chances, Table, added, higher

EDGES = Bands(starts=(-20, 5), ends=(20, 60))


@pytest.mark.parametrize(
    ("number", "band"),
    [(-20.01, 0), (-20, 1), (4.99, 1), (5, 2), (20, 2), (20.01, 3), (60, 3), (60.0001, 4)],
)
def test_an_edge_belongs_where_it_was_said(number: float, band: int) -> None:
    assert EDGES.at(number) == band


def test_two_equal_edges_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same"):
        Bands(starts=(5, 5))


def chances(low: float, high: float, value: float = math.nan, *, unknown: bool = False) -> Chances:
    return EDGES.chances([low], [high], [value], [unknown])


def test_an_entered_interval_is_uniform() -> None:
    found = chances(10, 30)
    assert found.reach[0].tolist() == [False, False, True, True, False]
    assert found.chance[0] == pytest.approx([0, 0, 0.5, 0.5, 0])


def test_of_an_unknown_number_every_band_is_equally_likely() -> None:
    assert chances(-90, 180, unknown=True).chance[0] == pytest.approx([0.2] * 5)


def test_an_interval_that_touches_a_band_reaches_it_without_probability() -> None:
    found = EDGES.chances([20], [30], [math.nan], [False])
    assert found.reach[0].tolist() == [False, False, True, True, False]
    assert found.chance[0] == pytest.approx([0, 0, 0, 1, 0])


def test_a_measured_number_is_normal_within_its_interval() -> None:
    """20 is half a half width above the value: the normal distribution's share below it, of the middle 90 %."""
    found = chances(10, 26, 18)
    z = 2 / 8 * MIDDLE_90
    share = (0.5 * math.erfc(-z / math.sqrt(2)) - 0.05) / 0.9
    assert found.chance[0] == pytest.approx([0, 0, share, 1 - share, 0], abs=1e-6)


def test_a_lopsided_interval_has_its_median_at_the_value() -> None:
    assert chances(0, 80, 20).chance[0][:3].sum() == pytest.approx(0.5, abs=1e-6)


numbers = st.floats(-90, 180, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=3, max_size=3), st.booleans())
def test_probabilities_add_up_and_stay_within_reach(ends: list[float], measured: bool) -> None:
    low, value, high = sorted(ends)
    found = chances(low, high, value if measured else math.nan)
    assert found.chance.sum() == pytest.approx(1)
    assert not (found.chance[0] > 0)[~found.reach[0]].any()
    for inside in (low, value, high):
        assert found.reach[0][EDGES.at(inside)]


def test_a_table_enumerates_combinations() -> None:
    table = Table([[1, 2], [2, 4]])
    one = Chances.weighted([[True, True]], [[0.25, 0.75]])
    other = Chances.weighted([[True, True]], [[0.5, 0.5]])
    found = table(one, other)
    assert found.chance[0] == pytest.approx([0, 0.125, 0.5, 0, 0.375])
    assert found.lowest().tolist() == [1]
    assert found.highest().tolist() == [4]
    assert found.likeliest().tolist() == [2]


def test_of_equally_likely_states_the_higher_is_told() -> None:
    assert Chances.alike([[True, True, True, False]]).likeliest().tolist() == [2]


def test_one_row_holds_for_all() -> None:
    many = Chances.exact([0, 1, 1], 2)
    assert added(2, 2)(many, Chances.exact(1, 2)).highest().tolist() == [1, 2, 2]


def test_a_table_refuses_inputs_of_another_size() -> None:
    with pytest.raises(ValueError, match="table of"):
        higher(3)(Chances.exact(0, 3), Chances.exact(0, 2))


def test_the_higher_of_two_is_that_of_both_distributions() -> None:
    sides = Chances.weighted([[True] * 3], [[0.2, 0.5, 0.3]])
    assert higher(3)(sides, sides).chance[0] == pytest.approx([0.04, 0.45, 0.51])


def test_a_cap_keeps_the_last_row() -> None:
    assert added(10, 4, cap=12).at(9, 3) == 12
    assert added(10, 5, cap=8).at(9, 4) == 8


def test_choices_without_weight_are_equally_likely() -> None:
    found = Chances.weighted([[True, False, True]], [[0.0, 5.0, 0.0]])
    assert found.chance[0] == pytest.approx([0.5, 0, 0.5])
    assert np.array_equal(found.reach, [[True, False, True]])
