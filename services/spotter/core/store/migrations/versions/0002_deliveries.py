"""Deliveries: each message of the outbox on its way to each channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "deliveries",
        sa.Column("id", number, nullable=False, autoincrement=True),
        sa.Column("outbox_id", number, nullable=False),
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", time, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("finished_at", time, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("outbox_id", "channel", name="uq_deliveries_outbox_id_channel"),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name="fk_deliveries_outbox_id_outbox", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    pending, dead = sa.text("state = 'pending'"), sa.text("state = 'dead'")
    op.create_index("ix_deliveries_due", "deliveries", ["due_at", "id"], sqlite_where=pending, postgresql_where=pending)
    op.create_index("ix_deliveries_dead", "deliveries", ["id"], sqlite_where=dead, postgresql_where=dead)


def downgrade() -> None:
    op.drop_table("deliveries")
