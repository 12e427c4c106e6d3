"""`KafkaBus`: the promises of `core.bus.api` between processes and machines.

- key = camera id, so a camera's messages are in one part and in order.
- `DROP_OLDEST` topics (frames, camera health): acks=1, bounded, never block; each loss is counted with its reason.
- `BLOCK` topics (skeletons): acks=all, idempotent; the publisher is held back while Kafka is away, nothing is dropped.
- A message that cannot be read or written goes to the dead-letter topic and is counted. Frames go there without pixels.
- The constructor needs no broker: connecting goes on for ever in the background, and `status` tells how it stands.
- `end` is for finite runs with one publisher. A member that holds no part never sees an end.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from kafka.partitioner.default import murmur2

from spotter.core.bus.api import FRAMES, HEALTH, Handover, OnDrop, Overflow, Subscription, Topic
from spotter.core.bus.kafka.fetcher import Fetcher
from spotter.core.bus.kafka.headers import Source, dead_letter_headers, headers_of
from spotter.core.bus.kafka.holdings import Holdings
from spotter.core.bus.kafka.lane import Lane
from spotter.core.bus.kafka.link import Link
from spotter.core.bus.kafka.lossy import LossyLane
from spotter.core.bus.kafka.options import client_options
from spotter.core.bus.kafka.subscription import KafkaSubscription
from spotter.core.bus.kafka.sure import Pending, SureLane
from spotter.core.bus.kafka.topics import DEAD_LETTERS, dead_letter_plan, kafka_name, plan_for
from spotter.core.errors import BusError, WireError
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.wire import encode_frame

T = TypeVar("T")

_CLOSE_S = 5.0


class KafkaBus:
    """The bus over Kafka; see the module.

    Args:
        on_drop: told of each message that is let go, as (topic, key, reason): "queue_full", "behind", "too_large",
            "refused", "undeliverable", "shutdown". By default it moves `metrics`.
        client_id: what brokers call this process in their logs and quotas.

    Raises:
        BusError: a package is missing, or a certificate file cannot be used.
    """

    def __init__(
        self, settings: KafkaSettings, metrics: Metrics, on_drop: OnDrop | None = None, client_id: str = "spotter"
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._on_drop = on_drop or metrics.count_drop
        self._options = client_options(settings, client_id)
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._subscriptions: list[tuple[str, KafkaSubscription[Any]]] = []
        self._members: Counter[str] = Counter()
        self._dead: SureLane | None = None
        self._closed = False
        self._log = get_logger("spotter.bus")
        self._link = Link(settings, metrics, client_id)
        self._link.start()

    def status(self) -> str:
        """For /readyz: "ok", or one line that says what is wrong."""
        return "closed" if self._closed else self._link.status()

    @property
    def error(self) -> BusError | None:
        """What is wrong, with its mend; None while nothing is known to be."""
        return self._link.error

    def publish(self, topic: Topic[T], message: T) -> None:
        key = topic.key(message)
        if self._closed:
            self._on_drop(topic.name, key, "shutdown")
            return
        try:
            value = self._encode(topic, message)
        except WireError as error:
            self._metrics.messages_rejected.labels(topic=topic.name, reason="unencodable").inc()
            self._log.error("message_not_published", topic=topic.name, key=key, error=str(error))
            return
        self._lane(topic).put(key, value, headers_of(message))

    def subscribe(self, topic: Topic[T], group: str, handover: Handover | None = None) -> Subscription[T]:
        plan = plan_for(self._settings, topic)
        drop_oldest = topic.overflow is Overflow.DROP_OLDEST
        holdings = Holdings(topic.capacity, drop_oldest=drop_oldest)
        fetcher = Fetcher(
            topic,
            group,
            plan,
            holdings,
            self._settings,
            self._options,
            self._link,
            self._metrics,
            self._on_drop,
            member=self._member_name(topic, group),
            # The health of a camera is news until the next one, however old; a frame is not.
            perishable=drop_oldest and topic.name != HEALTH.name,
            tells=handover is not None,
        )
        subscription: KafkaSubscription[T] = KafkaSubscription(
            topic,
            group,
            fetcher,
            holdings,
            self._metrics,
            handover,
            part_of=partial(self._part_of, topic),
            on_unreadable=self._bury,
            flush_dead_letters=self._flush_dead_letters,
            published=self._published,
        )
        with self._lock:
            closed = self._closed
            self._subscriptions.append((topic.name, subscription))
        if closed:
            holdings.close()
        else:
            fetcher.start()
        return subscription

    def reject(self, topic: Topic[T], message: T, reason: str, error: str) -> None:
        self._count_dead_letter(topic.name, reason)
        if self._closed:
            return
        try:
            value = b"" if topic.name == FRAMES.name else self._encode(topic, message)
        except WireError:
            value = b""
        source = Source(kafka_name(self._settings, topic.name), -1, -1, time.time_ns() // 1_000_000)
        self._dead_lane().put(
            topic.key(message), value, dead_letter_headers(headers_of(message), source, reason, error)
        )

    def end(self, topic: Topic[T]) -> None:
        """A record in each part says that no more comes; returns when Kafka has them, or at `close`."""
        if not self._closed:
            self._lane(topic).end()

    def depth(self, topic: Topic[Any]) -> int:
        """Messages of a topic that were fetched and not yet taken, over all groups of this process."""
        with self._lock:
            subscriptions = [one for name, one in self._subscriptions if name == topic.name]
        return sum(subscription.waiting() for subscription in subscriptions)

    def close(self) -> None:
        """Release everything. Subscriptions that are still open leave their groups without a last word to their
        `Handover`; close them first, on their own threads, to save state."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            subscriptions, lanes = [one for _, one in self._subscriptions], list(self._lanes.values())
        for subscription in subscriptions:
            subscription.stop()
        for subscription in subscriptions:
            subscription.abandon()
        for lane in [*lanes, *([self._dead] if self._dead is not None else [])]:
            lane.close(_CLOSE_S)
        self._link.close(_CLOSE_S)

    def _encode(self, topic: Topic[T], message: T) -> bytes:
        if topic.name == FRAMES.name:
            return encode_frame(message, self._settings.picture_max_side)  # type: ignore[arg-type]
        return topic.codec.encode(message)

    def _lane(self, topic: Topic[Any]) -> Lane:
        lane = self._lanes.get(topic.name)
        if lane is not None:
            return lane
        with self._lock:
            if topic.name not in self._lanes:
                self._lanes[topic.name] = self._new_lane(topic)
            return self._lanes[topic.name]

    def _new_lane(self, topic: Topic[Any]) -> Lane:
        shared = (
            topic.name,
            plan_for(self._settings, topic),
            self._settings,
            self._options,
            self._link,
            self._metrics,
        )
        lane: Lane
        if topic.overflow is Overflow.DROP_OLDEST:
            lane = LossyLane(*shared, capacity=topic.capacity, on_drop=self._on_drop)
        else:
            lane = SureLane(*shared, on_reject=self._reject, on_drop=self._on_drop)
        lane.start()
        return lane

    def _dead_lane(self) -> SureLane:
        with self._lock:
            if self._dead is None:
                self._dead = SureLane(
                    DEAD_LETTERS,
                    dead_letter_plan(self._settings),
                    self._settings,
                    self._options,
                    self._link,
                    self._metrics,
                    on_reject=self._lose_dead_letter,
                    on_drop=lambda topic, key, reason: None,
                )
                self._dead.start()
            return self._dead

    def _published(self) -> Callable[[], bool]:
        """Tells whether what was published without loss until now is with Kafka, dead letters included: only then may
        be committed what it was made of, or a crash would lose it."""
        with self._lock:
            lanes = [lane for lane in (*self._lanes.values(), self._dead) if isinstance(lane, SureLane)]
        marks = [(lane, lane.mark()) for lane in lanes]
        return lambda: all(lane.reached(mark) for lane, mark in marks)

    def _flush_dead_letters(self) -> None:
        if self._dead is not None and not self._dead.flush(self._settings.request_timeout_s):
            self._log.warning("dead_letters_wait", count=self._dead.waiting())

    def _bury(self, topic: Topic[Any], record: Any, reason: str, error: str) -> None:
        """A record that cannot be read goes to the dead letters; pixels do not."""
        self._count_dead_letter(topic.name, reason)
        source = Source(record.topic, record.partition, record.offset, record.timestamp)
        self._log.error(
            "message_unreadable", topic=topic.name, part=record.partition, offset=record.offset, error=error
        )  # fmt: skip
        key = record.key.decode("utf-8", "replace") if record.key else ""
        value = b"" if topic.name == FRAMES.name else record.value or b""
        self._dead_lane().put(key, value, dead_letter_headers(record.headers, source, reason, error))

    def _reject(self, topic: str, pending: Pending, reason: str, error: str) -> None:
        """A message that Kafka will never take goes to the dead letters, which may be larger."""
        self._count_dead_letter(topic, reason)
        self._log.error("message_refused", topic=topic, key=pending.key, bytes=len(pending.value), error=error)
        source = Source(kafka_name(self._settings, topic), -1, -1, pending.timestamp_ms)
        line = f"Kafka refuses this message of {len(pending.value)} bytes: {error}"
        self._dead_lane().put(pending.key, pending.value, dead_letter_headers(pending.headers, source, reason, line))

    def _count_dead_letter(self, topic: str, reason: str) -> None:
        self._metrics.messages_rejected.labels(topic=topic, reason=reason).inc()
        self._metrics.bus.dead_letters.labels(topic=topic, reason=reason).inc()

    def _lose_dead_letter(self, topic: str, pending: Pending, reason: str, error: str) -> None:
        """Too large even for the dead letters: its headers go there alone."""
        self._log.error("dead_letter_refused", key=pending.key, bytes=len(pending.value), error=error)
        if pending.value:
            self._dead_lane().put(pending.key, b"", pending.headers)

    def _part_of(self, topic: Topic[Any], key: str) -> int:
        """As the publisher's client does it: murmur2 of the key, without its sign, modulo the number of parts."""
        plan = plan_for(self._settings, topic)
        count = self._link.wait_topic(plan, self._settings.request_timeout_s)
        if not count:
            raise BusError(f"the parts of topic '{plan.name}' are not known: {self.status()}")
        return int(murmur2(key.encode()) & 0x7FFFFFFF) % count

    def _member_name(self, topic: Topic[Any], group: str) -> str:
        """A static member's name, its own for each subscription of this process; empty without static membership."""
        if not self._settings.member:
            return ""
        with self._lock:
            number = self._members[f"{group}.{topic.name}"]
            self._members[f"{group}.{topic.name}"] += 1
        return f"{self._settings.member}-{number}" if number else self._settings.member
