"""Capture times of live cameras: made-up clocks that drift, jump and jitter."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.clock import MICROSECOND, SECOND
from spotter.core.timing import TimeBasis, Timing
from spotter.ingest.capture_time import (
    LATE_NS,
    SLEW,
    WINDOW_NS,
    CaptureClock,
    CaptureTime,
    HostClock,
)

EPOCH = 1_700_000_000 * SECOND
PERIOD = SECOND // 10
MS = SECOND // 1000


def play(clock: CaptureClock, ways: list[int], camera_ahead: int = 0, start: int = 0) -> list[CaptureTime]:
    """One frame each 0.1 s, each with its way (ns), from a camera whose clock is ahead by so much."""
    stamps = []
    for index, way in enumerate(ways, start):
        captured = index * PERIOD
        there = captured + way
        stamps.append(clock.stamp(EPOCH + there, there, EPOCH + captured + camera_ahead))
    return stamps


def test_without_sender_time_it_is_arrival_less_the_measured_delay():
    stamp = CaptureClock().stamp(EPOCH + 7 * MS, 7 * MS, None, 7 * MS)
    assert stamp == CaptureTime(EPOCH, 0, Timing(TimeBasis.ARRIVAL))


def test_a_camera_that_keeps_time_tells_the_true_moment_whatever_the_way():
    ways = [80 * MS, 300 * MS, 90 * MS, 2000 * MS, 120 * MS] * 20
    stamps = play(CaptureClock(), ways)
    assert [stamp.captured_at for stamp in stamps] == [EPOCH + index * PERIOD for index in range(100)]
    assert {stamp.timing.basis for stamp in stamps} == {TimeBasis.SENDER}
    assert stamps[-1].timing.camera_offset_ns == -80 * MS


@pytest.mark.parametrize("ahead", [-365 * 86400 * SECOND, -10 * SECOND, 2 * SECOND, 3600 * SECOND])
def test_a_wrong_clock_gives_the_pace_and_not_the_time(ahead):
    ways = [120 * MS, 80 * MS, *[(80 + 37 * index % 60) * MS for index in range(98)]]
    stamps = play(CaptureClock(), ways, camera_ahead=ahead)
    # From the second frame on, that with the shortest way: event time is capture plus the shortest way.
    assert [s.captured_at - EPOCH for s in stamps[1:]] == [i * PERIOD + 80 * MS for i in range(1, 100)]
    assert {s.timing.basis for s in stamps} == {TimeBasis.SHIFTED}
    assert stamps[-1].timing.camera_offset_ns == ahead - 80 * MS


def test_jitter_as_in_rfc_3550():
    stamps = play(CaptureClock(), [50 * MS, 82 * MS] * 200)
    assert stamps[-1].timing.jitter_ns == pytest.approx(32 * MS, rel=0.01)
    assert play(CaptureClock(), [50 * MS] * 50)[-1].timing.jitter_ns == 0


@pytest.mark.parametrize("jump", [-3600 * SECOND, -2 * SECOND, 2 * SECOND, 3600 * SECOND])
def test_a_camera_clock_that_is_set_is_learned_anew(jump):
    clock = CaptureClock()
    before = play(clock, [80 * MS] * 100)
    after = play(clock, [80 * MS] * 200, camera_ahead=jump, start=100)
    assert all(b.captured_at > a.captured_at for a, b in itertools.pairwise([*before, *after]))
    assert clock.camera_steps == 1
    # Never more than the longest believable way off, and after two windows no more than the shortest way.
    for index, stamp in enumerate(after, 100):
        assert abs(stamp.captured_at - EPOCH - index * PERIOD) <= LATE_NS + 80 * MS
    settled = after[2 * WINDOW_NS // PERIOD :]
    assert all(
        s.captured_at - EPOCH - i * PERIOD == 80 * MS for i, s in enumerate(settled, 100 + 2 * WINDOW_NS // PERIOD)
    )


def test_a_slow_network_for_some_seconds_moves_nothing():
    clock = CaptureClock()
    stamps = play(clock, [80 * MS] * 60 + [2500 * MS] * 30 + [80 * MS] * 60)
    assert [s.captured_at for s in stamps] == [EPOCH + i * PERIOD for i in range(150)]
    assert clock.camera_steps == 0


def test_drift_is_followed():
    """A camera that runs 500 parts in a million fast gains 0.3 s in ten minutes."""
    clock = CaptureClock()
    offset = 100 * SECOND
    for index in range(6_000):
        there = index * PERIOD + 80 * MS
        sender = EPOCH + offset + index * PERIOD + index * PERIOD // 2_000
        stamp = clock.stamp(EPOCH + there, there, sender)
        assert abs(stamp.captured_at - EPOCH - there) <= 10 * MS
    assert clock.camera_steps == 0


def test_a_host_clock_set_back_slows_event_time_and_tells_by_how_much():
    clock = HostClock()
    events, walls = [], []
    for index in range(1000):
        monotonic = index * PERIOD
        wall = EPOCH + monotonic - (2 * SECOND if index >= 100 else 0)
        walls.append(wall)
        events.append(clock.at(wall, monotonic))
        assert events[-1] - clock.offset_ns == wall
    assert clock.steps_back == 1
    assert clock.steps_forward == 0
    gaps = [b - a for a, b in itertools.pairwise(events)]
    assert min(gaps) == round(PERIOD * (1 - SLEW))
    assert max(gaps) == PERIOD
    assert events[100] - events[99] == PERIOD
    assert events[-1] == walls[-1]


def test_a_host_clock_set_forward_is_followed_at_once():
    clock = CaptureClock()
    first = clock.stamp(EPOCH, 0, None)
    second = clock.stamp(EPOCH + 3600 * SECOND, PERIOD, None)
    assert second.captured_at - first.captured_at == 3600 * SECOND
    assert second.clock_offset_ns == 0
    assert clock.host.steps_forward == 1


def test_back_and_forward_again_leaves_no_trace():
    clock = HostClock()
    clock.at(EPOCH, 0)
    assert clock.at(EPOCH - 50 * SECOND, PERIOD) == EPOCH + PERIOD
    assert clock.at(EPOCH + 2 * PERIOD, 2 * PERIOD) == EPOCH + 2 * PERIOD
    assert clock.offset_ns == 0


def test_after_a_reconnection_the_camera_may_have_another_clock():
    clock = CaptureClock()
    play(clock, [80 * MS] * 20)
    clock.reconnected()
    stamp = play(clock, [80 * MS], camera_ahead=-EPOCH, start=40)[0]
    assert stamp.captured_at == EPOCH + 40 * PERIOD + 80 * MS
    assert clock.camera_steps == 0


CLOCKS = st.lists(
    st.tuples(
        st.integers(0, 5 * SECOND),  # monotonic time that passes
        st.integers(-10 * SECOND, 10 * SECOND) | st.just(0),  # step of the wall clock
        st.none() | st.integers(0, 2 * EPOCH),  # what the camera tells
        st.integers(0, SECOND),  # measured delay
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(CLOCKS)
def test_whatever_the_clocks_do_event_time_grows_and_is_not_in_the_future(frames):
    clock = CaptureClock()
    wall, monotonic, last = EPOCH, 0, 0
    for index, (passed, step, sender, delay) in enumerate(frames):
        monotonic += passed
        wall += passed + step
        stamp = clock.stamp(wall, monotonic, sender, delay)
        assert stamp.captured_at > last
        assert stamp.captured_at % MICROSECOND == 0
        # Not after the present of the event clock, but for the microsecond that keeps times apart.
        assert stamp.captured_at <= max(wall + stamp.clock_offset_ns, last + MICROSECOND) or index == 0
        # In order, and so not far back either: by the longest way and the measured delay at most.
        assert stamp.captured_at >= wall + stamp.clock_offset_ns - LATE_NS - delay - MICROSECOND
        last = stamp.captured_at
