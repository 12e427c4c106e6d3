"""Times keep every microsecond on their way through datetimes and text."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core import clock

# 1900 to 2200: all that a camera or a recording may carry, before 1970 included.
microseconds = st.integers(-2_208_988_800_000_000, 7_258_118_400_000_000)


@given(microseconds)
def test_datetime_round_trip_is_exact(at: int) -> None:
    moment = clock.to_datetime(at * 1000)
    assert moment.tzinfo is UTC
    assert clock.from_datetime(moment) == at * 1000


@given(microseconds, st.integers(-14 * 60, 14 * 60))
def test_time_zones_do_not_change_the_moment(at: int, minutes: int) -> None:
    elsewhere = clock.to_datetime(at * 1000).astimezone(timezone(timedelta(minutes=minutes)))
    assert clock.from_datetime(elsewhere) == at * 1000


@given(st.integers(-(2**62), 2**62))
def test_whole_microseconds_round_down(at: int) -> None:
    whole = clock.whole_microseconds(at)
    assert whole % 1000 == 0
    assert 0 <= at - whole < 1000


@given(microseconds)
def test_order_is_kept(at: int) -> None:
    assert clock.to_datetime(at * 1000) < clock.to_datetime((at + 1) * 1000)


@given(st.floats(-1e6, 1e6))
def test_seconds_round_trip_to_the_microsecond(seconds: float) -> None:
    nanoseconds = clock.from_seconds(seconds)
    assert nanoseconds % 1000 == 0
    assert clock.to_seconds(nanoseconds) == pytest.approx(seconds, abs=6e-7)


def test_a_datetime_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001


def test_now_is_the_wall_clock() -> None:
    before = time.time_ns()
    at = clock.now()
    assert before - 1000 <= at <= time.time_ns()
    assert at % 1000 == 0


def test_isoformat_is_for_people() -> None:
    assert clock.isoformat(1_769_847_300_250_999_000) == "2026-01-31T08:15:00.250Z"
