"""The outbox as others see it: messages that wait. `deliveries.py` hands them to the channels."""

from __future__ import annotations

from sqlalchemy import select

from spotter.core.store.database import Database
from spotter.core.store.records import OutboxEntry
from spotter.core.store.rows import outbox_of
from spotter.core.store.tables import OutboxRow


class OutboxRepository(Database):
    """Table `outbox`."""

    def pending_outbox(self, limit: int = 100) -> list[OutboxEntry]:
        """Messages not yet handed to the channels, in the order in which they were written."""
        statement = select(OutboxRow).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id).limit(limit)
        return self._transact(
            lambda session: [outbox_of(row) for row in session.scalars(statement)], write=False, name="pending_outbox"
        )

    def newest_message(self) -> int:
        """Id of the newest message, 0 without any. It grows with every update of every alert."""
        statement = select(OutboxRow.id).order_by(OutboxRow.id.desc()).limit(1)
        return self._transact(lambda session: session.scalar(statement) or 0, write=False, name="newest_message")
