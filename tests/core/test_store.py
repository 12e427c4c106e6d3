"""The store on SQLite, in a file and in memory; and on Postgres where there is one (see conftest)."""

from __future__ import annotations

from pathlib import Path

import pytest
from alert_samples import make_alert, make_update
from sqlalchemy import create_engine, text
from store_conformance import StoreConformance

from spotter.core.contracts import UpdateKind
from spotter.core.store import Store


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
