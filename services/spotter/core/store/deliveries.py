"""Deliveries: the messages of the outbox on their way to the channels.

Promises: a message of the outbox becomes its deliveries in one transaction, in the order in which the outbox was
written. A claim is a lease: who is killed with it loses it, and the delivery comes again. An update of an alert is
never claimed for a channel while an earlier one of the same alert is on its way there. Any number of processes may work
on one database.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session, aliased

from spotter.core.errors import WireError
from spotter.core.store.delivery_records import NOBODY, Claim, DeliveryState, FanOut
from spotter.core.store.repository import Store
from spotter.core.store.tables import AlertRow, ChannelLimitRow, DeliveryRow, OutboxRow

_FAN_OUT_LOCK = 7_367_077
"""Key of the Postgres advisory lock of fan-out (a constant of this project)."""


class Admit(Protocol):
    """Whether a message goes out: an empty string, or why it is held back. May use the buckets, which stay locked."""

    def __call__(self, payload: Mapping[str, Any], buckets: LimitBook) -> str: ...


class LimitBook:
    """The token buckets of one channel within a transaction; a bucket that was looked at is locked until its end."""

    def __init__(self, store: Store, session: Session, channel: str) -> None:
        self._store = store
        self._session = session
        self._channel = channel

    def load(self, severity: str) -> tuple[float, int] | None:
        """Tokens and the moment (UTC ns) at which there were as many, or None."""
        row = self._session.get(ChannelLimitRow, (self._channel, severity), with_for_update=True)
        return None if row is None else (row.tokens, row.at)

    def save(self, severity: str, tokens: float, at: int) -> None:
        """Keep a bucket."""
        values = {"channel": self._channel, "severity": severity, "tokens": tokens, "at": at}
        statement = self._store._insert(ChannelLimitRow).values(values)
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["channel", "severity"], set_={"tokens": tokens, "at": at})
        )


class Deliveries:
    """The work on deliveries. Safe between threads. Every failure is a `StoreError`.

    Args:
        store: an open one; it stays the caller's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def fan_out(
        self,
        route: Callable[[Mapping[str, Any]], Sequence[str]],
        at: int,
        max_age_ns: int,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> FanOut:
        """Turn waiting messages of the outbox into deliveries.

        Args:
            route: names of the channels of a message, from its payload. A `WireError` makes a dead delivery of it.
            at: now, UTC ns.
            max_age_ns: a message that is older when it is seen first is not sent but `expired`; also the time that
                each delivery has from now on.
            before: only messages written before this moment.
            limit: most messages.

        Returns:
            Nothing when another process is at it.
        """

        def work(session: Session) -> FanOut:
            if not _lock_fan_out(session):
                return FanOut()
            statement = select(OutboxRow).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id).limit(limit)
            if before is not None:
                statement = statement.where(OutboxRow.created_at < before)
            made: Counter[tuple[str, DeliveryState]] = Counter()
            rows = list(session.scalars(statement))
            for row in rows:
                for delivery in _deliveries_of(row, route, at, max_age_ns):
                    session.add(delivery)
                    made[delivery.channel, DeliveryState(delivery.state)] += 1
                row.delivered_at = at
            return FanOut(len(rows), made)

        def anything(session: Session) -> bool:
            return session.scalar(select(OutboxRow.id).where(OutboxRow.delivered_at.is_(None)).limit(1)) is not None

        # A look first, as in `claim`.
        if not self._store._transact(anything, write=False, name="fan_out_look"):
            return FanOut()
        return self._store._transact(work, name="fan_out")

    def claim(self, channel: str, at: int, lease_ns: int, horizon_ns: int, admit: Admit) -> Claim | None:
        """The most urgent delivery of `channel` that is due, for `lease_ns`; None when there is none.

        Args:
            at: now, UTC ns.
            horizon_ns: longest pause that is ever made. A delivery due later than that was put off under a clock that
                has since gone back, and is due now.
            admit: asked once in the life of a delivery.
        """

        def work(session: Session) -> Claim | None:
            due = _due(channel, at, horizon_ns).with_for_update(skip_locked=True, of=DeliveryRow)
            row = session.scalar(due)
            return None if row is None else self._take(session, row, at, lease_ns, admit)

        # A look first: it takes no lock, and mostly there is nothing to do.
        if not self._store._transact(
            lambda session: session.scalar(_due(channel, at, horizon_ns)), write=False, name="claim_look"
        ):
            return None
        return self._store._transact(work, name="claim")

    def delivered(self, claim: Claim, at: int) -> None:
        """A delivery arrived at `at` (UTC ns). The alert's ledger keeps the first one of its `notified` time."""

        def work(session: Session) -> None:
            session.execute(
                update_rows(DeliveryRow)
                .where(DeliveryRow.id == claim.id, in_state(DeliveryState.PENDING))
                .values(state=DeliveryState.DELIVERED, finished_at=at, error="")
            )
            told = select(DeliveryRow.alert_id).where(DeliveryRow.id == claim.id).scalar_subquery()
            session.execute(
                update_rows(AlertRow)
                .where(AlertRow.id == told, AlertRow.ledger_notified.is_(None))
                .values(ledger_notified=at)
            )

        self._store._transact(work, name="delivered")

    def failed(self, claim: Claim, error: str, at: int, retry_at: int | None) -> None:
        """A try failed: again at `retry_at` (UTC ns), or never, when that is None. A claim that was lost is let be.

        Args:
            error: one line for people, without a secret.
        """
        ending = {"due_at": retry_at} if retry_at is not None else {"state": DeliveryState.DEAD, "finished_at": at}
        statement = (
            update_rows(DeliveryRow)
            .where(
                DeliveryRow.id == claim.id,
                DeliveryRow.attempts == claim.attempts,
                in_state(DeliveryState.PENDING),
            )
            .values(error=error, **ending)
        )
        self._store._transact(lambda session: session.execute(statement), name="delivery_failed")

    def summarise(
        self,
        channel: str,
        at: int,
        max_age_ns: int,
        free: Callable[[str, LimitBook], bool],
        build: Callable[[Sequence[tuple[Mapping[str, Any], int]], int], dict[str, Any]],
    ) -> int:
        """Make one summary delivery of all that is held back on `channel`, for each severity that is free again.

        Args:
            free: whether a summary of that severity may go out now.
            build: what it stands for, from payload and creation time of each message and from now.

        Returns:
            Summaries made.
        """
        held = (
            select(DeliveryRow, OutboxRow)
            .join(OutboxRow, OutboxRow.id == DeliveryRow.outbox_id)
            .where(
                DeliveryRow.channel == channel,
                in_state(DeliveryState.WITHHELD),
                DeliveryRow.summary_id.is_(None),
            )
            .order_by(DeliveryRow.id)
        )

        def work(session: Session) -> int:
            rows = session.execute(held.limit(10_000).with_for_update(skip_locked=True, of=DeliveryRow)).all()
            made = 0
            for severity in sorted({delivery.severity for delivery, _ in rows}):
                if not free(severity, LimitBook(self._store, session, channel)):
                    continue
                covered = [(delivery, entry) for delivery, entry in rows if delivery.severity == severity]
                content = build([(entry.payload, entry.created_at) for _, entry in covered], at)
                summary = _new(None, channel, severity, at, max_age_ns, admitted=True, summary=content)
                session.add(summary)
                session.flush()
                for delivery, _ in covered:
                    delivery.summary_id = summary.id
                made += 1
            return made

        def anything(session: Session) -> bool:
            return session.execute(held.limit(1)).first() is not None

        if not self._store._transact(anything, write=False, name="summarise_look"):
            return 0
        return self._store._transact(work, name="summarise")

    def _take(self, session: Session, row: DeliveryRow, at: int, lease_ns: int, admit: Admit) -> Claim:
        entry = session.get(OutboxRow, row.outbox_id) if row.outbox_id is not None else None
        withheld, expired = "", row.expires_at < at
        if expired:
            row.state, row.finished_at = DeliveryState.DEAD, at
            row.error = f"not delivered in time; last: {row.error}" if row.error else "not delivered in time"
        elif not row.admitted and entry is not None:
            withheld = admit(entry.payload, LimitBook(self._store, session, row.channel))
            if withheld:
                row.state, row.finished_at, row.error = DeliveryState.WITHHELD, at, withheld
        if not withheld and not expired:
            row.admitted = True
            row.attempts += 1
            row.due_at = at + lease_ns
        return Claim(
            id=row.id,
            channel=row.channel,
            severity=row.severity,
            attempts=row.attempts,
            payload=entry.payload if entry is not None else None,
            summary=row.summary,
            created_at=entry.created_at if entry is not None else row.created_at,
            withheld=withheld,
            expired=expired,
        )


