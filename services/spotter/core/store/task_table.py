"""Table of the task catalogue (`task_records.TaskRecord`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from spotter.core.store.tables import Base, UtcTime


class TaskRow(Base):
    """What was entered of one task for one stretch of time. `entered` holds what is known and nothing else."""

    __tablename__ = "tasks"

    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    station: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[int] = mapped_column(UtcTime, primary_key=True)
    valid_to: Mapped[int | None] = mapped_column(UtcTime)
    entered: Mapped[dict[str, Any]]
    entered_by: Mapped[str] = mapped_column(String(63))
    entered_at: Mapped[int] = mapped_column(UtcTime)
