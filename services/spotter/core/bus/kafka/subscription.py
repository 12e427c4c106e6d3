"""The consumer's end of a topic in Kafka: takes, decodes, commits, and hears of parts that come and go.

Messages that cannot be read are put on the dead-letter topic and counted; the consumer never sees them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from spotter.core.bus.api import Handover, Topic
from spotter.core.bus.kafka.fetcher import Fetcher
from spotter.core.bus.kafka.headers import check_schema, with_trace
from spotter.core.bus.kafka.holdings import Change, Holdings, Mark, Move
from spotter.core.errors import WireError
from spotter.core.telemetry import Metrics

T = TypeVar("T")

OnUnreadable = Callable[[Topic[Any], Any, str, str], None]
"""Called with (topic, record, reason, error) for a message that cannot be read."""

_CLOSE_S = 10.0


class KafkaSubscription(Generic[T]):
    """See `core.bus.api.Subscription`. For one thread, but for `ended` and `abandon`.

    Args:
        on_unreadable: lets a record go; returns once Kafka is on its way to have it.
        flush_dead_letters: waits until the dead letters are in Kafka, before anything is committed past them.
        published: gives a question whether what this process has published until now is with Kafka.
    """

    def __init__(
        self,
        topic: Topic[T],
        group: str,
        fetcher: Fetcher,
        holdings: Holdings,
        metrics: Metrics,
        handover: Handover | None,
        part_of: Callable[[str], int],
        on_unreadable: OnUnreadable,
        flush_dead_letters: Callable[[], None],
        published: Callable[[], Callable[[], bool]],
    ) -> None:
        self._topic = topic
        self._fetcher = fetcher
        self._holdings = holdings
        self._handover = handover
        self._part_of = part_of
        self._on_unreadable = on_unreadable
        self._flush_dead_letters = flush_dead_letters
        self._published = published
        self._unreadable = False
        self._told: set[int] = set()
        self._closed = False
        self._taken = metrics.bus.taken.labels(topic=topic.name, group=group)
        self._age = metrics.bus.age.labels(topic=topic.name, group=group)

    def take(self, limit: int, timeout: float) -> list[T]:
        deadline = time.monotonic() + timeout
        while True:
            got = self._holdings.take(limit, deadline)
            if got is None:
                return []
            if isinstance(got, Change):
                self._tell(got)
                continue
            messages = [message for _, _, record in got if (message := self._read(record)) is not None]
            if messages:
                self._taken.inc(len(messages))
                return messages

    def commit(self) -> None:
        self._commit(self._holdings.mark())

    def mark(self) -> Callable[[], None]:
        mark = self._holdings.mark()
        return lambda: self._commit(mark)

    def waiting(self) -> int:
        """Messages that were fetched and not yet taken."""
        return self._holdings.waiting()

    def part_of(self, key: str) -> int:
        return self._part_of(key)

    def positions(self) -> Mapping[int, int]:
        return self._holdings.positions()

    @property
    def ended(self) -> bool:
        return self._holdings.is_over()

    def close(self) -> None:
        """Leave the topic. What was taken and not committed comes again, to another member."""
        if self._closed:
            return
        self._closed = True
        self._holdings.forget_outstanding()
        self._tell_all()
        held = frozenset(self._holdings.held())
        self._holdings.leave(held)
        if held and self._handover is not None and self._told:
            self._handover.losing(frozenset(self._told))
        self.abandon()

    def abandon(self) -> None:
        """Leave without telling the consumer; from any thread."""
        self.stop()
        if self._fetcher.thread.is_alive():
            self._fetcher.thread.join(_CLOSE_S)

    def stop(self) -> None:
        """Hand out nothing more, and begin to leave; from any thread."""
        self._fetcher.stop()
        self._holdings.close()

    def _commit(self, mark: Mark) -> None:
        if self._unreadable:
            self._flush_dead_letters()
            self._unreadable = False
        self._holdings.commit(self._published(), mark)
        self._tell_all()

    def _tell_all(self) -> None:
        while (change := self._holdings.next_change()) is not None:
            self._tell(change)

    def _tell(self, change: Change) -> None:
        try:
            if self._handover is None:
                pass
            elif change.move is Move.GAINED:
                self._told |= change.parts
                change.answer = self._handover.gained(change.claims)
            elif change.move is Move.LOST or change.late or not self._fetcher.alive_in_group():
                self._told -= change.parts
                self._handover.lost(change.parts)
            else:
                self._handover.losing(change.parts)
                self._told -= change.parts
            if change.move is Move.LOSING and not change.late:
                self._fetcher.commit_now(change.parts)
        finally:
            self._holdings.finish(change)

    def _read(self, record: Any) -> T | None:
        self._age.observe(max(time.time() - record.timestamp / 1000, 0.0))
        reason = "schema"
        try:
            check_schema(self._topic.name, record.headers)
            reason = "undecodable"
            message = self._topic.codec.decode(record.value or b"")
        except WireError as error:
            if "schema version" in error.message:
                reason = "schema"
            self._unreadable = True
            self._on_unreadable(self._topic, record, reason, str(error))
            return None
        return with_trace(message, record.headers)
