"""Where a part begins: at what its group has committed, at what the consumer asks for, or at the newest.

Times are those of the records, which their publishers set: wall clocks of different machines, so keep them in step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from spotter.core.bus.api import Claim, Resume

_MS = 1_000_000


class Starts:
    """Offsets to begin at, for one topic in Kafka.

    Args:
        topic: its name in Kafka.
        behind_ms: messages older than this are passed over when newer ones wait; None: none ever is.
        since_ms: a group that never committed sees what was published from this time on; None: all that is kept.
    """

    def __init__(self, topic: str, *, behind_ms: int | None, since_ms: int | None) -> None:
        self._topic = topic
        self._behind_ms = behind_ms
        self._since_ms = since_ms

    def claims(self, consumer: Any, parts: Sequence[int]) -> list[Claim]:
        """What the group has committed of these parts."""
        return [self._claim(consumer, part) for part in parts]

    def offset(self, consumer: Any, claim: Claim, resume: Resume | None, now_ms: int) -> tuple[int, int]:
        """(offset to begin at, messages passed over because they are too old)."""
        partition = TopicPartition(self._topic, claim.part)
        if resume is not None and (resume.offset is not None or resume.since is not None):
            asked = [] if resume.offset is None else [max(resume.offset, self._first(consumer, partition))]
            if resume.since is not None:
                asked.append(self._at(consumer, partition, resume.since // _MS))
            return min(asked), 0
        if claim.committed is None:
            if self._since_ms is not None:
                return self._at(consumer, partition, self._since_ms), 0
            return self._first(consumer, partition), 0
        begin = max(claim.committed, self._first(consumer, partition))
        if self._behind_ms is None:
            return begin, 0
        start = max(begin, self.newest(consumer, partition, now_ms))
        return start, start - begin

    def is_behind(self, consumer: Any, partition: Any, last: Any, now_ms: int) -> bool:
        """Whether the newest record in hand is too old and others wait behind it."""
        if self._behind_ms is None or now_ms - last.timestamp <= self._behind_ms:
            return False
        newest = consumer.highwater(partition)
        return newest is not None and newest > last.offset + 1

    def newest(self, consumer: Any, partition: Any, now_ms: int) -> int:
        """The first record that is not too old, or the last one there is: the newest is never passed over, whatever the
        clocks say."""
        assert self._behind_ms is not None
        end = int(consumer.end_offsets([partition])[partition])
        found = consumer.offsets_for_times({partition: now_ms - self._behind_ms})[partition]
        return int(found.offset) if found is not None else max(end - 1, 0)

    def _claim(self, consumer: Any, part: int) -> Claim:
        found = consumer.committed(TopicPartition(self._topic, part), metadata=True, timeout_ms=10_000)
        if found is None:
            return Claim(part, None)
        # The metadata is what `offsets` wrote; another program may have moved the offset and left other words there.
        digits = found.metadata or ""
        return Claim(part, found.offset, int(digits) * _MS if digits.isdecimal() else None)

    def _at(self, consumer: Any, partition: Any, time_ms: int) -> int:
        # The end is asked first, so that a record which arrives between the two answers is not passed over.
        end = int(consumer.end_offsets([partition])[partition])
        found = consumer.offsets_for_times({partition: max(time_ms, 0)})[partition]
        return int(found.offset) if found is not None else end

    def _first(self, consumer: Any, partition: Any) -> int:
        return int(consumer.beginning_offsets([partition])[partition])


def offsets(topic: str, by_part: Mapping[int, int], stamps: Mapping[int, int]) -> dict[Any, Any]:
    """Offsets as the client library commits them.

    Args:
        stamps: by part, the time of the newest record that was taken, ms; goes along for whoever has the part next.
    """
    return {
        TopicPartition(topic, part): OffsetAndMetadata(offset, str(stamps.get(part, "")), -1)
        for part, offset in by_part.items()
    }
