"""The pure rules of notifications: tables and properties."""

from __future__ import annotations

import random
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from alert_samples import START, make_alert, make_update
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.clock import SECOND, from_datetime, from_seconds
from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.notify.rules.admission import Admission, Limit, Quiet, Verdict
from spotter.notify.rules.backoff import bound_s, pause_s
from spotter.notify.rules.breaker import Breaker, Circuit
from spotter.notify.rules.bucket import Bucket
from spotter.notify.rules.quiet import Window, parse_window
from spotter.notify.rules.routing import Route

BERLIN = ZoneInfo("Europe/Berlin")


class Book:
    """Token buckets in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[float, int]] = {}

    def load(self, severity: str) -> tuple[float, int] | None:
        return self.kept.get(severity)

    def save(self, severity: str, tokens: float, at: int) -> None:
        self.kept[severity] = (tokens, at)


@pytest.mark.parametrize(("attempts", "bound"), [(1, 1.0), (2, 2.0), (3, 4.0), (9, 256.0), (10, 300.0), (5000, 300.0)])
def test_the_bound_of_a_pause_doubles_to_the_longest(attempts: int, bound: float) -> None:
    assert bound_s(attempts, 1.0, 300.0) == bound


@settings(deadline=None)
@given(st.integers(1, 10_000), st.floats(0.01, 100), st.floats(0.01, 10_000), st.integers())
def test_a_pause_lies_between_nothing_and_its_bound(attempts: int, min_s: float, max_s: float, seed: int) -> None:
    pause = pause_s(attempts, min_s, max_s, random.Random(seed))
    assert 0.0 <= pause <= bound_s(attempts, min_s, max_s) <= max_s


def test_jitter_is_full() -> None:
    rng = random.Random(7)
    pauses = [pause_s(4, 1.0, 300.0, rng) for _ in range(2000)]
    assert min(pauses) < 0.1
    assert max(pauses) > 7.9
    assert sum(pauses) / len(pauses) == pytest.approx(4.0, abs=0.2)


def test_the_breaker_opens_tries_and_closes() -> None:
    breaker = Breaker(failures=3, open_s=10.0)
    for at in (0.0, 1.0):
        assert breaker.acquire(at)
        breaker.failure(at)
    assert breaker.state(1.0) is Circuit.CLOSED
    assert breaker.acquire(2.0)
    breaker.failure(2.0)
    assert breaker.state(2.0) is Circuit.OPEN
    assert not breaker.acquire(11.9)
    assert breaker.state(12.0) is Circuit.HALF_OPEN
    assert breaker.acquire(12.0)
    assert not breaker.acquire(12.0), "only one message is on trial"
    breaker.failure(12.5)
    assert not breaker.acquire(22.4)
    assert breaker.acquire(22.5)
    breaker.success()
    assert breaker.state(22.5) is Circuit.CLOSED
    assert breaker.acquire(22.5)
    breaker.failure(22.5)
    assert breaker.state(22.5) is Circuit.CLOSED, "a success forgets the failures before it"


def test_a_trial_that_had_nothing_to_send_leaves_room_for_the_next() -> None:
    breaker = Breaker(failures=1, open_s=1.0)
    assert breaker.acquire(0.0)
    breaker.failure(0.0)
    assert breaker.acquire(1.0)
    breaker.release()
    assert breaker.state(1.0) is Circuit.HALF_OPEN
    assert breaker.acquire(1.0)


def test_what_a_receiver_asks_to_wait_holds_for_the_whole_channel() -> None:
    breaker = Breaker(failures=5, open_s=1.0)
    assert breaker.acquire(0.0)
    breaker.failure(0.0, retry_after_s=60.0)
    assert breaker.state(59.9) is Circuit.OPEN
    assert breaker.acquire(60.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["success", "failure"]), st.floats(0, 5)), max_size=60))
def test_an_open_breaker_lets_nothing_through_and_always_gives_a_second_chance(steps: list[tuple[str, float]]) -> None:
    breaker = Breaker(failures=3, open_s=7.0)
    now, in_a_row = 0.0, 0
    for step, pause in steps:
        now += pause
        state = breaker.state(now)
        allowed = breaker.acquire(now)
        assert allowed == (state is not Circuit.OPEN)
        if not allowed:
            assert in_a_row >= 3
            continue
        if step == "success":
            breaker.success()
            in_a_row = 0
        else:
            breaker.failure(now)
            in_a_row += 1
    assert breaker.acquire(now + 7.0)


@settings(deadline=None)
@given(
    st.integers(1, 20),
    st.floats(1, 600),
    st.lists(st.floats(0, 100), min_size=1, max_size=200),
)
def test_a_bucket_never_lets_more_through_than_burst_and_rate(size: int, per_s: float, pauses: list[float]) -> None:
    bucket, now, passed = Bucket(float(size), START), START, []
    for pause in pauses:
        now += from_seconds(pause)
        passes, bucket = bucket.take(now, size, per_s)
        if passes:
            passed.append(now)
        assert 0.0 <= bucket.tokens <= size
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            span_s = (passed[last] - begin) / SECOND
            assert last - first + 1 <= size + span_s * size / per_s + 1e-6


def test_a_bucket_under_a_clock_that_goes_back() -> None:
    passes, bucket = Bucket(1.0, START).take(START - 3600 * SECOND, 1, 60.0)
    assert passes
    assert bucket == Bucket(0.0, START - 3600 * SECOND)
    assert not bucket.take(START - 3599 * SECOND, 1, 60.0)[0]


NIGHT = parse_window("22:00-06:00")


@pytest.mark.parametrize(
    ("window", "local", "quiet"),
    [
        (NIGHT, "2026-01-31T21:59:59", False),
        (NIGHT, "2026-01-31T22:00:00", True),
        (NIGHT, "2026-02-01T05:59:59", True),
        (NIGHT, "2026-02-01T06:00:00", False),
        (parse_window("12:00-13:00"), "2026-01-31T12:30:00", True),
        (parse_window("12:00-13:00"), "2026-01-31T13:00:00", False),
        (parse_window("08:00-08:00"), "2026-01-31T03:00:00", True),
        # Saturday night only (2026-01-31 is a Saturday): it goes on into Sunday, and is not there on Friday night.
        (parse_window("22:00-06:00", [5]), "2026-02-01T03:00:00", True),
        (parse_window("22:00-06:00", [5]), "2026-01-31T03:00:00", False),
        (parse_window("22:00-06:00", [5]), "2026-02-01T22:30:00", False),
        (parse_window("08:00-08:00", [5]), "2026-02-01T07:59:00", True),
        (parse_window("08:00-08:00", [5]), "2026-02-01T08:00:00", False),
    ],
)
def test_quiet_hours(window: Window, local: str, quiet: bool) -> None:
    at = from_datetime(datetime.fromisoformat(local).replace(tzinfo=BERLIN))
    assert window.holds(at, BERLIN) == quiet


def minutes_of_quiet(window: Window, day: str) -> int:
    begin = from_datetime(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    return sum(window.holds(begin + minute * 60 * SECOND, BERLIN) for minute in range(24 * 60))


def test_a_night_is_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    assert minutes_of_quiet(NIGHT, "2026-01-31") == 8 * 60
    assert minutes_of_quiet(NIGHT, "2026-03-28") == 7 * 60, "02:00 to 03:00 is not there"
    assert minutes_of_quiet(NIGHT, "2026-10-24") == 9 * 60, "02:00 to 03:00 is there twice"


@settings(deadline=None)
@given(st.times(), st.times(), st.integers(0, 10**6))
def test_a_window_and_its_complement_share_the_day(begin: time, end: time, minute: int) -> None:
    if begin == end:
        return
    at = START + minute * 60 * SECOND
    assert Window(begin, end).holds(at, BERLIN) != Window(end, begin).holds(at, BERLIN)


ALERT = make_alert(site="north", camera_id="dock", kind=AlertKind.PERSON_DOWN, severity=Severity.P2)


@pytest.mark.parametrize(
    ("route", "takes"),
    [
        (Route(), True),
        (Route(sites=["north", "south"]), True),
        (Route(sites=["south"]), False),
        (Route(cameras=["dock"]), True),
        (Route(cameras=["gate"]), False),
        (Route(kinds=[AlertKind.PERSON_DOWN]), True),
        (Route(kinds=[AlertKind.POSSIBLE_FALL]), False),
        (Route(severities=[Severity.P1]), False),
        (Route(updates=[UpdateKind.RAISED]), True),
        (Route(updates=[UpdateKind.STILL_DOWN]), False),
        (Route(sites=["north"], updates=[UpdateKind.STILL_DOWN]), False),
    ],
)
def test_routing(route: Route, takes: bool) -> None:
    assert route.takes(ALERT, make_update(ALERT)) == takes


@pytest.mark.parametrize(
    ("route", "every"),
    [
        (Route(), True),
        (Route(kinds=[AlertKind.POSSIBLE_FALL], severities=[Severity.P1], updates=[UpdateKind.RAISED]), True),
        (Route(cameras=["dock"]), False),
        (Route(severities=[Severity.P2]), False),
        (Route(updates=[UpdateKind.RECOVERED]), False),
    ],
)
def test_whether_a_route_takes_every_fall(route: Route, every: bool) -> None:
    assert route.takes_every_fall == every


def test_admission_holds_back_the_less_urgent() -> None:
    at_night = from_datetime(datetime(2026, 1, 31, 23, 0, tzinfo=BERLIN))
    by_day = from_datetime(datetime(2026, 1, 31, 9, 0, tzinfo=BERLIN))
    quiet = [Quiet(NIGHT, [Severity.P2])]
    rules, book = Admission({Severity.P2: Limit(2, 60)}, quiet, BERLIN), Book()

    def judge(at: int, severity: Severity = Severity.P2) -> Verdict:
        return rules.judge(AlertKind.PERSON_DOWN, severity, at, book)

    assert judge(at_night) is Verdict.QUIET_HOURS
    assert book.kept == {}, "what is quiet costs no token"
    assert judge(at_night, Severity.P1) is Verdict.PASS
    assert [judge(by_day) for _ in range(3)] == [Verdict.PASS, Verdict.PASS, Verdict.RATE_LIMIT]
    assert judge(by_day + 29 * SECOND) is Verdict.RATE_LIMIT
    assert judge(by_day + 31 * SECOND) is Verdict.PASS


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(list(Severity)), st.builds(Limit, st.integers(1, 3), st.floats(1, 1e6))),
    st.lists(
        st.builds(
            Quiet,
            st.builds(Window, st.times(), st.times(), st.sets(st.integers(0, 6))),
            st.lists(st.sampled_from(list(Severity))),
        )
    ),
    st.sampled_from(list(Severity)),
    st.integers(0, 10**9),
)
def test_no_setting_ever_holds_back_a_fall(
    limits: dict[Severity, Limit], quiet: list[Quiet], severity: Severity, second: int
) -> None:
    rules, book = Admission(limits, quiet, BERLIN), Book()
    for _ in range(5):
        verdict = rules.judge(AlertKind.POSSIBLE_FALL, severity, START + second * SECOND, book)
        assert verdict is Verdict.PASS
    assert book.kept == {}, "and it leaves the others their tokens"
