"""Whether a camera can be trusted, and what of each camera's time was watched, by the week on Postgres."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    # With defaults, so that services of the release before go on writing.
    op.add_column("cameras", sa.Column("trusted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cameras", sa.Column("problems", json, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "coverage",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("writer", sa.BigInteger(), nullable=False),
        sa.Column("spans", json, nullable=False),
        sa.PrimaryKeyConstraint("site", "camera_id", "start", "writer", name="pk_coverage"),
        postgresql_partition_by="RANGE (start)",
    )
    op.create_index("ix_coverage_start", "coverage", ["start"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE TABLE coverage_default PARTITION OF coverage DEFAULT")


def downgrade() -> None:
    op.drop_table("coverage")
    op.drop_column("cameras", "problems")
    op.drop_column("cameras", "trusted")
