"""The thread that fetches for one subscription: joins the group, keeps the queues filled, commits, and starts anew for
ever when Kafka has gone.

It goes on asking Kafka while the consumer works, so that long work never looks like death. A consumer that takes
nothing for `max_processing_s` is stuck, and loses its parts loudly.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition, errors

from spotter.core.bus.api import Overflow, Topic
from spotter.core.bus.kafka import headers
from spotter.core.bus.kafka.assignor import HonestStickyAssignor
from spotter.core.bus.kafka.faults import explain
from spotter.core.bus.kafka.holdings import Change, Holdings, Move
from spotter.core.bus.kafka.link import Link
from spotter.core.bus.kafka.listener import Rebalance
from spotter.core.bus.kafka.meter import GroupMeter
from spotter.core.bus.kafka.sockets import close_left
from spotter.core.bus.kafka.starts import Starts, offsets
from spotter.core.bus.kafka.topics import TopicPlan, kafka_name
from spotter.core.clock import now
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, get_logger

_POLL_MS = 100
_POLL_PAUSED_MS = 5
"""Wait for messages; short while parts are paused, so that they go on soon after the consumer has caught up."""

_POLL_MARGIN_S = 30.0
_METER_S = 1.0
_SOUND_S = 3.0
"""A subscription that has worked for so long after connecting is no longer in trouble."""

_CLOSE_MS = 2000
_BACK_OFF_S = 0.2
_FETCH_BYTES = 8 * 1024 * 1024
_MS = 1_000_000


class Fetcher:
    """See the module.

    Args:
        options: of the connection, see `client_options`.
        member: name for static membership, or empty.
        perishable: messages older than `max_behind_s` are passed over when newer ones wait behind them.
        tells: the consumer has a `Handover`.
        on_drop: told of each fetched message that is let go.
    """

    def __init__(
        self,
        topic: Topic[Any],
        group: str,
        plan: TopicPlan,
        holdings: Holdings,
        settings: KafkaSettings,
        options: dict[str, Any],
        link: Link,
        metrics: Metrics,
        on_drop: Any,
        *,
        member: str,
        perishable: bool,
        tells: bool,
    ) -> None:
        self.topic, self.group, self.plan = topic, group, plan
        self._holdings = holdings
        self._settings = settings
        self._options = options
        self._link = link
        self._bus_metrics = metrics.bus
        self._labels = {"topic": topic.name, "group": group}
        self._on_drop = on_drop
        self._member = member
        self._tells = tells
        self._drop_oldest = topic.overflow is Overflow.DROP_OLDEST
        self._starts = Starts(
            plan.name,
            behind_ms=round(settings.max_behind_s * 1000) if perishable else None,
            since_ms=now() // _MS if perishable else None,
        )
        self._meter = GroupMeter(metrics, self._labels, plan, link, holdings)
        self._consumer: Any = None
        self._rebalance: Rebalance | None = None
        self._asked: list[Change] = []
        self._stop = threading.Event()
        self._committing = False
        self._told_stuck = False
        self._sound_at = 0.0
        self._commit_due = 0.0
        self._log = get_logger("spotter.bus")
        name = f"spotter-take-{topic.name}-{group}"
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def group_id(self) -> str:
        """The name of the group in Kafka."""
        return f"{kafka_name(self._settings, self.group)}.{self.topic.name}"

    def start(self) -> None:
        self._link.want(self.plan)
        self.thread.start()

    def stop(self) -> None:
        """End the thread soon; it commits what may be committed, and leaves the group."""
        self._stop.set()

    def commit_now(self, parts: frozenset[int] | None = None) -> None:
        """Commit what may be committed, and wait for it; a failure is counted, and the messages may come again."""
        wanted = self._holdings.to_commit(parts)
        consumer = self._consumer
        if not wanted or consumer is None:
            return
        if self._stop.is_set() and not self._link.up_for():
            return
        limit_ms = _CLOSE_MS if self._stop.is_set() else round(self._settings.request_timeout_s * 1000)
        try:
            consumer.commit(offsets(self.plan.name, wanted, self._holdings.stamps()), timeout_ms=limit_ms)
        except Exception as error:
            self._commit_failed(error)
        else:
            self._holdings.committed(wanted)

    def alive_in_group(self) -> bool:
        """Whether the group still counts this member among its own."""
        consumer = self._consumer
        return consumer is not None and consumer.group_metadata().generation_id >= 0

    def _run(self) -> None:
        pause = _BACK_OFF_S
        while not self._stop.is_set():
            try:
                if self._link.wait_topic(self.plan, 0.5):
                    self._connect()
                    while self._consumer is not None and not self._stop.is_set():
                        self._step()
                        pause = _BACK_OFF_S
            except Exception as error:
                # Whatever the client library raises: a subscription never gives up.
                self._link.report(self.group_id, explain(error, self._settings, topic=self.plan.name))
                self._disconnect()
                self._stop.wait(pause)
                pause = min(2 * pause, self._settings.reconnect_max_s)
        self.commit_now()
        self._disconnect()
        self._link.clear(self.group_id)
        self._meter.nothing()

    def _connect(self) -> None:
        settings = self._settings
        max_bytes = max(self.plan.max_message_bytes, 1024 * 1024)
        self._consumer = KafkaConsumer(
            **self._options,
            group_id=self.group_id,
            group_instance_id=self._member or None,
            bootstrap_timeout_ms=round(settings.request_timeout_s * 1000),
            partition_assignment_strategy=(HonestStickyAssignor(self._owned),),
            enable_auto_commit=False,
            # What Kafka has deleted meanwhile is passed over and counted as "retention".
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            session_timeout_ms=round(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=round(settings.heartbeat_s * 1000),
            # Whether the consumer is stuck is judged here, so that it is told; the library must not be faster.
            max_poll_interval_ms=round((settings.max_processing_s + _POLL_MARGIN_S) * 1000),
            fetch_max_bytes=max(_FETCH_BYTES, max_bytes),
            max_partition_fetch_bytes=max_bytes,
            metrics_enabled=False,
        )
        self._rebalance = Rebalance(
            self._consumer,
            self._holdings,
            tells=self._tells,
            patience=lambda: self._settings.max_processing_s - self._holdings.idle_for(),
            stuck=self._report_stuck,
            release=self.commit_now,
            moved=self._meter.moved,
        )
        self._sound_at = time.monotonic() + _SOUND_S
        self._consumer.subscribe([self.plan.name], listener=self._rebalance)

    def _owned(self) -> set[Any]:
        return set() if self._consumer is None else set(self._consumer.assignment())

    def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._asked = []
        self._committing = False
        if self._rebalance is not None:
            self._rebalance.closing = True
        parts = frozenset(self._holdings.held())
        if parts and not self._stop.is_set():
            self._holdings.drop(parts)
            self._meter.moved(Move.LOST, len(parts))
            if self._tells:
                self._holdings.tell(Change(Move.LOST, parts))
        if consumer is not None:
            try:
                # Nobody to say goodbye to while Kafka is away.
                consumer.close(autocommit=False, timeout_ms=_CLOSE_MS if self._link.up_for() else 0)
            except Exception as error:
                self._log.debug("consumer_close_failed", error=type(error).__name__)
            close_left(consumer._net)

    def _step(self) -> None:
        consumer, holdings = self._consumer, self._holdings
        if self._is_stuck():
            self._wait_for_consumer()
            return
        if self._told_stuck and holdings.idle_for() < _METER_S:
            self._told_stuck = False
        paused = consumer.paused()
        _unpark(consumer)
        batches = consumer.poll(timeout_ms=_POLL_PAUSED_MS if paused else _POLL_MS)
        for partition, records in batches.items():
            self._keep(partition, records)
        if consumer.group_metadata().generation_id >= 0:
            holdings.joined()
            # A refusal comes only after joining, with the first fetch.
            if time.monotonic() > self._sound_at:
                self._link.clear(self.group_id)
        self._settle()
        self._press(paused)
        self._commit_soon()
        self._meter.measure(consumer)

    def _is_stuck(self) -> bool:
        return self._holdings.idle_for() > self._settings.max_processing_s and bool(self._holdings.held())

    def _wait_for_consumer(self) -> None:
        """A consumer that is stuck must not hold its parts for ever: leave the group until it comes back."""
        self._report_stuck()
        self._disconnect()
        while self._holdings.idle_for() > _METER_S and not self._stop.wait(0.1):
            pass

    def _report_stuck(self) -> None:
        if self._told_stuck:
            return
        self._told_stuck = True
        seconds = round(self._holdings.idle_for())
        self._bus_metrics.stalls.labels(**self._labels).inc()
        stuck = BusError(
            f"the consumer of topic '{self.plan.name}' has taken nothing for {seconds} s and gave its parts up",
            mend="Find out what it waits for, or raise bus.kafka.max_processing_s if such work is normal",
        )
        self._link.report(self.group_id, stuck)

    def _keep(self, partition: Any, records: list[Any]) -> None:
        part = partition.partition
        expected = self._holdings.expected(part)
        if expected is None:
            return
        first = records[0].offset
        if first > expected:
            self._meter.skipped(first - expected, "retention")
        elif first < expected:
            # A broker that came back without its data counts from the start again.
            self._holdings.begin(part, first, None)
        if self._starts.is_behind(self._consumer, partition, records[-1], now() // _MS):
            self._jump(partition, records)
            return
        for record in records:
            if headers.ends(record.headers):
                self._holdings.put_end(part, record.offset)
                continue
            key = record.key.decode("utf-8", "replace") if record.key else ""
            pushed = self._holdings.put(part, key, record.offset, record)
            if pushed is not None:
                self._on_drop(self.topic.name, key, "queue_full")

    def _jump(self, partition: Any, records: list[Any]) -> None:
        """Everything in hand is too old and newer messages wait behind it: go to them."""
        after = records[-1].offset + 1
        start = max(after, self._starts.newest(self._consumer, partition, now() // _MS))
        self._consumer.seek(partition, start)
        self._holdings.seek(partition.partition, start)
        for record in records:
            if record.key and not headers.ends(record.headers):
                self._on_drop(self.topic.name, record.key.decode("utf-8", "replace"), "behind")
        self._meter.skipped(start - records[0].offset, "behind")

    def _settle(self) -> None:
        """Find out where parts that have come begin; with a `Handover` the consumer is asked first."""
        rebalance, consumer = self._rebalance, self._consumer
        assert rebalance is not None
        if rebalance.fresh:
            parts = frozenset(rebalance.fresh)
            claims = self._starts.claims(consumer, sorted(parts))
            parts &= rebalance.fresh
            rebalance.fresh -= parts
            change = Change(Move.GAINED, parts, tuple(claim for claim in claims if claim.part in parts))
            rebalance.asked |= parts
            self._asked.append(change)
            if self._tells:
                self._holdings.tell(change)
            else:
                change.done.set()
        for change in [change for change in self._asked if change.done.is_set()]:
            self._begin(change)
            self._asked.remove(change)

    def _begin(self, change: Change) -> None:
        rebalance, consumer = self._rebalance, self._consumer
        assert rebalance is not None
        for claim in change.claims:
            if claim.part not in rebalance.asked:
                continue
            partition = TopicPartition(self.plan.name, claim.part)
            start, skipped = self._starts.offset(consumer, claim, change.answer.get(claim.part), now() // _MS)
            if claim.part not in rebalance.asked:
                continue
            rebalance.asked.discard(claim.part)
            if skipped:
                self._meter.skipped(skipped, "behind")
            self._holdings.begin(claim.part, start, claim.committed)
            consumer.seek(partition, start)
            consumer.resume(partition)

    def _press(self, paused: set[Any]) -> None:
        """Back-pressure: a part with a full queue is not fetched until the queue is down to a half."""
        if self._drop_oldest:
            return
        waiting = self._rebalance.asked | self._rebalance.fresh if self._rebalance is not None else set()
        held = {partition.partition for partition in paused} - waiting
        full = set(self._holdings.full())
        assigned = {partition.partition for partition in self._consumer.assignment()}
        for part in (full - held - waiting) & assigned:
            self._consumer.pause(TopicPartition(self.plan.name, part))
        for part in held & set(self._holdings.relaxed()) & assigned:
            self._consumer.resume(TopicPartition(self.plan.name, part))
        self._bus_metrics.paused.labels(**self._labels).set(len(full))

    def _commit_soon(self) -> None:
        moment = time.monotonic()
        if self._committing or moment < self._commit_due:
            return
        wanted = self._holdings.to_commit()
        if not wanted:
            return
        self._committing = True
        self._commit_due = moment + self._settings.commit_every_s

        def done(_: Any, result: Any) -> None:
            self._committing = False
            if isinstance(result, BaseException):
                self._commit_failed(result)
            else:
                self._holdings.committed(wanted)

        self._consumer.commit_async(offsets(self.plan.name, wanted, self._holdings.stamps()), callback=done)

    def _commit_failed(self, error: BaseException) -> None:
        self._bus_metrics.commit_failures.labels(**self._labels).inc()
        if isinstance(error, errors.AuthorizationError):
            self._link.report(self.group_id, explain(error, self._settings))
        # During a rebalance this is normal: it is tried again, or the part has gone and its messages come again.
        self._log.debug("commit_failed", **self._labels, error=type(error).__name__)


def _unpark(consumer: Any) -> None:
    """kafka-python 3.0 puts what it fetched of a paused part aside, and looks for it again only while it has no other
    records at hand. Records that are used up count as at hand, so a part that was paused could stay silent for ever."""
    fetcher = consumer._fetcher
    if not getattr(fetcher, "_next_partition_records", None):
        fetcher._next_partition_records = None
