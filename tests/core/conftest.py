"""Databases for the tests of the store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from postgres import PostgresServer

from spotter.core.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server for the whole run."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """URL of an empty Postgres database."""
    engine = create_engine(postgres.url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres.url


@pytest.fixture(scope="session")
def migrated_template(postgres: PostgresServer) -> str:
    """Name of a database at the newest schema, for copies: they are made faster than migrated."""
    url = postgres.create_database()
    Store.open(url).close()
    return url.rsplit("/", 1)[1]


@pytest.fixture
def migrated_url(postgres: PostgresServer, migrated_template: str) -> Iterator[str]:
    """URL of a Postgres database of its own at the newest schema."""
    url = postgres.create_database(migrated_template)
    yield url
    postgres.drop_database(url)
