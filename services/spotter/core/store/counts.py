"""How much there is, in bounded time: `count(*)` of five million rows reads them all, and this is asked every second.

Counts are exact up to `EXACT_UP_TO`. Beyond it, the number of alerts is an estimate (Postgres: of its planner; SQLite:
the span of its row numbers), and other counts stand for "at least so many"; `Counts.estimated` names them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, TextClause, func, literal, select, text
from sqlalchemy.orm import Session

from spotter.core.store.alert_lists import by_list
from spotter.core.store.database import Database
from spotter.core.store.records import Counts
from spotter.core.store.tables import AlertRow, CameraRow, OutboxRow

EXACT_UP_TO = 10_000


class CountRepository(Database):
    """Reads across tables."""

    def counts(self) -> Counts:
        """How much there is; see this module for what is exact."""
        return self._transact(_counts, write=False, name="counts")


def _counts(session: Session) -> Counts:
    found = {
        "cameras": _up_to(session, CameraRow),
        # In order of time, which is that of the table: neighbours lie in the same blocks.
        "alerts": _up_to(session, AlertRow, by_list(()), order=AlertRow.raised_at.desc()),
        "alerts_open": _up_to(session, AlertRow, AlertRow.ended_at.is_(None)),
        "outbox_pending": _up_to(session, OutboxRow, OutboxRow.delivered_at.is_(None)),
    }
    estimated = tuple(name for name, count in found.items() if count > EXACT_UP_TO)
    found = {name: min(count, EXACT_UP_TO) for name, count in found.items()}
    if "alerts" in estimated:
        found["alerts"] = max(_estimate(session), EXACT_UP_TO)
    return Counts(**found, estimated=estimated)


def _up_to(
    session: Session,
    table: type[Any],
    *where: ColumnElement[bool] | TextClause,
    order: ColumnElement[Any] | None = None,
) -> int:
    """Rows that match, at most one more than are counted exactly."""
    some = select(literal(1)).select_from(table).where(*where).order_by(order).limit(EXACT_UP_TO + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _estimate(session: Session) -> int:
    if session.connection().dialect.name == "postgresql":
        planned = session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = CAST('alerts' AS regclass)"))
        return round(planned or 0)
    # Retention takes the oldest rows, so what is left has numbers without large gaps.
    first, last = session.execute(text("SELECT (SELECT min(rowid) FROM alerts), (SELECT max(rowid) FROM alerts)")).one()
    return int(last - first + 1)
