"""What the tests of the Kafka bus share: settings for a test broker, raw readers and writers, a recording hand-over."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bus_conformance import GIVE_UP_S
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from spotter.core.bus import Claim, Resume
from spotter.core.bus.kafka import client_options
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics

Servers = tuple[str, ...]


def settings(broker: Any, **changed: Any) -> KafkaSettings:
    """Settings for a broker of `tests/servers/brokers.py`: four parts, soon in a group, nothing perishable."""
    values: dict[str, Any] = {
        "servers": broker.servers,
        "max_behind_s": 600,
        "request_timeout_s": 5,
        "commit_every_s": 0.1,
        "reconnect_max_s": 0.5,
        "skeletons": {"partitions": 4},
        "frames": {"partitions": 4},
        "health": {"partitions": 4},
        **broker.group_timeouts,
    }
    return KafkaSettings(**{**values, **changed})


def value_of(metrics: Metrics, name: str, **labels: str) -> float:
    """A sample of the registry, 0 when it does not exist yet; labels that are not given are summed over."""
    return sum(
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def records_of(broker: Any, topic: str, count: int) -> list[Any]:
    """The first `count` records of a topic, read without a group."""
    consumer = KafkaConsumer(
        **client_options(KafkaSettings(servers=broker.servers)), auto_offset_reset="earliest", enable_auto_commit=False
    )
    try:
        consumer.assign([TopicPartition(topic, part) for part in sorted(consumer.partitions_for_topic(topic))])
        found: list[Any] = []
        deadline = time.monotonic() + GIVE_UP_S
        while len(found) < count and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=200).values():
                found += records
        return found
    finally:
        consumer.close(autocommit=False, timeout_ms=1000)


def committed(broker: Any, group: str, topic: str, parts: int) -> dict[int, int]:
    """What a group has committed, by part."""
    consumer = KafkaConsumer(
        **client_options(KafkaSettings(servers=broker.servers)), group_id=group, enable_auto_commit=False
    )
    try:
        found = {part: consumer.committed(TopicPartition(topic, part)) for part in range(parts)}
        return {part: offset for part, offset in found.items() if offset is not None}
    finally:
        consumer.close(autocommit=False, timeout_ms=1000)


@contextmanager
def producer(broker: Any) -> Iterator[Any]:
    """A bare client that writes whatever it is given."""
    client = KafkaProducer(**client_options(KafkaSettings(servers=broker.servers)))
    try:
        yield client
    finally:
        client.close(timeout=2)


class Recorder:
    """A `Handover` that notes what it is told, and on which thread."""

    def __init__(self, resume: Mapping[int, Resume] | None = None) -> None:
        self.told: list[tuple[str, frozenset[int]]] = []
        self.claims: dict[int, int | None] = {}
        self.threads: set[int] = set()
        self.on_losing: Any = None
        self.held: set[int] = set()
        self._resume = dict(resume or {})

    def gained(self, claims: Sequence[Claim]) -> Mapping[int, Resume]:
        self._note("gained", [claim.part for claim in claims])
        self.claims.update({claim.part: claim.committed for claim in claims})
        self.held |= {claim.part for claim in claims}
        return {claim.part: self._resume[claim.part] for claim in claims if claim.part in self._resume}

    def losing(self, parts: Collection[int]) -> None:
        self._note("losing", parts)
        if self.on_losing is not None:
            self.on_losing()
        self.held -= set(parts)

    def lost(self, parts: Collection[int]) -> None:
        self._note("lost", parts)
        self.held -= set(parts)

    def moves(self, name: str) -> list[frozenset[int]]:
        return [parts for move, parts in self.told if move == name]

    def _note(self, move: str, parts: Collection[int]) -> None:
        self.told.append((move, frozenset(parts)))
        self.threads.add(threading.get_ident())
