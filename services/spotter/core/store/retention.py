"""Retention: what is older than its class may be is deleted, and what was deleted is proved.

Promises:
- Open alerts stay, and so do alerts with a message that is not delivered to every channel yet.
- Rows go in transactions of at most `BATCH`, so that writers never wait for long; on Postgres whole weeks of history
  are dropped, so that history there stays up to a week longer than asked (`cut_off` says what really held).
- A run counts what it deleted, and afterwards counts what is still older than the cut-off and was held; both go to the
  audit trail, in one entry. A run that breaks off leaves the rest to the next one.
- Any number of runs may be started at once: on Postgres one works and the others return at once (`skipped`); on
  SQLite they share the work.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Delete, delete, func, inspect, select, tuple_
from sqlalchemy.orm import Session

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.settings import RetentionSettings
from spotter.core.store.alert_json import time_json
from spotter.core.store.audit import DROPPED_TO, append
from spotter.core.store.history_tables import AuditRow
from spotter.core.store.partitions import PARTITIONED, Partition, drop_partition, ensure_partitions, partitions, week_of
from spotter.core.store.postgres import unhurried
from spotter.core.store.records import AuditEntry
from spotter.core.store.repository import Store
from spotter.core.store.retention_classes import CLASSES, DataClass, Part

BATCH = 1000
"""[D] Rows in one transaction: some tens of milliseconds."""

_DAY_S = 86_400
_ADVISORY_LOCK = 7_367_079


@dataclass(frozen=True)
class ClassReport:
    """What was done to one class of data.

    Attributes:
        days: as set; None: kept for ever.
        cut_off: what is older may go, UTC ns; None when everything is kept.
        deleted: rows deleted, those of dropped partitions included; in a dry run those that would be.
        dropped: names of dropped partitions.
        held: rows older than `cut_off` that had to stay, counted after the deletion.
        oldest: time of the oldest row that is left, UTC ns.
    """

    name: str
    days: float | None
    cut_off: int | None
    deleted: int
    dropped: tuple[str, ...]
    held: int
    oldest: int | None

    def json(self) -> dict[str, Any]:
        """JSON-ready, as in the audit entry."""
        return {
            "days": self.days,
            "cut_off": time_json(self.cut_off),
            "deleted": self.deleted,
            "dropped": list(self.dropped),
            "held": self.held,
            "oldest": time_json(self.oldest),
        }


@dataclass(frozen=True)
class RetentionReport:
    """What a run did. `audit` is the entry that proves it; None in a dry run and when skipped."""

    at: int
    dry_run: bool
    skipped: bool = False
    classes: tuple[ClassReport, ...] = ()
    audit: AuditEntry | None = None


def run_retention(
    store: Store,
    settings: RetentionSettings,
    at: int,
    *,
    dry_run: bool = False,
    actor: str = "spotter maintenance",
) -> RetentionReport:
    """Delete what is too old, write the audit entry, and make partitions ahead.

    Args:
        at: the wall clock, UTC ns: ages are counted from here.
        dry_run: count only; nothing changes.
        actor: who asks for it, for the audit trail.

    Raises:
        StoreError: the database failed; what was deleted so far stays deleted and the next run goes on.
    """
    with store.exclusive(_ADVISORY_LOCK) as alone:
        if not alone:
            return RetentionReport(at, dry_run, skipped=True)
        if not dry_run:
            store._transact(lambda session: _make_partitions(session, at), name="retention")
        reports = [_apply(store, one, settings, at, dry_run) for one in CLASSES]
        entry_id = uuid.uuid4()
        last, entry = store._transact(
            lambda session: _finish(session, reports, at, settings.audit, actor, entry_id, dry_run),
            write=not dry_run,
            name="retention",
        )
    reports.append(last)
    metrics = store.metrics
    if metrics is not None and not dry_run:
        for report in reports:
            metrics.retention_deleted.labels(data=report.name).inc(report.deleted)
        metrics.retention_completed.set(to_seconds(at))
    return RetentionReport(at, dry_run, classes=tuple(reports), audit=entry)


def _before(at: int, days: float | None) -> int | None:
    return None if days is None else at - from_seconds(days * _DAY_S)


def _cut_off(store: Store, data: DataClass, days: float | None, at: int) -> int | None:
    cut_off = _before(at, days)
    if cut_off is not None and store.on_server and data.parts[0].table.__tablename__ in PARTITIONED:
        return week_of(cut_off)
    return cut_off


def _apply(store: Store, data: DataClass, settings: RetentionSettings, at: int, dry_run: bool) -> ClassReport:
    days: float | None = getattr(settings, data.name)
    cut_off = _cut_off(store, data, days, at)
    deleted = held = 0
    dropped: tuple[str, ...] = ()
    if cut_off is not None and dry_run:
        deleted = sum(_count(store, part, cut_off, part.may_go) for part in data.parts)
    elif cut_off is not None:
        dropped, deleted = _drop_weeks(store, data.parts[0], cut_off)
        deleted += sum(_delete(store, part, cut_off) for part in data.parts)
    if cut_off is not None:
        held = sum(_count(store, part, cut_off, ~part.may_go if dry_run else part.belongs) for part in data.parts)
    return ClassReport(data.name, days, cut_off, deleted, dropped, held, _oldest(store, data.parts[0]))


def _drop_weeks(store: Store, part: Part, cut_off: int) -> tuple[tuple[str, ...], int]:
    """Drop the partitions that end at or before `cut_off`, each in a transaction of its own."""
    table = part.table.__tablename__
    if not store.on_server or table not in PARTITIONED:
        return (), 0
    weeks = store._transact(lambda session: partitions(session.connection(), table), write=False, name="retention")
    dropped, rows = [], 0
    for week in weeks:
        if week.end <= cut_off:
            rows += store._transact(partial(_drop, week), name="retention")
            dropped.append(week.name)
    return tuple(dropped), rows


def _drop(week: Partition, session: Session) -> int:
    connection = session.connection()
    unhurried(connection)
    # A try whose answer was lost may have dropped it.
    return drop_partition(connection, week) if week in partitions(connection, week.table) else 0


def batch_statement(part: Part, cut_off: int) -> Delete:
    """DELETE of the `BATCH` oldest rows that may go."""
    keys = inspect(part.table).primary_key
    old = select(*keys).where(part.time < cut_off, part.belongs, part.may_go).order_by(part.time).limit(BATCH)
    # The bound once more, so that no partition is looked through that cannot hold such rows.
    return delete(part.table).where(tuple_(*keys).in_(old), part.time < cut_off)


def _delete(store: Store, part: Part, cut_off: int) -> int:
    """Delete in batches, oldest first."""
    statement = batch_statement(part, cut_off)

    def work(session: Session) -> int:
        # On the connection: the session would look for the rows among its objects, and it has none.
        return session.connection().execute(statement).rowcount

    total = 0
    while True:
        rows = store._transact(work, name="retention")
        total += rows
        if rows < BATCH:
            return total


def _count(store: Store, part: Part, cut_off: int, which: Any) -> int:
    statement = select(func.count()).select_from(part.table).where(part.time < cut_off, part.belongs, which)

    def work(session: Session) -> int:
        unhurried(session.connection())  # there may be millions
        return session.scalar(statement) or 0

    return store._transact(work, write=False, name="retention")


def _oldest(store: Store, part: Part) -> int | None:
    statement = select(part.time).where(part.belongs).order_by(part.time).limit(1)
    return store._transact(lambda session: session.scalar(statement), write=False, name="retention")


def _finish(
    session: Session,
    reports: list[ClassReport],
    at: int,
    days: float | None,
    actor: str,
    entry_id: uuid.UUID,
    dry_run: bool,
) -> tuple[ClassReport, AuditEntry | None]:
    """Drop the oldest audit entries and write the one that proves it all, in one transaction."""
    cut_off = _before(at, days)
    last = _last_to_drop(session, cut_off)
    which = AuditRow.number <= (last.number if last is not None else 0)
    deleted = session.scalar(select(func.count()).select_from(AuditRow).where(which)) or 0
    oldest = session.scalar(select(AuditRow.at).where(~which).order_by(AuditRow.number).limit(1))
    report = ClassReport("audit", days, cut_off, deleted, (), 0, oldest)
    if dry_run:
        return report, None
    details: dict[str, Any] = {"at": time_json(at), "classes": {one.name: one.json() for one in (*reports, report)}}
    if last is not None:
        details[DROPPED_TO] = {"number": last.number, "hash": last.hash}
    entry = append(session, actor, "retention", details, entry_id=entry_id)
    session.connection().execute(delete(AuditRow).where(which))
    return report, entry


def _last_to_drop(session: Session, cut_off: int | None) -> AuditRow | None:
    if cut_off is None:
        return None
    first_kept = session.scalar(select(func.min(AuditRow.number)).where(AuditRow.at >= cut_off))
    number = session.scalar(select(func.max(AuditRow.number))) if first_kept is None else first_kept - 1
    return session.get(AuditRow, number or 0)


def _make_partitions(session: Session, at: int) -> None:
    connection = session.connection()
    unhurried(connection)
    ensure_partitions(connection, at)
