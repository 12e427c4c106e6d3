"""Every query of the dashboard at five million alerts: by an index, and reading no more rows than it must.

The statements are those that `Store` really sends; Postgres runs each under EXPLAIN ANALYZE and tells what it read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from many_alerts import FAST, OPEN, PENDING, UPDATED, fill
from postgres import PostgresServer
from sqlalchemy import Connection, Engine, create_engine, event

from spotter.core.clock import SECOND
from spotter.core.contracts import AlertKind, Severity
from spotter.core.settings import RetentionSettings
from spotter.core.store import AlertCursor, AlertQuery, Store
from spotter.core.store.counts import EXACT_UP_TO
from spotter.core.store.retention import BATCH, batch_statement, run_retention
from spotter.core.store.retention_classes import CLASSES

pytestmark = pytest.mark.timeout(1200)
"""Filling takes about a minute on a machine of its own, and several on a busy one."""

ROWS = 5_000_000

DAY = 86_400 * SECOND
LIMIT = 51
"""A page of the dashboard, with the one alert that tells of a next page."""

LARGE = ("alerts", "alert_updates", "outbox", "deliveries")


@dataclass(frozen=True)
class Big:
    """The filled database, opened for reading as the dashboard does."""

    store: Store
    engine: Engine

    newest: int
    """When the newest alert was raised."""


@dataclass(frozen=True)
class Reading:
    """What one statement read: rows from tables and indexes (also those thrown away), blocks of 8 KiB, full scans."""

    rows: int
    blocks: int
    scans: tuple[str, ...]


@pytest.fixture(scope="module")
def big() -> Iterator[Big]:
    with PostgresServer(FAST) as server:
        url = server.create_database()
        Store.open(url).close()
        engine = create_engine(url)
        fill(engine, ROWS)
        with Store.open(url, "read") as store:
            yield Big(store, engine, store.alerts(AlertQuery(limit=1))[0].raised_at)
        engine.dispose()


def readings(big: Big, call: Callable[[Store], Any]) -> list[Reading]:
    """Run a call of the store, then each of its statements again under EXPLAIN ANALYZE."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    event.listen(big.store._reader, "before_cursor_execute", note)
    call(big.store)
    event.remove(big.store._reader, "before_cursor_execute", note)
    assert sent
    with big.engine.connect() as connection:
        return [_explain(connection, *one) for one in sent if not one[0].startswith("SET ")]


def _explain(connection: Connection, statement: str, given: Any) -> Reading:
    return _reading(connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", given).scalar())


def _reading(answer: Any) -> Reading:
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    rows, scans = 0, []
    for node in _nodes(plan):
        if "Relation Name" not in node and node["Node Type"] != "Bitmap Index Scan":
            continue
        thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows += (node["Actual Rows"] + thrown) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
            scans.append(node["Relation Name"])
    return Reading(round(rows), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], tuple(scans))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def frugal(big: Big, call: Callable[[Store], Any], rows: int, blocks: int) -> None:
    """Assert that all statements of a call together stay within these bounds and scan no large table."""
    found = readings(big, call)
    assert [one.scans for one in found] == [()] * len(found)
    assert sum(one.rows for one in found) <= rows, found
    assert sum(one.blocks for one in found) <= blocks, found


FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "busiest camera": {"camera_id": "camera-0"},
    "quiet camera": {"camera_id": "camera-7"},
    "no such camera": {"camera_id": "camera-none"},
    "kind": {"kind": AlertKind.POSSIBLE_FALL},
    "rare kind": {"kind": AlertKind.PERSON_DOWN},
    "severity": {"severity": Severity.P2},
    "rare severity": {"severity": Severity.P1},
    "rare kind and severity": {"kind": AlertKind.PERSON_DOWN, "severity": Severity.P1},
    "kind that never has this severity": {"kind": AlertKind.PERSON_DOWN, "severity": Severity.P2},
    "kind on a camera that has none": {"camera_id": "camera-0", "kind": AlertKind.PERSON_DOWN},
    "severity on a camera": {"camera_id": "camera-7", "severity": Severity.P1},
    "all of them": {"camera_id": "camera-7", "kind": AlertKind.POSSIBLE_FALL, "severity": Severity.P2},
    "camera that was taken away years ago": {"camera_id": "camera-old"},
    "severity on it": {"camera_id": "camera-old", "severity": Severity.P2},
    "site": {"site": "site-3"},
    "camera of a site": {"site": "site-3", "camera_id": "camera-0"},
}
"""The newest fifth of the alerts holds none of the rare ones: an index on time alone would read a million rows."""


