"""SQLite engines.

WAL mode (readers never wait for the writer) with foreign keys on and `synchronous=FULL`: under NORMAL a power cut may
take the last commits back, and an alert that was reported as stored must stay. Alerts are rare; one flush for each
costs nothing that matters. Write transactions begin IMMEDIATE, so that a lock is met at the beginning, where the wait
is bounded by `busy_timeout`, and never half-way.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from spotter.core.errors import StoreError

Mode = Literal["write", "read"]
WRITE = "spotter_write"
"""Execution option of engines and connections whose transactions write."""


def is_file(url: URL) -> bool:
    """True for a SQLite file, False for SQLite in memory and for servers."""
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def sqlite_engine(url: URL, mode: Mode, busy_timeout_s: float) -> Engine:
    """An engine, not yet connected.

    Raises:
        StoreError: the file or its folder cannot be used.
    """
    if not is_file(url):
        # One connection that threads take in turn: the database lives as long as it does.
        engine = create_engine(
            "sqlite://",
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
        _listen(engine, busy_timeout_s, wal=False)
        return engine
    path = Path(url.database or "")
    _check_file(path, mode)
    if mode == "write":
        _make_folder(path)

    def connect(options: str) -> sqlite3.Connection:
        # Percent-encoded, because '?' and '#' in a file name are not part of the options.
        location = f"file:{quote(str(path.absolute()))}?{options}"
        return sqlite3.connect(location, uri=True, timeout=busy_timeout_s, check_same_thread=False)

    def connect_to_read() -> sqlite3.Connection:
        connection = connect("mode=ro")
        try:
            connection.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            connection.close()
            wal = path.with_name(path.name + "-wal")
            if not error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) or wal.exists():
                raise
            # A WAL database on a read-only disk with no writer: nothing can change under the reader.
            connection = connect("mode=ro&immutable=1")
        return connection

    creator = connect_to_read if mode == "read" else lambda: connect("mode=rwc")
    engine = create_engine("sqlite://", poolclass=QueuePool, creator=creator, hide_parameters=True)
    _listen(engine, busy_timeout_s, wal=mode == "write")
    return engine


def _listen(engine: Engine, busy_timeout_s: float, *, wal: bool) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transaction control is off; "begin" below opens each transaction.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={round(busy_timeout_s * 1000)}")
        connection.execute("PRAGMA foreign_keys=ON")
        # 64 KiB of pages for each connection, not 2 MiB: rows are small, and memory must be flat after minutes.
        connection.execute("PRAGMA cache_size=-64")
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _check_file(path: Path, mode: Mode) -> None:
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:
        raise StoreError(f"cannot look for a database at '{path}': {error.strerror}", mend="Check the rights") from None
    if is_folder:
        raise StoreError(f"'{path}' is a folder, not a database", mend="Give the file in it, for example spotter.db")
    if mode == "read" and not exists:
        raise StoreError(f"no database at '{path}'", mend="Run `spotter run` first or give --database")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make folder '{path.parent}' for the database: {error.strerror}",
            mend="Check its rights, or choose another place with store.url",
        ) from None
