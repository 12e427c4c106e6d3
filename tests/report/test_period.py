"""Days and shifts on the site's clock, also where clocks are set."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from spotter.core.clock import SECOND, from_datetime, to_datetime
from spotter.core.errors import ConfigError
from spotter.core.shifts import ShiftParameters
from spotter.report.period import span, windows

BERLIN = ZoneInfo("Europe/Berlin")
NOW = from_datetime(datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
EARLY, NIGHT = ShiftParameters(name="early", start="06:00", end="14:00"), ShiftParameters(
    name="night", start="22:00", end="06:00", days=("mon", "sat")
)  # fmt: skip


def utc(at: int) -> str:
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("since", "until", "begins", "ends"),
    [
        (None, None, "2026-11-24T23:00", "2026-11-25T20:00"),
        ("2026-11-24", "2026-11-24", "2026-11-23T23:00", "2026-11-24T23:00"),
        ("2026-11-24", None, "2026-11-23T23:00", "2026-11-25T20:00"),
        ("2026-11-24T06:00", "2026-11-24T14:00", "2026-11-24T05:00", "2026-11-24T13:00"),
        ("2026-11-24T06:00Z", "2026-11-24T14:00+02:00", "2026-11-24T06:00", "2026-11-24T12:00"),
        ("2026-03-29", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
    ],
)
def test_days_are_those_of_the_site(since: str | None, until: str | None, begins: str, ends: str) -> None:
    start, end = span(since, until, BERLIN, NOW)
    assert (utc(start), utc(end)) == (begins, ends)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-25", "2026-11-24", "--to 2026-11-24 is not after --from 2026-11-25"),
        ("2026-12-24", None, "--to now is not after --from 2026-12-24"),
        ("yesterday", None, "--from 'yesterday' is no day and no time"),
        ("2024-01-01", None, "longer than 400 days"),
        ("2026-11-24", "noon", "--to 'noon' is no day and no time"),
    ],
)
def test_a_period_that_cannot_be_is_refused(since: str, until: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        span(since, until, BERLIN, NOW)
    assert said in str(error.value)


def test_without_a_shift_all_time_counts() -> None:
    start, end = span("2026-11-24", "2026-11-24", BERLIN, NOW)
    (window,) = windows(start, end, BERLIN, (EARLY, NIGHT))
    assert (window.start, window.end, window.shift) == (start, end, "")


def test_shifts_are_cut_to_the_period() -> None:
    start, end = span("2026-11-23T12:00", "2026-11-24", BERLIN, NOW)
    found = windows(start, end, BERLIN, (EARLY, NIGHT), ["early", "night"])
    assert [(one.shift, utc(one.start), utc(one.end)) for one in found] == [
        ("early", "2026-11-23T11:00", "2026-11-23T13:00"),
        ("night", "2026-11-23T21:00", "2026-11-24T05:00"),
        ("early", "2026-11-24T05:00", "2026-11-24T13:00"),
    ]


def test_a_night_in_which_clocks_are_set_back_is_an_hour_longer() -> None:
    start, end = span("2026-10-24T12:00", "2026-10-25", BERLIN, NOW)
    (night,) = windows(start, end, BERLIN, (NIGHT,), ["night"])
    assert (night.end - night.start) // SECOND == 9 * 3600


def test_time_in_two_shifts_counts_once() -> None:
    late = ShiftParameters(name="late", start="13:30", end="22:00")
    start, end = span("2026-11-24", "2026-11-24", BERLIN, NOW)
    early, after = windows(start, end, BERLIN, (EARLY, late), ["early", "late"])
    assert early.end == after.start


@pytest.mark.parametrize(
    ("wanted", "said"),
    [(["dawn"], "--shift 'dawn' is no shift of the site. Known are early, night"), (["night"], "falls into that time")],
)
def test_a_shift_that_is_not_there_is_refused(wanted: list[str], said: str) -> None:
    start, end = span("2026-11-25T12:00", "2026-11-25T13:00", BERLIN, NOW)
    with pytest.raises(ConfigError) as error:
        windows(start, end, BERLIN, (EARLY, NIGHT), wanted)
    assert said in str(error.value)
