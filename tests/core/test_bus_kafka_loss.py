"""What the Kafka bus loses, and what it never does: restarts, silence, slow consumers, old frames, bad messages."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from bus_conformance import GIVE_UP_S, message, numbers, start, take_until, topic, wait_until
from bus_tools import committed, producer, records_of, settings, value_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker, TansuBroker
from proxy import TcpProxy

from servers import free_port
from spotter.core.bus import FRAMES, SKELETONS, Overflow, Subscription
from spotter.core.bus.kafka import KafkaBus
from spotter.core.contracts import CameraHealth, Frame, PoseFrame
from spotter.core.telemetry import Metrics

MakeBus = Callable[..., KafkaBus]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
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


def prefix() -> str:
    """A name space of its own for a test that uses the real topics."""
    return f"t{time.monotonic_ns()}."


def frame(number: int, width: int = 64, height: int = 48, trace: str = "") -> Frame:
    picture = np.full((height, width, 3), number % 256, np.uint8)
    return Frame("dock", 1, number, number * 1000, number * 1000, width, height, picture, trace=trace)


def pose(number: int, people: int = 1, trace: str = "") -> PoseFrame:
    return PoseFrame(
        "dock", 1, number, number * 1000, 0, 0, 640, 480, "model/1",
        np.zeros((people, 4), np.float32), np.zeros(people, np.float32),
        np.zeros((people, 17, 2), np.float32), np.zeros((people, 17), np.float32), trace=trace,
    )  # fmt: skip


def take_all(subscription: Subscription[CameraHealth], wanted: set[int]) -> None:
    """Take until every number has come at least once; some may come twice."""
    deadline = time.monotonic() + 2 * GIVE_UP_S
    while wanted:
        assert time.monotonic() < deadline, f"{len(wanted)} did not come, {min(wanted)} first"
        wanted = wanted - set(numbers(subscription.take(200, 1.0), "a"))
        subscription.commit()


def test_a_cut_connection_loses_no_skeleton(make_bus: MakeBus) -> None:
    front = free_port()
    with TansuBroker(advertised=front) as server, TcpProxy(server.port, port=front) as proxy:
        bus, stream = make_bus(server, servers=(f"127.0.0.1:{front}",)), topic(Overflow.BLOCK, 64)
        subscription = bus.subscribe(stream, "group")
        for number in range(500):
            bus.publish(stream, message("a", number))
        taken = take_until(subscription, 100)
        proxy.cut()
        wait_until(lambda: bus.status() != "ok")
        publisher = start(lambda: [bus.publish(stream, message("a", number)) for number in range(500, 2000)])
        proxy.heal()
        take_all(subscription, set(range(2000)) - set(numbers(taken, "a")))
        publisher.join(GIVE_UP_S)
        wait_until(lambda: bus.status() == "ok")


def test_a_broker_restart_is_told_and_got_over(make_bus: MakeBus) -> None:
    """What this broker had acknowledged is not always there after a kill, so nothing is said of loss here."""
    with NoidaBroker() as server:
        bus, stream = make_bus(server), topic(Overflow.BLOCK, 64)
        subscription = bus.subscribe(stream, "group")
        bus.publish(stream, message("a", 0))
        take_until(subscription, 1)
        server.kill()
        publisher = start(lambda: [bus.publish(stream, message("a", number)) for number in range(1, 2001)])
        wait_until(lambda: bus.status() != "ok")
        assert bus.status().startswith(f"cannot reach Kafka at 127.0.0.1:{server.port}: connection refused, since ")
        assert publisher.is_alive(), "the publisher is held back, not let through"
        server.start()
        publisher.join(GIVE_UP_S)
        assert not publisher.is_alive()
        wait_until(lambda: bus.status() == "ok")
        wait_until(lambda: bus.publish(stream, message("b", 1)) is None and "b" in cameras(subscription.take(500, 0.2)))


def cameras(messages: list[CameraHealth]) -> set[str]:
    return {one.camera_id for one in messages}


def test_a_silent_broker_holds_skeletons_back_and_drops_frames(make_bus: MakeBus) -> None:
    with NoidaBroker() as server:
        metrics, drops = Metrics(), Counter[str]()
        bus = make_bus(server, metrics)
        bus._on_drop = lambda _topic, _key, reason: drops.update([reason])
        sure, lossy = topic(Overflow.BLOCK, 64), topic(Overflow.DROP_OLDEST, 2)
        subscription = bus.subscribe(sure, "group")
        bus.publish(lossy, message("a", 0))
        bus.publish(sure, message("a", 0))
        take_until(subscription, 1)
        server.freeze()
        begun = time.monotonic()
        for number in range(50):
            bus.publish(lossy, message("a", number))
        assert time.monotonic() - begun < 2, "frames never wait"
        assert drops["queue_full"] >= 46
        publisher = start(lambda: [bus.publish(sure, message("a", number)) for number in range(1, 701)])
        wait_until(lambda: bus.status().startswith(f"Kafka at 127.0.0.1:{server.port} does not answer"))
        assert publisher.is_alive()
        server.thaw()
        take_all(subscription, set(range(1, 701)))
        publisher.join(GIVE_UP_S)
        assert value_of(metrics, "spotter_bus_held_back_seconds_total", topic=sure.name) > 0


def test_back_pressure_keeps_memory_flat(make_bus: MakeBus, broker: NoidaBroker) -> None:
    bus, stream = make_bus(broker), topic(Overflow.BLOCK, 64)
    writer = make_bus(broker)
    detail = "x" * 4000
    for number in range(4000):
        writer.publish(stream, replace(message("a", number), detail=detail))
    metrics = Metrics()
    reader = make_bus(broker, metrics)
    subscription = reader.subscribe(stream, "group")
    assert subscription.take(1, GIVE_UP_S)
    wait_until(lambda: value_of(metrics, "spotter_bus_paused", topic=stream.name) == 1)
    assert reader.depth(stream) <= 64 + 500, "one fetch over the capacity of its key"
    before = psutil.Process().memory_info().rss
    waiting = reader.depth(stream)
    time.sleep(0.5)
    assert reader.depth(stream) == waiting
    taken = take_until(subscription, 3999)
    assert numbers(taken, "a") == list(range(1, 4000))
    assert psutil.Process().memory_info().rss - before < 48 * 2**20
    assert bus.status() == "ok"


def test_frames_that_are_too_old_are_passed_over_and_counted(make_bus: MakeBus, broker: NoidaBroker) -> None:
    metrics, stream = Metrics(), topic(Overflow.DROP_OLDEST, 100)
    bus = make_bus(broker, metrics, max_behind_s=1.0)
    first = bus.subscribe(stream, "group")
    bus.publish(stream, message("a", 0))
    assert numbers(take_until(first, 1), "a") == [0]
    first.close()
    for number in range(1, 31):
        bus.publish(stream, message("a", number))
    time.sleep(1.2)
    for number in range(31, 34):
        bus.publish(stream, message("a", number))
    second = bus.subscribe(stream, "group")
    assert numbers(take_until(second, 3), "a") == [31, 32, 33]
    assert value_of(metrics, "spotter_bus_skipped_total", topic=stream.name, reason="behind") == 30


def test_a_frame_consumer_that_stood_still_jumps_to_the_newest(make_bus: MakeBus, broker: NoidaBroker) -> None:
    metrics, stream, gate = Metrics(), topic(Overflow.DROP_OLDEST, 1), threading.Event()
    bus = make_bus(broker, metrics, max_behind_s=1.0, health={"partitions": 1})

    def stand_still(*_: str) -> None:
        """Called on the fetching thread."""
        gate.wait(GIVE_UP_S)

    bus._on_drop = stand_still
    subscription = bus.subscribe(stream, "group")
    wait_until(lambda: len(subscription.positions()) == 1)
    with producer(broker) as client:
        for number in range(2000):
            data = stream.codec.encode(replace(message("a", number), detail="x" * 2000))
            client.send(f"spotter.{stream.name}", data, key=b"a")
        client.flush(GIVE_UP_S)
        time.sleep(1.1)
        client.send(f"spotter.{stream.name}", stream.codec.encode(message("a", 2000)), key=b"a").get(5)
    gate.set()
    got: list[int] = []
    wait_until(lambda: bool(got.extend(numbers(subscription.take(100, 0.2), "a")) or 2000 in got))
    assert value_of(metrics, "spotter_bus_skipped_total", topic=stream.name, reason="behind") >= 1000
    assert len(got) < 500


def test_unreadable_messages_go_to_the_dead_letters_and_stop_nobody(make_bus: MakeBus, broker: NoidaBroker) -> None:
    metrics, name = Metrics(), prefix()
    bus = make_bus(broker, metrics, prefix=name)
    subscription = bus.subscribe(SKELETONS, "ergonomics")
    bus.publish(SKELETONS, pose(0))
    assert [got.sequence for got in take_until(subscription, 1)] == [0]  # type: ignore[arg-type, attr-defined]
    part = subscription.part_of("dock")
    good = SKELETONS.codec.encode(pose(1))
    bad: list[tuple[bytes | None, list[tuple[str, bytes]]]] = [
        (b"\xff\xff rubbish", []),
        (good, [("spotter-schema", b"7")]),
        (good[:-30], [("spotter-schema", b"1"), ("traceparent", TRACE.encode())]),
        (b"", []),
    ]
    with producer(broker) as client:
        for value, headers in bad:
            client.send(f"{name}skeletons", value, key=b"dock", headers=headers, partition=part).get(5)
    bus.publish(SKELETONS, pose(2))
    assert [got.sequence for got in take_until(subscription, 1)] == [2]  # type: ignore[arg-type, attr-defined]
    assert value_of(metrics, "spotter_messages_rejected_total", topic="skeletons", reason="undecodable") == 2
    assert value_of(metrics, "spotter_messages_rejected_total", topic="skeletons", reason="schema") == 2
    letters = records_of(broker, f"{name}dead-letters", 4)
    assert [letter.value for letter in letters] == [value for value, _ in bad]
    headers = [dict(letter.headers) for letter in letters]
    assert {(one["spotter-topic"], one["spotter-partition"]) for one in headers} == {
        (f"{name}skeletons".encode(), b"%d" % part)
    }
    assert [one["spotter-offset"] for one in headers] == [b"1", b"2", b"3", b"4"]
    assert b"schema version 7" in headers[1]["spotter-error"]
    assert headers[2]["traceparent"] == TRACE.encode()
    assert {letter.key for letter in letters} == {b"dock"}
    subscription.close()
    assert committed(broker, f"{name}ergonomics.skeletons", f"{name}skeletons", 4)[part] == 6


def test_frames_that_cannot_be_read_leave_no_pixels_behind(make_bus: MakeBus, broker: NoidaBroker) -> None:
    name = prefix()
    bus = make_bus(broker, prefix=name)
    subscription = bus.subscribe(FRAMES, "pose")
    wait_until(lambda: len(subscription.positions()) == 4)
    with producer(broker) as client:
        client.send(f"{name}frames", b"\xff\xd8 half a picture", key=b"dock").get(5)
    bus.publish(FRAMES, frame(1))
    assert [got.sequence for got in take_until(subscription, 1)] == [1]  # type: ignore[arg-type, attr-defined]
    (letter,) = records_of(broker, f"{name}dead-letters", 1)
    assert letter.value == b""
    assert dict(letter.headers)["spotter-reason"] == b"undecodable"


def test_a_rejected_frame_is_a_dead_letter_without_pixels_before_it_is_committed(
    make_bus: MakeBus, broker: NoidaBroker
) -> None:
    metrics, name = Metrics(), prefix()
    bus = make_bus(broker, metrics, prefix=name)
    subscription = bus.subscribe(FRAMES, "pose")
    wait_until(lambda: len(subscription.positions()) == 4)
    bus.publish(FRAMES, frame(1, trace=TRACE))
    (got,) = take_until(subscription, 1)  # type: ignore[arg-type]
    assert isinstance(got, Frame)
    bus.reject(FRAMES, got, "undecodable", "frame 1: its JPEG picture ends too early")
    proven = bus._published()
    wait_until(proven)
    (letter,) = records_of(broker, f"{name}dead-letters", 1)
    assert (letter.key, letter.value) == (b"dock", b"")
    headers = dict(letter.headers)
    assert headers["spotter-reason"] == b"undecodable"
    assert headers["spotter-error"] == b"frame 1: its JPEG picture ends too early"
    assert (headers["spotter-topic"], headers["spotter-offset"]) == (f"{name}frames".encode(), b"-1")
    assert headers["traceparent"] == TRACE.encode()
    assert value_of(metrics, "spotter_messages_rejected_total", topic="frames", reason="undecodable") == 1
    assert value_of(metrics, "spotter_bus_dead_letters_total", topic="frames", reason="undecodable") == 1


def test_what_is_too_large_for_kafka_holds_nobody_up(make_bus: MakeBus, broker: NoidaBroker) -> None:
    metrics, name = Metrics(), prefix()
    small = {"partitions": 4, "max_message_bytes": 2048, "compression": "none"}
    bus = make_bus(broker, metrics, prefix=name, skeletons=small, frames=small)
    skeletons, frames = bus.subscribe(SKELETONS, "ergonomics"), bus.subscribe(FRAMES, "pose")
    wait_until(lambda: len(frames.positions()) == 4)
    bus.publish(SKELETONS, pose(0, people=30))
    bus.publish(SKELETONS, pose(1))
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    bus.publish(FRAMES, replace(frame(0), picture=noise))
    bus.publish(FRAMES, frame(1))
    assert [got.sequence for got in take_until(skeletons, 1)] == [1]  # type: ignore[arg-type, attr-defined]
    assert [got.sequence for got in take_until(frames, 1)] == [1]  # type: ignore[arg-type, attr-defined]
    assert value_of(metrics, "spotter_messages_rejected_total", topic="skeletons", reason="too_large") == 1
    assert value_of(metrics, "spotter_frames_dropped_total", camera="dock", reason="too_large") == 1
    (letter,) = records_of(broker, f"{name}dead-letters", 1)
    assert letter.value == SKELETONS.codec.encode(pose(0, people=30))
    assert b"bytes" in dict(letter.headers)["spotter-error"]


def test_what_travels_beside_a_message(make_bus: MakeBus, broker: NoidaBroker) -> None:
    name = prefix()
    bus = make_bus(broker, prefix=name, picture_max_side=64)
    frames, skeletons = bus.subscribe(FRAMES, "pose"), bus.subscribe(SKELETONS, "ergonomics")
    wait_until(lambda: len(frames.positions()) == 4)
    bus.publish(FRAMES, frame(1, width=320, height=160, trace=TRACE))
    bus.publish(SKELETONS, pose(1, trace=TRACE))
    (got,) = take_until(frames, 1)  # type: ignore[arg-type]
    assert isinstance(got, Frame)
    assert (got.trace, got.width, got.height) == (TRACE, 320, 160)
    assert isinstance(got.picture, bytes)
    (skeleton,) = take_until(skeletons, 1)  # type: ignore[arg-type]
    assert skeleton.trace == TRACE  # type: ignore[attr-defined]
    (record,) = records_of(broker, f"{name}frames", 1)
    assert record.key == b"dock"
    assert dict(record.headers) == {
        "spotter-schema": b"1",
        "content-type": b"application/x-protobuf",
        "traceparent": TRACE.encode(),
    }
    import cv2

    picture = cv2.imdecode(np.frombuffer(got.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (32, 64, 3)
    assert TRACE.encode() not in record.value


def test_lag_and_age_are_told(make_bus: MakeBus, broker: NoidaBroker) -> None:
    metrics, stream = Metrics(), topic(Overflow.BLOCK, 64)
    bus = make_bus(broker, metrics)
    subscription = bus.subscribe(stream, "group")
    for number in range(10):
        bus.publish(stream, message("a", number))
    wait_until(lambda: value_of(metrics, "spotter_bus_lag", group="group") == 10)
    part = str(subscription.part_of("a"))
    assert value_of(metrics, "spotter_bus_lag", group="group", topic=stream.name, partition=part) == 10
    take_until(subscription, 10)
    wait_until(lambda: value_of(metrics, "spotter_bus_lag", group="group") == 0)
    assert value_of(metrics, "spotter_bus_age_seconds_count", group="group") == 10
    assert value_of(metrics, "spotter_bus_published_total", topic=stream.name) == 10
    assert value_of(metrics, "spotter_bus_connected") == 1
    subscription.close()
    assert value_of(metrics, "spotter_bus_parts", group="group") == 0


def test_nothing_is_left_running(make_bus: MakeBus, broker: NoidaBroker) -> None:
    before = {thread.ident for thread in threading.enumerate()}
    stream = topic(Overflow.BLOCK, 64)
    bus = make_bus(broker)
    subscription = bus.subscribe(stream, "group")
    bus.publish(stream, message("a", 0))
    take_until(subscription, 1)
    bus.close()
    wait_until(lambda: not {thread.ident for thread in threading.enumerate()} - before)
    assert bus.status() == "closed"
