"""The notify service: messages of the outbox to channels.

Promises: every message of the outbox ends up as deliveries, one for each channel that wants it; each is sent at least
once or is visibly dead, withheld or expired. Updates of one alert reach a channel in order. Channels do not wait for
each other. Any number of these may work on one Postgres, all with the same settings.

A message that no channel wants becomes a delivery in state `no_channel`. While there is no channel at all, messages
wait for `notify.max_age_s` (a channel may come) and are then marked the same way, so that none piles up or vanishes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from spotter.core.clock import from_seconds, now, to_seconds
from spotter.core.errors import StoreError
from spotter.core.settings import Settings
from spotter.core.store import Store, alert_from_json, update_from_json
from spotter.core.store.deliveries import Deliveries
from spotter.core.store.delivery_queries import DeliveryBook
from spotter.core.store.delivery_records import NOBODY, ChannelBacklog, DeliveryState
from spotter.core.telemetry import Metrics, get_logger
from spotter.notify.channels import open_channel
from spotter.notify.lane import Lane, OnDelivered

_OUTCOMES = {DeliveryState.DEAD: "dead", DeliveryState.EXPIRED: "expired", DeliveryState.NO_CHANNEL: "no_channel"}
_GAUGES_EVERY_S = 5.0
_STORE_PAUSE_MAX_S = 5.0


class NotifyWorker:
    """Fans messages out and runs a lane for each channel.

    Args:
        settings: `notify` and, for Kafka, `bus.kafka`.
        store: open for writing; it stays the caller's.
        on_delivered: told of each alert update that reached a channel, on that channel's thread.

    Raises:
        ConfigError: a channel cannot be made from its settings.
    """

    def __init__(
        self, settings: Settings, store: Store, metrics: Metrics, on_delivered: OnDelivered | None = None
    ) -> None:
        self._notify = settings.notify
        self._metrics = metrics
        self._deliveries = Deliveries(store)
        self._book = DeliveryBook(store)
        self._max_age_ns = from_seconds(self._notify.max_age_s)
        slowest_s = max((channel.timeout_s for channel in self._notify.channels), default=0.0)
        self.stop_s = self._notify.drain_s + slowest_s + 1.0
        """Longest time that `run` needs to end, seconds; a database that hangs comes on top."""
        self._store_state = "ok"
        self._log = get_logger("spotter.notify")
        self._lanes = [
            Lane(
                channel,
                self._notify,
                open_channel(channel, settings),
                self._deliveries,
                self._book,
                metrics,
                on_delivered,
            )
            for channel in self._notify.channels
        ]

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; then what is due is still sent, for at most `notify.drain_s`."""
        lanes_stop = threading.Event()
        self._warn_of_silence()
        for lane in self._lanes:
            lane.start(lanes_stop)
        gauges_at = time.monotonic()
        pause = self._notify.poll_s
        while not stop.wait(pause):
            try:
                self._fan_out()
                if time.monotonic() >= gauges_at:
                    gauges_at = time.monotonic() + _GAUGES_EVERY_S
                    self._look_after()
            except StoreError as error:
                self._metrics.store_failures.inc()
                self._store_state = error.message
                self._log.error("notify_store_failed", error=str(error), retry_in_s=pause)
                pause = min(2 * pause, _STORE_PAUSE_MAX_S)
            else:
                self._store_state = "ok"
                pause = self._notify.poll_s
        self._finish(lanes_stop)

    def status(self) -> dict[str, str]:
        """By channel: "ok" or "degraded: ..." with the reason; "store" when the database fails."""
        states = {lane.name: lane.status() for lane in self._lanes}
        return states if self._store_state == "ok" else {**states, "store": self._store_state}

    def _finish(self, lanes_stop: threading.Event) -> None:
        deadline = time.monotonic() + self.stop_s
        try:
            self._fan_out()
        except StoreError as error:
            self._log.error("notify_store_failed", error=str(error))
        lanes_stop.set()
        for lane in self._lanes:
            lane.drain(self._notify.drain_s)
        for lane in self._lanes:
            lane.join(deadline)

    def _fan_out(self) -> None:
        """All that waits in the outbox, in transactions of a bounded size."""
        at = now()
        before = None if self._lanes else at - self._max_age_ns
        while True:
            done = self._deliveries.fan_out(self._route, at, self._max_age_ns, before=before)
            for (channel, state), count in done.made.items():
                if state is DeliveryState.PENDING:
                    continue
                self._metrics.notify.deliveries.labels(channel=channel, outcome=_OUTCOMES[state]).inc(count)
                self._log.warning("notification_not_sent", channel=channel, state=state.value, count=count)
            if not done.messages:
                return
            for lane in self._lanes:
                lane.wake()

    def _route(self, payload: Mapping[str, Any]) -> Sequence[str]:
        alert, update = alert_from_json(payload.get("alert", {})), update_from_json(payload.get("update", {}))
        return [lane.name for lane in self._lanes if lane.rules.route.takes(alert, update)]

    def _look_after(self) -> None:
        """Gauges, and the end of what nobody will ever claim."""
        at = now()
        orphans = self._book.give_up_orphans([lane.name for lane in self._lanes], at)
        backlog, oldest, metrics = self._book.backlog(), self._book.oldest_in_outbox(), self._metrics.notify
        for name in {lane.name for lane in self._lanes} | backlog.keys():
            waiting = backlog.get(name, ChannelBacklog())
            metrics.pending.labels(channel=name).set(waiting.pending)
            metrics.dead.labels(channel=name).set(waiting.dead)
            metrics.withheld.labels(channel=name).set(waiting.withheld)
            metrics.queue_age.labels(channel=name).set(_age_s(waiting.oldest, at))
        metrics.outbox_age.set(_age_s(oldest, at))
        if orphans:
            metrics.deliveries.labels(channel=NOBODY, outcome="dead").inc(orphans)
            self._log.error("notification_dead", reason="the channel is no longer in the settings", count=orphans)

    def _warn_of_silence(self) -> None:
        if self._lanes and not any(lane.rules.route.takes_every_fall for lane in self._lanes):
            self._log.warning("no_channel_takes_every_fall", channels=[lane.name for lane in self._lanes])


def _age_s(since: int | None, at: int) -> float:
    return max(0.0, to_seconds(at - since)) if since is not None else 0.0
