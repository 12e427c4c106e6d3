"""The store on SQLite, in a file and in memory; and on Postgres where there is one (see conftest)."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from alert_samples import START, make_alert, make_update
from sqlalchemy import create_engine, event, text
from store_conformance import StoreConformance

from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.core.store import AlertCursor, AlertQuery, Store


class TestSqliteFile(StoreConformance):
    """A file, as `spotter run` uses it."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/new/folder/spotter.db"

    def test_what_is_written_outlives_the_store(self, url: str) -> None:
        alert = make_alert()
        with Store.open(url) as store:
            store.record(alert, make_update(alert))
        with Store.open(url) as store:
            assert not store.record(alert, make_update(alert))
            assert [found.id for found in store.alerts()] == [alert.id]

    def test_the_file_is_safe_against_a_power_cut(self, store: Store) -> None:
        with store._reader.connect() as connection:
            pragma = {
                name: connection.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

    def test_times_are_text_that_people_and_other_tools_read(self, url: str, store: Store) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert, 0, UpdateKind.RECOVERED))
        engine = create_engine(url)
        with engine.connect() as connection:
            raised = connection.execute(text("SELECT raised_at FROM alerts")).scalar()
        engine.dispose()
        assert raised == "2026-01-31 08:15:00.123456"

    @pytest.mark.parametrize(
        ("query", "reads"),
        [
            (AlertQuery(), "SCAN alerts USING INDEX ix_alerts_by_time"),
            (AlertQuery(open=True, camera_id="dock"), "SCAN alerts USING INDEX ix_alerts_open"),
            (AlertQuery(site="site"), "SEARCH alerts USING INDEX ix_alerts_by_site (site=?)"),
            (
                AlertQuery(camera_id="dock", severity=Severity.P1),
                "SEARCH alerts USING INDEX ix_alerts_by_camera_id_severity (camera_id=? AND severity=?)",
            ),
            (
                AlertQuery(kind=AlertKind.PERSON_DOWN, since=START, after=AlertCursor(START, uuid.UUID(int=0))),
                "SEARCH alerts USING INDEX ix_alerts_by_kind (kind=? AND raised_at>? AND (raised_at,id)<(?,?))",
            ),
        ],
    )
    def test_a_list_is_one_range_of_its_index(self, store: Store, query: AlertQuery, reads: str) -> None:
        sent: list[tuple[str, Any]] = []
        listen = ("before_cursor_execute", lambda _connection, _cursor, sql, given, *_: sent.append((sql, given)))
        event.listen(store._reader, *listen)
        store.alerts(query)
        event.remove(store._reader, *listen)
        statement, given = next(one for one in sent if one[0].startswith("SELECT"))
        with store._reader.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
        assert [row[3] for row in plan] == [reads]


class TestSqliteMemory(StoreConformance):
    """In memory, shared by the threads of one process."""

    @pytest.fixture
    def url(self) -> str:
        return "sqlite://"

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
    def test_each_store_has_its_own(self, url: str) -> None:
        alert = make_alert()
        with Store.open(url) as one, Store.open(url) as two:
            one.record(alert, make_update(alert))
            assert two.counts().alerts == 0


class TestPostgres(StoreConformance):
    """A server."""

    @pytest.fixture
    def url(self, migrated_url: str) -> str:
        return migrated_url
