"""What the two ways of publishing share: a producer of their own per topic, made when Kafka can be reached and made
anew when it fails for good.

The client library keeps unsent messages without a bound and gives up on some errors for ever, so a lane counts what it
has handed over, holds the rest itself, and replaces a producer that is stuck.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from kafka import KafkaProducer, errors

from spotter.core.bus.kafka.faults import explain
from spotter.core.bus.kafka.headers import Headers
from spotter.core.bus.kafka.link import Link
from spotter.core.bus.kafka.sockets import close_left
from spotter.core.bus.kafka.topics import TopicPlan
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, get_logger

_LOOK_S = 0.5
"""Pause between two looks at whether the producer still gets on."""

_LET_GO_S = 1.0

_OVERHEAD_BYTES = 4096
"""Kafka's own part of a request, which counts against its largest size."""

TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)
REFUSED = (errors.InvalidRecordError, errors.InvalidTimestampError, errors.CorruptRecordError)
"""Errors of one message: sending it again is in vain."""


class Lane(ABC):
    """One topic on its way to Kafka. `start` it once; safe to use from many threads.

    Args:
        topic: the topic's name with us, for metrics.
        options: of the connection, see `client_options`.
    """

    settled: ClassVar[dict[str, Any]]
    """What kind of producer it uses; given by the subclass."""

    def __init__(
        self,
        topic: str,
        plan: TopicPlan,
        settings: KafkaSettings,
        options: dict[str, Any],
        link: Link,
        metrics: Metrics,
    ) -> None:
        self.plan = plan
        self._topic = topic
        self._settings = settings
        self._options = options
        self._link = link
        self._metrics = metrics
        self._changed = threading.Condition(threading.RLock())
        self._producer: KafkaProducer | None = None
        self._broken: BaseException | None = None
        self._closed = False
        self._refused = False
        self._thread = threading.Thread(target=self._run, name=f"spotter-publish-{topic}", daemon=True)
        self._log = get_logger("spotter.bus")
        metrics.bus.unacknowledged.labels(topic=topic).set_function(self.waiting)

    def start(self) -> None:
        self._link.want(self.plan)
        self._thread.start()

    @abstractmethod
    def put(self, key: str, value: bytes, headers: Headers, *, part: int | None = None) -> None:
        """Publish a message; `part` overrules the part that its key has."""

    @abstractmethod
    def waiting(self) -> int:
        """Messages that Kafka has not acknowledged."""

    @abstractmethod
    def end(self) -> None:
        """Publish a record that ends each part; returns when Kafka has them, or at `close`."""

    @abstractmethod
    def _resume(self, producer: KafkaProducer) -> None:
        """Hand what waits to a new producer; called with the lock."""

    @abstractmethod
    def _give_up(self) -> None:
        """Count what waits and will never be sent."""

    @abstractmethod
    def _oldest(self) -> float | None:
        """Monotonic time since which the oldest message waits for its acknowledgement."""

    def flush(self, timeout: float) -> bool:
        """Wait until Kafka has everything; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self.waiting() and not self._closed:
                if (remaining := deadline - time.monotonic()) <= 0:
                    return False
                self._changed.wait(remaining)
            return not self.waiting()

    def close(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for what is on its way; what is left is counted."""
        # Nothing to wait for while Kafka is away or the topic cannot be used.
        self.flush(0.0 if self._link.error is not None else timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout + 1)
        with self._changed:
            self._give_up()

    def _run(self) -> None:
        while not self._closed:
            if self._producer is None:
                self._make()
            with self._changed:
                if not self._closed and self._producer is not None and self._broken is None:
                    self._changed.wait(_LOOK_S)
                if self._stuck():
                    self._broken = self._broken or errors.KafkaTimeoutError("no acknowledgement")
                broken = self._broken
            if broken is not None:
                self._replace(broken)
        self._let_go()

    def _make(self) -> None:
        if not self._link.wait_topic(self.plan, _LOOK_S):
            return
        try:
            producer = KafkaProducer(
                **{**self._options, **self.settled},
                bootstrap_timeout_ms=round(self._settings.request_timeout_s * 1000),
                compression_type=self.plan.compression,
                max_request_size=self.plan.max_message_bytes + _OVERHEAD_BYTES,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            producer.partitions_for(self.plan.name)
        except Exception as error:
            self._link.report(self.plan.name, explain(error, self._settings, topic=self.plan.name))
            with self._changed:
                self._changed.wait(_LOOK_S)
            return
        if not self._refused:
            self._link.clear(self.plan.name)
        with self._changed:
            self._producer, self._broken = producer, None
            self._resume(producer)

    def _count_published(self) -> None:
        """Kafka has one more message, so it does not refuse them (any more)."""
        if self._refused:
            self._refused = False
            self._link.clear(self.plan.name)
        self._metrics.bus.published.labels(topic=self._topic).inc()

    def _stuck(self) -> bool:
        """Whether messages wait although Kafka has answered others for long enough."""
        patience = max(15.0, 1.5 * self._settings.request_timeout_s)
        oldest = self._oldest()
        return (
            self._producer is not None
            and oldest is not None
            and time.monotonic() - oldest > patience
            and self._link.up_for() > patience
        )

    def _replace(self, error: BaseException) -> None:
        reason = explain(error, self._settings, topic=self.plan.name)
        if isinstance(error, errors.AuthorizationError):
            self._refused = True
            self._link.report(self.plan.name, reason)
        self._log.warning("producer_replaced", topic=self._topic, error=str(reason))
        self._let_go()
        with self._changed:
            self._broken = None
            # A producer that fails at once must not become a busy loop.
            self._changed.wait(_LOOK_S)

    def _let_go(self) -> None:
        with self._changed:
            producer, self._producer = self._producer, None
        if producer is None:
            return
        # `close` alone waits for its messages, and leaves its thread running when they do not go.
        producer._sender.force_close()
        try:
            producer.close(timeout=_LET_GO_S)
        except Exception as error:
            self._log.debug("producer_close_failed", error=type(error).__name__)
        close_left(producer._sender._client._net)
