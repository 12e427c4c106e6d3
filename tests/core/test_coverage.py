"""Coverage: whatever happens, what was watched and the gaps add up to the wall clock, to the millisecond."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.clock import SECOND
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.coverage import LAG, NOT_RECORDED, WATCHED, Account, Coverage, Minute, of_zone, summary

MS = 1_000_000
BEGIN = 1_770_000_000 * SECOND
"""Begins a minute of the wall clock."""


def sign(second: float, state: CameraState = CameraState.LIVE, *problems: str, trusted: bool = True) -> CameraHealth:
    at = BEGIN + round(second * SECOND)
    return CameraHealth("dock", state, at, trusted=trusted and not problems, problems=problems)


def account(begin_s: float = 0.0) -> Account:
    return Account("dock", BEGIN + round(begin_s * SECOND))


def well(account: Account, begin_s: int, end_s: int, fps: int = 10) -> None:
    """The camera is live and trusted, and its frames are assessed."""
    for second in range(begin_s, end_s + 1):
        if second % 2 == 0:
            account.health(sign(second))
        for number in range(fps if second < end_s else 1):
            account.frame(BEGIN + second * SECOND + number * SECOND // fps)


def told(account: Account, until_s: float, since_s: float = 0.0) -> Coverage:
    end = BEGIN + round(until_s * SECOND)
    account.settle(end)
    account.over = True
    return summary(account.take(), BEGIN + round(since_s * SECOND), end)


def test_a_camera_that_is_well_is_watched_all_the_time() -> None:
    camera = account()
    well(camera, 0, 150)
    assert told(camera, 150) == Coverage(150_000, 150_000, {})


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (sign(30, CameraState.STALLED), "stalled"),
        (sign(30, CameraState.BACKING_OFF), "backing_off"),
        (sign(30, CameraState.LIVE, "moved", "slow"), "moved"),
        (sign(30, CameraState.LIVE, trusted=False), "earning_trust"),
        (sign(30, CameraState.FAILED), "failed"),
        (sign(30, CameraState.DISABLED), "disabled"),
    ],
)
def test_the_reason_for_a_gap_is_what_the_camera_says_though_frames_come(health: CameraHealth, reason: str) -> None:
    camera = account()
    well(camera, 0, 29)
    camera.frame(BEGIN + 30 * SECOND)
    camera.health(health)
    for second in range(31, 35):
        camera.frame(BEGIN + second * SECOND)
    camera.health(sign(34.5))
    for number in range(35, 41):
        camera.frame(BEGIN + number * SECOND)
    assert told(camera, 40) == Coverage(40_000, 35_500, {reason: 4_500})


def test_frames_that_are_not_assessed_in_time_leave_a_gap() -> None:
    camera = account()
    well(camera, 0, 20)
    for second in range(20, 31, 2):
        camera.health(sign(second))
    well(camera, 30, 50)
    assert told(camera, 50) == Coverage(50_000, 40_000, {"not_assessed": 10_000})
    # Frames two seconds apart are watching, a little more is none.
    close, wide = account(), account()
    for number in range(11):
        for camera, apart in ((close, 2000), (wide, 2001)):
            camera.health(sign(number * apart / 1000))
            camera.frame(BEGIN + number * apart * MS)
    assert told(close, 20).watched_ms == 20_000
    assert told(wide, 20.01).watched_ms == 0


def test_silence_of_ingest_is_told_apart_from_a_camera_that_is_down() -> None:
    camera = account()
    well(camera, 0, 20)
    well(camera, 100, 110)
    assert told(camera, 110) == Coverage(110_000, 30_000, {"not_heard": 70_000, "not_assessed": 10_000})


def test_frames_that_come_after_the_time_was_settled_change_nothing() -> None:
    camera = account()
    for second in range(0, 61, 2):
        camera.health(sign(second))
    assert camera.settle(BEGIN + 30 * SECOND) == {"not_assessed": 30_000}
    for second in range(61):
        camera.frame(BEGIN + second * SECOND)
    assert told(camera, 60) == Coverage(60_000, 30_000, {"not_assessed": 30_000})


def test_the_end_of_a_camera_ends_its_account() -> None:
    camera = account()
    well(camera, 0, 20)
    camera.health(sign(20.5, CameraState.ENDED))
    assert camera.over
    assert camera.settle(BEGIN + 100 * SECOND) == {}
    [record] = camera.take()
    assert record.spans == ((0, 20_000, WATCHED), (20_000, 20_500, "not_assessed"))
    assert camera.take() == []
    assert summary([record], BEGIN, BEGIN + 30 * SECOND).gaps == {NOT_RECORDED: 9_500, "not_assessed": 500}


def test_closing_leaves_no_gap_behind_the_last_frame() -> None:
    camera = account()
    well(camera, 0, 20)
    camera.close(BEGIN + 21 * SECOND)
    assert summary(camera.take(), BEGIN, BEGIN + 20 * SECOND) == Coverage(20_000, 20_000, {})
    silent = account()
    silent.health(sign(0, CameraState.BACKING_OFF))
    assert silent.close(BEGIN + 4 * SECOND) == {"backing_off": 4_000}


def test_minutes_are_handed_out_once_and_only_when_they_are_over() -> None:
    camera = account(30)
    well(camera, 30, 200)
    camera.settle(BEGIN + 200 * SECOND - LAG)
    assert [record.start for record in camera.take()] == [BEGIN, BEGIN + 60 * SECOND, BEGIN + 120 * SECOND]
    assert camera.take() == []
    camera.close(BEGIN + 200 * SECOND)
    assert [record.spans for record in camera.take()] == [((0, 20_000, WATCHED),)]


def test_of_two_processes_each_moment_counts_once() -> None:
    one = Minute(BEGIN, ((0, 30_000, WATCHED), (30_000, 60_000, "not_assessed")))
    other = Minute(BEGIN, ((20_000, 40_000, "not_heard"), (40_000, 50_000, WATCHED)))
    whole = summary([other, one], BEGIN, BEGIN + 60 * SECOND)
    assert whole == Coverage(60_000, 40_000, {"not_assessed": 20_000})
    assert whole.share == pytest.approx(2 / 3)
    assert of_zone(whole, "station") is whole
    assert of_zone(whole, "ignore") == Coverage(60_000, 0, {"ignored": 60_000})


STATES = st.sampled_from([state for state in CameraState if state is not CameraState.ENDED])
EVENTS = st.one_of(
    st.tuples(st.just("health"), st.integers(-5_000, 300_000), STATES, st.booleans()),
    st.tuples(st.just("frame"), st.integers(-5_000, 300_000)),
    st.tuples(st.just("frames"), st.integers(0, 300_000), st.integers(1, 40)),
    st.tuples(st.just("settle"), st.integers(0, 300_000)),
)


@settings(max_examples=300, deadline=None)
@given(events=st.lists(EVENTS, max_size=40), begin=st.integers(0, 70_000), end=st.integers(0, 300_000))
def test_everything_adds_up_to_the_wall_clock(events, begin: int, end: int) -> None:
    camera = Account("dock", BEGIN + begin * MS)
    records: list[Minute] = []
    settled: dict[str, int] = {}
    for what, at, *rest in [*events, ("settle", end)]:
        moment = BEGIN + at * MS
        if what == "health":
            camera.health(CameraHealth("dock", rest[0], moment, trusted=rest[1], problems=() if rest[1] else ("dark",)))
        elif what == "frame":
            camera.frame(moment)
        elif what == "frames":
            for number in range(rest[0]):
                camera.frame(moment + number * 300 * MS)
        else:
            for name, ms in camera.settle(moment).items():
                settled[name] = settled.get(name, 0) + ms
            records += camera.take()
    camera.over = True
    records += camera.take()
    reached = max([begin, *(at for what, at, *_ in [*events, ("settle", end)] if what == "settle")])
    assert sum(settled.values()) == reached - begin
    spans = [(one.start // MS + a, one.start // MS + b) for one in records for a, b, _ in one.spans]
    assert sum(b - a for a, b in spans) == reached - begin
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    whole = summary(records, BEGIN, BEGIN + 300_000 * MS)
    assert whole.watched_ms + sum(whole.gaps.values()) == whole.total_ms == 300_000
    assert whole.watched_ms == settled.get(WATCHED, 0)
    assert whole.gaps.get(NOT_RECORDED, 0) == 300_000 - (reached - begin)
    part = summary(records, BEGIN + begin * MS + 1, BEGIN + end * MS + 7)
    assert part.watched_ms + sum(part.gaps.values()) == part.total_ms
