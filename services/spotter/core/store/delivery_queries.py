"""What people and gauges ask of deliveries, and the second chance of those that were given up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from spotter.core.contracts import Alert
from spotter.core.store.deliveries import in_state
from spotter.core.store.delivery_records import NOBODY, ChannelBacklog, DeliveryRecord, DeliveryState
from spotter.core.store.repository import Store
from spotter.core.store.rows import alert_of
from spotter.core.store.tables import AlertRow, DeliveryRow, OutboxRow

REPLAYABLE = (DeliveryState.DEAD, DeliveryState.EXPIRED, DeliveryState.WITHHELD, DeliveryState.NO_CHANNEL)
"""States from which a delivery can be sent after all."""


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    """Which deliveries, newest first. None does not filter."""

    state: DeliveryState | None = None
    channel: str | None = None
    limit: int = 100


class DeliveryBook:
    """Reading deliveries. Safe between threads. Every failure is a `StoreError`.

    Args:
        store: an open one; it stays the caller's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, query: DeliveryQuery) -> list[DeliveryRecord]:
        """Deliveries that match, newest first."""
        statement = select(DeliveryRow, OutboxRow).outerjoin(OutboxRow, OutboxRow.id == DeliveryRow.outbox_id)
        if query.state is not None:
            statement = statement.where(in_state(query.state))
        if query.channel is not None:
            statement = statement.where(DeliveryRow.channel == query.channel)
        statement = statement.order_by(DeliveryRow.id.desc()).limit(query.limit)
        return self._store._transact(
            lambda session: [_record(row, entry) for row, entry in session.execute(statement)],
            write=False,
            name="deliveries",
        )

    def replay(
        self,
        at: int,
        max_age_ns: int,
        *,
        ids: Collection[int] | None = None,
        channel: str | None = None,
        states: Sequence[DeliveryState] = (DeliveryState.DEAD,),
    ) -> list[int]:
        """Send again what was given up: pending from `at` on (UTC ns), with `max_age_ns` to go and no limit before it.

        What no channel took, or what could not be read, goes back to the outbox and is routed anew.

        Args:
            ids: only these; of any state in `REPLAYABLE`.
            channel: only this channel.
            states: only these, where no ids are given.

        Returns:
            Ids of the deliveries that are pending again.
        """
        chosen: list[ColumnElement[bool]] = [
            or_(*(in_state(state) for state in (states if ids is None else REPLAYABLE)))
        ]
        if ids is not None:
            chosen.append(DeliveryRow.id.in_(ids))
        if channel is not None:
            chosen.append(DeliveryRow.channel == channel)

        def work(session: Session) -> list[int]:
            unrouted = session.execute(
                delete(DeliveryRow)
                .where(*chosen, DeliveryRow.channel == NOBODY)
                .returning(DeliveryRow.id, DeliveryRow.outbox_id)
            ).all()
            session.execute(
                update_rows(OutboxRow)
                .where(OutboxRow.id.in_([entry for _, entry in unrouted]))
                .values(delivered_at=None)
            )
            again = session.scalars(
                update_rows(DeliveryRow)
                .where(*chosen)
                .values(
                    state=DeliveryState.PENDING,
                    admitted=True,
                    attempts=0,
                    due_at=at,
                    expires_at=at + max_age_ns,
                    finished_at=None,
                    error="",
                    summary_id=None,
                )
                .returning(DeliveryRow.id)
            )
            return sorted([*(number for number, _ in unrouted), *again])

        return self._store._transact(work, name="replay")

    def backlog(self) -> dict[str, ChannelBacklog]:
        """What waits, by channel; a channel without anything is not in it."""

        def by_channel(session: Session, *where: ColumnElement[bool]) -> dict[str, tuple[int, int]]:
            """How many, and when the oldest was made."""
            counted = session.execute(
                select(DeliveryRow.channel, func.count(), func.min(DeliveryRow.created_at))
                .where(*where)
                .group_by(DeliveryRow.channel)
            )
            return {channel: (count, oldest) for channel, count, oldest in counted}

        def work(session: Session) -> dict[str, ChannelBacklog]:
            pending = by_channel(session, in_state(DeliveryState.PENDING))
            dead = by_channel(session, in_state(DeliveryState.DEAD))
            withheld = by_channel(session, in_state(DeliveryState.WITHHELD), DeliveryRow.summary_id.is_(None))
            return {
                channel: ChannelBacklog(
                    pending=pending.get(channel, (0, 0))[0],
                    dead=dead.get(channel, (0, 0))[0],
                    withheld=withheld.get(channel, (0, 0))[0],
                    oldest=pending[channel][1] if channel in pending else None,
                )
                for channel in pending.keys() | dead.keys() | withheld.keys()
            }

        return self._store._transact(work, write=False, name="backlog")

    def oldest_in_outbox(self) -> int | None:
        """When the oldest message was written that has no deliveries yet (UTC ns), or None."""
        statement = select(func.min(OutboxRow.created_at)).where(OutboxRow.delivered_at.is_(None))
        return self._store._transact(lambda session: session.scalar(statement), write=False, name="backlog")

    def open_alerts(self, channel: str, since: int, limit: int = 1000) -> list[Alert]:
        """Open alerts stored since `since` (UTC ns) that `channel` was told of, newest first."""
        # By way of the outbox, whose unique key leads from an alert to its few messages.
        told = (
            select(OutboxRow.id)
            .join(DeliveryRow, DeliveryRow.outbox_id == OutboxRow.id)
            .where(OutboxRow.alert_id == AlertRow.id)
            .where(DeliveryRow.channel == channel, DeliveryRow.state == DeliveryState.DELIVERED)
        )
        statement = (
            select(AlertRow)
            .where(AlertRow.ended_at.is_(None), AlertRow.ledger_stored >= since, told.exists())
            .order_by(AlertRow.raised_at.desc())
            .limit(limit)
        )
        return self._store._transact(
            lambda session: [alert_of(row) for row in session.scalars(statement)], write=False, name="open_alerts"
        )

    def give_up_orphans(self, channels: Sequence[str], at: int) -> int:
        """Make dead what waits for a channel that is no longer there and whose time is over; how many."""
        statement = (
            update_rows(DeliveryRow)
            .where(
                in_state(DeliveryState.PENDING),
                DeliveryRow.channel.not_in(channels),
                DeliveryRow.expires_at < at,
            )
            .values(state=DeliveryState.DEAD, finished_at=at, error="the channel is no longer in the settings")
            .returning(DeliveryRow.id)
        )
        return len(self._store._transact(lambda session: list(session.scalars(statement)), name="give_up_orphans"))


def _record(row: DeliveryRow, entry: OutboxRow | None) -> DeliveryRecord:
    alert, update = (_part(entry, name) for name in ("alert", "update"))
    return DeliveryRecord(
        id=row.id,
        channel=row.channel,
        state=DeliveryState(row.state),
        severity=row.severity,
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        error=row.error,
        alert_id=row.alert_id,
        update_number=row.update_number,
        camera_id=alert.get("camera_id"),
        kind=alert.get("kind"),
        update=update.get("kind"),
        count=row.summary["count"] if row.summary is not None else None,
        summary_id=row.summary_id,
    )


def _part(entry: OutboxRow | None, name: str) -> dict[str, Any]:
    """A part of a message; empty where there is none, as in a poison message."""
    payload: Any = entry.payload if entry is not None else None
    part = payload.get(name) if isinstance(payload, dict) else None
    return part if isinstance(part, dict) else {}
