"""What topics hold, read with a bare client from their beginning."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from spotter.core.bus import SKELETONS
from spotter.core.bus.kafka.options import client_options
from spotter.core.bus.kafka.topics import DEAD_LETTERS
from spotter.core.contracts import PoseFrame
from spotter.core.errors import WireError
from spotter.core.settings import KafkaSettings
from spotter.core.wire import decode_pose_frame

_POLL_MS = 500
_PATIENCE_S = 60.0


def skeletons_in(settings: KafkaSettings) -> list[PoseFrame]:
    """Every readable message of the skeletons topic; those of one camera in their order."""
    found: list[PoseFrame] = []
    for record in _records(settings, SKELETONS.name):
        try:
            found.append(decode_pose_frame(record.value))
        except (WireError, TypeError):
            continue
    return found


def dead_letters_in(settings: KafkaSettings) -> int:
    """Messages in the dead-letter topic."""
    return sum(1 for _ in _records(settings, DEAD_LETTERS))


def _records(settings: KafkaSettings, topic: str) -> Iterator[Any]:
    name = f"{settings.prefix}{topic}"
    consumer = KafkaConsumer(**client_options(settings, "fault-reader"), enable_auto_commit=False, group_id=None)
    try:
        parts = [TopicPartition(name, part) for part in consumer.partitions_for_topic(name) or ()]
        if not parts:
            return
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            batches = consumer.poll(timeout_ms=_POLL_MS)
            for records in batches.values():
                yield from records
            if not batches and all(_is_read(consumer, part) for part in parts):
                return
        raise AssertionError(f"topic {name} could not be read to its end within {_PATIENCE_S:.0f} s")
    finally:
        consumer.close()


def _is_read(consumer: Any, part: TopicPartition) -> bool:
    end = consumer.highwater(part)
    return end is not None and consumer.position(part) >= end
