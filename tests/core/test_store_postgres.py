"""A Postgres server that restarts, dies, freezes, refuses, fails over: nothing lost, nothing twice, no endless wait."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from alert_samples import make_alert, make_update
from postgres import GUARDED_PASSWORD, GUARDED_USER, PostgresServer
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from spotter.core.contracts import UpdateKind
from spotter.core.errors import StoreError
from spotter.core.settings import StoreSettings
from spotter.core.store import AlertQuery, Store
from spotter.core.store.failures import store_error
from spotter.core.store.migrate import Schema
from spotter.core.telemetry.store_metrics import StoreMetrics


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own, since its tests break it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.create_database()


def settings(url: str = "", **changes: Any) -> StoreSettings:
    return StoreSettings(url=url, **changes)


def line(error: pytest.ExceptionInfo[StoreError]) -> str:
    """The message, which is one line, ends with a mend and holds no secret."""
    text = str(error.value)
    assert "\n" not in text
    assert error.value.mend
    assert GUARDED_PASSWORD not in text
    return text


def record_all(store: Store, numbers: range, written: list[uuid.UUID]) -> None:
    """As the ergonomics service does: a write that fails is tried again until it is written."""
    for number in numbers:
        alert = make_alert(number)
        for step in (make_update(alert), make_update(alert, 1, UpdateKind.RECOVERED, 9)):
            while True:
                try:
                    store.record(alert, step)
                    break
                except StoreError:
                    time.sleep(0.05)
        written.append(alert.id)


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_a_restart_while_writing_loses_nothing_and_doubles_nothing(server: PostgresServer, url: str, how: str) -> None:
    with Store.open(url, settings=settings(retry_s=0.5)) as store:
        written: list[uuid.UUID] = []
        threads = [
            threading.Thread(target=record_all, args=(store, range(first, first + 60), written))
            for first in (0, 100, 200)
        ]
        for thread in threads:
            thread.start()
        while len(written) < 20:
            time.sleep(0.005)
        if how == "kill":
            server.kill()
            server.start()
        else:
            server.restart(how)
        for thread in threads:
            thread.join(60)
        assert len(written) == 180
        found = store.records(AlertQuery(limit=1000))
        assert {record.alert.id for record in found} == set(written)
        assert all([step.number for step in record.updates] == [0, 1] for record in found)
        messages = [(entry.alert_id, entry.update_number) for entry in store.pending_outbox(1000)]
        assert len(messages) == len(set(messages)) == 360


def test_a_restart_between_two_calls_is_not_seen(server: PostgresServer, url: str) -> None:
    registry = CollectorRegistry()
    with Store.open(url, settings=settings(retry_s=10), metrics=StoreMetrics(registry)) as store:
        store.counts()
        server.restart()
        alert = make_alert()
        assert store.record(alert, make_update(alert))
        server.stop("immediate")
        starting = threading.Timer(0.5, server.start)
        starting.start()
        assert store.record(alert, make_update(alert, 1, UpdateKind.ENDED, 5))
        starting.join()
    assert (registry.get_sample_value("spotter_store_retries_total", {"reason": "outage"}) or 0) >= 1


def test_a_server_that_stays_away_is_reported_in_bounded_time(server: PostgresServer, url: str) -> None:
    with Store.open(url, settings=settings(retry_s=0.5)) as store:
        server.stop()
        try:
            begun = time.monotonic()
            with pytest.raises(StoreError) as caught:
                store.ping()
            assert 0.4 < time.monotonic() - begun < 60
        finally:
            server.start()
        assert "cannot be reached" in line(caught)
        store.ping()


def test_a_frozen_server_is_given_up_and_taken_up_again(server: PostgresServer, url: str) -> None:
    bounds = settings(statement_timeout_s=0.5, connect_timeout_s=0.5, retry_s=0.2)
    with Store.open(url, settings=bounds) as store:
        alert = make_alert()
        store.record(alert, make_update(alert))
        server.freeze()
        try:
            begun = time.monotonic()
            with pytest.raises(StoreError) as caught:
                store.record(alert, make_update(alert, 1, UpdateKind.ENDED, 5))
            assert time.monotonic() - begun < 60
            assert "does not answer" in line(caught)
            with pytest.raises(StoreError) as caught:
                Store.open(url, settings=bounds)
            assert "does not answer" in line(caught)
        finally:
            server.thaw()
        # The frozen server may have done it after all.
        store.record(alert, make_update(alert, 1, UpdateKind.ENDED, 5))
        record = store.alert(alert.id)
        assert record is not None
        assert [step.number for step in record.updates] == [0, 1]


def test_a_slow_statement_is_stopped(url: str) -> None:
    with Store.open(url, settings=settings(statement_timeout_s=0.2)) as store:
        with pytest.raises(StoreError) as caught:
            store._transact(lambda session: session.execute(text("SELECT pg_sleep(5)")))
        assert "took longer than store.statement_timeout_s" in line(caught)
        store.ping()


def test_serialization_failures_are_tried_again(url: str) -> None:
    registry = CollectorRegistry()
    with Store.open(url, metrics=StoreMetrics(registry)) as store:
        store._transact(lambda session: session.execute(text("CREATE TABLE tally (n integer)")))
        store._transact(lambda session: session.execute(text("INSERT INTO tally VALUES (0)")))
        first_round = threading.Barrier(2, timeout=30)

        def add(session: Session) -> None:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            n = session.execute(text("SELECT n FROM tally")).scalar_one()
            if n == 0:
                first_round.wait()  # both have read before one writes: one of them must fail
            session.execute(text("UPDATE tally SET n = :n"), {"n": n + 1})

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: store._transact(add), range(2)))
        assert store._transact(lambda session: session.scalar(text("SELECT n FROM tally")), write=False) == 2
    assert registry.get_sample_value("spotter_store_retries_total", {"reason": "contention"}) == 1


def test_a_deadlock_is_tried_again(url: str) -> None:
    with Store.open(url) as store:
        store._transact(lambda session: session.execute(text("CREATE TABLE pair (id integer, n integer)")))
        store._transact(lambda session: session.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)")))
        met = threading.Barrier(2)

        def crosswise(order: tuple[int, int]) -> None:
            waited = False

            def work(session: Session) -> None:
                nonlocal waited
                for step, row in enumerate(order):
                    session.execute(text("UPDATE pair SET n = n + 1 WHERE id = :id"), {"id": row})
                    if step == 0 and not waited:
                        waited = True
                        met.wait(30)

            store._transact(work)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(crosswise, [(1, 2), (2, 1)]))
        found = store._transact(lambda session: session.execute(text("SELECT n FROM pair")).scalars().all())
        assert found == [2, 2]


def test_conflicts_without_end_are_reported(url: str) -> None:
    tries = 0

    def conflict(session: Session) -> None:
        nonlocal tries
        tries += 1
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$"))

    with Store.open(url) as store, pytest.raises(StoreError) as caught:
        store._transact(conflict)
    assert "conflicts with other transactions" in line(caught)
    assert tries == 5


def test_a_failover_to_another_primary(url: str, server: PostgresServer) -> None:
    """The old primary turns read-only under open connections; the next host of the URL takes the writes."""
    database = url.rsplit("/", 1)[1]
    with PostgresServer() as standby:
        standby.sql(f"CREATE DATABASE {database}")
        Store.open(standby.url_of(database)).close()
        hosts = f"host=127.0.0.1:{server.port}&host=127.0.0.1:{standby.port}"
        both = f"postgresql://spotter@/{database}?{hosts}&target_session_attrs=read-write"
        one, two = make_alert(1), make_alert(2)
        with Store.open(both, settings=settings(retry_s=10)) as store:
            assert store.database.endswith(f"127.0.0.1:{server.port},127.0.0.1:{standby.port}/{database}'")
            assert store.record(one, make_update(one))
            server.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
            server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
            assert store.record(two, make_update(two))
            assert [alert.id for alert in store.alerts()] == [two.id]
        with Store.open(standby.url_of(database), "read") as store:
            assert [alert.id for alert in store.alerts()] == [two.id]
        # A host that is silent, not dead, is left after connect_timeout_s.
        standby.freeze()
        server.sql(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        swapped = f"postgresql://spotter@/{database}?host=127.0.0.1:{standby.port}&host=127.0.0.1:{server.port}"
        with Store.open(swapped, "read", settings=settings(connect_timeout_s=0.5)) as store:
            assert [alert.id for alert in store.alerts()] == [one.id]


def test_a_primary_that_turns_read_only_is_waited_for(url: str, server: PostgresServer) -> None:
    database = url.rsplit("/", 1)[1]
    alert = make_alert()
    with Store.open(url, settings=settings(retry_s=10)) as store:
        store.counts()
        store._reader.dispose()
        server.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        back = threading.Timer(0.5, server.sql, (f"ALTER DATABASE {database} RESET default_transaction_read_only",))
        back.start()
        assert store.record(alert, make_update(alert))
        back.join()


def test_wrong_password(server: PostgresServer, url: str) -> None:
    wrong = server.url_of(url.rsplit("/", 1)[1], GUARDED_USER, GUARDED_PASSWORD + "x")
    begun = time.monotonic()
    with pytest.raises(StoreError) as caught:
        Store.open(wrong, settings=settings(retry_s=300))
    assert time.monotonic() - begun < 100  # waiting does not mend it
    assert "refuses this user or password" in line(caught)


def test_the_password_may_come_from_the_environment(
    server: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = url.rsplit("/", 1)[1]
    with pytest.raises(StoreError) as caught:
        Store.open(server.url_of(database, GUARDED_USER))
    assert "refuses this user or password" in line(caught)
    monkeypatch.setenv("PGPASSWORD", GUARDED_PASSWORD)
    with Store.attach(server.url_of(database, GUARDED_USER)) as store:
        assert store.schema().schema is Schema.EMPTY


def test_no_such_database_or_user(server: PostgresServer) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(server.url_of("nowhere"))
    assert "nowhere' does not exist" in line(caught)
    with pytest.raises(StoreError) as caught:
        Store.open(server.url_of("postgres", "nobody"))
    assert "refuses this user" in line(caught)


def test_tls_where_the_server_has_none(server: PostgresServer, url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(url + "?sslmode=require")
    assert "does not agree on TLS" in line(caught)


def test_missing_rights(server: PostgresServer, url: str) -> None:
    Store.open(url).close()
    guarded = server.url_of(url.rsplit("/", 1)[1], GUARDED_USER, GUARDED_PASSWORD)
    for mode in ("read", "write"):
        with pytest.raises(StoreError) as caught:
            Store.open(guarded, mode)  # type: ignore[arg-type]
        assert "does not let this user do that" in line(caught)


def test_a_service_without_rights_on_the_schema_works(server: PostgresServer, url: str) -> None:
    """Least rights: services read and write rows; only `spotter db upgrade` and retention own the tables."""
    Store.open(url).close()
    database = url.rsplit("/", 1)[1]
    server.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {GUARDED_USER}", database)
    server.sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {GUARDED_USER}", database)
    guarded = server.url_of(database, GUARDED_USER, GUARDED_PASSWORD)
    alert = make_alert()
    with Store.connect(settings(guarded), distributed=True) as store:
        store.ping()
        assert store.record(alert, make_update(alert))
        assert store.append_audit("tests", "look", {}).number == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("53100", "the disk is full"),
        ("53200", "short of resources"),
        ("53300", "no connection free"),
        ("57P03", "is starting or stopping"),
        ("57P01", "is stopping"),
        ("58030", "disk error on the server"),
        ("XX001", "is damaged"),
        ("25006", "is read-only"),
        ("55P03", "is locked by another session"),
    ],
)
def test_what_the_server_says_of_itself(url: str, code: str, reason: str) -> None:
    """Raised by the server itself, as it would for a full disk."""
    raise_it = text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")
    with Store.open(url, settings=settings(retry_s=0)) as store, pytest.raises(StoreError) as caught:
        store._transact(lambda session: session.execute(raise_it))
    assert reason in line(caught)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("FATAL:  the database system is starting up", "is starting or stopping"),
        ("FATAL:  sorry, too many clients already", "no connection free"),
        ('could not translate host name "db" to address: Name or service not known', "cannot be found"),
        ("server closed the connection unexpectedly\n\tThis probably means", "broke the connection"),
        ("SSL connection has been closed unexpectedly", "broke the connection"),
        ("SSL error: certificate verify failed", "does not agree on TLS"),
        ("connection to server failed: session is read-only", "is read-only"),
    ],
)
def test_what_libpq_says_without_a_code(said: str, reason: str) -> None:
    error = OperationalError("SELECT 1", {}, psycopg2.OperationalError(said))
    message = str(store_error(error, "'postgresql://db/spotter'"))
    assert reason in message
    assert "\n" not in message


def test_all_connections_in_use(url: str) -> None:
    registry = CollectorRegistry()
    few = settings(pool_size=1, pool_overflow=0, pool_timeout_s=0.2)
    with Store.open(url, settings=few, metrics=StoreMetrics(registry)) as store:
        held = store._reader.connect()
        assert registry.get_sample_value("spotter_store_connections", {"state": "in_use"}) == 1
        with pytest.raises(StoreError) as caught:
            store.ping()
        assert "every connection of this process is in use" in line(caught)
        held.close()
        store.ping()
        assert registry.get_sample_value("spotter_store_connections", {"state": "idle"}) == 1
    ok = {"operation": "schema", "outcome": "ok"}
    failed = {"operation": "schema", "outcome": "failed"}
    assert (registry.get_sample_value("spotter_store_seconds_count", ok) or 0) >= 1
    assert registry.get_sample_value("spotter_store_seconds_count", failed) == 1


def test_only_one_at_a_time_is_exclusive(url: str) -> None:
    with Store.open(url) as one, Store.open(url) as two:
        with one.exclusive(17) as first, two.exclusive(17) as second, two.exclusive(18) as other:
            assert (first, second, other) == (True, False, True)
        with two.exclusive(17) as free:
            assert free
