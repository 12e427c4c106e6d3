"""What the bus adds to the bare Kafka client: processor time per message to publish and to take, as ratios of one run.

Frames of 60 KB and skeletons of 2 KB go through `KafkaBus` and through bare kafka-python with the same settings, to and
from the same broker, in turns; both build and read the protobuf messages, and have as many on their way at a time. Ours
adds headers, fair queues per camera, bookkeeping of offsets and of what Kafka has acknowledged, and metrics. The broker
is another process and does not count.

    python benchmarks/kafka_bus.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

from brokers import TansuBroker
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from spotter.core.bus import FRAMES, SKELETONS, Topic
from spotter.core.bus.kafka import KafkaBus, client_options
from spotter.core.bus.kafka.lossy import LossyLane
from spotter.core.bus.kafka.sure import SureLane
from spotter.core.contracts import Frame, PoseFrame
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, configure_logs

CAMERAS = 16
FRAME_BYTES = 60_000
PEOPLE = 9
"""Skeletons of nine people are 2.1 KB."""

IN_FLIGHT = CAMERAS


@dataclass(frozen=True)
class Stream:
    """What is sent: the topic, its messages made in advance, and the bare client's settings for it."""

    topic: Topic[Any]
    messages: list[Any]
    bytes: int
    producer: dict[str, Any]


def frames(count: int) -> Stream:
    rng = np.random.default_rng(1)
    picture = b"\xff\xd8" + rng.integers(0, 256, FRAME_BYTES, np.uint8).tobytes()
    messages = [Frame(f"camera-{n % CAMERAS}", 1, n, n, n, 1280, 720, picture) for n in range(count)]
    return Stream(FRAMES, messages, len(FRAMES.codec.encode(messages[0])), dict(LossyLane.settled))


def skeletons(count: int) -> Stream:
    rng = np.random.default_rng(2)
    shapes = ((PEOPLE, 4), (PEOPLE,), (PEOPLE, 17, 2), (PEOPLE, 17))
    arrays = [rng.random(shape, np.float32) for shape in shapes]
    messages = [PoseFrame(f"camera-{n % CAMERAS}", 1, n, n, n, n, 640, 480, "model/1", *arrays) for n in range(count)]
    settled = {**SureLane.settled, "compression_type": "lz4"}
    return Stream(SKELETONS, messages, len(SKELETONS.codec.encode(messages[0])), settled)


def cpu_us(work: Callable[[], None], count: int) -> float:
    """Processor microseconds of this process per message."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / count * 1e6


def ours(stream: Stream, settings: KafkaSettings) -> tuple[float, float]:
    """(publish, take) through the bus."""
    count = len(stream.messages)
    dropped = 0

    def drop(*_: str) -> None:
        nonlocal dropped
        dropped += 1

    bus = KafkaBus(settings, Metrics(), drop)
    subscription = bus.subscribe(stream.topic, "bench")
    while not subscription.positions():
        subscription.take(1, 0.1)
    subscription.close()
    lane = bus._lane(stream.topic)
    lane.put("warm-up", stream.topic.codec.encode(stream.messages[0]), [])
    assert lane.flush(30)

    def publish() -> None:
        for message in stream.messages:
            while lane.waiting() >= IN_FLIGHT:
                time.sleep(0.0002)
            bus.publish(stream.topic, message)
        assert lane.flush(60)

    publishing = cpu_us(publish, count)
    # A topic that drops would drop here: the messages wait in Kafka, so they are read as one that blocks.
    waiting = Topic(stream.topic.name, stream.topic.key, SKELETONS.overflow, 256, stream.topic.codec)
    reader = bus.subscribe(waiting, "bench")

    def take() -> None:
        seen = 0
        while seen < count - dropped:
            seen += len(reader.take(64, 1.0))
            reader.commit()

    taking = cpu_us(take, count - dropped)
    reader.close()
    bus.close()
    return publishing, taking


def bare(stream: Stream, settings: KafkaSettings, name: str) -> tuple[float, float]:
    """(publish, take) through kafka-python alone."""
    count, codec = len(stream.messages), stream.topic.codec
    options = {**client_options(settings), "allow_auto_create_topics": False}
    producer = KafkaProducer(**{**options, **stream.producer}, metrics_enabled=False, max_request_size=4 << 20)
    producer.send(name, codec.encode(stream.messages[0]), key=b"camera-0").get(10)
    acknowledged = 0

    def landed(_: object) -> None:
        nonlocal acknowledged
        acknowledged += 1

    def publish() -> None:
        for number, message in enumerate(stream.messages):
            while number - acknowledged >= IN_FLIGHT:
                time.sleep(0.0002)
            producer.send(name, codec.encode(message), key=message.camera_id.encode()).add_callback(landed)
        producer.flush(60)

    publishing = cpu_us(publish, count)
    producer.close(timeout=5)
    consumer = KafkaConsumer(
        **options, group_id=f"{settings.prefix}bare", enable_auto_commit=False, auto_offset_reset="earliest",
        fetch_max_bytes=8 << 20, max_partition_fetch_bytes=2 << 20, metrics_enabled=False,
    )  # fmt: skip
    consumer.assign([TopicPartition(name, part) for part in sorted(consumer.partitions_for_topic(name))])

    def take() -> None:
        seen, commit_at = 0, time.monotonic() + 1.0
        while seen < count:
            for records in consumer.poll(timeout_ms=1000, max_records=64).values():
                seen += len([codec.decode(record.value) for record in records])
            if time.monotonic() > commit_at:
                consumer.commit_async()
                commit_at += 1.0

    taking = cpu_us(take, count)
    consumer.close(autocommit=False, timeout_ms=1000)
    return publishing, taking


def measure(stream: Stream, rounds: int) -> None:
    """Prints one line for publishing and one for taking."""
    figures: dict[str, list[tuple[float, float]]] = {"ours": [], "bare": []}
    for number in range(rounds):
        # A broker of its own for each round: it keeps everything in memory.
        with TansuBroker() as broker:
            shared = {"servers": broker.servers, "max_behind_s": 3600, **broker.group_timeouts}
            figures["ours"].append(ours(stream, KafkaSettings(**shared, prefix=f"ours{number}.")))
            other = KafkaSettings(**shared, prefix=f"bare{number}.")
            bus = KafkaBus(other, Metrics())
            bus.subscribe(stream.topic, "setup").part_of("a")  # has the topic made
            bus.close()
            figures["bare"].append(bare(stream, other, f"{other.prefix}{stream.topic.name}"))
    size = stream.bytes / 1000
    for index, doing in enumerate(("publish", "take")):
        mine, theirs = (statistics.median(pair[index] for pair in figures[who]) for who in ("ours", "bare"))
        spread = ", ".join(f"{a[index] / b[index]:.2f}" for a, b in zip(figures["ours"], figures["bare"], strict=True))
        print(
            f"{stream.topic.name:10} {size:5.1f} KB  {doing:8} ours {mine:6.0f} us  bare {theirs:6.0f} us  "
            f"ratio {mine / theirs:.2f}  (rounds: {spread})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=500, help="frames per round")
    parser.add_argument("--skeletons", type=int, default=3000, help="skeletons per round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    configure_logs("error")
    print(f"{CAMERAS} cameras, {arguments.rounds} rounds, median processor time per message")
    measure(frames(arguments.frames), arguments.rounds)
    measure(skeletons(arguments.skeletons), arguments.rounds)


if __name__ == "__main__":
    main()
