"""The store: cameras, alerts with their updates, the outbox, and history, behind plain functions that speak contracts.

Promises: what `record` returned True for is on disk; a replay changes nothing; an alert, its update and its outbox row
are written together or not at all. Safe between threads; several processes may share a file or a server. Every
failure is a `StoreError` of one line, after a bounded time: a locked SQLite file is waited for about 3 times
`busy_timeout_s`; a server for at most about `statement_timeout_s` + `retry_s` + `connect_timeout_s` for each host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from spotter.core.settings import StoreSettings
from spotter.core.store.alerts import AlertRepository
from spotter.core.store.audit import AuditRepository, append
from spotter.core.store.cameras import CameraRepository
from spotter.core.store.counts import CountRepository
from spotter.core.store.engine import Mode, database_name, is_file, open_engine, parse_url
from spotter.core.store.failures import store_error
from spotter.core.store.history import HistoryRepository
from spotter.core.store.migrate import Schema, SchemaState, migrate, schema_state
from spotter.core.store.outbox import OutboxRepository
from spotter.core.store.tasks import TaskRepository
from spotter.core.telemetry.store_metrics import StoreMetrics


class Store(
    AlertRepository,
    OutboxRepository,
    CameraRepository,
    HistoryRepository,
    TaskRepository,
    AuditRepository,
    CountRepository,
):
    """An open database. Make one with `Store.open` or `Store.connect`; close it, or use it as a context manager."""

    @classmethod
    def open(
        cls,
        url: str | Path,
        mode: Mode = "write",
        *,
        busy_timeout_s: float = 5.0,
        settings: StoreSettings | None = None,
        metrics: StoreMetrics | None = None,
    ) -> Store:
        """Open a database; in mode "write" make it and bring it to the newest schema, unless `settings` forbid it.

        Args:
            url: SQLAlchemy URL (`sqlite:///folder/spotter.db`, `sqlite://` in memory, `postgresql://...`), or the
                path of a SQLite file.
            mode: "read" never makes nor changes anything and works beside a process that writes.
            busy_timeout_s: longest wait of one try for another process' lock.
            settings: pool and bounds; their URL is not read.

        Raises:
            StoreError: one line that names the database, the reason and the mend.
        """
        store = cls.attach(url, mode, busy_timeout_s=busy_timeout_s, settings=settings, metrics=metrics)
        try:
            if _only_reads(parse_url(url), mode) or (settings is not None and settings.migrate == "never"):
                store.ping()
            else:
                store.upgrade("spotter")
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def connect(
        cls,
        settings: StoreSettings,
        mode: Mode = "write",
        *,
        distributed: bool = False,
        metrics: StoreMetrics | None = None,
    ) -> Store:
        """The store that the settings name.

        Args:
            distributed: for a service that shares a server with others. It never changes the schema of a server, and
                waits for it: nothing is raised here while the server is away or its schema is another, but by each
                call, until both are right.

        Raises:
            StoreError: as `open`; when distributed, only for what waiting cannot mend.
        """
        url = settings.url.get_secret_value()
        if distributed and parse_url(url).get_backend_name() != "sqlite":
            return cls.attach(url, mode, settings=settings, metrics=metrics)
        return cls.open(url, mode, settings=settings, metrics=metrics)

    @classmethod
    def attach(
        cls,
        url: str | Path,
        mode: Mode = "write",
        *,
        busy_timeout_s: float = 5.0,
        settings: StoreSettings | None = None,
        metrics: StoreMetrics | None = None,
    ) -> Store:
        """As `open`, but without a look at the database: each call refuses a wrong schema until it is right.

        Raises:
            StoreError: the URL or the file cannot be used, or the driver is missing.
        """
        parsed = parse_url(url)
        settings = settings or StoreSettings()
        engine = open_engine(parsed, "read" if _only_reads(parsed, mode) else "write", busy_timeout_s, settings)
        return cls(engine, database_name(parsed), retry_s=settings.retry_s, checked=False, metrics=metrics)

    def upgrade(self, actor: str) -> tuple[str, ...]:
        """Bring the schema to the newest revision, and make partitions ahead; the audit trail tells of it.

        Args:
            actor: who asks for it, for the audit trail.

        Returns:
            The revisions that were applied, oldest first; empty when it was up to date.

        Raises:
            StoreError: a newer Spotter wrote it, or it cannot be written; nothing was changed.
        """

        def work(session: Session) -> tuple[str, ...]:
            applied = migrate(session.connection(), self.database)
            if applied:
                append(session, actor, "upgrade", {"revisions": list(applied)})
            return applied

        applied = self._transact(work, name="upgrade", check=False)
        self._checked = True
        return applied

    def schema(self) -> SchemaState:
        """How the schema stands to this Spotter's; changes nothing.

        Raises:
            StoreError: the database cannot be read.
        """
        return self._transact(
            lambda session: schema_state(session.connection(), self.database), write=False, name="schema", check=False
        )

    def ping(self) -> None:
        """Whether this store can be used now.

        A schema that a newer Spotter wrote is refused at first, and then borne: in a rolling upgrade the schema goes
        first, and it only grows (docs/database.md).

        Raises:
            StoreError: it cannot be reached, or its schema is not the one that this Spotter needs.
        """
        state = self.schema()
        if not (self._checked and state.schema is Schema.AHEAD):
            state.require()
        self._checked = True

    @contextmanager
    def exclusive(self, lock: int) -> Iterator[bool]:
        """True for one process at a time, as long as the block runs; False for the others, who do not wait.

        SQLite has no such lock: there it is always True, and the block must bear company.
        """
        if not self.on_server:
            yield True
            return
        try:
            with self._reader.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                got = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": lock}))
                try:
                    yield got
                finally:
                    if got:
                        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": lock})
        except SQLAlchemyError as error:
            # A lock whose connection broke is free; what was done under it may have been done beside another.
            raise store_error(error, self.database) from error

    def close(self) -> None:
        """Let the database go. A closed store may be used again; it reconnects (in memory: to an empty one)."""
        self._reader.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _only_reads(url: URL, mode: Mode) -> bool:
    # A reader of a database in memory would find nothing: there, reading begins with making it.
    return mode == "read" and (is_file(url) or url.get_backend_name() != "sqlite")
