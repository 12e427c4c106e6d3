"""Dead letters: looking at them, and putting them back on the topic that they came from.

What was put back is remembered by an offset of the group "replay", so that nothing is put back twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from spotter.core.bus.kafka import headers
from spotter.core.bus.kafka.faults import diagnose, explain
from spotter.core.bus.kafka.headers import Headers, Source, without_dead_letter
from spotter.core.bus.kafka.options import client_options
from spotter.core.bus.kafka.starts import offsets
from spotter.core.bus.kafka.topics import DEAD_LETTERS, dead_letter_plan, kafka_name
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings

_PROBE_S = 3.0
_REPLAY_GROUP = "replay"


@dataclass(frozen=True)
class DeadLetter:
    """One message that could not be used.

    Attributes:
        part, offset: its place among the dead letters.
        buried_ms: when it went there, UTC ms.
        source: where it was read; offset -1 when it never got there because Kafka refused it.
        reason, error: why, in one word and in one line.
        replayed: it was put back already.
    """

    part: int
    offset: int
    buried_ms: int
    key: str
    value: bytes
    headers: Headers
    source: Source
    reason: str
    error: str
    replayed: bool


@dataclass(frozen=True)
class Replayed:
    """What `replay` did: put back, without a body (frames are buried without pixels), and refused again (why)."""

    done: int
    empty: int
    refused: tuple[tuple[DeadLetter, str], ...]


def read_letters(settings: KafkaSettings) -> list[DeadLetter]:
    """All dead letters that are kept, oldest first.

    Raises:
        BusError: Kafka cannot be reached, or refuses.
    """
    with _consumer(settings) as consumer:
        partitions = _partitions(settings, consumer)
        if not partitions:
            return []
        ends = consumer.end_offsets(partitions)
        replayed = {partition: consumer.committed(partition) or 0 for partition in partitions}
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        letters: list[DeadLetter] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for partition, records in consumer.poll(timeout_ms=500).items():
                letters += [_letter(record, record.offset < replayed[partition]) for record in records]
    return sorted(letters, key=lambda letter: (letter.buried_ms, letter.part, letter.offset))


def replay(settings: KafkaSettings, letters: Sequence[DeadLetter]) -> Replayed:
    """Put letters back on their topics, with the headers that they had, and remember that it was done.

    Raises:
        BusError: Kafka cannot be reached, or refuses this client.
    """
    done = empty = 0
    refused: list[tuple[DeadLetter, str]] = []
    with _consumer(settings) as consumer:
        producer = KafkaProducer(
            **client_options(settings, "spotter-replay"), allow_auto_create_topics=False,
            max_request_size=settings.dead_letters.max_message_bytes,
        )  # fmt: skip
        try:
            for letter in letters:
                if not letter.value:
                    empty += 1
                    continue
                try:
                    producer.send(
                        letter.source.topic, letter.value, key=letter.key.encode(), headers=letter.headers
                    ).get(settings.request_timeout_s)  # fmt: skip
                except Exception as error:
                    refused.append((letter, explain(error, settings, topic=letter.source.topic).message))
                else:
                    done += 1
        finally:
            producer.close(timeout=settings.request_timeout_s)
        seen = {letter.part: letter.offset + 1 for letter in sorted(letters, key=lambda letter: letter.offset)}
        if seen:
            consumer.commit(offsets(kafka_name(settings, DEAD_LETTERS), seen, {}))
    return Replayed(done, empty, tuple(refused))


@contextmanager
def _consumer(settings: KafkaSettings) -> Iterator[Any]:
    if (reason := diagnose(settings, _PROBE_S)) is not None:
        raise reason
    consumer = KafkaConsumer(
        **client_options(settings, "spotter-replay"), group_id=kafka_name(settings, _REPLAY_GROUP),
        enable_auto_commit=False, auto_offset_reset="earliest", allow_auto_create_topics=False,
    )  # fmt: skip
    try:
        yield consumer
    except BusError:
        raise
    except Exception as error:
        raise explain(error, settings, topic=kafka_name(settings, DEAD_LETTERS)) from None
    finally:
        consumer.close(autocommit=False, timeout_ms=1000)


def _partitions(settings: KafkaSettings, consumer: Any) -> list[Any]:
    name = dead_letter_plan(settings).name
    deadline = time.monotonic() + _PROBE_S
    while name in consumer.topics() and time.monotonic() < deadline:
        if parts := consumer.partitions_for_topic(name):
            return [TopicPartition(name, part) for part in sorted(parts)]
    return []


def _letter(record: Any, replayed: bool) -> DeadLetter:
    given = dict(record.headers)

    def number(name: str) -> int:
        text = given.get(name, b"-1").decode("ascii", "replace")
        return int(text) if text.lstrip("-").isdigit() else -1

    def text(name: str) -> str:
        return str(given.get(name, b"").decode("utf-8", "replace"))

    source = Source(
        text(headers.SOURCE_TOPIC),
        number(headers.SOURCE_PARTITION),
        number(headers.SOURCE_OFFSET),
        number(headers.SOURCE_TIMESTAMP),
    )
    return DeadLetter(
        part=record.partition,
        offset=record.offset,
        buried_ms=record.timestamp,
        key=record.key.decode("utf-8", "replace") if record.key else "",
        value=record.value or b"",
        headers=without_dead_letter(record.headers),
        source=source,
        reason=text(headers.REASON),
        error=text(headers.ERROR),
        replayed=replayed,
    )
