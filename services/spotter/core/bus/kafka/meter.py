"""Figures of one member of a group: lag by part, parts held, what was passed over, hand-overs."""

from __future__ import annotations

import time
from typing import Any

from kafka import TopicPartition

from spotter.core.bus.kafka.holdings import Holdings, Move
from spotter.core.bus.kafka.link import Link
from spotter.core.bus.kafka.topics import TopicPlan
from spotter.core.telemetry import Metrics, get_logger

_METER_S = 1.0


class GroupMeter:
    """Moves the metrics of a group.

    Args:
        labels: "topic" and "group", as people know them.
    """

    def __init__(
        self, metrics: Metrics, labels: dict[str, str], plan: TopicPlan, link: Link, holdings: Holdings
    ) -> None:
        self._metrics = metrics.bus
        self._labels = labels
        self._plan = plan
        self._link = link
        self._holdings = holdings
        self._due = 0.0
        self._log = get_logger("spotter.bus")

    def skipped(self, count: int, reason: str) -> None:
        """Messages were passed over unread."""
        self._metrics.skipped.labels(**self._labels, reason=reason).inc(count)
        self._log.warning("messages_skipped", **self._labels, count=count, reason=reason)

    def moved(self, move: Move, count: int) -> None:
        """Parts came or went."""
        if count:
            self._metrics.rebalances.labels(**self._labels).inc()
            self._log.info("parts_moved", **self._labels, move=move.value, parts=count)
        if move is Move.LOST:
            self._metrics.lost.labels(**self._labels).inc(count)

    def measure(self, consumer: Any) -> None:
        """Lag and parts held, at most once a second."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _METER_S
        positions, assigned = self._holdings.positions(), consumer.assignment()
        for part in range(self._link.wait_topic(self._plan, 0.0)):
            partition = TopicPartition(self._plan.name, part)
            if part not in positions or partition not in assigned:
                self._forget(part)
                continue
            newest = consumer.highwater(partition)
            if newest is not None:
                behind = 0 if self._holdings.ended(part) else max(newest - positions[part], 0)
                self._metrics.lag.labels(**self._labels, partition=str(part)).set(behind)
        self._metrics.parts.labels(**self._labels).set(len(positions))

    def nothing(self) -> None:
        """The member has left."""
        self._metrics.parts.labels(**self._labels).set(0)
        for part in range(self._link.wait_topic(self._plan, 0.0)):
            self._forget(part)

    def _forget(self, part: int) -> None:
        """Drop the series: the lag of a part is told by the member that holds it, and by no other."""
        try:
            self._metrics.lag.remove(self._labels["topic"], self._labels["group"], str(part))
        except KeyError:
            return
