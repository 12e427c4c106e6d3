"""Hand-over of parts between the members of a group: graceful, killed, stuck, restarted; and where to resume."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bus_conformance import GIVE_UP_S, message, numbers, start, take_until, topic, wait_until
from bus_tools import Recorder, committed, settings, value_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker, TansuBroker

from spotter.core.bus import Overflow, Resume, Subscription, Topic
from spotter.core.bus.kafka import KafkaBus
from spotter.core.contracts import CameraHealth
from spotter.core.telemetry import Metrics

CAMERAS = [f"camera-{number}" for number in range(12)]
MakeBus = Callable[..., KafkaBus]


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


@pytest.fixture(scope="module")
def moving_broker() -> Iterator[TansuBroker]:
    """The one that hands parts over as Kafka does; see `brokers`."""
    with TansuBroker() as server:
        yield server


@pytest.fixture
def make_bus() -> Iterator[MakeBus]:
    made: list[KafkaBus] = []

    def make(server: NoidaBroker | TansuBroker, metrics: Metrics | None = None, **changed: object) -> KafkaBus:
        made.append(KafkaBus(settings(server, **changed), metrics or Metrics()))
        return made[-1]

    yield make
    for bus in made:
        bus.close()


class Worker:
    """Takes, notes and commits on a thread of its own, as a service does."""

    def __init__(self, bus: KafkaBus, stream: Topic[CameraHealth], handover: Recorder | None = None) -> None:
        self.taken: list[CameraHealth] = []
        self._stop = threading.Event()
        self.subscription: Subscription[CameraHealth] = bus.subscribe(stream, "group", handover)
        if handover is not None:
            handover.on_losing = self.subscription.commit
        self.thread = start(self._run)

    def _run(self) -> None:
        while not self._stop.is_set() and not self.subscription.ended:
            self.taken += self.subscription.take(5, 0.05)
            self.subscription.commit()
        self.subscription.close()

    def stop(self) -> None:
        self._stop.set()
        self.thread.join(GIVE_UP_S)
        assert not self.thread.is_alive()


def publish(bus: KafkaBus, stream: Topic[CameraHealth], first: int, last: int) -> None:
    for number in range(first, last):
        for camera in CAMERAS:
            bus.publish(stream, message(camera, number))


def test_a_second_member_gets_parts_and_nothing_comes_twice_or_out_of_order(
    make_bus: MakeBus, moving_broker: TansuBroker
) -> None:
    bus, stream, metrics = make_bus(moving_broker), topic(Overflow.BLOCK, 64), Metrics()
    told = [Recorder(), Recorder()]
    one = Worker(bus, stream, told[0])
    publish(bus, stream, 0, 30)
    wait_until(lambda: len(one.taken) > 50)
    two = Worker(make_bus(moving_broker, metrics), stream, told[1])
    publish(bus, stream, 30, 60)
    wait_until(lambda: bool(told[1].held) and len(one.taken) + len(two.taken) >= 60 * len(CAMERAS))
    publish(bus, stream, 60, 70)
    wait_until(lambda: len(one.taken) + len(two.taken) >= 70 * len(CAMERAS))
    assert told[0].held | told[1].held == {0, 1, 2, 3}
    assert not told[0].held & told[1].held
    assert told[0].moves("losing") == [frozenset(told[1].held)]
    for camera in CAMERAS:
        got = numbers(one.taken, camera) + numbers(two.taken, camera)
        assert got == list(range(70))
    assert told[0].threads == {one.thread.ident}
    assert told[1].threads == {two.thread.ident}
    assert value_of(metrics, "spotter_bus_rebalances_total", group="group") >= 1
    two.stop()
    assert told[1].moves("losing")[-1], "closing is a hand-over too"
    wait_until(lambda: told[0].held == {0, 1, 2, 3})
    one.stop()


def test_a_killed_member_loses_nothing(make_bus: MakeBus) -> None:
    with TansuBroker() as server:
        bus, stream = make_bus(server), topic(Overflow.BLOCK, 64)
        program = Path(__file__).with_name("bus_member.py")
        other = subprocess.Popen(
            [sys.executable, str(program), server.servers[0], stream.name], stdout=subprocess.PIPE, text=True
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            survivor = Worker(bus, stream, recorder := Recorder())
            wait_until(lambda: len(recorder.held) == 2)
            publish(bus, stream, 0, 40)
            seen = {tuple(other.stdout.readline().split()) for _ in range(20)}
            other.send_signal(signal.SIGKILL)
            publish(bus, stream, 40, 50)
            wait_until(lambda: len(recorder.held) == 4)
            rest = {tuple(line.split()) for line in other.stdout if len(line.split()) == 2}

            def everything() -> set[tuple[str, str]]:
                return {(one.camera_id, str(one.at // 1000)) for one in survivor.taken} | seen | rest

            wait_until(lambda: len(everything()) == 50 * len(CAMERAS))
            survivor.stop()
        finally:
            other.kill()
            other.communicate()


def test_a_consumer_without_a_handover_keeps_its_parts_until_it_has_committed(
    make_bus: MakeBus, broker: NoidaBroker
) -> None:
    bus, stream = make_bus(broker), topic(Overflow.BLOCK, 64)
    one = bus.subscribe(stream, "group")
    publish(bus, stream, 0, 2)
    busy = one.take(24, GIVE_UP_S)
    wait_until(lambda: len(one.positions()) == 4)
    two = bus.subscribe(stream, "group")
    got: list[CameraHealth] = []
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        got += two.take(10, 0.1)
    assert not {taken.camera_id for taken in got} & {taken.camera_id for taken in busy}
    one.commit()
    wait_until(lambda: two.take(10, 0.1) is not None and len(two.positions()) == 2)


def test_resume_at_an_offset_replays_and_does_not_move_the_group_back(make_bus: MakeBus, broker: NoidaBroker) -> None:
    bus, stream = make_bus(broker), topic(Overflow.BLOCK, 64)
    first = bus.subscribe(stream, "group")
    part = first.part_of("a")
    for number in range(20):
        bus.publish(stream, message("a", number))
    take_until(first, 20)
    assert first.positions()[part] == 20
    first.close()
    recorder = Recorder({part: Resume(offset=15)})
    second = bus.subscribe(stream, "group", recorder)
    assert numbers(second.take(2, GIVE_UP_S), "a") == [15, 16]
    assert recorder.claims[part] == 20
    assert second.positions()[part] == 17
    second.commit()
    second.close()
    group = f"spotter.group.{stream.name}"
    assert committed(broker, group, f"spotter.{stream.name}", 4)[part] == 20


def test_resume_at_a_time(make_bus: MakeBus, broker: NoidaBroker) -> None:
    bus, stream = make_bus(broker), topic(Overflow.BLOCK, 64)
    reader = bus.subscribe(stream, "other")
    for number in range(5):
        bus.publish(stream, message("a", number))
    take_until(reader, 5)
    time.sleep(0.02)
    since = time.time_ns()
    time.sleep(0.02)
    for number in range(5, 8):
        bus.publish(stream, message("a", number))
    take_until(reader, 3)
    part = reader.part_of("a")
    late = bus.subscribe(stream, "group", Recorder({part: Resume(since=since)}))
    assert numbers(take_until(late, 3), "a") == [5, 6, 7]


def test_only_what_was_taken_is_committed(make_bus: MakeBus, broker: NoidaBroker) -> None:
    """Fair takes leave gaps in a part; the lowest offset that was not taken is the limit."""
    bus, stream = make_bus(broker, skeletons={"partitions": 1}), topic(Overflow.BLOCK, 64)
    subscription = bus.subscribe(stream, "group")
    for camera, number in (("a", 0), ("a", 1), ("a", 2), ("b", 0)):
        bus.publish(stream, message(camera, number))
    wait_until(lambda: bus.depth(stream) == 4)
    taken = subscription.take(2, GIVE_UP_S)
    assert [one.camera_id for one in taken] == ["a", "b"]
    assert subscription.positions() == {0: 1}
    subscription.commit()
    subscription.close()
    assert committed(broker, f"spotter.group.{stream.name}", f"spotter.{stream.name}", 1) == {0: 1}


def test_long_work_keeps_a_member_and_a_stuck_one_gives_up_loudly(make_bus: MakeBus) -> None:
    with TansuBroker() as server:
        metrics, stream = Metrics(), topic(Overflow.BLOCK, 64)
        bus = make_bus(server, metrics, max_processing_s=5)
        recorder = Recorder()
        slow = bus.subscribe(stream, "group", recorder)
        publish(bus, stream, 0, 2)
        assert slow.take(1, GIVE_UP_S)
        time.sleep(3)  # Longer than the session of 2 s: work is not death.
        assert recorder.told == [("gained", frozenset({0, 1, 2, 3}))]
        other = bus.subscribe(stream, "group", Recorder())
        # The member holds its parts while it works; after 5 s without a sign it is stuck and loses them.
        assert len(take_until(other, 24)) == 24
        assert value_of(metrics, "spotter_bus_stalls_total", group="group") == 1
        slow.take(1, 1.0)
        assert frozenset().union(*recorder.moves("lost")) == {0, 1, 2, 3}
        assert recorder.moves("losing") == []

        def shared() -> bool:
            slow.take(1, 0.1)
            other.take(1, 0.1)
            return len(recorder.held) == 2

        wait_until(shared)  # It comes back when it takes again, and the other one hands half of the parts over.


def test_a_static_member_comes_back_to_its_parts(make_bus: MakeBus, broker: NoidaBroker) -> None:
    stream, recorder = topic(Overflow.BLOCK, 64), Recorder()
    bus = make_bus(broker, member="pod-1")
    publish(bus, stream, 0, 5)
    stayer = Worker(make_bus(broker, member="pod-0"), stream, recorder)
    # First the one that stays: this broker lets a leader that comes back share the parts out anew; Kafka does not.
    wait_until(lambda: len(recorder.held) == 4)
    before = Recorder()
    leaver = Worker(bus, stream, before)
    wait_until(lambda: len(before.held) == len(recorder.held) == 2)
    parts, moves = set(before.held), len(recorder.told)
    leaver.stop()
    bus.close()
    after = Recorder()
    back = Worker(make_bus(broker, member="pod-1"), stream, after)
    wait_until(lambda: after.held == parts)
    assert len(recorder.told) == moves, "the other member noticed nothing"
    back.stop()
    stayer.stop()


def test_a_member_that_was_thrown_out_claims_nothing(make_bus: MakeBus, broker: NoidaBroker) -> None:
    """This broker refuses a commit once a second member asks to join, which makes the first one lose its parts."""
    stream, told = topic(Overflow.BLOCK, 64), [Recorder(), Recorder()]
    bus = make_bus(broker)
    one = Worker(bus, stream, told[0])
    publish(bus, stream, 0, 10)
    wait_until(lambda: len(one.taken) > 20)
    two = Worker(make_bus(broker), stream, told[1])
    publish(bus, stream, 10, 30)
    wait_until(lambda: told[0].held | told[1].held == {0, 1, 2, 3} and bool(told[1].held))
    wait_until(
        lambda: (
            {(got.camera_id, got.at) for got in one.taken + two.taken}
            == {(camera, number * 1000) for camera in CAMERAS for number in range(30)}
        )
    )
    one.stop()
    two.stop()
