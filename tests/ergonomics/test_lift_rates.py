"""Lifts a minute with their interval, and what the lifting equation says of a lift that a camera saw."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifters import LEVEL, lifting, watch

from spotter.core.contracts import Measure, Status
from spotter.ergonomics.events.lift_limits import geometry_factor, lifting_index, rwl_bounds
from spotter.ergonomics.events.lift_rates import frequency, poisson_interval
from spotter.ergonomics.events.lift_values import Lift, LiftFlag, LiftStyle
from spotter.ergonomics.methods.niosh import multipliers

GARWOOD = [
    (0, 0.0, 3.6889), (1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904),
    (20, 12.2165, 30.8884), (30, 20.2409, 42.8269), (100, 81.3640, 121.6268),
]  # fmt: skip
"""95 %: half of the chi-square quantiles 0.025 of 2n and 0.975 of 2n + 2 degrees of freedom (tables)."""


@pytest.mark.parametrize(("count", "low", "high"), GARWOOD)
def test_intervals_of_a_count_are_garwoods(count: int, low: float, high: float) -> None:
    assert poisson_interval(count) == pytest.approx((low, high), abs=2e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400))
def test_the_ends_are_where_the_tails_are_as_stated(count: int) -> None:
    low, high = poisson_interval(count, 0.9)

    def at_most(most: int, mean: float) -> float:
        return sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(most + 1))

    assert low <= count <= high
    assert at_most(count, high) == pytest.approx(0.05, abs=1e-6)
    if count:
        assert 1 - at_most(count - 1, low) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("count", [50_000, 1_000_000])
def test_large_counts_stay_finite(count: int) -> None:
    low, high = poisson_interval(count)
    assert low == pytest.approx(count - 1.96 * math.sqrt(count), rel=1e-4)
    assert high == pytest.approx(count + 1.96 * math.sqrt(count), rel=1e-4)


def test_a_quarter_of_an_hour_gives_a_frequency() -> None:
    assert frequency(30, 900) == Measure(2.0, 1.3494, 2.8551, "1/min", Status.OK)
    assert frequency(0, 900).low == 0
    assert frequency(120, 3600).value == 2.0


def test_less_is_not_extrapolated() -> None:
    short = frequency(12, 300)
    assert short.value is None
    assert short.status is Status.NOT_OBSERVABLE
    assert "5 minutes" in short.reason
    assert "15" in short.reason
    assert short.low == pytest.approx(poisson_interval(12)[0] / 15, abs=1e-4)
    assert short.high == 60.0


@pytest.mark.parametrize(("count", "seconds"), [(-1, 900), (1, -1), (1, math.nan)])
def test_impossible_counts_are_refused(count: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="not possible"):
        frequency(count, seconds)


def seen(**figures: tuple[float, float]) -> Lift:
    """A lift of given intervals, cm and degrees; middle values are its best figures."""
    known = {"v": (40.0, 40.0), "to": (100.0, 100.0), "d": (60.0, 60.0), "h": (40.0, 40.0), "a": (20.0, 20.0)} | figures

    def measure(name: str, unit: str = "cm") -> Measure:
        low, high = known[name]
        return Measure((low + high) / 2, low, high, unit, Status.OK if low == high else Status.BOUNDED)

    return Lift(
        0, 0, 10**9, 10**9, measure("v"), measure("to"), measure("d"), measure("h"), measure("h"),
        measure("a", "degrees"), Measure.exact(0.5, "m/s"), "up", LiftStyle.UNKNOWN, Measure.exact(0.5, ""),
    )  # fmt: skip


RATE = Measure.exact(2.0, "1/min")


def test_exact_figures_give_the_equations_own_factor() -> None:
    exact = multipliers(h=40, v=40, d=60, a=20, f=2, duration="moderate")
    factor = geometry_factor(seen(), RATE, "moderate")
    assert factor.status is Status.OK
    assert factor.value == pytest.approx(float(exact.geometry_factor), abs=5e-4)
    assert factor.low == factor.high == factor.value


def test_the_limit_takes_every_grip_unless_one_is_entered() -> None:
    lift = seen()
    origin = 23 * float(multipliers(h=40, v=40, d=60, a=20, f=2, duration="short").geometry_factor)
    assert rwl_bounds(lift, RATE, "short").high == pytest.approx(origin, abs=0.01)
    poor = rwl_bounds(lift, RATE, "short", "poor")
    assert poor.high == pytest.approx(0.9 * origin, abs=0.01)
    assert rwl_bounds(lift, RATE, "short").low <= poor.low


def test_what_is_not_known_widens_and_says_so() -> None:
    lift = seen()
    known, unknown = geometry_factor(lift, RATE, "short"), geometry_factor(lift)
    assert unknown.low == 0.0
    assert unknown.high >= known.high
    assert unknown.status is Status.BOUNDED
    assert "frequency unknown" in unknown.reason
    assert "duration unknown" in unknown.reason
    short = geometry_factor(lift, frequency(3, 300), "short")
    assert "frequency unknown" in short.reason


def ends(most: float) -> st.SearchStrategy[list[float]]:
    return st.tuples(st.floats(0, most), st.floats(0, most)).map(sorted)


@settings(max_examples=40, deadline=None)
@given(ends(170), ends(80), ends(170), ends(135), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_bounds_hold_every_lift_inside(v: list, h: list, d: list, a: list, shares: list[float]) -> None:
    lift = seen(v=tuple(v), h=tuple(h), d=tuple(d), a=tuple(a), to=(0.0, 175.0))
    inside = [low + share * (high - low) for (low, high), share in zip((h, v, d, a), shares, strict=True)]
    exact = multipliers(h=inside[0], v=inside[1], d=inside[2], a=inside[3], f=2, duration="long")
    factor = geometry_factor(lift, RATE, "long")
    assert factor.low - 1e-3 <= float(exact.geometry_factor) <= factor.high + 1e-3


def test_an_index_needs_a_load() -> None:
    limit = rwl_bounds(seen(), RATE, "short")
    assert lifting_index(None, limit) is None
    index = lifting_index((10.0, 12.0), limit)
    assert index is not None
    assert index.low == pytest.approx(10.0 / limit.high, abs=1e-3)
    assert index.high == pytest.approx(12.0 / limit.low, abs=1e-3)
    never = lifting_index((10.0, 10.0), replace(limit, low=0.0, high=0.0, value=0.0))
    assert never is not None
    assert "no upper end" in never.reason


def test_what_is_out_of_scope_gets_no_limit() -> None:
    lift = replace(seen(), flags=(LiftFlag.ONE_HAND, LiftFlag.RETURNED))
    for measure in (geometry_factor(lift, RATE, "short"), rwl_bounds(lift, RATE, "short")):
        assert measure.status is Status.OUT_OF_SCOPE
        assert measure.value is None
        assert measure.reason == "out of the lifting equation's scope: one_hand"
    index = lifting_index((5.0, 5.0), rwl_bounds(lift, RATE, "short"))
    assert index is not None
    assert index.status is Status.OUT_OF_SCOPE
    assert geometry_factor(replace(lift, flags=(LiftFlag.RETURNED,)), RATE, "short").status is not Status.OUT_OF_SCOPE


def test_a_lift_that_was_seen_has_bounds() -> None:
    lift = watch(lifting(seconds=1.6), view=LEVEL)[0]
    limit = rwl_bounds(lift, frequency(15, 900), "moderate")
    assert 0 < limit.low < limit.high < 23
