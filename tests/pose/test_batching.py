"""Which frames go into a batch: fairness, order, and that each frame comes out once or is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import Frame
from spotter.pose.batching import FrameChooser

SECOND = 1_000_000_000
CAMERAS = ("a", "b", "c", "d", "e")


@dataclass(frozen=True)
class Waiting:
    """The smallest thing that a chooser takes."""

    frame: Frame


def waiting(camera: str, sequence: int = 0, captured_at: int = 0) -> Waiting:
    return Waiting(Frame(camera, 1, sequence, captured_at, captured_at, 64, 48, b""))


def names(chosen: list[Waiting]) -> list[str]:
    return [one.frame.camera_id for one in chosen]


def test_a_batch_goes_round_the_cameras_before_it_takes_second_frames() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(3, None)
    for sequence in range(3):
        for camera in ("a", "b"):
            chooser.offer(waiting(camera, sequence), 0)
    chooser.offer(waiting("c"), 0)
    assert names(chooser.choose(5, 0).chosen) == ["a", "b", "c", "a", "b"]
    assert names(chooser.choose(5, 0).chosen) == ["a", "b"]
    assert chooser.choose(5, 0) == ([], [])


def test_who_was_served_longest_ago_goes_first() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, None)
    chooser.offer(waiting("slow"), 0)
    chooser.choose(1, 0)
    for sequence in range(20):
        chooser.offer(waiting("fast", sequence), sequence)
        if sequence % 5 == 4:
            chooser.offer(waiting("slow", sequence), sequence)
            assert names(chooser.choose(1, sequence).chosen) == ["slow"], "it is served as soon as it has a frame"
        else:
            assert names(chooser.choose(1, sequence).chosen) == ["fast"]


def test_the_oldest_gives_way_and_is_handed_back() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, None)
    one, two, three = (waiting("a", sequence) for sequence in range(3))
    assert chooser.offer(one, 0) is None
    assert chooser.offer(two, 0) is None
    assert chooser.offer(three, 0) is one
    assert chooser.choose(9, 0).chosen == [two, three]


def test_without_a_capacity_nothing_gives_way() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(None, None)
    assert [chooser.offer(waiting("a", sequence), 0) for sequence in range(100)] == [None] * 100
    assert len(chooser) == 100


def test_late_frames_are_passed_over_and_cost_their_camera_no_turn() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, SECOND)
    late, fresh, other = waiting("a", 0, 0), waiting("a", 1, SECOND), waiting("b", 0, SECOND)
    for one in (late, fresh, other):
        chooser.offer(one, SECOND)
    assert chooser.choose(1, SECOND + 1) == ([fresh], [late])
    chooser.offer(waiting("b", 1, 3 * SECOND), 3 * SECOND)
    assert names(chooser.choose(1, 3 * SECOND).chosen) == ["b"]


def test_age_is_on_the_wall_clock_whatever_the_event_time() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, SECOND)
    now = 100 * SECOND
    replayed = Waiting(Frame("a", 1, 0, 5 * SECOND, now, 64, 48, b"", clock_offset_ns=5 * SECOND - now))
    chooser.offer(replayed, now)
    assert chooser.choose(1, now).chosen == [replayed]


@pytest.mark.parametrize(
    ("waits_s", "expected"), [(0.5, 0), (1.0, 0), (1.5, 1)], ids=["in time", "at the limit", "behind"]
)
def test_a_camera_is_behind_once_it_has_waited_too_long(waits_s: float, expected: int) -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, SECOND)
    chooser.offer(waiting("a"), 0)
    now = round(waits_s * SECOND)
    chooser.offer(waiting("a", 1, now), now)
    assert chooser.behind(SECOND, now) == expected
    assert len(chooser.choose(2, now).chosen) > 0
    assert chooser.behind(SECOND, now + 10 * SECOND) == 0, "it was served, and has offered nothing since"


def test_clear_hands_everything_back() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, None)
    offered = [waiting(camera) for camera in CAMERAS]
    for one in offered:
        chooser.offer(one, 0)
    assert chooser.clear() == offered
    assert (len(chooser), chooser.clear(), chooser.choose(9, 0)) == (0, [], ([], []))


def test_silent_cameras_are_forgotten() -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(2, None)
    for number in range(1000):
        now = number * SECOND
        chooser.offer(waiting(f"camera-{number}", 0, now), now)
        chooser.choose(1, now)
    assert len(chooser._cameras) < 200


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.sampled_from(CAMERAS), st.integers(0, 3)),
        st.tuples(st.just("choose"), st.integers(1, 7), st.integers(0, 3)),
    ),
    max_size=120,
)


@given(steps=STEPS, capacity=st.sampled_from([1, 2, 3, None]), deadline=st.sampled_from([None, 2, 10]))
def test_each_frame_comes_out_once_and_in_order_whatever_happens(
    steps: list[tuple[str, str | int, int]], capacity: int | None, deadline: int | None
) -> None:
    chooser: FrameChooser[Waiting] = FrameChooser(capacity, deadline)
    now, offered, out = 0, [], []
    chosen: list[Waiting] = []
    for kind, what, passes in steps:
        now += passes
        if kind == "offer":
            assert isinstance(what, str)
            offered.append(waiting(what, len(offered), now))
            gone = chooser.offer(offered[-1], now)
            out += [] if gone is None else [gone]
        else:
            assert isinstance(what, int)
            choice = chooser.choose(what, now)
            assert len(choice.chosen) <= what
            assert len(choice.chosen) == what or not chooser, "a batch is full or takes all there is"
            assert all(deadline is None or one.frame.age(now) <= deadline for one in choice.chosen)
            assert all(deadline is not None and one.frame.age(now) > deadline for one in choice.expired)
            chosen += choice.chosen
            out += choice.chosen + choice.expired
        assert len(chooser) + len(out) == len(offered)
    out += chooser.clear()
    assert Counter(map(id, out)) == Counter(map(id, offered))
    for camera in CAMERAS:
        mine = [one.frame.sequence for one in chosen if one.frame.camera_id == camera]
        assert mine == sorted(mine)


@given(
    rates=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    batch=st.integers(1, 8),
    per_second=st.integers(1, 60),
)
def test_nobody_starves_and_overload_is_shared_equally(rates: list[int], batch: int, per_second: int) -> None:
    """Cameras of any rates, ten seconds, a model of any speed: who wants no more than an equal share gets all of it,
    and the others get equal shares, to within a batch and what waited at the end."""
    chooser: FrameChooser[Waiting] = FrameChooser(2, None)
    served: Counter[int] = Counter()
    budget = 0.0
    ticks = 300
    for tick in range(10 * ticks):
        now = tick * SECOND // ticks
        for camera, rate in enumerate(rates):
            if tick * rate // ticks != (tick - 1) * rate // ticks:
                chooser.offer(waiting(str(camera), tick, now), now)
        budget += per_second / ticks
        while budget >= batch and len(chooser):
            chosen = chooser.choose(batch, now).chosen
            served.update(int(one.frame.camera_id) for one in chosen)
            budget -= len(chosen)
        budget = min(budget, batch)
    fair = fair_share(rates, per_second)
    slack = 2 + batch
    for camera, rate in enumerate(rates):
        assert served[camera] >= 10 * min(rate, fair) * 0.9 - slack
    eager = [served[camera] for camera, rate in enumerate(rates) if rate > fair]
    if eager:
        assert max(eager) - min(eager) <= 0.2 * max(eager) + slack


def fair_share(rates: list[int], per_second: float) -> float:
    """The rate that cameras get which want more of it than there is (max-min fairness)."""
    left, share = float(per_second), 0.0
    for done, rate in enumerate(sorted(rates)):
        share = left / (len(rates) - done)
        if rate > share:
            return share
        left -= rate
    return float("inf")
