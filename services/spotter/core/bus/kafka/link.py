"""The state of the connection: whether Kafka answers, why not, and whether the topics in use are there.

One thread asks the brokers every few seconds and makes what topics are missing. It never gives up; a client that could
not get in is told why in `status`, for /readyz and for people.
"""

from __future__ import annotations

import threading
import time

from kafka import KafkaAdminClient

from spotter.core.bus.kafka.faults import diagnose, explain
from spotter.core.bus.kafka.options import client_options
from spotter.core.bus.kafka.sockets import close_left
from spotter.core.bus.kafka.topics import TopicPlan, create, inspect
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, get_logger

OK = "ok"

_BEAT_S = 2.0
"""Pause between two questions to a broker that answers."""

_ANSWER_S = 5.0
"""A broker that takes longer counts as not answering."""

_PROBE_S = 2.0
_FIRST_RETRY_S = 0.2


class Link:
    """Watches the connection; `start` it once.

    Args:
        settings: checked here, so that a missing package or certificate file is told at once.

    Raises:
        BusError: the settings cannot work on this machine (see `client_options`).
    """

    def __init__(self, settings: KafkaSettings, metrics: Metrics, client_id: str) -> None:
        self._settings = settings
        self._metrics = metrics.bus
        options = client_options(settings, f"{client_id}-link")
        answer_ms = min(options["request_timeout_ms"], round(_ANSWER_S * 1000))
        self._options = {**options, "request_timeout_ms": answer_ms, "bootstrap_timeout_ms": answer_ms}
        self._changed = threading.Condition()
        self._plans: dict[str, TopicPlan] = {}
        self._partitions: dict[str, int] = {}
        self._troubles: dict[str, BusError] = {}
        self._down: BusError | None = None
        self._up_since: float | None = None
        self._down_since = time.monotonic()
        self._closed = False
        self._fresh = False
        self._admin: KafkaAdminClient | None = None
        self._thread = threading.Thread(target=self._run, name="spotter-kafka-link", daemon=True)
        self._log = get_logger("spotter.bus")

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Stop watching; whoever waits for a topic returns."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)

    def status(self) -> str:
        """ "ok", or one line that says what is wrong and since when."""
        with self._changed:
            if self._up_since is None:
                seconds = round(time.monotonic() - self._down_since)
                if self._down is None:
                    return f"connecting to Kafka at {', '.join(self._settings.servers)} since {seconds} s"
                return f"{self._down.message}, since {seconds} s"
            for trouble in self._troubles.values():
                return trouble.message
            return OK

    @property
    def error(self) -> BusError | None:
        """What is wrong, with its mend; None while nothing is known to be."""
        with self._changed:
            return self._down or next(iter(self._troubles.values()), None)

    def up_for(self) -> float:
        """Seconds since Kafka answers without a break; 0 while it does not."""
        with self._changed:
            return 0.0 if self._up_since is None else time.monotonic() - self._up_since

    def want(self, plan: TopicPlan) -> None:
        """Have the topic made or compared as soon as Kafka answers."""
        with self._changed:
            if plan.name not in self._plans:
                self._plans[plan.name] = plan
                self._fresh = True
                self._changed.notify_all()

    def wait_topic(self, plan: TopicPlan, timeout: float) -> int:
        """Partitions of the topic once it can be used; 0 after `timeout` seconds without, or when closed."""
        self.want(plan)
        deadline = time.monotonic() + timeout
        with self._changed:
            while plan.name not in self._partitions and not self._closed:
                if (remaining := deadline - time.monotonic()) <= 0:
                    break
                self._changed.wait(remaining)
            return self._partitions.get(plan.name, 0)

    def report(self, source: str, error: BusError) -> None:
        """A client of `source` (a topic or group) is in trouble; told in `status` until `clear`."""
        with self._changed:
            known = self._troubles.get(source)
            self._troubles[source] = error
        if known is None or known.message != error.message:
            self._log.error("bus_trouble", of=source, error=str(error))

    def clear(self, source: str) -> None:
        """The client of `source` works again."""
        with self._changed:
            self._troubles.pop(source, None)

    def _run(self) -> None:
        pause = _BEAT_S
        while not self._closed:
            self._fresh = False
            try:
                self._beat()
                pause = _BEAT_S
            except Exception as error:
                # Whatever the client library raises: this thread is the one that must not die.
                pause = _FIRST_RETRY_S if self._up_since is not None else min(2 * pause, self._settings.reconnect_max_s)
                self._set_down(self._reason(error))
            with self._changed:
                if not self._closed and not (self._fresh and self._up_since is not None):
                    self._changed.wait(pause)
        self._forget_admin()

    def _beat(self) -> None:
        if self._admin is None:
            # The client would try in silence until its time is up, and then say no more than that it is.
            if (reason := diagnose(self._settings, _PROBE_S)) is not None:
                raise reason
            self._admin = KafkaAdminClient(**self._options)
        with self._changed:
            known = list(self._partitions)
        # With no topic yet this asks for nothing but the brokers.
        found = self._admin.describe_topics(known)
        counts = {topic["name"]: len(topic["partitions"]) for topic in found if not topic["error_code"]}
        with self._changed:
            # A topic that is gone (a broker that keeps nothing came back) is made again.
            self._partitions = counts
        self._set_up()
        self._make_topics(self._admin)

    def _make_topics(self, admin: KafkaAdminClient) -> None:
        with self._changed:
            plans = [plan for name, plan in self._plans.items() if name not in self._partitions]
        for state in inspect(admin, plans) if plans else ():
            plan = state.plan
            if not state.missing:
                for difference in state.differences:
                    self._log.warning("topic_differs", topic=plan.name, found=difference)
                self._ready(plan, state.partitions)
            elif not self._settings.create_topics:
                self.report(
                    plan.name,
                    BusError(f"topic '{plan.name}' is not there", mend="`spotter bus topics --create` makes it"),
                )
            else:
                self._create(admin, plan)

    def _create(self, admin: KafkaAdminClient, plan: TopicPlan) -> None:
        try:
            made = create(admin, plan)
        except Exception as error:
            self.report(plan.name, explain(error, self._settings, topic=plan.name))
            return
        if made:
            self._log.info("topic_made", topic=plan.name, partitions=plan.partitions)
            self._ready(plan, plan.partitions)

    def _ready(self, plan: TopicPlan, partitions: int) -> None:
        with self._changed:
            self._partitions[plan.name] = partitions
            self._troubles.pop(plan.name, None)
            self._changed.notify_all()

    def _reason(self, error: Exception) -> BusError:
        self._forget_admin()
        if self._closed or isinstance(error, BusError):
            return explain(error, self._settings)
        try:
            return diagnose(self._settings, _PROBE_S) or explain(error, self._settings)
        except Exception:
            return explain(error, self._settings)

    def _forget_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            try:
                admin.close()
            except Exception as error:
                self._log.debug("admin_close_failed", error=type(error).__name__)
            close_left(admin._manager._net)

    def _set_up(self) -> None:
        with self._changed:
            was_down, self._down = self._up_since is None, None
            if was_down:
                self._up_since = time.monotonic()
                self._changed.notify_all()
        self._metrics.connected.set(1)
        if was_down:
            self._log.info("kafka_connected", servers=list(self._settings.servers))

    def _set_down(self, error: BusError) -> None:
        with self._changed:
            was_up, new = self._up_since is not None, self._down is None or self._down.message != error.message
            if was_up:
                self._down_since = time.monotonic()
            self._up_since, self._down = None, error
        self._metrics.connected.set(0)
        if was_up:
            self._metrics.disconnects.inc()
        if (was_up or new) and not self._closed:
            self._log.error("kafka_unreachable", error=str(error))
