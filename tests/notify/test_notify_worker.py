"""The notify service with real receivers, on SQLite and Postgres: at least once, in order, each channel by itself."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from alert_samples import make_update
from notify_tools import (
    FAST,
    fall,
    found,
    notify_settings,
    outcome,
    person_down,
    record,
    states,
    wait_until,
    webhook,
    working,
)
from prometheus_client import generate_latest
from sqlalchemy import text
from webhook import HANG_UP, KEEP, Received, WebhookReceiver

from spotter.core.clock import now
from spotter.core.contracts import UpdateKind
from spotter.core.store import Store
from spotter.core.store.delivery_queries import DeliveryBook
from spotter.core.store.delivery_records import DeliveryState
from spotter.core.telemetry import Metrics, configure_logs

TOKEN = "T0K3N-Hunter2"


@pytest.fixture
def second() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def numbers(received: list[Received], alert_id: str) -> list[int]:
    """Update numbers of one alert in the order in which they came."""
    return [one.json["update"]["number"] for one in received if one.json["alert"]["id"] == alert_id]


def test_every_update_reaches_every_channel(store: Store, receiver: WebhookReceiver, second: WebhookReceiver) -> None:
    metrics, told, spans = Metrics(), list[tuple[str, str, int]](), list[tuple[int, int]]()
    begun = now()

    def on_delivered(payload: Mapping[str, Any], channel: str, begin: int, end: int) -> None:
        spans.append((begin, end))
        told.append((payload["alert"]["id"], channel, payload["update"]["number"]))

    alert = fall()
    record(store, alert, updates=2)
    settings = notify_settings(webhook(receiver.url()), webhook(second.url(), "other"))
    with working(settings, store, metrics, on_delivered=on_delivered) as worker:
        receiver.wait_for(2)
        record(store, fall(1, camera_id="gate"))
        receiver.wait_for(3)
        second.wait_for(3)
        wait_until(lambda: states(store) == ["delivered"] * 6, what="all are delivered")
        assert worker.status() == {"hook": "ok", "other": "ok"}
    for one in (receiver, second):
        assert numbers(one.received, str(alert.id)) == [0, 1]
        assert len({got.key for got in one.received}) == 3
    assert sorted(told) == sorted(
        (one.json["alert"]["id"], channel, one.json["update"]["number"])
        for channel, got in (("hook", receiver), ("other", second))
        for one in got.received
    )
    assert all(begin >= begun and end >= begun for begin, end in spans)
    assert outcome(metrics, "hook", "delivered") == 3
    latency = metrics.registry.get_sample_value("spotter_notify_latency_seconds_count", {"channel": "other"})
    assert latency == 3
    assert all(alert.ledger.notified is not None for alert in store.alerts())
    assert store.counts().outbox_pending == 0


def test_failures_are_tried_again_in_order(store: Store, receiver: WebhookReceiver) -> None:
    receiver.answers.extend([500, HANG_UP, 503, 404])
    alert, metrics = fall(), Metrics()
    record(store, alert, updates=4)
    with working(notify_settings(webhook(receiver.url())), store, metrics):
        wait_until(lambda: states(store) == ["delivered"] * 4, what="all are delivered")
    assert numbers(receiver.received, str(alert.id)) == [0, 0, 0, 0, 0, 1, 2, 3]
    assert found(store)[0].attempts == 5
    assert outcome(metrics, "hook", "retried") == 4
    assert len({one.body for one in receiver.received}) == 4, "a repeat is the same to the byte"


def test_a_dead_and_a_slow_channel_hold_nobody_up(
    sqlite_store: Store, receiver: WebhookReceiver, second: WebhookReceiver
) -> None:
    second.default = KEEP
    for number in range(6):
        record(sqlite_store, fall(number))
    settings = notify_settings(
        webhook(second.url(), "slow", timeout_s=60),
        webhook("http://127.0.0.1:1/", "dead"),
        webhook(receiver.url(), "good"),
    )
    with working(settings, sqlite_store):
        receiver.wait_for(6)
        good = [one for one in found(sqlite_store) if one.channel != "good"]
        assert {one.state.value for one in good} == {"pending"}
        assert len(second.received) <= 2, "no more than are allowed in flight"
        second.default = 200
        second.release()


def test_what_is_refused_for_good_is_dead_and_can_be_sent_again(store: Store, receiver: WebhookReceiver) -> None:
    receiver.answers.append(422)
    metrics = Metrics()
    record(store, fall(), updates=2)
    with working(notify_settings(webhook(receiver.url())), store, metrics):
        wait_until(lambda: states(store) == ["dead", "delivered"], what="one is dead, the next goes on")
        dead = found(store, state=DeliveryState.DEAD)[0]
        assert dead.error == "channel 'hook': 127.0.0.1 answered 422"
        assert outcome(metrics, "hook", "dead") == 1
        assert DeliveryBook(store).replay(now(), 3600 * 10**9, ids=[dead.id]) == [dead.id]
        wait_until(lambda: states(store) == ["delivered"] * 2, what="it is delivered")
    assert [one.json["update"]["number"] for one in receiver.received] == [0, 1, 0]


def test_tries_and_time_are_bounded(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    receiver.default = 500
    record(sqlite_store, fall())
    with working(notify_settings(webhook(receiver.url()), max_attempts=3), sqlite_store):
        wait_until(lambda: states(sqlite_store) == ["dead"], what="it is given up")
    assert len(receiver.received) == 3
    record(sqlite_store, fall(1))
    with working(notify_settings(webhook(receiver.url()), max_age_s=0.4), sqlite_store):
        wait_until(lambda: states(sqlite_store) == ["dead"] * 2, what="its time is over")
    assert found(sqlite_store)[1].error.startswith(
        "not delivered in time; last: channel 'hook': 127.0.0.1 answered 500"
    )


def test_the_circuit_opens_and_closes(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    receiver.default = 500
    metrics = Metrics()
    for number in range(10):
        record(sqlite_store, fall(number))
    slow = {"breaker": {"failures": 3, "open_s": 0.5}, "in_flight": 1}

    def state() -> float | None:
        return metrics.registry.get_sample_value("spotter_notify_breaker_state", {"channel": "hook"})

    with working(notify_settings(webhook(receiver.url(), **slow)), sqlite_store, metrics) as worker:
        told = "degraded: circuit open; channel 'hook': 127.0.0.1 answered 500"
        wait_until(lambda: worker.status()["hook"] == told, what="the circuit opens")
        wait_until(lambda: state() == 2, what="the gauge tells")
        third, fourth = receiver.wait_for(4)[2:4]
        assert fourth.at - third.at >= 0.5, "an open circuit lets nothing through"
        receiver.default = 200
        wait_until(lambda: states(sqlite_store) == ["delivered"] * 10, what="all are delivered")
        wait_until(lambda: state() == 0, what="the circuit closes")
        assert worker.status() == {"hook": "ok"}


def test_retry_after_is_honoured_for_the_whole_channel(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    receiver.answers.append((429, {"Retry-After": "1"}))
    for number in range(3):
        record(sqlite_store, fall(number))
    with working(notify_settings(webhook(receiver.url(), in_flight=1)), sqlite_store):
        received = receiver.wait_for(4)
    assert received[1].at - received[0].at >= 1.0


def test_limits_hold_back_the_less_urgent_and_tell_of_it_later(store: Store, receiver: WebhookReceiver) -> None:
    metrics = Metrics()
    for number in range(5):
        record(store, person_down(number))
        record(store, fall(number, camera_id="gate"), updates=2)
    limited = webhook(receiver.url(), rate={"P2": {"messages": 1, "per_s": 1}, "P1": {"messages": 1, "per_s": 3600}})
    with working(notify_settings(limited), store, metrics):
        wait_until(lambda: told_of_all(store) and "pending" not in states(store), what="all is told")
    received = [one.json for one in receiver.received]
    alerts = Counter(one["alert"]["kind"] for one in received if one["type"] == "alert")
    summaries = {one["key"]: one for one in received if one["type"] == "summary"}
    withheld = found(store, state=DeliveryState.WITHHELD)
    assert alerts["possible_fall"] == 10, "no fall was held back"
    assert alerts["person_down"] + len(withheld) == 5
    assert {one.error for one in withheld} == {"rate limit"}
    assert {f"summary:{one.summary_id}" for one in withheld} == summaries.keys()
    assert sum(one["summary"]["count"] for one in summaries.values()) == len(withheld) > 0
    assert all(one["title"].endswith("more in the last minute") for one in summaries.values())
    assert outcome(metrics, "hook", "withheld") == len(withheld)
    assert outcome(metrics, "hook", "summaries") == len(summaries)


def told_of_all(store: Store) -> bool:
    """Whether every delivery that was held back has its summary."""
    held = found(store, state=DeliveryState.WITHHELD)
    return bool(held) and all(one.summary_id is not None for one in held)


def test_quiet_hours_let_falls_through(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    record(sqlite_store, person_down(0))
    record(sqlite_store, fall(1), updates=3)
    always = [{"between": "00:00-00:00", "severities": ["P1", "P2"]}]
    with working(notify_settings(webhook(receiver.url()), quiet_hours=always), sqlite_store):
        receiver.wait_for(3)
        wait_until(lambda: sorted(states(sqlite_store)) == ["delivered"] * 3 + ["withheld"], what="one is held back")
        time.sleep(0.3)
    assert {one.json["alert"]["kind"] for one in receiver.received} == {"possible_fall"}
    assert found(sqlite_store, state=DeliveryState.WITHHELD)[0].error == "quiet hours"


def test_each_channel_gets_what_it_asks_for(
    sqlite_store: Store, receiver: WebhookReceiver, second: WebhookReceiver
) -> None:
    record(sqlite_store, fall(0), updates=4)
    record(sqlite_store, person_down(1, camera_id="gate"))
    record(sqlite_store, person_down(2, camera_id="lost", site="elsewhere"))
    settings = notify_settings(
        webhook(receiver.url(), kinds=["possible_fall"], updates=["raised", "recovered"]),
        webhook(second.url(), "site", sites=["site"], severities=["P2"]),
    )
    metrics = Metrics()
    with working(settings, sqlite_store, metrics):
        wait_until(lambda: "pending" not in states(sqlite_store) and len(found(sqlite_store)) == 6)
    assert [one.json["update"]["number"] for one in receiver.received] == [0, 3]
    assert [one.json["alert"]["camera_id"] for one in second.received] == ["gate"]
    assert Counter(states(sqlite_store)) == {"delivered": 3, "no_channel": 3}
    assert outcome(metrics, "-", "no_channel") == 3


def test_without_a_channel_messages_wait_and_are_then_marked(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    record(sqlite_store, fall(0))
    with working(notify_settings(), sqlite_store):
        time.sleep(0.2)
    assert states(sqlite_store) == []
    assert sqlite_store.counts().outbox_pending == 1
    with working(notify_settings(webhook(receiver.url())), sqlite_store):
        receiver.wait_for(1)
    record(sqlite_store, fall(1))
    with working(notify_settings(max_age_s=0.1), sqlite_store):
        wait_until(lambda: states(sqlite_store)[1:] == ["no_channel"], what="it is marked")


def test_a_poison_message_stops_nobody(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    record(sqlite_store, fall(0))
    record(sqlite_store, fall(1))
    with sqlite_store._writer.begin() as connection:
        connection.execute(
            text("UPDATE outbox SET payload = json_set(payload, '$.alert.schema_version', 99) WHERE id = 1")
        )
    metrics = Metrics()
    with working(notify_settings(webhook(receiver.url())), sqlite_store, metrics):
        receiver.wait_for(1)
        wait_until(lambda: states(sqlite_store) == ["dead", "delivered"])
    assert "schema version 99" in found(sqlite_store)[0].error
    assert outcome(metrics, "-", "dead") == 1


def test_a_stop_sends_what_is_due(sqlite_store: Store, receiver: WebhookReceiver) -> None:
    with working(notify_settings(webhook(receiver.url()), poll_s=30), sqlite_store):
        time.sleep(0.1)
        record(sqlite_store, fall(), updates=3)
    assert [one.json["update"]["number"] for one in receiver.received] == [0, 1, 2]
    assert states(sqlite_store) == ["delivered"] * 3


def test_the_gauges(sqlite_store: Store, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotter.notify.worker._GAUGES_EVERY_S", 0.05)
    receiver.answers.append(400)
    receiver.default = KEEP
    metrics = Metrics()
    for number in range(3):
        record(sqlite_store, fall(number))

    def gauge(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"spotter_notify_{name}", {"channel": "hook"})

    with working(notify_settings(webhook(receiver.url(), in_flight=1, timeout_s=60)), sqlite_store, metrics):
        wait_until(lambda: (gauge("pending"), gauge("dead")) == (2, 1), what="the gauges tell")
        wait_until(lambda: (gauge("queue_age_seconds") or 0) > 0.2, what="the queue grows old")
        assert gauge("withheld") == 0
        assert metrics.registry.get_sample_value("spotter_notify_outbox_age_seconds") == 0
        receiver.default = 200
        receiver.release()


def test_two_workers_share_one_postgres(postgres_url: str, receiver: WebhookReceiver) -> None:
    settings = notify_settings(webhook(receiver.url()))
    alerts = [fall(number, camera_id=f"camera-{number}") for number in range(8)]
    begin = threading.Event()

    def raise_alerts() -> None:
        begin.wait()
        with Store.open(postgres_url) as store:
            for alert, number in itertools.product(alerts, range(4)):
                kind = UpdateKind.RECOVERED if number == 3 else UpdateKind.STILL_DOWN
                store.record(alert, make_update(alert, number, kind if number else UpdateKind.RAISED, number))

    thread = threading.Thread(target=raise_alerts)
    thread.start()
    with Store.open(postgres_url) as one, Store.open(postgres_url) as two:
        first, second = Metrics(), Metrics()
        with working(settings, one, first), working(settings, two, second):
            begin.set()
            wait_until(lambda: states(one).count("delivered") == 32, timeout=60, what="all are delivered")
        thread.join()
        assert outcome(first, "hook", "delivered") + outcome(second, "hook", "delivered") == 32
    assert len(receiver.received) == 32, "nobody failed, so nothing came twice"
    for alert in alerts:
        assert numbers(receiver.received, str(alert.id)) == [0, 1, 2, 3]


def test_a_database_that_is_away_for_a_while(
    sqlite_store: Store, sqlite_url: str, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics()
    with working(notify_settings(webhook(receiver.url())), sqlite_store, metrics) as worker:
        with sqlite_store._writer.begin() as connection:
            connection.execute(text("ALTER TABLE deliveries RENAME TO gone"))
        wait_until(lambda: "store" in worker.status(), what="the state says so")
        with sqlite_store._writer.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO deliveries"))
        record(sqlite_store, fall())
        receiver.wait_for(1)
        wait_until(lambda: worker.status() == {"hook": "ok"}, what="all is well again")
    assert (metrics.registry.get_sample_value("spotter_store_failures_total") or 0) > 0


def test_no_secret_leaves_by_logs_metrics_or_the_database(
    sqlite_store: Store, receiver: WebhookReceiver, capfd: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    configure_logs("debug", "json")
    receiver.default = 403
    metrics = Metrics()
    settings = notify_settings(
        webhook(receiver.url(f"/{TOKEN}", f"ops:{TOKEN}@"), secret=f"{TOKEN}{TOKEN}", token=TOKEN),
        webhook(f"http://ops:{TOKEN}@127.0.0.1:1/{TOKEN}", "dead"),
        {"type": "apprise", "name": "chat", "url": f"json://ops:{TOKEN}@127.0.0.1:{receiver.port}/{TOKEN}", **FAST},
        {"type": "mqtt", "name": "mqtt", "host": "127.0.0.1", "port": 1, "username": "u", "password": TOKEN, **FAST},
        max_attempts=2,
    )
    record(sqlite_store, fall())
    try:
        with working(settings, sqlite_store, metrics) as worker:
            wait_until(lambda: states(sqlite_store) == ["dead"] * 4, what="all are given up")
            shown = str(worker.status())
    finally:
        logging.getLogger().handlers, level = before
        logging.getLogger().setLevel(level)

    shown += str(found(sqlite_store)) + generate_latest(metrics.registry).decode() + str(settings)
    assert TOKEN not in shown + "".join(capfd.readouterr())
    assert all(one.error for one in found(sqlite_store))
