"""What every bus must do. A bus joins by subclassing `BusConformance` and giving a `make_bus` fixture.

`make_bus(on_drop=None)` returns an open, empty bus. Topics are made per test, with names that no other test uses.
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
        bus, stream = make_bus(), topic(Overflow.BLOCK, 100)
        subscription = bus.subscribe(stream, "group")
        for number in range(100):
            bus.publish(stream, message("busy", number))
        for number in range(2):
            bus.publish(stream, message("quiet", number))
        first = take_until(subscription, 4)
        assert numbers(first, "quiet") == [0, 1]
        assert numbers(first, "busy") == [0, 1]

    def test_single_takes_are_fair_too(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 100)
        subscription = bus.subscribe(stream, "group")
        for number in range(30):
            for camera in ("a", "b", "c"):
                bus.publish(stream, message(camera, number))
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
        assert subscription.take(1, 0.0) == []
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
        assert bus.subscribe(stream, "late").ended

    def test_close_releases_publishers_and_takers(self, make_bus: MakeBus) -> None:
        bus, full, empty = make_bus(), topic(Overflow.BLOCK, 1), topic(Overflow.BLOCK, 1)
        kept = [bus.subscribe(full, "group")]  # a member, so that the publisher has someone to wait for
        waiting = bus.subscribe(empty, "group")

        def fill() -> None:
            for number in range(3):
                bus.publish(full, message("a", number))

        threads = [start(fill), start(lambda: waiting.take(1, GIVE_UP_S))]
        time.sleep(0.1)
        assert all(thread.is_alive() for thread in threads)
        bus.close()
        for thread in threads:
            thread.join(GIVE_UP_S / 2)
            assert not thread.is_alive()
        assert waiting.ended
        assert kept[0].ended

    def test_a_subscription_after_close_is_ended(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 1)
        bus.close()
        subscription = bus.subscribe(stream, "group")
        begun = time.monotonic()
        assert subscription.take(1, GIVE_UP_S) == []
        assert subscription.ended
        assert time.monotonic() - begun < GIVE_UP_S / 2

    def test_a_publisher_goes_on_when_its_last_consumer_leaves(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 2)
        subscription = bus.subscribe(stream, "group")
        publisher = start(lambda: [bus.publish(stream, message("a", number)) for number in range(10)])
        time.sleep(0.1)
        assert publisher.is_alive()
        subscription.close()
        publisher.join(GIVE_UP_S)
        assert not publisher.is_alive()

    def test_a_closed_subscription_takes_nothing(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        leaver, stayer = bus.subscribe(stream, "group"), bus.subscribe(stream, "group")
        leaver.close()
        leaver.close()
        bus.publish(stream, message("a", 1))
        assert leaver.take(1, 0.0) == []
        assert leaver.ended
        assert numbers(take_until(stayer, 1), "a") == [1]
