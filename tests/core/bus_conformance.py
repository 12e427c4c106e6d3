"""What every bus must do. A bus joins by subclassing `BusConformance` and giving a `make_bus` fixture.

`make_bus(on_drop=None)` returns an open, empty bus. Topics are made per test, with names that no other test uses.
A bus may need a moment to carry a message, so tests that look at what waits together first `let_arrive`.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from spotter.core.bus import HEALTH, Bus, Overflow, Subscription, Topic
from spotter.core.contracts import CameraHealth, CameraState

MakeBus = Callable[..., Bus]
GIVE_UP_S = 20.0
"""Longest that any of these tests waits for something that must happen."""


def topic(overflow: Overflow, capacity: int) -> Topic[CameraHealth]:
    """A topic of its own for one test."""
    return Topic(f"test-{uuid.uuid4().hex}", lambda health: health.camera_id, overflow, capacity, HEALTH.codec)


def message(camera: str, number: int) -> CameraHealth:
    """The smallest contract that a bus carries; `at` numbers it."""
    return CameraHealth(camera, CameraState.LIVE, at=number * 1000)


def numbers(messages: list[CameraHealth], camera: str) -> list[int]:
    """The numbers of one camera's messages, in order."""
    return [one.at // 1000 for one in messages if one.camera_id == camera]


def take_until(subscription: Subscription[CameraHealth], count: int) -> list[CameraHealth]:
    """`count` messages, committed as they come."""
    taken: list[CameraHealth] = []
    deadline = time.monotonic() + GIVE_UP_S
    while len(taken) < count and time.monotonic() < deadline:
        taken += subscription.take(count - len(taken), 0.5)
        subscription.commit()
    return taken


def start(work: Callable[[], Any]) -> threading.Thread:
    """Run `work` on a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def let_arrive(bus: Bus, stream: Topic[CameraHealth], count: int) -> None:
    """Wait until `count` messages are ready to be taken."""
    wait_until(lambda: bus.depth(stream) >= count)  # type: ignore[attr-defined]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen; fails after `GIVE_UP_S`."""
    deadline = time.monotonic() + GIVE_UP_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class BusConformance:
    """The promises of `core.bus.api`, one test for each."""

    @pytest.fixture
    def make_bus(self) -> MakeBus:
        raise NotImplementedError("a subclass gives the bus")

    @pytest.mark.parametrize("overflow", list(Overflow))
    def test_order_per_key(self, make_bus: MakeBus, overflow: Overflow) -> None:
        bus, stream = make_bus(), topic(overflow, 10)
        subscription = bus.subscribe(stream, "group")
        for number in range(10):
            for camera in ("a", "b", "c"):
                bus.publish(stream, message(camera, number))
        taken = take_until(subscription, 30)
        for camera in ("a", "b", "c"):
            assert numbers(taken, camera) == list(range(10))

    def test_messages_arrive_as_they_were_sent(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        sent = CameraHealth("a", CameraState.BACKING_OFF, 5_000, 1, 2, 3.5, 640, 480, "détail")
        bus.publish(stream, sent)
        assert take_until(subscription, 1) == [sent]

    def test_a_busy_camera_does_not_starve_a_quiet_one(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 200)
        subscription = bus.subscribe(stream, "group")
        for number in range(100):
            bus.publish(stream, message("busy", number))
        for number in range(2):
            bus.publish(stream, message("quiet", number))
        let_arrive(bus, stream, 102)
        first = take_until(subscription, 4)
        assert numbers(first, "quiet") == [0, 1]
        assert numbers(first, "busy") == [0, 1]

    def test_single_takes_are_fair_too(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 100)
        subscription = bus.subscribe(stream, "group")
        for number in range(30):
            for camera in ("a", "b", "c"):
                bus.publish(stream, message(camera, number))
        let_arrive(bus, stream, 90)
        served = Counter(subscription.take(1, GIVE_UP_S)[0].camera_id for _ in range(30))
        assert served == {"a": 10, "b": 10, "c": 10}

    def test_full_drop_oldest_keeps_the_newest_and_counts_by_camera(self, make_bus: MakeBus) -> None:
        drops: Counter[tuple[str, str, str]] = Counter()
        bus = make_bus(on_drop=lambda *drop: drops.update([drop]))
        stream = topic(Overflow.DROP_OLDEST, 2)
        subscription = bus.subscribe(stream, "group")
        for number in range(7):
            bus.publish(stream, message("fast", number))
        bus.publish(stream, message("slow", 0))
        wait_until(lambda: drops.total() == 5)
        let_arrive(bus, stream, 3)
        taken = take_until(subscription, 3)
        assert numbers(taken, "fast") == [5, 6]
        assert numbers(taken, "slow") == [0]
        assert drops == {(stream.name, "fast", "queue_full"): 5}

    def test_block_loses_nothing_with_a_slow_consumer(self, make_bus: MakeBus) -> None:
        drops: list[tuple[str, str, str]] = []
        bus = make_bus(on_drop=lambda *drop: drops.append(drop))
        stream = topic(Overflow.BLOCK, 3)
        subscription = bus.subscribe(stream, "group")

        def publish(camera: str) -> None:
            for number in range(60):
                bus.publish(stream, message(camera, number))

        publishers = [start(lambda camera=camera: publish(camera)) for camera in ("a", "b")]
        taken: list[CameraHealth] = []
        deadline = time.monotonic() + GIVE_UP_S
        while len(taken) < 120 and time.monotonic() < deadline:
            taken += subscription.take(4, 0.5)
            subscription.commit()
            time.sleep(0.002)
        for publisher in publishers:
            publisher.join(GIVE_UP_S)
        assert numbers(taken, "a") == numbers(taken, "b") == list(range(60))
        assert drops == []

    def test_every_group_sees_every_message(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 20)
        subscriptions = [bus.subscribe(stream, group) for group in ("one", "two")]
        for number in range(20):
            bus.publish(stream, message("a", number))
        for subscription in subscriptions:
            assert numbers(take_until(subscription, 20), "a") == list(range(20))

    def test_members_of_a_group_share_and_keep_the_order(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 200)
        cameras = ("a", "b", "c", "d")
        done: list[CameraHealth] = []
        lock = threading.Lock()

        def work(member: Subscription[CameraHealth]) -> None:
            while not member.ended:
                for one in member.take(3, 0.05):
                    time.sleep(0.0005 * (one.at // 1000 % 3))
                    with lock:
                        done.append(one)
                member.commit()

        members = [bus.subscribe(stream, "group") for _ in range(2)]
        workers = [start(lambda member=member: work(member)) for member in members]
        for number in range(100):
            for camera in cameras:
                bus.publish(stream, message(camera, number))
        bus.end(stream)
        for worker in workers:
            worker.join(GIVE_UP_S)
        assert len(done) == 400
        for camera in cameras:
            assert numbers(done, camera) == list(range(100))

    def test_take_waits_no_longer_than_its_timeout(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 2)
        subscription = bus.subscribe(stream, "group")
        begun = time.monotonic()
        assert subscription.take(5, 0.2) == []
        assert 0.15 <= time.monotonic() - begun < 5

    def test_take_wakes_up_for_a_message(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 2)
        subscription = bus.subscribe(stream, "group")
        timer = threading.Timer(0.1, lambda: bus.publish(stream, message("a", 7)))
        timer.start()
        begun = time.monotonic()
        assert numbers(subscription.take(5, GIVE_UP_S), "a") == [7]
        assert time.monotonic() - begun < GIVE_UP_S / 2

    def test_take_respects_its_limit(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        for number in range(5):
            bus.publish(stream, message("a", number))
        let_arrive(bus, stream, 5)
        assert numbers(subscription.take(3, GIVE_UP_S), "a") == [0, 1, 2]
        assert numbers(take_until(subscription, 2), "a") == [3, 4]

    def test_ended_only_after_the_last_message(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        bus.publish(stream, message("a", 0))
        assert not subscription.ended
        bus.end(stream)
        assert not subscription.ended
        assert numbers(take_until(subscription, 1), "a") == [0]
        assert subscription.take(1, GIVE_UP_S) == []
        assert subscription.ended

    def test_end_wakes_a_waiting_take(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        threading.Timer(0.1, lambda: bus.end(stream)).start()
        begun = time.monotonic()
        assert subscription.take(1, GIVE_UP_S) == []
        assert subscription.ended
        assert time.monotonic() - begun < GIVE_UP_S / 2

    def test_who_comes_after_the_end_finds_it_ended(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        bus.end(stream)
        late = bus.subscribe(stream, "late")
        begun = time.monotonic()
        assert late.take(1, GIVE_UP_S) == []
        assert late.ended
        assert time.monotonic() - begun < GIVE_UP_S / 2

    def test_close_releases_takers(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 1)
        waiting = bus.subscribe(stream, "group")
        taker = start(lambda: waiting.take(1, GIVE_UP_S))
        time.sleep(0.1)
        assert taker.is_alive()
        bus.close()
        taker.join(GIVE_UP_S / 2)
        assert not taker.is_alive()
        assert waiting.ended

    def test_a_subscription_after_close_is_ended(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 1)
        bus.close()
        subscription = bus.subscribe(stream, "group")
        begun = time.monotonic()
        assert subscription.take(1, GIVE_UP_S) == []
        assert subscription.ended
        assert time.monotonic() - begun < GIVE_UP_S / 2

    def test_a_closed_subscription_takes_nothing(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        leaver, stayer = bus.subscribe(stream, "group"), bus.subscribe(stream, "group")
        leaver.close()
        leaver.close()
        bus.publish(stream, message("a", 1))
        assert leaver.take(1, 0.0) == []
        assert leaver.ended
        assert numbers(take_until(stayer, 1), "a") == [1]

    def test_what_was_committed_does_not_come_again(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        first = bus.subscribe(stream, "group")
        for number in range(4):
            bus.publish(stream, message("a", number))
        let_arrive(bus, stream, 4)
        assert numbers(first.take(2, GIVE_UP_S), "a") == [0, 1]
        first.commit()
        first.close()
        assert numbers(take_until(bus.subscribe(stream, "group"), 2), "a") == [2, 3]

    def test_a_mark_commits_what_was_taken_before_it_and_no_more(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        first = bus.subscribe(stream, "group")
        for number in range(6):
            bus.publish(stream, message("a", number))
        let_arrive(bus, stream, 6)
        marks = []
        for number in (0, 2):
            assert numbers(first.take(2, GIVE_UP_S), "a") == [number, number + 1]
            marks.append(first.mark())
        for mark in marks:
            mark()
        first.close()
        assert numbers(take_until(bus.subscribe(stream, "group"), 2), "a") == [4, 5]

    def test_a_rejected_message_costs_nobody_else_anything(self, make_bus: MakeBus) -> None:
        drops: list[tuple[str, str, str]] = []
        bus, stream = make_bus(on_drop=lambda *drop: drops.append(drop)), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        for number in range(3):
            for camera in ("a", "b"):
                bus.publish(stream, message(camera, number))
        for one in take_until(subscription, 2):
            bus.reject(stream, one, "undecodable", "what it holds cannot be read")
        rest = take_until(subscription, 4)
        assert numbers(rest, "a") == numbers(rest, "b") == [1, 2]
        assert drops == [], "it was used, not lost on the way"

    def test_a_key_is_in_one_part(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        subscription = bus.subscribe(stream, "group")
        parts = {camera: subscription.part_of(camera) for camera in ("a", "b", "c")}
        assert parts == {camera: subscription.part_of(camera) for camera in ("a", "b", "c")}
        assert all(part >= 0 for part in parts.values())

    def test_what_cannot_be_published_after_close_is_counted(self, make_bus: MakeBus) -> None:
        drops: list[tuple[str, str, str]] = []
        bus, stream = make_bus(on_drop=lambda *drop: drops.append(drop)), topic(Overflow.BLOCK, 10)
        bus.subscribe(stream, "group")
        bus.close()
        bus.publish(stream, message("a", 0))
        assert drops == [(stream.name, "a", "shutdown")]
