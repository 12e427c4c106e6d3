"""One channel at work: claims its deliveries, sends them, and writes down what came of it.

A lane has threads of its own, so a slow or dead channel never holds another one up. All its threads share one circuit
breaker. Whatever happens to a delivery is in the database before the next one is claimed.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spotter.core.clock import from_seconds, now, to_seconds
from spotter.core.contracts import AlertKind, Severity
from spotter.core.errors import ChannelError, StoreError, WireError
from spotter.core.settings import NotifySettings
from spotter.core.settings.channels import DAYS, ChannelSettings
from spotter.core.store import alert_from_json, update_from_json
from spotter.core.store.deliveries import Deliveries, LimitBook
from spotter.core.store.delivery_queries import DeliveryBook
from spotter.core.store.delivery_records import Claim
from spotter.core.telemetry import Metrics, get_logger
from spotter.notify.channels import Channel, RepeatingChannel
from spotter.notify.message import Message, alert_message, summarise, summary_message
from spotter.notify.rules.admission import Admission, Limit, Quiet, Verdict
from spotter.notify.rules.backoff import pause_s
from spotter.notify.rules.breaker import Breaker, Circuit
from spotter.notify.rules.quiet import parse_window
from spotter.notify.rules.routing import Route

OnDelivered = Callable[[Mapping[str, Any], str, int, int], None]
"""Called with what the outbox held, the channel's name, and begin and end of the successful try (UTC ns)."""

_SUMMARY_EVERY_S = 1.0
_OTHERS_LOOK = 10
"""Pauses of the first thread after which the others look by themselves: it may be held up by a slow receiver."""

_PAUSE_AFTER_FAULT_S = 1.0
_BREAKER_VALUE = {Circuit.CLOSED: 0, Circuit.HALF_OPEN: 1, Circuit.OPEN: 2}


@dataclass(frozen=True)
class Rules:
    """What the settings say of one channel, ready for the rules."""

    route: Route
    admission: Admission

    @classmethod
    def of(cls, channel: ChannelSettings, notify: NotifySettings) -> Rules:
        """From the settings of the channel and of all channels."""
        route = Route(channel.sites, channel.cameras, channel.kinds, channel.severities, channel.updates)
        limits = {severity: Limit(rate.messages, rate.per_s) for severity, rate in notify.rates(channel).items()}
        quiet = [
            Quiet(parse_window(hours.between, [DAYS.index(day) for day in hours.days]), hours.severities)
            for hours in notify.quiet(channel)
        ]
        return cls(route, Admission(limits, quiet, notify.zone(channel)))


