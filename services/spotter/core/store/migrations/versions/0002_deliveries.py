"""Deliveries: each message of the outbox on its way to each channel; and the rate limits of the channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "deliveries",
        sa.Column("id", number, nullable=False, autoincrement=True),
        sa.Column("outbox_id", number, nullable=True),
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("update_number", sa.Integer(), nullable=True),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", time, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("finished_at", time, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("summary", json, nullable=True),
        sa.Column("summary_id", number, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("outbox_id", "channel", name="uq_deliveries_outbox_id_channel"),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name="fk_deliveries_outbox_id_outbox", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    _index("ix_deliveries_due", ["channel", "severity", "due_at", "id"], "state = 'pending'")
    _index("ix_deliveries_order", ["channel", "alert_id", "update_number"], "state = 'pending'")
    _index("ix_deliveries_dead", ["id"], "state = 'dead'")
    _index("ix_deliveries_withheld", ["channel", "id"], "state = 'withheld' AND summary_id IS NULL")
    op.create_table(
        "channel_limits",
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.PrimaryKeyConstraint("channel", "severity", name="pk_channel_limits"),
    )


def downgrade() -> None:
    op.drop_table("channel_limits")
    op.drop_table("deliveries")


def _index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "deliveries", columns, sqlite_where=condition, postgresql_where=condition)
