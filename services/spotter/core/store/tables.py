"""The tables of the store: cameras, alerts, their updates, the outbox and its deliveries.

SQLite and Postgres keep the same values.

Times are UTC nanoseconds in Python (whole microseconds) and timestamps in the database. Kinds, severities and states
are kept as text, so that a new one needs no migration. `migrations/` builds these tables; a test keeps both equal.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from spotter.core.clock import from_datetime, to_datetime
from spotter.core.store.alert_lists import list_indexes


class UtcTime(TypeDecorator[int]):
    """UTC nanoseconds as `int`, kept to the microsecond: timestamptz on Postgres, naive UTC text on SQLite.

    Nanoseconds below a microsecond are cut off; `core.clock` never makes any.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else to_datetime(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return from_datetime(value if value.tzinfo else value.replace(tzinfo=UTC))


class Base(DeclarativeBase):
    """Base of the tables. Constraints are named, so that a migration can find them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it as it is)
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
        uuid.UUID: Uuid(),
        float: Double(),
    }


class CameraRow(Base):
    """The newest that was heard of a camera. `source` is redacted before it comes here."""

    __tablename__ = "cameras"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[float]
    first_seen: Mapped[int] = mapped_column(UtcTime)
    last_seen: Mapped[int] = mapped_column(UtcTime)
    trusted: Mapped[bool] = mapped_column(server_default=false())
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


class AlertRow(Base):
    """One alert as it stands now. The `ledger_` columns are the latency ledger (`contracts.Ledger`)."""

    __tablename__ = "alerts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(Text)
    track_id: Mapped[str] = mapped_column(Text)
    started_at: Mapped[int] = mapped_column(UtcTime)
    raised_at: Mapped[int] = mapped_column(UtcTime)
    ended_at: Mapped[int | None] = mapped_column(UtcTime)
    evidence: Mapped[dict[str, Any]]
    versions: Mapped[dict[str, Any]]
    frames_considered: Mapped[int]
    frames_dropped: Mapped[int]
    ledger_captured: Mapped[int] = mapped_column(UtcTime)
    ledger_published: Mapped[int | None] = mapped_column(UtcTime)
    ledger_posed: Mapped[int | None] = mapped_column(UtcTime)
    ledger_ruled: Mapped[int | None] = mapped_column(UtcTime)
    ledger_stored: Mapped[int | None] = mapped_column(UtcTime)
    ledger_notified: Mapped[int | None] = mapped_column(UtcTime)

    __table_args__ = (
        *list_indexes(),
        Index(
            "ix_alerts_open",
            "raised_at",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class AlertUpdateRow(Base):
    """One step in the life of an alert."""

    __tablename__ = "alert_updates"

    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[int] = mapped_column(UtcTime)
    evidence: Mapped[dict[str, Any]]


class OutboxRow(Base):
    """A message that must reach the channels: written with the update that it tells of, in one transaction.

    `delivered_at` is when it was handed to the deliveries of its channels, in one transaction with them.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    alert_id: Mapped[uuid.UUID]
    update_number: Mapped[int]
    topic: Mapped[str] = mapped_column(String(63))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[int] = mapped_column(UtcTime)
    delivered_at: Mapped[int | None] = mapped_column(UtcTime)
    attempts: Mapped[int]

    __table_args__ = (
        UniqueConstraint("alert_id", "update_number"),
        ForeignKeyConstraint(
            ["alert_id", "update_number"], ["alert_updates.alert_id", "alert_updates.number"], ondelete="CASCADE"
        ),
        Index(
            "ix_outbox_pending",
            "id",
            sqlite_where=text("delivered_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL"),
        ),
        Index(None, "created_at"),
        # Ids only grow, so a reader that remembers the last one never misses a row.
        {"sqlite_autoincrement": True},
    )


class DeliveryRow(Base):
    """One message on its way to one channel: an update of an alert, or a summary of messages that were held back.

    `state`: pending; delivered; dead (given up after its tries); withheld (a rate limit or quiet hours held it back,
    which never happens to a fall); expired (already too old when it was seen first); no_channel (no channel wants it).
    A claim moves `due_at` to the end of its lease and counts `attempts`, which is also its fencing token.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    outbox_id: Mapped[int | None] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("outbox.id", ondelete="CASCADE")
    )
    channel: Mapped[str] = mapped_column(String(63))
    alert_id: Mapped[uuid.UUID | None]
    update_number: Mapped[int | None]
    severity: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    admitted: Mapped[bool]
    attempts: Mapped[int]
    due_at: Mapped[int] = mapped_column(UtcTime)
    created_at: Mapped[int] = mapped_column(UtcTime)
    expires_at: Mapped[int] = mapped_column(UtcTime)
    finished_at: Mapped[int | None] = mapped_column(UtcTime)
    error: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, Any] | None]
    summary_id: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))

    __table_args__ = (
        UniqueConstraint("outbox_id", "channel"),
        # The most urgent first, then those that have waited longest.
        Index(
            "ix_deliveries_due",
            "channel",
            "severity",
            "due_at",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        # Whether an earlier update of the same alert is still on its way to the same channel.
        Index(
            "ix_deliveries_order",
            "channel",
            "alert_id",
            "update_number",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_dead",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
        Index(
            "ix_deliveries_withheld",
            "channel",
            "id",
            sqlite_where=text("state = 'withheld' AND summary_id IS NULL"),
            postgresql_where=text("state = 'withheld' AND summary_id IS NULL"),
        ),
        # Summaries go with no message: retention finds them here.
        Index(
            "ix_deliveries_summaries",
            "created_at",
            sqlite_where=text("outbox_id IS NULL"),
            postgresql_where=text("outbox_id IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )


class ChannelLimitRow(Base):
    """The token bucket of one channel and severity, shared by all notify processes."""

    __tablename__ = "channel_limits"

    channel: Mapped[str] = mapped_column(String(63), primary_key=True)
    severity: Mapped[str] = mapped_column(String(8), primary_key=True)
    tokens: Mapped[float]
    at: Mapped[int] = mapped_column(UtcTime)
