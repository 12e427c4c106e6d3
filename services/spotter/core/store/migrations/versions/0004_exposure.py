"""More numbers in exposure buckets, and the worst posture of each minute and station, by the week on Postgres."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ADDED = ("numbers", "unscored")


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    time = sa.DateTime(timezone=True)
    for name in _ADDED:
        # With a default, so that services of the release before go on writing.
        op.add_column("exposure_buckets", sa.Column(name, json, nullable=False, server_default=sa.text("'{}'")))
    op.create_table(
        "postures",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("start", time, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("rank", sa.Double(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("keypoints", json, nullable=False),
        sa.Column("angles", json, nullable=False),
        sa.Column("scores", json, nullable=False),
        sa.PrimaryKeyConstraint("site", "camera_id", "start", "zone", "epoch", name="pk_postures"),
        postgresql_partition_by="RANGE (start)",
    )
    op.create_index("ix_postures_start", "postures", ["start"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE TABLE postures_default PARTITION OF postures DEFAULT")


def downgrade() -> None:
    op.drop_table("postures")
    for name in reversed(_ADDED):
        op.drop_column("exposure_buckets", name)