class Lane:
    """The threads of one channel. `wake` may be called from any thread.

    Args:
        channel: where to send; closed when the lane ends.
    """

    def __init__(
        self,
        settings: ChannelSettings,
        notify: NotifySettings,
        channel: Channel,
        deliveries: Deliveries,
        book: DeliveryBook,
        metrics: Metrics,
        on_delivered: OnDelivered | None = None,
    ) -> None:
        self.name = settings.name
        self.rules = Rules.of(settings, notify)
        self._settings = settings
        self._notify = notify
        self._channel = channel
        self._deliveries = deliveries
        self._book = book
        self._metrics = metrics
        self._on_delivered = on_delivered
        self._lease_ns = from_seconds(settings.timeout_s + notify.lease_s)
        self._horizon_ns = max(self._lease_ns, from_seconds(settings.retry.max_s)) + from_seconds(1)
        self._max_age_ns = from_seconds(notify.max_age_s)
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._lock = threading.Lock()
        self._breaker = Breaker(settings.breaker.failures, settings.breaker.open_s)
        self._last_error = ""
        self._wake = threading.Condition()
        self._store_failed = False
        self._drain_until = float("inf")
        self._threads: list[threading.Thread] = []
        self._log = get_logger("spotter.notify")
        self._show_breaker()

    def start(self, stop: threading.Event) -> None:
        """Begin to work; after `stop` is set it goes on until nothing is due, or the time of `drain` is over."""
        for number in range(self._settings.in_flight):
            thread = threading.Thread(
                target=self._work, args=(stop, number == 0), name=f"spotter-notify-{self.name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """There may be something to do."""
        with self._wake:
            self._wake.notify_all()

    def drain(self, seconds: float) -> None:
        """After a stop was set: claim nothing more once that time is over."""
        self._drain_until = time.monotonic() + seconds
        self.wake()

    def join(self, deadline: float) -> None:
        """Wait for the threads until `deadline` (monotonic); then let the channel go.

        A send that takes longer is left to its lease.
        """
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._channel.close()

    def status(self) -> str:
        """ "ok", or "degraded" with the state of the circuit and the last error."""
        with self._lock:
            state = self._breaker.state(time.monotonic())
            return "ok" if state is Circuit.CLOSED else f"degraded: circuit {state.value}; {self._last_error}"

    def _work(self, stop: threading.Event, first: bool) -> None:
        """One thread. The first one looks by itself, makes summaries and repeats open alerts; it wakes the others."""
        summaries_at = repeat_at = time.monotonic()
        repeating = self._channel if first and isinstance(self._channel, RepeatingChannel) else None
        pause = self._notify.poll_s * (1 if first else _OTHERS_LOOK)
        while not stop.is_set() or time.monotonic() < self._drain_until:
            busy = False
            try:
                if repeating is not None and time.monotonic() >= repeat_at and not stop.is_set():
                    repeat_at = time.monotonic() + repeating.repeat_every_s
                    self._repeat(repeating)
                busy = self._step(first)
                if first and not busy and time.monotonic() >= summaries_at:
                    summaries_at = time.monotonic() + _SUMMARY_EVERY_S
                    busy = self._make_summaries() > 0
            except StoreError as error:
                self._metrics.store_failures.inc()
                if not self._store_failed:
                    self._log.error("notify_store_failed", channel=self.name, error=str(error))
                self._store_failed = True
                stop.wait(_PAUSE_AFTER_FAULT_S)
            except Exception as fault:  # A thread that ends would end its channel; the text may hold anything.
                self._log.error("notify_fault", channel=self.name, fault=type(fault).__name__)
                stop.wait(_PAUSE_AFTER_FAULT_S)
            else:
                self._store_failed = False
            if busy:
                continue
            if stop.is_set():
                return
            with self._wake:
                self._wake.wait(pause)

    def _step(self, first: bool) -> bool:
        """Take one delivery to its next state; False when there was none, or the circuit is open."""
        with self._lock:
            allowed = self._breaker.acquire(time.monotonic())
        self._show_breaker()
        if not allowed:
            return False
        claim = None
        try:
            claim = self._deliveries.claim(self.name, now(), self._lease_ns, self._horizon_ns, self._admit)
        finally:
            if claim is None or claim.withheld or claim.expired:
                with self._lock:
                    self._breaker.release()
        if claim is None:
            return False
        if first:
            self.wake()
        if claim.withheld:
            self._count("withheld")
        elif claim.expired:
            self._count("dead")
            self._log.error("notification_dead", channel=self.name, delivery=claim.id, reason="not delivered in time")
        else:
            self._send(claim)
        return True

    def _send(self, claim: Claim) -> None:
        begun_at, begun = now(), time.monotonic()
        error: ChannelError | None = None
        try:
            self._channel.send(self._message(claim))
        except ChannelError as refusal:
            error = refusal
        except WireError as unreadable:
            error = ChannelError(str(unreadable), permanent=True)
        except Exception as fault:  # A fault of ours or of a library: this message waits, the channel goes on.
            self._log.error("notify_fault", channel=self.name, fault=type(fault).__name__)
            error = ChannelError(f"channel '{self.name}': internal fault ({type(fault).__name__})")
        self._metrics.notify.send_seconds.labels(channel=self.name).observe(time.monotonic() - begun)
        if error is None:
            self._succeeded(claim, begun_at)
        else:
            self._failed(claim, error)

    def _succeeded(self, claim: Claim, begun_at: int) -> None:
        at = now()
        with self._lock:
            self._breaker.success()
        self._show_breaker()
        self._deliveries.delivered(claim, at)
        self._count("delivered")
        self._metrics.notify.latency.labels(channel=self.name).observe(max(0.0, to_seconds(at - claim.created_at)))
        self._log.info("notified", channel=self.name, delivery=claim.id, tries=claim.attempts)
        if self._on_delivered is not None and claim.payload is not None:
            self._on_delivered(claim.payload, self.name, begun_at, at)

    def _failed(self, claim: Claim, error: ChannelError) -> None:
        with self._lock:
            if error.permanent:
                self._breaker.success()
            else:
                self._last_error = str(error)
                self._breaker.failure(time.monotonic(), error.retry_after_s)
        self._show_breaker()
        retry = self._settings.retry
        at = now()
        over = error.permanent or claim.attempts >= self._notify.max_attempts
        pause = pause_s(claim.attempts, retry.min_s, retry.max_s, self._rng)
        self._deliveries.failed(claim, str(error), at, None if over else at + from_seconds(pause))
        self._count("dead" if over else "retried")
        self._log.warning(
            "notification_dead" if over else "notification_failed",
            channel=self.name, delivery=claim.id, tries=claim.attempts, error=str(error),
            **({} if over else {"retry_in_s": round(pause, 1)}),
        )  # fmt: skip

    def _message(self, claim: Claim) -> Message:
        if claim.summary is not None:
            return summary_message(claim.id, Severity(claim.severity), claim.summary)
        payload = claim.payload or {}
        alert, update = alert_from_json(payload.get("alert", {})), update_from_json(payload.get("update", {}))
        return alert_message(payload, alert, update, self.rules.admission.zone)

    def _admit(self, payload: Mapping[str, Any], buckets: LimitBook) -> str:
        try:
            alert = payload["alert"]
            kind, severity = AlertKind(alert["kind"]), Severity(alert["severity"])
        except (KeyError, TypeError, ValueError):
            return Verdict.PASS.value  # What cannot be read is not held back: the send says what is wrong with it.
        return self.rules.admission.judge(kind, severity, now(), buckets).value

    def _make_summaries(self) -> int:
        def free(severity: str, buckets: LimitBook) -> bool:
            return self.rules.admission.judge(None, Severity(severity), now(), buckets) is Verdict.PASS

        made = self._deliveries.summarise(self.name, now(), self._max_age_ns, free, summarise)
        self._metrics.notify.deliveries.labels(channel=self.name, outcome="summaries").inc(made)
        return made

    def _repeat(self, channel: RepeatingChannel) -> None:
        with self._lock:
            if self._breaker.state(time.monotonic()) is not Circuit.CLOSED:
                return
        alerts = self._book.open_alerts(self.name, now() - from_seconds(channel.repeat_for_s))
        try:
            channel.repeat(alerts)
        except ChannelError as error:
            self._log.warning("notification_repeat_failed", channel=self.name, error=str(error))

    def _count(self, outcome: str) -> None:
        self._metrics.notify.deliveries.labels(channel=self.name, outcome=outcome).inc()

    def _show_breaker(self) -> None:
        with self._lock:
            state = self._breaker.state(time.monotonic())
        self._metrics.notify.breaker_state.labels(channel=self.name).set(_BREAKER_VALUE[state])
