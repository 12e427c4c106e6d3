"""Stores, worker and receivers for the tests of notifications."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "core"))

from postgres import PostgresServer
from webhook import WebhookReceiver

from spotter.core.store import Store
from spotter.core.store.deliveries import Deliveries
from spotter.core.store.delivery_queries import DeliveryBook


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receivers are on this machine, whatever proxy it uses for others."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server for the whole run, its database migrated."""
    with PostgresServer() as server:
        Store.open(server.url).close()
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """URL of a Postgres database without a row."""
    engine = create_engine(postgres.url)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE alerts, channel_limits, deliveries RESTART IDENTITY CASCADE"))
    engine.dispose()
    return postgres.url


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without a row, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "spotter.db"
    Store.open(path).close()
    return path


@pytest.fixture
def sqlite_url(empty_file: Path, tmp_path: Path) -> str:
    """URL of a SQLite database without a row."""
    shutil.copy(empty_file, tmp_path / "spotter.db")
    return f"sqlite:///{tmp_path}/spotter.db"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database, of both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as store:
        yield store


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    with Store.open(sqlite_url) as store:
        yield store


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """A webhook's receiver that accepts."""
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def deliveries(store: Store) -> Deliveries:
    return Deliveries(store)


@pytest.fixture
def book(store: Store) -> DeliveryBook:
    return DeliveryBook(store)