def in_state(state: DeliveryState, row: Any = DeliveryRow) -> ColumnElement[bool]:
    """The condition with the state in its text, so that a partial index fits it however a plan treats parameters."""
    return cast(ColumnElement[bool], row.state == literal_column(f"'{state.value}'"))


def _due(channel: str, at: int, horizon_ns: int) -> Select[DeliveryRow]:
    earlier = aliased(DeliveryRow)
    return (
        select(DeliveryRow)
        .where(
            DeliveryRow.channel == channel,
            in_state(DeliveryState.PENDING),
            or_(DeliveryRow.due_at <= at, DeliveryRow.due_at > at + horizon_ns),
            ~exists().where(
                earlier.channel == channel,
                in_state(DeliveryState.PENDING, earlier),
                earlier.alert_id == DeliveryRow.alert_id,
                earlier.update_number < DeliveryRow.update_number,
            ),
        )
        .order_by(DeliveryRow.severity, DeliveryRow.due_at, DeliveryRow.id)
        .limit(1)
    )


def _deliveries_of(
    row: OutboxRow, route: Callable[[Mapping[str, Any]], Sequence[str]], at: int, max_age_ns: int
) -> list[DeliveryRow]:
    payload: Any = row.payload  # Of a poison message nothing is sure.
    alert = payload.get("alert") if isinstance(payload, dict) else None
    severity = str(alert.get("severity", ""))[:8] if isinstance(alert, dict) else ""
    try:
        names = route(payload if isinstance(payload, dict) else {})
    except WireError as error:
        return [_new(row, NOBODY, severity, at, max_age_ns, DeliveryState.DEAD, str(error))]
    if not names:
        return [_new(row, NOBODY, severity, at, max_age_ns, DeliveryState.NO_CHANNEL, "no channel takes it")]
    if row.created_at < at - max_age_ns:
        late = "too old when the notify service saw it first"
        return [_new(row, name, severity, at, max_age_ns, DeliveryState.EXPIRED, late) for name in names]
    return [_new(row, name, severity, at, max_age_ns) for name in names]


def _new(
    row: OutboxRow | None,
    channel: str,
    severity: str,
    at: int,
    max_age_ns: int,
    state: DeliveryState = DeliveryState.PENDING,
    error: str = "",
    *,
    admitted: bool = False,
    summary: dict[str, Any] | None = None,
) -> DeliveryRow:
    alert_id: uuid.UUID | None = row.alert_id if row is not None else None
    return DeliveryRow(
        outbox_id=row.id if row is not None else None,
        channel=channel,
        alert_id=alert_id,
        update_number=row.update_number if row is not None else None,
        severity=severity,
        state=state,
        admitted=admitted,
        attempts=0,
        due_at=at,
        created_at=at,
        expires_at=at + max_age_ns,
        finished_at=None if state is DeliveryState.PENDING else at,
        error=error,
        summary=summary,
    )


def _lock_fan_out(session: Session) -> bool:
    """One process at a time, so that two updates of one alert never overtake each other; SQLite's writer is alone."""
    if session.connection().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_FAN_OUT_LOCK))))
