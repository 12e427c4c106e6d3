"""Back-off, states, rate limit and real-time pacing: pure, so times are made up."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.clock import SECOND, from_seconds
from spotter.core.contracts import CameraState
from spotter.ingest.backoff import FACTOR, JITTER, Backoff
from spotter.ingest.lifecycle import TRANSITIONS, is_over, step
from spotter.ingest.pacing import MAX_CATCH_UP_NS, MAX_LAG_NS, Moment, RateLimit, RealTimePacer

PAUSES = st.floats(min_value=0.01, max_value=600)


@given(PAUSES, PAUSES, st.integers(0, 2**32), st.integers(1, 30))
def test_pauses_grow_to_the_longest_and_jitter_only_shortens(shortest, longest, seed, attempts):
    backoff = Backoff(shortest, longest, random.Random(seed))
    longest = max(shortest, longest)
    for attempt in range(attempts):
        full = min(shortest * FACTOR**attempt, longest)
        assert full * (1 - JITTER) * (1 - 1e-9) <= backoff.next() <= full * (1 + 1e-9)


@given(PAUSES, st.integers(0, 2**32))
def test_reset_starts_from_the_shortest(shortest, seed):
    backoff = Backoff(shortest, shortest * 100, random.Random(seed))
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= shortest


def test_two_cameras_do_not_come_back_together():
    assert Backoff(1, 10, random.Random(1)).next() != Backoff(1, 10, random.Random(2)).next()


@pytest.mark.parametrize("current", CameraState)
@pytest.mark.parametrize("following", CameraState)
def test_only_drawn_steps_are_allowed(current, following):
    if following in TRANSITIONS[current]:
        assert step(current, following) is following
    else:
        with pytest.raises(ValueError, match=f"from {current.value} to {following.value}"):
            step(current, following)


def test_ended_and_failed_are_final_and_every_state_can_get_there():
    assert {state for state in CameraState if is_over(state)} == {CameraState.ENDED, CameraState.FAILED}
    for state in CameraState:
        assert is_over(state) or {CameraState.ENDED, CameraState.FAILED} <= TRANSITIONS[state]


@given(st.floats(0.5, 60), st.floats(0.5, 120), st.integers(2, 400), st.randoms(use_true_random=False))
def test_rate_limit_bounds_the_rate_and_thins_evenly(limit, fps, count, rng):
    """With arrivals that jitter by up to a fifth of their period."""
    period = SECOND / fps
    times = [round((index + rng.uniform(0, 0.2)) * period) for index in range(count)]
    gate = RateLimit(limit)
    admitted = [at for at in times if gate.admits(at)]
    assert admitted[0] == times[0]
    # At most one frame more than the rate gives, and one for the allowance of an early one.
    assert len(admitted) <= (times[-1] - times[0]) / SECOND * limit + 2
    if fps <= limit * 0.8:
        assert admitted == times
    else:
        gaps = [later - earlier for earlier, later in itertools.pairwise(admitted)]
        assert all(gap <= SECOND / limit + 2 * period for gap in gaps)


@pytest.mark.parametrize(
    ("fps", "limit", "kept"), [(30, 30, 30), (30, 15, 15), (60, 30, 30), (25, 10, 10), (15, 30, 15)]
)
def test_rate_limit_at_usual_rates(fps, limit, kept):
    gate = RateLimit(limit)
    assert sum(gate.admits(from_seconds(index / fps)) for index in range(fps)) == pytest.approx(kept, abs=1)


EPOCH = 1_700_000_000 * SECOND


def test_a_frame_before_its_time_waits_and_one_at_its_time_is_shown():
    pacer = RealTimePacer(EPOCH)
    at = pacer.captured_at(2.0)
    assert at == EPOCH + 2 * SECOND
    assert pacer.judge(at, at - SECOND) is Moment.EARLY
    assert pacer.wait_ns(at, at - SECOND) == SECOND
    assert pacer.judge(at, at) is Moment.DUE
    assert pacer.judge(at, at + MAX_LAG_NS) is Moment.DUE
    assert pacer.clock_offset_ns == 0


def test_a_reader_that_falls_behind_skips_until_it_has_caught_up():
    pacer = RealTimePacer(EPOCH)
    wall = EPOCH + MAX_LAG_NS + 1
    assert pacer.judge(EPOCH, wall) is Moment.LATE
    assert pacer.catching_up
    # Behind by less than the limit now, but not yet on time: it goes on skipping, so that lag does not hover there.
    assert pacer.judge(wall - MAX_LAG_NS // 2, wall) is Moment.LATE
    assert pacer.judge(wall + 1, wall) is Moment.EARLY
    assert not pacer.catching_up
    assert pacer.clock_offset_ns == 0


def test_a_reader_that_can_never_catch_up_plays_slower_and_says_so():
    """Skipping takes twice the media time: latency would grow without end."""
    pacer = RealTimePacer(EPOCH)
    shown = []
    for index in range(2000):
        at, wall = EPOCH + index * SECOND // 25, EPOCH + 2 * index * SECOND // 25
        if pacer.judge(at, wall) is Moment.DUE:
            shown.append((at, wall, pacer.clock_offset_ns))
    assert len(shown) > 30
    lags = [wall - (at - offset) for at, wall, offset in shown]
    assert max(lags) <= MAX_LAG_NS
    gaps = [later[1] - earlier[1] for earlier, later in itertools.pairwise(shown)]
    assert max(gaps) <= MAX_CATCH_UP_NS + SECOND
