"""The task catalogue: what people entered of the work at each station."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "tasks",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", time, nullable=False),
        sa.Column("valid_to", time, nullable=True),
        sa.Column("entered", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("entered_by", sa.String(63), nullable=False),
        sa.Column("entered_at", time, nullable=False),
        sa.PrimaryKeyConstraint("site", "camera_id", "station", "name", "valid_from", name="pk_tasks"),
    )


def downgrade() -> None:
    op.drop_table("tasks")
