"""CLI and VLI, exact: published examples, order and ties, both ways to group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.niosh import US, frequency_multiplier, hand_distance, multipliers
from spotter.ergonomics.methods.niosh_multitask import GROUPINGS, composite_index, variable_index


def test_manual_example_7() -> None:
    """Cartons of 12 lb and 16 in from five heights at 2.4/min each; the print says 1.4."""
    v = np.array([4.0, 20.0, 36.0, 52.0, 68.0])
    h = hand_distance(16, v, US)
    assert h.tolist() == [18, 16, 16, 16, 16]
    firwl = multipliers(h=h, v=v, d=np.abs(v - 20), coupling="fair", system=US).firwl
    result = composite_index(fili=12 / firwl, f=2.4, v=v, duration="short", system=US)
    assert float(result.index) == pytest.approx(1.401707, abs=1e-6)
    assert result.order.tolist() == [4, 0, 3, 1, 2]
    assert result.stli[4] == pytest.approx(0.683777, abs=1e-6)
    assert result.increments == pytest.approx([0.073667, 0.119869, 0.266244, 0.258151], abs=1e-6)


def test_the_example_of_ntp_477() -> None:
    firwl = multipliers(
        h=[25, 30, 30], v=75, d=5, a=[0, 0, 45], coupling=np.array([0, 2, 0]), duration="moderate"
    ).firwl
    result = composite_index(fili=np.array([20, 25, 15]) / firwl, f=[1, 2, 2], v=75, duration="moderate")
    assert float(result.index) == pytest.approx(2.1482749946788955, abs=1e-9)
    assert result.order.tolist() == [1, 2, 0]


def test_average_loads_order_and_greatest_loads_add() -> None:
    result = composite_index(fili=[1.2, 1.0], usual=[0.6, 0.9], f=[1, 1], v=80, duration="short")
    assert result.order.tolist() == [1, 0]
    fm1, fm2 = 0.94, 0.91
    assert float(result.index) == pytest.approx(0.9 / fm1 + 1.2 * (1 / fm2 - 1 / fm1))


def test_the_column_is_that_of_the_task_being_added() -> None:
    result = composite_index(fili=[1.0, 0.5], f=[5, 5], v=[80, 20], duration="long")
    assert np.isnan(result.index), "10 a minute is above the range below 75 cm"
    upside = composite_index(fili=[0.5, 1.0], f=[5, 5], v=[20, 20], duration="moderate")
    assert float(upside.index) == pytest.approx(1 / 0.6 + 0.5 * (1 / 0.26 - 1 / 0.6))


def test_ties_go_by_frequency_and_then_as_given() -> None:
    fm = frequency_multiplier([1.0, 2.0], "short", 80)
    tie = composite_index(fili=fm, f=[1, 2], v=80, duration="short")
    assert tie.stli == pytest.approx([1.0, 1.0])
    assert tie.order.tolist() == [1, 0]
    assert composite_index(fili=[0.8, 0.8, 0.8], f=1, v=[80, 90, 100], duration="short").order.tolist() == [0, 1, 2]


def test_a_task_without_an_answer_has_no_composite() -> None:
    assert np.isnan(composite_index(fili=[np.nan, 0.5], f=1, v=80, duration="short").index)
    assert np.isnan(composite_index(fili=[0.5, 0.5], f=[16, 1], v=80, duration="short").index)


def test_many_jobs_at_once_equal_one_at_a_time() -> None:
    random = np.random.default_rng(4)
    fili, f, v = random.uniform(0.2, 2, (50, 4)), random.uniform(0.2, 2, (50, 4)), random.uniform(0, 150, (50, 4))
    durations = random.integers(0, 3, 50)
    together = composite_index(fili=fili, f=f, v=v, duration=durations).index
    single = [
        float(composite_index(fili=a, f=b, v=c, duration=("short", "moderate", "long")[d]).index)
        for a, b, c, d in zip(fili, f, v, durations, strict=True)
    ]
    assert together.tolist() == pytest.approx(single, nan_ok=True)


tasks = st.lists(st.tuples(st.floats(0.1, 3), st.floats(0.2, 2), st.floats(0, 150)), min_size=1, max_size=5)


@given(tasks, st.sampled_from(["short", "moderate"]))
def test_a_composite_is_at_least_its_worst_task(job: list[Any], duration: str) -> None:
    fili, f, v = (np.array(column) for column in zip(*job, strict=True))
    result = composite_index(fili=fili, f=f, v=v, duration=duration)
    if not np.isnan(result.index):
        assert float(result.index) >= float(result.stli.max()) - 1e-12
        assert len(job) > 1 or float(result.index) == float(result.stli[0])


LIFTS = [0.788, 2.039, 1.409, 2.202, 0.652, 1.845, 2.201, 1.047, 2.011, 1.698, 0.81, 1.947, 1.933, 1.337, 1.53]


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_variable_index_by_hand(grouping: str) -> None:
    ordered = sorted(LIFTS)
    if grouping == "sextile":
        groups = [[x for rank, x in enumerate(ordered) if rank * 6 // 15 == k] for k in range(6)]
    else:
        edges = np.linspace(ordered[0], ordered[-1], 7)
        groups = [[x for x in ordered if np.searchsorted(edges[1:6], x, side="right") == k] for k in range(6)]
    assert sum(map(len, groups)) == 15
    filled = [group for group in groups if group]
    expected = composite_index(
        fili=[np.mean(group) for group in filled], f=[3 * len(group) / 15 for group in filled], v=75, duration="long"
    )
    assert float(variable_index(LIFTS, 3.0, "long", grouping)) == pytest.approx(float(expected.index))


def test_both_groupings_differ() -> None:
    first, second = (float(variable_index(LIFTS, 3.0, "long", grouping)) for grouping in GROUPINGS)
    assert first != pytest.approx(second, rel=0.002)


def test_equal_lifts_are_one_task() -> None:
    one_group = 0.8 / 0.55
    assert float(variable_index([0.8] * 12, 3.0, "long", "equal_width")) == pytest.approx(one_group)
    assert float(variable_index([0.8] * 12, 3.0, "long", "sextile")) == pytest.approx(one_group)


def test_errors() -> None:
    with pytest.raises(MethodError, match=r"grouping 'thirds' is unknown\. Use one of: equal_width, sextile"):
        variable_index(LIFTS, 3.0, "long", "thirds")
    with pytest.raises(MethodError, match="no lift is given"):
        variable_index([], 3.0, "long", "sextile")
