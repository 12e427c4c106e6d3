"""Publishing without loss, for `BLOCK` topics: acks=all, idempotent, in order.

Each message is kept until Kafka has it. While Kafka is away the publisher is held back once the window is full. When a
producer fails for good, a new one gets everything that was not acknowledged, in order: some of it may come twice.
Only a message that Kafka will never take (too large, refused) is let go, as a dead letter.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kafka import KafkaProducer

from spotter.core.bus.kafka.headers import Headers, end_headers
from spotter.core.bus.kafka.lane import REFUSED, TOO_LARGE, Lane

_WINDOW = 512
_WINDOW_BYTES = 16 * 1024 * 1024
"""Unacknowledged messages and bytes that hold the publisher back."""

_FOR_EVER_MS = 2**31 - 1


@dataclass(eq=False)
class Pending:
    """A message that Kafka has not acknowledged."""

    key: str
    value: bytes
    headers: Headers
    part: int | None
    timestamp_ms: int
    since: float = field(default_factory=time.monotonic)
    done: bool = False


OnReject = Callable[[str, Pending, str, str], None]
"""Called with (topic, message, reason, error) for a message that Kafka will never take."""


class SureLane(Lane):
    """See the module. `on_reject` and `on_drop` are set by the bus before `start`."""

    settled: ClassVar[dict[str, Any]] = {
        "acks": "all",
        "enable_idempotence": True,
        "delivery_timeout_ms": _FOR_EVER_MS,
        "linger_ms": 2,
        "batch_size": 64 * 1024,
    }

    def __init__(self, *arguments: Any, on_reject: OnReject, on_drop: Callable[[str, str, str], None]) -> None:
        super().__init__(*arguments)
        self._on_reject = on_reject
        self._on_drop = on_drop
        self._window: deque[Pending] = deque()
        self._bytes = 0
        self._gone = 0

    def put(self, key: str, value: bytes, headers: Headers, *, part: int | None = None) -> None:
        pending = Pending(key, value, headers, part, time.time_ns() // 1_000_000)
        begun = time.monotonic()
        with self._changed:
            while self._is_full() and not self._closed:
                self._changed.wait()
            if self._closed:
                late = True
            else:
                late = False
                self._window.append(pending)
                self._bytes += len(value)
                if self._producer is not None and self._broken is None:
                    self._send(self._producer, pending)
        if (held := time.monotonic() - begun) > 0.001:
            self._metrics.bus.held_back.labels(topic=self._topic).inc(held)
        if late:
            self._on_drop(self._topic, key, "shutdown")

    def end(self) -> None:
        parts = 0
        while not parts and not self._closed:
            parts = self._link.wait_topic(self.plan, 0.5)
        for part in range(parts):
            self.put("", b"", end_headers(), part=part)
        while not self._closed and not self.flush(1.0):
            pass

    def waiting(self) -> int:
        return len(self._window)

    def mark(self) -> int:
        """A number for everything published so far; see `reached`."""
        with self._changed:
            return self._gone + len(self._window)

    def reached(self, mark: int) -> bool:
        """Whether everything published before `mark` is with Kafka, or among the dead letters."""
        with self._changed:
            return self._gone >= mark

    def _is_full(self) -> bool:
        return len(self._window) >= _WINDOW or self._bytes >= _WINDOW_BYTES

    def _oldest(self) -> float | None:
        return self._window[0].since if self._window else None

    def _send(self, producer: KafkaProducer, pending: Pending) -> None:
        try:
            future = producer.send(
                self.plan.name,
                value=pending.value,
                key=pending.key.encode(),
                headers=pending.headers,
                partition=pending.part,
                timestamp_ms=pending.timestamp_ms,
            )
        except Exception as error:
            self._failed(producer, pending, error)
            return
        future.add_callback(lambda _: self._acknowledged(pending))
        future.add_errback(lambda error: self._failed(producer, pending, error))

    def _acknowledged(self, pending: Pending) -> None:
        with self._changed:
            self._done(pending)
        self._count_published()

    def _done(self, pending: Pending) -> None:
        if pending.done:
            return
        pending.done = True
        while self._window and self._window[0].done:
            self._bytes -= len(self._window.popleft().value)
            self._gone += 1
        self._changed.notify_all()

    def _failed(self, producer: KafkaProducer, pending: Pending, error: BaseException) -> None:
        if isinstance(error, TOO_LARGE + REFUSED):
            reason = "too_large" if isinstance(error, TOO_LARGE) else "refused"
            with self._changed:
                known = pending.done
                self._done(pending)
            if not known:
                self._on_reject(self._topic, pending, reason, type(error).__name__)
            return
        with self._changed:
            if producer is self._producer and self._broken is None:
                self._broken = error
                self._changed.notify_all()

    def _resume(self, producer: KafkaProducer) -> None:
        now = time.monotonic()
        for pending in [pending for pending in self._window if not pending.done]:
            if pending.since < now - 1.0:
                self._metrics.bus.resent.labels(topic=self._topic).inc()
            pending.since = now
            self._send(producer, pending)

    def _give_up(self) -> None:
        left = [pending.key for pending in self._window if not pending.done and pending.value]
        self._window.clear()
        self._bytes = 0
        for key in left:
            self._on_drop(self._topic, key, "shutdown")
