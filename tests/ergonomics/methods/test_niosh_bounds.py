"""The bounds of the lifting equation: nothing that the intervals hold lies outside them, and they are reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.ergonomics.methods.niosh import METRIC, US
from spotter.ergonomics.methods.niosh_bounds import Interval, Lift, judge, rwl_bounds, worst_and_best

POINTS = 25


def intervals(low: float, high: float) -> st.SearchStrategy[Interval]:
    ends = st.tuples(st.integers(int(low), int(high)), st.integers(int(low), int(high)), st.booleans())
    return ends.map(lambda e: (float(min(e[:2])), float(min(e[:2]) if e[2] else max(e[:2]))))


def lifts(*, travel: bool) -> st.SearchStrategy[Lift]:
    return st.builds(
        Lift,
        v_origin=intervals(0, 180),
        v_destination=intervals(0, 180),
        h_origin=st.none() | intervals(20, 64),
        h_destination=st.none() | intervals(20, 64),
        width=intervals(10, 60),
        a_origin=intervals(0, 136),
        a_destination=intervals(0, 136),
        d=intervals(0, 176) if travel else st.none(),
        f=intervals(0, 12),
        duration=intervals(0, 2),
        coupling=intervals(0, 2),
        control=intervals(0, 1),
    )


def values_in(lift: Lift, seed: int) -> dict[str, Any]:
    """Random and extreme values of all inputs; both heights on a fine grid."""
    random = np.random.default_rng(seed)
    count = 60
    drawn: dict[str, Any] = {}
    for name in ("h_origin", "h_destination", "width", "a_origin", "a_destination", "d", "f"):
        interval = getattr(lift, name)
        if interval is not None:
            share = random.choice([0.0, 1.0, -1.0], count, p=[0.4, 0.4, 0.2])
            share = np.where(share < 0, random.random(count), share)[:, None, None]
            drawn[name] = interval[0] + share * (interval[1] - interval[0])
    for name in ("duration", "coupling", "control"):
        low, high = getattr(lift, name)
        drawn[name] = random.integers(int(low), int(high) + 1, count)[:, None, None]
    drawn["constant"] = 23.0
    steps = [25.0, np.nextafter(25.0, 0), 75.0, np.nextafter(75.0, 0)]
    drawn["v_origin"] = np.clip([*np.linspace(*lift.v_origin, POINTS), *steps], *lift.v_origin)[None, :, None]
    drawn["v_destination"] = np.clip([*np.linspace(*lift.v_destination, POINTS), *steps], *lift.v_destination)
    return drawn


@settings(max_examples=60, deadline=None)
@given(st.booleans().flatmap(lambda travel: lifts(travel=travel)), st.integers(0, 1000))
def test_no_lift_within_the_intervals_is_outside_the_bounds(lift: Lift, seed: int) -> None:
    low, high = rwl_bounds(lift)
    exact = judge(values_in(lift, seed)).rwl
    assert low - 1e-9 <= exact.min()
    assert exact.max() <= high + 1e-9
    worst, best = worst_and_best(lift)
    judged = judge(values_in(lift, seed))
    for of in ("rwl_origin", "rwl_destination"):
        assert getattr(worst, of).min() - 1e-9 <= getattr(judged, of).min()
        assert getattr(judged, of).max() <= getattr(best, of).max() + 1e-9
    for factor in ("hm", "vm", "dm", "am", "fm", "cm", "geometry_factor"):
        for end in ("origin", "destination"):
            exact = getattr(getattr(judged, end), factor)
            assert getattr(getattr(worst, end), factor).min() - 1e-9 <= exact.min()
            assert exact.max() <= getattr(getattr(best, end), factor).max() + 1e-9


@settings(max_examples=60, deadline=None)
@given(lifts(travel=False))
def test_the_bounds_are_values_that_some_lift_within_the_intervals_has(lift: Lift) -> None:
    """A much finer look at the two heights, everything else at its worst and best, comes close to both bounds."""
    steps = [25.0, np.nextafter(25.0, 0), 75.0, np.nextafter(75.0, 0), np.nextafter(175.0, 200)]
    v_origin, v_destination = (
        np.clip([*np.linspace(*interval, 500), *steps], *interval) for interval in (lift.v_origin, lift.v_destination)
    )
    names = ("width", "a_origin", "a_destination", "f", "duration", "coupling", "control", "h_origin", "h_destination")
    for side, pick in ((1, np.min), (0, np.max)):
        chosen = {name: getattr(lift, name)[side] for name in names if getattr(lift, name) is not None}
        rwl = judge({**chosen, "v_origin": v_origin[:, None], "v_destination": v_destination, "constant": 23.0}).rwl
        # The grid is at most 0.36 cm apart, and between the steps a limit moves by less than 0.25 kg a centimetre.
        assert float(pick(rwl)) == pytest.approx(rwl_bounds(lift)[1 - side], abs=0.1)


@settings(deadline=None)
@given(st.booleans().flatmap(lambda travel: lifts(travel=travel)))
def test_points_give_one_value(lift: Lift) -> None:
    names = ("v_origin", "v_destination", "h_origin", "h_destination", "width", "a_origin", "a_destination", "d", "f")
    names += ("duration", "coupling", "control")
    point = {name: getattr(lift, name)[0] for name in names if getattr(lift, name) is not None}
    low, high = rwl_bounds(replace(lift, **{name: (value, value) for name, value in point.items()}))
    assert low == high == pytest.approx(float(judge({**point, "constant": 23.0}).rwl), abs=1e-12)


def test_the_stationary_point_between_height_and_travel_is_found() -> None:
    """Below knuckle height a higher origin gains VM and loses DM, so the worst origin is inside the interval."""
    lift = Lift(v_origin=(25.0, 74.0), v_destination=(0.0, 0.0), h_origin=(30.0, 30.0), h_destination=(30.0, 30.0))
    low, _ = rwl_bounds(lift)
    ends = [float(judge({"h_origin": 30, "h_destination": 30, "v_origin": v, "v_destination": 0, "a_origin": 0,
            "a_destination": 0, "f": 0.2, "duration": 0, "coupling": 0, "control": 0, "constant": 23}).rwl)
            for v in (25.0, 30.0, 37.66, 45.0, 74.0)]  # fmt: skip
    assert low <= min(ends)
    assert low == pytest.approx(ends[2], abs=1e-4)


@pytest.mark.parametrize("system", [METRIC, US])
def test_us_lifts_step_at_us_heights(system: object) -> None:
    knee = 30.0 if system is US else 75.0
    lift = Lift(
        v_origin=(knee - 1, knee + 1), h_origin=(30.0, 30.0), d=(0.0, 0.0), coupling=(1, 1), f=(9, 9), duration=(2, 2),
        system=system,  # type: ignore[arg-type]
    )  # fmt: skip
    assert rwl_bounds(replace(lift, h_origin=(10.0, 10.0)))[0] == 0.0, "FM is 0 below the knuckles at 9 a minute"
    assert rwl_bounds(replace(lift, h_origin=(10.0, 10.0)))[1] == pytest.approx(23.0 * 0.15)
