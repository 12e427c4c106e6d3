"""Open a database by its URL: which kind it is, what people call it, and its engine."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from spotter.core.errors import StoreError
from spotter.core.settings import StoreSettings
from spotter.core.store.postgres import postgres_engine
from spotter.core.store.sqlite import WRITE, Mode, is_file, sqlite_engine

__all__ = ["WRITE", "Mode", "database_name", "is_file", "open_engine", "parse_url"]


def parse_url(url: str | Path) -> URL:
    """A database URL, or the path of a SQLite file, as SQLAlchemy's URL.

    Raises:
        StoreError: not a URL, or of a database that Spotter does not support. The message never holds the URL itself.
    """
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise StoreError(
            "the database URL cannot be read",
            mend="Write it as sqlite:///folder/spotter.db or postgresql://user@host/name",
        ) from None
    if backend not in ("sqlite", "postgresql"):
        raise StoreError(f"database type '{backend}' is not supported", mend="Use a sqlite:// or postgresql:// URL")
    return parsed.set(drivername="postgresql+psycopg2") if parsed.drivername == "postgresql" else parsed


def database_name(url: URL) -> str:
    """The database's name for people: the path of a SQLite file, or a URL without user, password and query."""
    if url.get_backend_name() == "sqlite":
        return f"'{url.database}'" if is_file(url) else "in memory"
    hosts = url.query.get("host", ())
    if hosts and not url.host:
        listed = hosts if isinstance(hosts, str) else ",".join(hosts)
        return f"'{url.drivername}://{listed}/{url.database or ''}'"
    return f"'{url.set(username=None, password=None, query={}).render_as_string()}'"


def open_engine(url: URL, mode: Mode, busy_timeout_s: float, settings: StoreSettings | None = None) -> Engine:
    """An engine, not yet connected.

    Args:
        busy_timeout_s: longest wait for another process' lock on a SQLite file.
        settings: pool and bounds of a server's connections; None for the defaults. Its `url` is not read.

    Raises:
        StoreError: the file or its folder cannot be used, or the database driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url, mode, busy_timeout_s)
    return postgres_engine(url, mode, settings or StoreSettings(), database_name(url))
