"""Tables of what grows with time: exposure buckets, worst postures, lifts, camera health and coverage; and the
audit trail.

On Postgres all but the last are partitioned by the week (`partitions.py`), so each key holds the time of its row.
SQLite has plain tables.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from spotter.core.store.tables import Base, UtcTime


class ExposureRow(Base):
    """Person-seconds of one zone of one camera in one stretch of time (`records.ExposureBucket`)."""

    __tablename__ = "exposure_buckets"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    start: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    zone: Mapped[str] = mapped_column(Text, primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seconds: Mapped[int]
    upright: Mapped[float]
    bent: Mapped[float]
    deep: Mapped[float]
    unproven: Mapped[float]
    not_observable: Mapped[float]
    frames: Mapped[int]
    numbers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    unscored: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    __table_args__ = (Index(None, "start"), {"postgresql_partition_by": "RANGE (start)"})


class PostureRow(Base):
    """The worst posture at one station in one minute (`records.PostureRecord`)."""

    __tablename__ = "postures"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    start: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    zone: Mapped[str] = mapped_column(Text, primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(UtcTime)
    rank: Mapped[float]
    width: Mapped[int]
    height: Mapped[int]
    keypoints: Mapped[list[Any]]
    angles: Mapped[dict[str, Any]]
    scores: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "start"), {"postgresql_partition_by": "RANGE (start)"})


class LiftRow(Base):
    """One lift (`records.LiftRecord`)."""

    __tablename__ = "lifts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    started_at: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(63))
    station: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[int] = mapped_column(UtcTime)
    numbers: Mapped[dict[str, Any]]

    __table_args__ = (
        Index(None, "site", "camera_id", "started_at"),
        Index(None, "started_at"),
        {"postgresql_partition_by": "RANGE (started_at)"},
    )


class HealthRow(Base):
    """How a camera stood in one minute (`records.HealthSample`)."""

    __tablename__ = "camera_health"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    minute: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    at: Mapped[int] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(32))
    fps: Mapped[float]
    frames_read: Mapped[int] = mapped_column(BigInteger)
    frames_undecodable: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "minute"), {"postgresql_partition_by": "RANGE (minute)"})


class CoverageRow(Base):
    """What became of each moment of one minute of one camera (`records.CoverageRecord`)."""

    __tablename__ = "coverage"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    start: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    writer: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    spans: Mapped[list[Any]]

    __table_args__ = (Index(None, "start"), {"postgresql_partition_by": "RANGE (start)"})


class AuditRow(Base):
    """One entry of the audit trail (`records.AuditEntry`). `details` is canonical JSON as it was hashed, which JSONB
    would not keep. Triggers refuse to change a row; removing one breaks the chain."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID]
    at: Mapped[int] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(63))
    action: Mapped[str] = mapped_column(String(63))
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("id"),)
