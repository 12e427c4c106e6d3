"""Cameras, alerts, alert updates and outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "cameras",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Double(), nullable=False),
        sa.Column("first_seen", time, nullable=False),
        sa.Column("last_seen", time, nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name="pk_cameras"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("track_id", sa.Text(), nullable=False),
        sa.Column("started_at", time, nullable=False),
        sa.Column("raised_at", time, nullable=False),
        sa.Column("ended_at", time, nullable=True),
        sa.Column("evidence", json, nullable=False),
        sa.Column("versions", json, nullable=False),
        sa.Column("frames_considered", sa.Integer(), nullable=False),
        sa.Column("frames_dropped", sa.Integer(), nullable=False),
        sa.Column("ledger_captured", time, nullable=False),
        sa.Column("ledger_published", time, nullable=True),
        sa.Column("ledger_posed", time, nullable=True),
        sa.Column("ledger_ruled", time, nullable=True),
        sa.Column("ledger_stored", time, nullable=True),
        sa.Column("ledger_notified", time, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index("ix_alerts_raised_at_id", "alerts", ["raised_at", "id"])
    op.create_index("ix_alerts_camera_id_raised_at_id", "alerts", ["camera_id", "raised_at", "id"])
    op.create_index("ix_alerts_open", "alerts", ["raised_at", "id"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "alert_updates",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("evidence", json, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "number", name="pk_alert_updates"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_updates_alert_id_alerts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("update_number", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(63), nullable=False),
        sa.Column("payload", json, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("delivered_at", time, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("alert_id", "update_number", name="uq_outbox_alert_id_update_number"),
        sa.ForeignKeyConstraint(
            ["alert_id", "update_number"],
            ["alert_updates.alert_id", "alert_updates.number"],
            name="fk_outbox_alert_id_update_number_alert_updates",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    pending = sa.text("delivered_at IS NULL")
    op.create_index("ix_outbox_pending", "outbox", ["id"], sqlite_where=pending, postgresql_where=pending)


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("alert_updates")
    op.drop_table("alerts")
    op.drop_table("cameras")
