"""What the tests of notifications share: settings, alerts in the store, a worker that runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alert_samples import make_alert, make_update

from spotter.core.contracts import Alert, AlertKind, Severity, UpdateKind
from spotter.core.settings import Settings, load_settings
from spotter.core.store import Store
from spotter.core.store.delivery_queries import DeliveryBook, DeliveryQuery
from spotter.core.store.delivery_records import DeliveryRecord
from spotter.core.telemetry import Metrics
from spotter.notify.worker import NotifyWorker

SECRET = "a-key-that-only-both-sides-know"

FAST = {"retry": {"min_s": 0.02, "max_s": 0.1}, "breaker": {"failures": 100, "open_s": 0.2}, "timeout_s": 10.0}
"""Channel settings that make tests short, and give a busy machine time."""

STEPS = (UpdateKind.RAISED, UpdateKind.STILL_DOWN, UpdateKind.STILL_DOWN, UpdateKind.RECOVERED)


def webhook(url: str, name: str = "hook", **more: Any) -> dict[str, Any]:
    """Settings of a webhook."""
    return {"type": "webhook", "name": name, "url": url, "secret": SECRET, **FAST, **more}


def notify_settings(*channels: dict[str, Any], database: str = "", **notify: Any) -> Settings:
    """Settings with these channels, looking often."""
    values: dict[str, Any] = {
        "notify": {"poll_s": 0.05, "lease_s": 0.5, "drain_s": 1.0, **notify, "channels": list(channels)}
    }
    if database:
        values["store"] = {"url": database}
    return load_settings(None, values)


def fall(number: int = 0, **changes: Any) -> Alert:
    """A possible fall, as urgent as it is."""
    return make_alert(number, severity=Severity.P1, **changes)


def person_down(number: int = 0, **changes: Any) -> Alert:
    """The less urgent kind."""
    return make_alert(number, kind=AlertKind.PERSON_DOWN, severity=Severity.P2, **changes)


def record(store: Store, alert: Alert, updates: int = 1) -> None:
    """Raise an alert and write its first `updates` updates."""
    for number in range(updates):
        assert store.record(alert, make_update(alert, number, STEPS[number], 10.0 * number))


def found(store: Store, **query: Any) -> list[DeliveryRecord]:
    """Deliveries, oldest first."""
    return DeliveryBook(store).find(DeliveryQuery(**query))[::-1]


def states(store: Store) -> list[str]:
    """The states of all deliveries, oldest first."""
    return [one.state.value for one in found(store)]


def wait_until(true: Callable[[], Any], timeout: float = 20.0, what: str = "") -> Any:
    """The first true answer; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := true()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.02)
    return answer


@contextmanager
def working(
    settings: Settings, store: Store, metrics: Metrics | None = None, **arguments: Any
) -> Iterator[NotifyWorker]:
    """A worker on a thread of its own, stopped at the end."""
    worker = NotifyWorker(settings, store, metrics or Metrics(), **arguments)
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            worker.run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert failures == []


def outcome(metrics: Metrics, channel: str, name: str) -> float:
    """How often an outcome was counted."""
    labels = {"channel": channel, "outcome": name}
    return metrics.registry.get_sample_value("spotter_notify_deliveries_total", labels) or 0.0
