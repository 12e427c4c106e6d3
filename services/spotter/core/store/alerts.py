"""Alerts with their updates: each is written together with the outbox message that tells of it, or not at all."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from spotter.core.clock import now
from spotter.core.contracts import Alert, AlertUpdate
from spotter.core.store.alert_json import message_json
from spotter.core.store.database import Database
from spotter.core.store.queries import AlertQuery, alert_statement
from spotter.core.store.records import AlertRecord
from spotter.core.store.rows import LEDGER, alert_of, alert_values, update_of, update_values
from spotter.core.store.tables import AlertRow, AlertUpdateRow, OutboxRow

ALERTS_TOPIC = "alerts"
"""Topic of the outbox rows that `record` writes."""


class AlertRepository(Database):
    """Tables `alerts` and `alert_updates`, and the writing side of `outbox`."""

    def record(self, alert: Alert, update: AlertUpdate) -> bool:
        """Write an alert with one update of it, and the message that tells of it, in one transaction.

        The first call for an alert fills its ledger's `stored` time. Later ones take over the severity of the newest
        update, and fill in `ended_at` and ledger times that are still missing; they never change what is there.
        An update whose kind closes ends the alert at the alert's `ended_at`, or else at the update's time.

        Returns:
            True when it was written; False when this update of this alert is already there (nothing changes). After
            an outage in the middle of a commit, False may speak of what this very call wrote.

        Raises:
            StoreError: nothing was written, or the answer was lost; call again until it returns.
            ValueError: the update is of another alert.
        """
        if update.alert_id != alert.id:
            raise ValueError(f"update of alert {update.alert_id} given with alert {alert.id}")
        return self._transact(lambda session: self._record(session, alert, update), name="record")

    def alerts(self, query: AlertQuery | None = None) -> list[Alert]:
        """Alerts that match, newest first by (raised_at, id)."""
        statement = alert_statement(query or AlertQuery())
        return self._transact(
            lambda session: [alert_of(row) for row in session.scalars(statement)], write=False, name="alerts"
        )

    def alert(self, alert_id: uuid.UUID) -> AlertRecord | None:
        """One alert with its updates, or None."""
        statement = select(AlertRow).where(AlertRow.id == alert_id)
        found = self._transact(lambda session: _records(session, statement), write=False, name="alert")
        return found[0] if found else None

    def records(self, query: AlertQuery | None = None) -> list[AlertRecord]:
        """As `alerts`, each with its updates; two statements whatever the number of alerts."""
        statement = alert_statement(query or AlertQuery())
        return self._transact(lambda session: _records(session, statement), write=False, name="records")

    def ids_starting_with(self, prefix: str, limit: int = 10) -> list[uuid.UUID]:
        """Ids of alerts whose text begins with `prefix` (dashes and case do not matter), at most `limit`."""
        digits = prefix.replace("-", "").lower()
        if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
            return []
        low, high = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
        statement = select(AlertRow.id).where(AlertRow.id.between(low, high)).order_by(AlertRow.id).limit(limit)
        return self._transact(lambda session: list(session.scalars(statement)), write=False, name="ids_starting_with")

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


def _records(session: Session, statement: Select[Any]) -> list[AlertRecord]:
    alerts = [alert_of(row) for row in session.scalars(statement)]
    steps: dict[uuid.UUID, list[AlertUpdate]] = {alert.id: [] for alert in alerts}
    for row in session.scalars(
        select(AlertUpdateRow).where(AlertUpdateRow.alert_id.in_(steps)).order_by(AlertUpdateRow.number)
    ):
        steps[row.alert_id].append(update_of(row))
    return [AlertRecord(alert, tuple(steps[alert.id])) for alert in alerts]