WINDOWS: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda newest: {},
    lambda newest: {"since": newest - 7 * DAY},
    lambda newest: {"until": newest - 400 * DAY},
    lambda newest: {"since": newest - 401 * DAY, "until": newest - 400 * DAY},
    lambda newest: {"after": AlertCursor(newest - 500 * DAY, uuid.UUID(int=0))},
)


@pytest.mark.parametrize("state", [None, True, False], ids=["any", "open", "closed"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_of_the_list(big: Big, name: str, state: bool | None) -> None:
    for window in WINDOWS:
        query = AlertQuery(**FILTERS[name], **window(big.newest), open=state, limit=LIMIT)
        # A page, or all open alerts where few of them match.
        frugal(big, partial(Store.alerts, query=query), rows=OPEN + LIMIT, blocks=2 * OPEN)


def test_a_page_with_its_updates(big: Big) -> None:
    # A bitmap scan counts twice what it finds.
    frugal(big, lambda store: store.records(AlertQuery(limit=LIMIT)), rows=5 * LIMIT, blocks=600)


def test_one_alert(big: Big) -> None:
    alert = big.store.alerts(AlertQuery(limit=1))[0]
    frugal(big, lambda store: store.alert(alert.id), rows=5, blocks=20)


@pytest.mark.parametrize("length", [1, 4, 8, 36])
def test_the_beginning_of_an_id(big: Big, length: int) -> None:
    prefix = str(big.store.alerts(AlertQuery(limit=1))[0].id)[:length]
    frugal(big, lambda store: store.ids_starting_with(prefix), rows=10, blocks=40)


def test_counts(big: Big) -> None:
    frugal(big, Store.counts, rows=EXACT_UP_TO + OPEN + PENDING + 100, blocks=1000)
    counts = big.store.counts()
    assert counts.estimated == ("alerts",)
    assert counts.alerts == pytest.approx(ROWS, rel=0.05)
    assert counts.alerts_open == pytest.approx(OPEN, abs=1)
    assert counts.outbox_pending == PENDING


def test_messages(big: Big) -> None:
    frugal(big, lambda store: store.pending_outbox(100), rows=100, blocks=200)
    frugal(big, Store.newest_message, rows=1, blocks=20)


def test_retention_finds_what_is_old(big: Big) -> None:
    # The alerts reach back about 1,096 days: those of two weeks would go.
    settings = RetentionSettings(alerts=1082)
    at = big.newest
    found = readings(big, lambda store: run_retention(store, settings, at, dry_run=True))
    # Which old messages are finished is a join with all deliveries: a dry run counts them all.
    assert {table for one in found for table in one.scans} <= {"outbox", "deliveries"}


def test_retention_deletes_a_batch_by_index(big: Big) -> None:
    statement = batch_statement(CLASSES[0].parts[0], big.newest - 1082 * DAY)
    sent: list[tuple[str, Any]] = []
    listen = ("before_cursor_execute", lambda _connection, _cursor, sql, given, *_: sent.append((sql, given)))
    with big.engine.connect() as connection:
        event.listen(connection, *listen)
        connection.execute(statement)
        event.remove(connection, *listen)
        connection.rollback()
        found = _explain(connection, *sent[0])
        connection.rollback()
    assert found.scans == ()
    # Found, looked up in the other tables, and deleted.
    assert found.rows <= 8 * BATCH, found


def test_the_measure_sees_a_full_scan(big: Big) -> None:
    with big.engine.connect() as connection:
        found = _explain(connection, "SELECT count(*) FROM outbox WHERE attempts = 7", ())
    assert found.scans == ("outbox",)
    assert found.rows == 2 * UPDATED
