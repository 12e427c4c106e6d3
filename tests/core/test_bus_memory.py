"""The memory bus: the conformance suite, and what is its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from bus_conformance import GIVE_UP_S, BusConformance, MakeBus, message, numbers, start, take_until, topic

from spotter.core.bus import FRAMES, HEALTH, SKELETONS, Bus, MemoryBus, Overflow


class TestMemoryBus(BusConformance):
    """The embedded bus keeps every promise."""

    @pytest.fixture
    def make_bus(self) -> Iterator[Callable[..., Bus]]:
        made: list[MemoryBus] = []

        def make(**options: object) -> MemoryBus:
            made.append(MemoryBus(**options))  # type: ignore[arg-type]
            return made[-1]

        yield make
        for bus in made:
            bus.close()

    def test_a_key_in_work_is_passed_over_by_other_members(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        one, two = bus.subscribe(stream, "group"), bus.subscribe(stream, "group")
        for number in range(2):
            bus.publish(stream, message("a", number))
        bus.publish(stream, message("b", 0))
        assert numbers(one.take(1, 0.0), "a") == [0]
        assert [taken.camera_id for taken in two.take(10, 0.0)] == ["b"]
        one.commit()
        assert numbers(two.take(10, 0.0), "a") == [1]

    def test_a_mark_gives_back_the_keys_of_which_nothing_newer_was_taken(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        one, two = bus.subscribe(stream, "group"), bus.subscribe(stream, "group")
        for camera, number in (("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 1)):
            bus.publish(stream, message(camera, number))
        assert [taken.camera_id for taken in one.take(2, 0.0)] == ["a", "b"]
        mark = one.mark()
        assert numbers(one.take(1, 0.0), "a") == [1]
        mark()
        assert [taken.camera_id for taken in two.take(10, 0.0)] == ["b"], "of a, the second is still in work"
        one.commit()
        assert numbers(two.take(10, 0.0), "a") == [2]

    def test_a_rejected_message_is_told(self, make_bus: MakeBus) -> None:
        told: list[tuple[str, str, str]] = []
        bus, stream = make_bus(on_reject=lambda *reject: told.append(reject)), topic(Overflow.BLOCK, 10)
        bus.reject(stream, message("a", 0), "undecodable", "not a picture")
        assert told == [(stream.name, "a", "undecodable")]

    def test_a_member_that_leaves_gives_its_keys_back(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        one, two = bus.subscribe(stream, "group"), bus.subscribe(stream, "group")
        for number in range(2):
            bus.publish(stream, message("a", number))
        assert numbers(one.take(1, 0.0), "a") == [0]
        waiting: list[int] = []
        taker = start(lambda: waiting.extend(numbers(two.take(1, GIVE_UP_S), "a")))
        one.close()
        taker.join(GIVE_UP_S)
        assert waiting == [1]

    def test_a_group_without_members_stays_bounded_and_counts(self, make_bus: MakeBus) -> None:
        drops: Counter[tuple[str, str, str]] = Counter()
        bus, stream = make_bus(on_drop=lambda *drop: drops.update([drop])), topic(Overflow.BLOCK, 3)
        bus.subscribe(stream, "group").close()
        for number in range(100):
            bus.publish(stream, message("a", number))
        assert drops == {(stream.name, "a", "no_consumer"): 97}
        assert numbers(take_until(bus.subscribe(stream, "group"), 3), "a") == [97, 98, 99]

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

    def test_a_publisher_goes_on_when_its_last_consumer_leaves(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 2)
        subscription = bus.subscribe(stream, "group")
        publisher = start(lambda: [bus.publish(stream, message("a", number)) for number in range(10)])
        time.sleep(0.1)
        assert publisher.is_alive()
        subscription.close()
        publisher.join(GIVE_UP_S)
        assert not publisher.is_alive()

    def test_what_waits_at_close_is_counted(self, make_bus: MakeBus) -> None:
        drops: Counter[tuple[str, str, str]] = Counter()
        bus, stream = make_bus(on_drop=lambda *drop: drops.update([drop])), topic(Overflow.BLOCK, 10)
        bus.subscribe(stream, "group")
        for camera in ("a", "a", "b"):
            bus.publish(stream, message(camera, 0))
        bus.close()
        bus.publish(stream, message("b", 1))
        assert drops == {(stream.name, "a", "shutdown"): 2, (stream.name, "b", "shutdown"): 2}

    def test_overflow_can_be_set_by_topic(self, make_bus: MakeBus) -> None:
        stream = topic(Overflow.DROP_OLDEST, 1)
        bus = make_bus(overflow={stream.name: Overflow.BLOCK})
        subscription = bus.subscribe(stream, "group")
        publisher = start(lambda: [bus.publish(stream, message("a", number)) for number in range(50)])
        assert numbers(take_until(subscription, 50), "a") == list(range(50))
        publisher.join(GIVE_UP_S)

    def test_depth_counts_what_waits(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 10)
        assert isinstance(bus, MemoryBus)
        groups = [bus.subscribe(stream, group) for group in ("one", "two")]
        for number in range(3):
            bus.publish(stream, message("a", number))
        assert bus.depth(stream) == 6
        groups[0].take(2, 0.0)
        assert bus.depth(stream) == 4

    def test_messages_are_not_copied(self, make_bus: MakeBus) -> None:
        bus, stream = make_bus(), topic(Overflow.BLOCK, 1)
        subscription = bus.subscribe(stream, "group")
        sent = message("a", 1)
        bus.publish(stream, sent)
        assert subscription.take(1, 0.0)[0] is sent


def test_promises_of_the_topics() -> None:
    assert FRAMES.overflow is Overflow.DROP_OLDEST
    assert SKELETONS.overflow is Overflow.BLOCK
    assert HEALTH.overflow is Overflow.DROP_OLDEST
