"""The reading side of the outbox: messages that wait, and what became of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from spotter.core.store.database import Database
from spotter.core.store.records import OutboxEntry
from spotter.core.store.rows import outbox_of
from spotter.core.store.tables import AlertRow, OutboxRow


class OutboxRepository(Database):
    """Table `outbox`; `deliveries.py` follows each message to each channel."""

    def pending_outbox(self, limit: int = 100) -> list[OutboxEntry]:
        """Messages not yet delivered, in the order in which they were written."""
        statement = select(OutboxRow).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id).limit(limit)
        return self._transact(
            lambda session: [outbox_of(row) for row in session.scalars(statement)], write=False, name="pending_outbox"
        )

    def newest_message(self) -> int:
        """Id of the newest message, 0 without any. It grows with every update of every alert."""
        statement = select(OutboxRow.id).order_by(OutboxRow.id.desc()).limit(1)
        return self._transact(lambda session: session.scalar(statement) or 0, write=False, name="newest_message")

    def mark_attempted(self, entry_id: int) -> None:
        """Count a delivery that failed; the message stays pending."""
        statement = (
            update_rows(OutboxRow)
            .where(OutboxRow.id == entry_id, OutboxRow.delivered_at.is_(None))
            .values(attempts=OutboxRow.attempts + 1)
        )
        self._transact(lambda session: session.execute(statement), name="mark_attempted")

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

        return self._transact(write, name="mark_delivered")
