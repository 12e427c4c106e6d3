"""Publishing the newest, for `DROP_OLDEST` topics: acks=1, never blocks, bounded, each loss counted with its reason.

A few messages of a key are on their way to Kafka; the newest wait in a queue of the topic's capacity, where the oldest
gives way ("queue_full"). What Kafka does not acknowledge in time is let go ("undeliverable").
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, ClassVar

from kafka import KafkaProducer, errors

from spotter.core.bus.kafka.headers import Headers, end_headers
from spotter.core.bus.kafka.lane import REFUSED, TOO_LARGE, Lane

_IN_FLIGHT = 2
"""Messages of one key that are handed to the client at a time."""

_ANSWER_MS = 5000
"""A frame that is not acknowledged after so long helps nobody."""

_FATAL = (errors.AuthorizationError, errors.SaslAuthenticationFailedError, errors.IllegalStateError)
"""After these a producer is of no more use."""

_Waiting = tuple[bytes, Headers, int]


class LossyLane(Lane):
    """See the module.

    Args:
        capacity: messages that wait per key.
        on_drop: told of each message that is let go, as (topic, key, reason).
    """

    settled: ClassVar[dict[str, Any]] = {
        "acks": 1,
        "enable_idempotence": False,
        # In order, so one request at a time.
        "max_in_flight_requests_per_connection": 1,
        "request_timeout_ms": _ANSWER_MS,
        "delivery_timeout_ms": _ANSWER_MS,
        "batch_size": 256 * 1024,
    }

    def __init__(self, *arguments: Any, capacity: int, on_drop: Callable[[str, str, str], None]) -> None:
        super().__init__(*arguments)
        self._capacity = capacity
        self._on_drop = on_drop
        self._queues: dict[str, deque[_Waiting]] = {}
        self._flying: Counter[str] = Counter()
        self._flying_since: dict[int, float] = {}
        self._number = 0

    def put(self, key: str, value: bytes, headers: Headers, *, part: int | None = None) -> None:
        dropped = ""
        with self._changed:
            if self._closed:
                dropped = "shutdown"
            else:
                queue = self._queues.setdefault(key, deque())
                queue.append((value, headers, time.time_ns() // 1_000_000))
                self._pump(key)
                if len(queue) > self._capacity:
                    queue.popleft()
                    dropped = "queue_full"
        if dropped:
            self._on_drop(self._topic, key, dropped)

    def end(self) -> None:
        while not self._closed and not self.flush(1.0):
            pass
        parts = 0
        while not parts and not self._closed:
            parts = self._link.wait_topic(self.plan, 0.5)
        for part in range(parts):
            while not self._closed and not self._end_part(part):
                pass

    def waiting(self) -> int:
        with self._changed:
            return sum(map(len, self._queues.values())) + self._flying.total()

    def _end_part(self, part: int) -> bool:
        producer = self._producer
        if producer is None:
            time.sleep(0.05)
            return False
        try:
            producer.send(self.plan.name, value=b"", key=b"", headers=end_headers(), partition=part).get(
                _ANSWER_MS / 1000
            )
        except Exception as error:
            self._log.warning("end_not_written", topic=self._topic, part=part, error=type(error).__name__)
            return False
        return True

    def _oldest(self) -> float | None:
        return min(self._flying_since.values(), default=None)

    def _pump(self, key: str) -> None:
        """Hand waiting messages of a key to the client, as many as may be on their way; called with the lock."""
        queue = self._queues[key]
        while queue and self._producer is not None and self._broken is None and self._flying[key] < _IN_FLIGHT:
            self._send(self._producer, key, *queue.popleft())

    def _send(self, producer: KafkaProducer, key: str, value: bytes, headers: Headers, timestamp_ms: int) -> None:
        self._number += 1
        number = self._number
        self._flying[key] += 1
        self._flying_since[number] = time.monotonic()
        try:
            future = producer.send(
                self.plan.name, value=value, key=key.encode(), headers=headers, timestamp_ms=timestamp_ms
            )
        except Exception as error:
            self._landed(producer, number, key, error)
            return
        future.add_callback(lambda _: self._landed(producer, number, key, None))
        future.add_errback(lambda error: self._landed(producer, number, key, error))

    def _landed(self, producer: KafkaProducer, number: int, key: str, error: BaseException | None) -> None:
        with self._changed:
            if self._flying_since.pop(number, None) is None:
                return
            self._flying[key] -= 1
            if isinstance(error, _FATAL) and producer is self._producer:
                self._broken = error
            self._pump(key)
            self._changed.notify_all()
        if error is None:
            self._count_published()
        elif isinstance(error, TOO_LARGE):
            self._on_drop(self._topic, key, "too_large")
        elif isinstance(error, REFUSED):
            self._on_drop(self._topic, key, "refused")
        else:
            self._on_drop(self._topic, key, "shutdown" if self._closed else "undeliverable")

    def _resume(self, producer: KafkaProducer) -> None:
        for key in self._queues:
            self._pump(key)

    def _give_up(self) -> None:
        left = [key for key, queue in self._queues.items() for _ in queue]
        self._queues.clear()
        for key in left:
            self._on_drop(self._topic, key, "shutdown")
