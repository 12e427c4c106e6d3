"""Open a database and name its troubles: engines for SQLite and Postgres, and every error as one `StoreError` line.

SQLite runs in WAL mode (readers never wait for the writer) with foreign keys on and `synchronous=FULL`: under NORMAL a
power cut may take the last commits back, and an alert that was reported as stored must stay. Alerts are rare; one
flush for each costs nothing that matters. Write transactions begin IMMEDIATE, so that a lock is met at the beginning,
where the wait is bounded by `busy_timeout`, and never half-way.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, StatementError
from sqlalchemy.pool import QueuePool

from spotter.core.errors import StoreError

Mode = Literal["write", "read"]
WRITE = "spotter_write"
"""Execution option of engines and connections whose transactions write."""


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
    return f"'{url.set(username=None, password=None, query={}).render_as_string()}'"


def is_file(url: URL) -> bool:
    """True for a SQLite file, False for SQLite in memory and for servers."""
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def open_engine(url: URL, mode: Mode, busy_timeout_s: float) -> Engine:
    """An engine, not yet connected.

    Raises:
        StoreError: the file or its folder cannot be used, or the database driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, mode, busy_timeout_s)
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True).execution_options(
            postgresql_readonly=mode == "read"
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            f"no driver for database {database_name(url)} is installed",
            mend="Install one: pip install psycopg2-binary",
        ) from None


def _open_sqlite(url: URL, mode: Mode, busy_timeout_s: float) -> Engine:
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
            if not _code(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) or wal.exists():
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


def is_transient(error: Exception) -> bool:
    """True for a failure that may pass by itself within moments: a lock, a deadlock, a connection that broke."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    return _code(error.orig).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "40001", "40P01"))


_REASONS = (
    # (beginning of the code, reason, mend)
    ("SQLITE_READONLY", "is read-only", "Give this user the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", "cannot be opened", "Check that it is a file and that this user may read and write its folder"),
    ("SQLITE_PERM", "may not be opened", "Check the rights of the file"),
    ("SQLITE_AUTH", "may not be opened", "Check the rights of the file"),
    ("SQLITE_NOTADB", "is not a SQLite database", "Give another file, or move this one away"),
    ("SQLITE_CORRUPT", "is damaged", "Restore a copy, or move it away and start anew"),
    ("SQLITE_FULL", "cannot grow: the disk is full", "Free some space"),
    ("SQLITE_IOERR", "cannot be read or written: disk error", "Check the disk and its free space"),
    ("SQLITE_BUSY", "is locked by another process", "Stop the other program that holds it, then try again"),
    ("SQLITE_LOCKED", "is locked by another process", "Stop the other program that holds it, then try again"),
    ("28", "refuses this user or password", "Check user and password in store.url"),
    ("3D000", "does not exist", "Create it, or correct its name in store.url"),
    ("42501", "does not let this user do that", "Grant the user rights on its tables"),
    ("25006", "is read-only", "Use the primary server, or grant the user rights to write"),
    ("53100", "cannot grow: the disk is full", "Free some space on the server"),
)


def store_error(error: Exception, database: str) -> StoreError:
    """One line for a failure of the database: its name, the reason, the mend."""
    original = error.orig or error if isinstance(error, StatementError) else error
    code = _code(original)
    for beginning, reason, mend in _REASONS:
        if code.startswith(beginning):
            return StoreError(f"database {database} {reason}", mend=mend)
    text = str(original).strip() or type(original).__name__
    return StoreError(
        f"database {database} failed: {text.splitlines()[0]}", mend="Check that it is reachable and whole"
    )


def _code(error: BaseException | None) -> str:
    """SQLite's error name or Postgres' SQLSTATE; empty when there is none."""
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "pgcode", None) or "")
