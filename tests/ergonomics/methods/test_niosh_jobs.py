"""CLI and VLI as methods: exact jobs, open jobs, jobs without an answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Result
from spotter.ergonomics.methods.inputs import givens
from spotter.ergonomics.methods.niosh import METRIC, frequency_multiplier
from spotter.ergonomics.methods.niosh_bounds import Interval
from spotter.ergonomics.methods.niosh_composite import CLI, CLI_US
from spotter.ergonomics.methods.niosh_multitask import composite_index
from spotter.ergonomics.methods.niosh_multitask_bounds import OrderTooOpenError, Task, composite_bounds, ranks
from spotter.ergonomics.methods.niosh_variable import VLI

EXAMPLE_7 = [
    {"load_lb": 12, "width_in": 16, "v_in": v, "d_in": abs(v - 20), "a_deg": 0, "f_per_min": 2.4, "coupling": "fair"}
    for v in (4, 20, 36, 52, 68)
]
JOB = [
    {"load_kg": 20, "h_cm": 25, "v_cm": 75, "d_cm": 5, "a_deg": 0, "f_per_min": 1, "coupling": "good"},
    {"load_kg": 25, "h_cm": 30, "v_cm": 75, "d_cm": 5, "a_deg": 0, "f_per_min": 2, "coupling": "poor"},
    {"load_kg": 15, "h_cm": 30, "v_cm": 75, "d_cm": 5, "a_deg": 45, "f_per_min": 2, "coupling": "good"},
]


def assess(method: Any, **values: Any) -> Result:
    result = method.assess(givens(method.name, method.asks, values))
    assert isinstance(result, Result)
    return result


def test_manual_example_7_in_us_units() -> None:
    result = assess(CLI_US, tasks=EXAMPLE_7, duration="short")
    assert (result.name, result.status) == ("CLI", Status.OK)
    assert result.value == result.low == result.high == pytest.approx(1.401707, abs=1e-6)
    assert result.levels == {"CLI <= 1": 0.0, "1 < CLI <= 3": 1.0, "CLI > 3": 0.0}
    assert [result.details[f"row_{n}_rank"][0] for n in range(1, 6)] == [2, 4, 5, 3, 1]
    assert result.details["row_1_FIRWL"][0] == pytest.approx(20.205332, abs=1e-6)


def test_the_example_of_ntp_477() -> None:
    result = assess(CLI, tasks=JOB, duration="moderate")
    assert result.value == pytest.approx(2.1482749946788955, abs=1e-9)


def test_the_worse_end_counts_where_control_is_needed() -> None:
    placed = {
        **JOB[0],
        "significant_control": True,
        "destination_h_cm": 50,
        "destination_v_cm": 80,
        "destination_a_deg": 0,
    }
    result = assess(CLI, tasks=[placed, *JOB[1:]], duration="moderate")
    assert result.details["row_1_FIRWL"][0] == pytest.approx(23 * 0.5 * (1 - 0.003 * 5))
    assert result.low > assess(CLI, tasks=JOB, duration="moderate").low


def test_a_greater_load_now_and_then_counts_in_what_a_task_adds() -> None:
    tasks = [JOB[1], {**JOB[0], "load_max_kg": 30}]
    with_most, without = (assess(CLI, tasks=each, duration="short").low for each in (tasks, [JOB[1], JOB[0]]))
    firwl = assess(CLI, tasks=tasks, duration="short").details["row_2_FIRWL"][0]
    assert with_most - without == pytest.approx(10 / firwl * (1 / 0.88 - 1 / 0.91))


def test_open_loads_and_frequencies_widen_it_and_a_known_load_narrows_it() -> None:
    tasks = [{**JOB[0], "load_kg": (15, 25)}, {**JOB[1], "f_per_min": (1, 2.5)}, JOB[2]]
    result = assess(CLI, tasks=tasks, duration="moderate")
    assert result.status is Status.BOUNDED
    assert result.value is not None
    assert result.low < result.value < result.high
    assert {name for name, _ in result.widening} == {"row_1_load_kg", "row_2_f_per_min"}
    name, taken = result.widening[0]
    known = [{**task} for task in tasks]
    row, column = int(name.split("_")[1]) - 1, name.split("_", 2)[2]
    widths = []
    for at in np.linspace(*tasks[row][column], 5):
        known[row][column] = float(at)
        narrow = assess(CLI, tasks=known, duration="moderate")
        widths.append(narrow.high - narrow.low)
    assert result.high - result.low - min(widths) == pytest.approx(taken)


def test_no_composite_without_all_loads() -> None:
    result = assess(CLI, tasks=[JOB[0], {**JOB[1], "load_kg": None}], duration="short")
    assert (result.status, result.value) == (Status.NOT_OBSERVABLE, None)
    assert result.reasons == ("the load of task 2 is not known: a CLI needs all loads",)
    assert result.details["row_2_FIRWL"][0] == pytest.approx(23 * 25 / 30 * 0.9 * 0.95 / 0.95)
    assert assess(CLI).reasons == ("no task is given",)


def test_above_the_frequencies_of_the_table_there_is_no_composite() -> None:
    tasks = [{**task, "f_per_min": 5} for task in JOB]
    surely = assess(CLI, tasks=tasks, duration="long")
    assert surely.status is Status.OUT_OF_SCOPE
    assert surely.reasons[0].startswith("no CLI: the frequency is above the method's range")
    maybe = assess(CLI, tasks=tasks, duration=("short", "long"))
    assert maybe.status is Status.NOT_OBSERVABLE
    assert maybe.details["CLI_at_least"][0] == assess(CLI, tasks=tasks, duration="short").low
    assert maybe.levels["CLI undefined"] == pytest.approx(0.5, abs=0.001)


def test_out_of_scope() -> None:
    assert assess(CLI, tasks=JOB, duration="short", one_handed=True).status is Status.OUT_OF_SCOPE
    assert assess(VLI, lifts=[{"fili": 1}], seated_or_kneeling=True).status is Status.OUT_OF_SCOPE


def test_too_many_possible_orders_are_said_and_not_tried() -> None:
    alike = [Task((0.5, 1.0), (0.5, 1.0), (0.2, 0.2), (80.0, 80.0))] * 20
    with pytest.raises(OrderTooOpenError):
        composite_bounds(alike, "short", METRIC)
    certain = [Task((1.0 - n / 40,) * 2, (1.0 - n / 40,) * 2, (0.2, 0.2), (80.0, 80.0)) for n in range(20)]
    assert composite_bounds(certain, "short", METRIC)[0] > 1.0
    assert ranks(certain) == [(n, n) for n in range(1, 21)]
    assert ranks(alike)[0] == (1, 20)


def interval(low: float, high: float) -> st.SearchStrategy[Interval]:
    return st.tuples(st.floats(low, high), st.floats(low, high), st.booleans()).map(
        lambda ends: (min(ends[:2]), min(ends[:2]) if ends[2] else max(ends[:2]))
    )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(interval(0.1, 2), interval(0.1, 4), interval(0, 160)), min_size=1, max_size=4),
    st.sampled_from(["short", "moderate", "long"]),
    st.integers(0, 100),
)
def test_no_job_within_the_intervals_is_outside_the_bounds(
    job: list[tuple[Interval, Interval, Interval]], duration: str, seed: int
) -> None:
    def stli(fili: Interval, f: Interval, v: Interval) -> Interval:
        fm = [float(frequency_multiplier(rate, duration, height)) for rate in f for height in v]
        return fili[0] / max(fm) if max(fm) else math.inf, fili[1] / min(fm) if min(fm) else math.inf

    tasks = [Task(fili, stli(fili, f, v), f, v) for fili, f, v in job]
    low, high = composite_bounds(tasks, duration, METRIC)
    random = np.random.default_rng(seed)
    share = np.where(random.random((3, 400, len(job))) < 0.5, random.integers(0, 2, (3, 400, len(job))), 0.5)
    fili, f, v = (
        np.array([of[k][0] for of in job]) + share[k] * np.array([of[k][1] - of[k][0] for of in job]) for k in range(3)
    )
    exact = composite_index(fili=fili, f=f, v=v, duration=duration).index
    exact = np.where(np.isnan(exact), np.inf, exact)
    assert low - 1e-9 <= exact.min()
    assert exact.max() <= high + 1e-9
    points = [Task(*(((of[0],) * 2) for of in (fili_, stli((fili_[0],) * 2, (f_[0],) * 2, (v_[0],) * 2), f_, v_)))
              for fili_, f_, v_ in job]  # fmt: skip
    first, last = composite_bounds(points, duration, METRIC)
    alone = composite_index(
        fili=[of[0][0] for of in job], f=[of[1][0] for of in job], v=[of[2][0] for of in job], duration=duration
    ).index
    assert first == last
    assert first == pytest.approx(math.inf if np.isnan(alone) else float(alone))


FILI = [0.788, 2.039, 1.409, 2.202, 0.652, 1.845, 2.201, 1.047, 2.011, 1.698, 0.81, 1.947]


def test_vli_stores_its_rule_and_shows_both() -> None:
    lifts = [{"fili": fili, "v_cm": 80} for fili in FILI]
    result = assess(VLI, lifts=lifts, f_per_min=3, duration="long")
    sextile = assess(VLI, lifts=lifts, f_per_min=3, duration="long", grouping="sextile")
    assert "equal_width" in result.table_version
    assert "sextile" in sextile.table_version
    assert (result.low, sextile.low) == (result.details["VLI_equal_width"][0], sextile.details["VLI_sextile"][0])
    both = assess(VLI, lifts=lifts, f_per_min=3, duration="long", grouping=("equal_width", "sextile"))
    assert (both.low, both.high) == (min(result.low, sextile.low), max(result.low, sextile.low))
    assert result.status is Status.OK


def test_vli_from_loads_and_places_equals_vli_from_fili() -> None:
    lifts = [
        {**{k: v for k, v in task.items() if k != "f_per_min"}, "load_kg": load} for task in JOB for load in (5, 9)
    ]
    firwl = [assess(CLI, tasks=[task], duration="short").details["row_1_FIRWL"][0] for task in JOB]
    by_hand = [{"fili": load / each, "v_cm": 75} for each in firwl for load in (5, 9)]
    job = {"f_per_min": 4, "duration": "moderate"}
    assert assess(VLI, lifts=lifts, **job).value == pytest.approx(assess(VLI, lifts=by_hand, **job).value)


def test_vli_of_open_fili_is_a_sample_and_says_so() -> None:
    lifts = [{"fili": (fili * 0.9, fili * 1.1), "v_cm": 80} for fili in FILI]
    result = assess(VLI, lifts=lifts, f_per_min=3, duration="long")
    middle = assess(VLI, lifts=[{"fili": fili, "v_cm": 80} for fili in FILI], f_per_min=3, duration="long").low
    # All lifts a tenth lighter or heavier is a corner; other mixtures regroup and reach a little further.
    assert 0.85 * middle < result.low <= 0.9 * middle + 1e-9
    assert 1.1 * middle - 1e-9 <= result.high < 1.15 * middle
    assert "sample, not proven" in result.reasons[0]
    assert sum(result.levels.values()) == pytest.approx(1.0, abs=1e-5)


def test_vli_takes_both_columns_where_lifts_begin_on_both_sides_of_the_knuckles() -> None:
    lifts = [{"fili": fili, "v_cm": v} for fili, v in zip(FILI, [60, 90] * 6, strict=True)]
    result = assess(VLI, lifts=lifts, f_per_min=9, duration=("moderate", "long"))
    assert result.status is Status.NOT_OBSERVABLE, "9 a minute is above the range below 75 cm for long work"
    assert assess(VLI, lifts=lifts, f_per_min=3, duration="long").status is Status.OK, "both columns are equal there"


def test_vli_needs_fili_or_load() -> None:
    result = assess(VLI, lifts=[{"fili": 1.0}, {"v_cm": 50}], f_per_min=3, duration="long")
    assert result.reasons == ("neither FILI nor load is known of lift 2",)
