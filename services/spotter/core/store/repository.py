"""The store: cameras, alerts with their updates, and the outbox, behind plain functions that speak contracts.

Promises: what `record` returned True for is on disk; a replay changes nothing; an alert, its update and its outbox row
are written together or not at all. Safe between threads; several processes may share a file or a server. Every
failure is a `StoreError` of one line; a lock is waited for a bounded time (about 3 times `busy_timeout_s`).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement, Engine, Select, func, select, text
from sqlalchemy import update as update_rows
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from spotter.core.clock import now
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth
from spotter.core.store.alert_json import message_json
from spotter.core.store.engine import (
    WRITE,
    Mode,
    database_name,
    is_file,
    is_transient,
    open_engine,
    parse_url,
    store_error,
)
from spotter.core.store.migrate import check_readable, migrate
from spotter.core.store.queries import AlertQuery, alert_statement
from spotter.core.store.records import AlertRecord, CameraRecord, Counts, OutboxEntry
from spotter.core.store.rows import (
    LEDGER,
    alert_of,
    alert_values,
    camera_of,
    camera_values,
    outbox_of,
    update_of,
    update_values,
)
from spotter.core.store.tables import AlertRow, AlertUpdateRow, CameraRow, OutboxRow

T = TypeVar("T")

ALERTS_TOPIC = "alerts"
"""Topic of the outbox rows that `record` writes."""

_PAUSES_S = (0.05, 0.2)
"""Pauses between tries after a passing failure; then it is reported."""


class Store:
    """An open database. Make one with `Store.open`; close it, or use it as a context manager."""

    def __init__(self, engine: Engine, database: str) -> None:
        self._reader = engine
        self._writer = engine.execution_options(**{WRITE: True})
        self.database = database

    @classmethod
    def open(cls, url: str | Path, mode: Mode = "write", *, busy_timeout_s: float = 5.0) -> Store:
        """Open a database; in mode "write" make it and bring it to the newest schema.

        Args:
            url: SQLAlchemy URL (`sqlite:///folder/spotter.db`, `sqlite://` in memory, `postgresql://...`), or the
                path of a SQLite file.
            mode: "read" never makes nor changes anything and works beside a process that writes.
            busy_timeout_s: longest wait of one try for another process' lock.

        Raises:
            StoreError: one line that names the database, the reason and the mend.
        """
        parsed = parse_url(url)
        database = database_name(parsed)
        # A reader of a database in memory would find nothing: there, reading begins with making it.
        reads = mode == "read" and (is_file(parsed) or parsed.get_backend_name() != "sqlite")
        store = cls(open_engine(parsed, "read" if reads else "write", busy_timeout_s), database)
        try:
            if reads:
                store._transact(lambda session: check_readable(session.connection(), database), write=False)
            else:
                store._transact(lambda session: migrate(session.connection(), database))
        except BaseException:
            store.close()
            raise
        return store

    def record(self, alert: Alert, update: AlertUpdate) -> bool:
        """Write an alert with one update of it, and the message that tells of it, in one transaction.

        The first call for an alert fills its ledger's `stored` time. Later ones take over the severity of the newest
        update, and fill in `ended_at` and ledger times that are still missing; they never change what is there.
        An update whose kind closes ends the alert at the alert's `ended_at`, or else at the update's time.

        Returns:
            True when it was written; False when this update of this alert is already there (nothing changes).

        Raises:
            StoreError: nothing was written.
            ValueError: the update is of another alert.
        """
        if update.alert_id != alert.id:
            raise ValueError(f"update of alert {update.alert_id} given with alert {alert.id}")
        return self._transact(lambda session: self._record(session, alert, update))

    def alerts(self, query: AlertQuery | None = None) -> list[Alert]:
        """Alerts that match, newest first by (raised_at, id)."""
        statement = alert_statement(query or AlertQuery())
        return self._transact(lambda session: [alert_of(row) for row in session.scalars(statement)], write=False)

    def alert(self, alert_id: uuid.UUID) -> AlertRecord | None:
        """One alert with its updates, or None."""
        statement = select(AlertRow).where(AlertRow.id == alert_id)
        found = self._transact(lambda session: _records(session, statement), write=False)
        return found[0] if found else None

    def records(self, query: AlertQuery | None = None) -> list[AlertRecord]:
        """As `alerts`, each with its updates; two statements whatever the number of alerts."""
        statement = alert_statement(query or AlertQuery())
        return self._transact(lambda session: _records(session, statement), write=False)

    def ids_starting_with(self, prefix: str, limit: int = 10) -> list[uuid.UUID]:
        """Ids of alerts whose text begins with `prefix` (dashes and case do not matter), at most `limit`."""
        digits = prefix.replace("-", "").lower()
        if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
            return []
        low, high = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
        statement = select(AlertRow.id).where(AlertRow.id.between(low, high)).order_by(AlertRow.id).limit(limit)
        return self._transact(lambda session: list(session.scalars(statement)), write=False)

    def put_camera(self, health: CameraHealth, site: str, source: str) -> None:
        """Keep the newest health of a camera; older news than what is there changes nothing.

        Args:
            source: where the camera is read from, already redacted (`settings.redact_url`).
        """
        values = camera_values(health, site, source)
        statement = self._insert(CameraRow).values(values)
        fresh = {name: statement.excluded[name] for name in values if name not in ("site", "id", "first_seen")}
        statement = statement.on_conflict_do_update(
            index_elements=["site", "id"], set_=fresh, where=statement.excluded.last_seen >= CameraRow.last_seen
        )
        self._transact(lambda session: session.execute(statement))

    def cameras(self) -> list[CameraRecord]:
        """All cameras by site and id."""
        statement = select(CameraRow).order_by(CameraRow.site, CameraRow.id)
        return self._transact(lambda session: [camera_of(row) for row in session.scalars(statement)], write=False)

    def pending_outbox(self, limit: int = 100) -> list[OutboxEntry]:
        """Messages not yet delivered, in the order in which they were written."""
        statement = select(OutboxRow).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id).limit(limit)
        return self._transact(lambda session: [outbox_of(row) for row in session.scalars(statement)], write=False)

    def mark_attempted(self, entry_id: int) -> None:
        """Count a delivery that failed; the message stays pending."""
        statement = (
            update_rows(OutboxRow)
            .where(OutboxRow.id == entry_id, OutboxRow.delivered_at.is_(None))
            .values(attempts=OutboxRow.attempts + 1)
        )
        self._transact(lambda session: session.execute(statement))

    def mark_delivered(self, entry_id: int, at: int) -> bool:
        """A message reached its topic at `at` (wall clock, UTC ns); the alert's ledger keeps the first `notified`.

        Returns:
            True the first time; False when there is no such pending message.
        """

        def write(session: Session) -> bool:
            entry = session.get(OutboxRow, entry_id, with_for_update=True)
            if entry is None or entry.delivered_at is not None:
                return False
            entry.delivered_at = at
            entry.attempts += 1
            session.execute(
                update_rows(AlertRow)
                .where(AlertRow.id == entry.alert_id, AlertRow.ledger_notified.is_(None))
                .values(ledger_notified=at)
            )
            return True

        return self._transact(write)

    def counts(self) -> Counts:
        """How much there is."""

        def count(session: Session, table: type[Any], *where: ColumnElement[bool]) -> int:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

        return self._transact(
            lambda session: Counts(
                cameras=count(session, CameraRow),
                alerts=count(session, AlertRow),
                alerts_open=count(session, AlertRow, AlertRow.ended_at.is_(None)),
                outbox_pending=count(session, OutboxRow, OutboxRow.delivered_at.is_(None)),
            ),
            write=False,
        )

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: there is none.
        """
        self._transact(lambda session: session.execute(text("SELECT count(*) FROM alembic_version")), write=False)

    def close(self) -> None:
        """Let the database go. A closed store may be used again; it reconnects (in memory: to an empty one)."""
        self._reader.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, session: Session, alert: Alert, update: AlertUpdate) -> bool:
        ended_at = alert.ended_at if alert.ended_at is not None or not update.kind.closes else update.at
        values = alert_values(alert) | {"ended_at": ended_at, "ledger_stored": now()}
        session.execute(self._insert(AlertRow).values(values).on_conflict_do_nothing(index_elements=["id"]))
        row = session.get_one(AlertRow, alert.id, with_for_update=True)
        newest = session.scalar(select(func.max(AlertUpdateRow.number)).where(AlertUpdateRow.alert_id == alert.id))
        if session.get(AlertUpdateRow, (alert.id, update.number)) is not None:
            return False
        for name in ("ended_at", *(f"ledger_{name}" for name in LEDGER)):
            if getattr(row, name) is None:
                setattr(row, name, values[name])
        if newest is None or update.number > newest:
            row.severity = alert.severity.value
        session.add(AlertUpdateRow(**update_values(update)))
        session.flush()
        session.add(
            OutboxRow(
                alert_id=alert.id,
                update_number=update.number,
                topic=ALERTS_TOPIC,
                payload=message_json(alert_of(row), update),
                created_at=now(),
                attempts=0,
            )
        )
        return True

    def _insert(self, table: type[Any]) -> Any:
        """INSERT that knows ON CONFLICT, in the dialect at hand (both have the same methods)."""
        return postgresql.insert(table) if self._reader.dialect.name == "postgresql" else sqlite.insert(table)

    def _transact(self, work: Callable[[Session], T], *, write: bool = True) -> T:
        """Run `work` in one transaction; tried again, a bounded number of times, when a passing failure undid it."""
        for pause in (*_PAUSES_S, None):
            try:
                with Session(self._writer if write else self._reader) as session, session.begin():
                    return work(session)
            except (SQLAlchemyError, OSError) as error:
                if pause is None or not is_transient(error):
                    raise store_error(error, self.database) from error
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _records(session: Session, statement: Select[Any]) -> list[AlertRecord]:
    alerts = [alert_of(row) for row in session.scalars(statement)]
    steps: dict[uuid.UUID, list[AlertUpdate]] = {alert.id: [] for alert in alerts}
    for row in session.scalars(
        select(AlertUpdateRow).where(AlertUpdateRow.alert_id.in_(steps)).order_by(AlertUpdateRow.number)
    ):
        steps[row.alert_id].append(update_of(row))
    return [AlertRecord(alert, tuple(steps[alert.id])) for alert in alerts]
