"""Exposure buckets, lifts and camera health, by the week on Postgres; audit trail; indexes for the lists of alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LISTS: tuple[list[str], ...] = (
    ["site", "camera_id"],
    ["camera_id", "severity"],
    ["camera_id", "kind"],
    ["kind", "severity"],
    ["camera_id"],
    ["site"],
    ["severity"],
    ["kind"],
    [],
)
_PARTITIONED = ("exposure_buckets", "lifts", "camera_health")


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "exposure_buckets",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("start", time, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("upright", sa.Double(), nullable=False),
        sa.Column("bent", sa.Double(), nullable=False),
        sa.Column("deep", sa.Double(), nullable=False),
        sa.Column("unproven", sa.Double(), nullable=False),
        sa.Column("not_observable", sa.Double(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "camera_id", "start", "zone", "epoch", name="pk_exposure_buckets"),
        postgresql_partition_by="RANGE (start)",
    )
    op.create_index("ix_exposure_buckets_start", "exposure_buckets", ["start"])
    op.create_table(
        "lifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", time, nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("ended_at", time, nullable=False),
        sa.Column("numbers", json, nullable=False),
        sa.PrimaryKeyConstraint("id", "started_at", name="pk_lifts"),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index("ix_lifts_site_camera_id_started_at", "lifts", ["site", "camera_id", "started_at"])
    op.create_index("ix_lifts_started_at", "lifts", ["started_at"])
    op.create_table(
        "camera_health",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("minute", time, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("fps", sa.Double(), nullable=False),
        sa.Column("frames_read", sa.BigInteger(), nullable=False),
        sa.Column("frames_undecodable", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "camera_id", "minute", name="pk_camera_health"),
        postgresql_partition_by="RANGE (minute)",
    )
    op.create_index("ix_camera_health_minute", "camera_health", ["minute"])
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("actor", sa.String(63), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sa.UniqueConstraint("id", name="uq_audit_id"),
    )
    op.drop_index("ix_alerts_raised_at_id", "alerts")
    op.drop_index("ix_alerts_camera_id_raised_at_id", "alerts")
    for number, leading in enumerate(_LISTS, 1):
        condition = sa.text(f"length(site) <> -{number}")
        columns = [*leading, "raised_at", "id"]
        op.create_index(_list_name(leading), "alerts", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    summary = sa.text("outbox_id IS NULL")
    op.create_index(
        "ix_deliveries_summaries", "deliveries", ["created_at"], sqlite_where=summary, postgresql_where=summary
    )
    if op.get_context().dialect.name == "postgresql":
        _postgres()
    else:
        op.execute(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )


def _postgres() -> None:
    # What no week's partition takes in goes here, so that nothing is refused; `partitions.ensure` moves it out again.
    for table in _PARTITIONED:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(
        "CREATE FUNCTION audit_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses_change()"
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_summaries", "deliveries")
    op.drop_index("ix_outbox_created_at", "outbox")
    for leading in _LISTS:
        op.drop_index(_list_name(leading), "alerts")
    op.create_index("ix_alerts_raised_at_id", "alerts", ["raised_at", "id"])
    op.create_index("ix_alerts_camera_id_raised_at_id", "alerts", ["camera_id", "raised_at", "id"])
    op.drop_table("audit")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuses_change")
    for table in _PARTITIONED:
        op.drop_table(table)


def _list_name(leading: list[str]) -> str:
    return f"ix_alerts_by_{'_'.join(leading) or 'time'}"
