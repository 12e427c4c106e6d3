"""Classes of data that have an age: what tells it, and which rows may go. The audit trail is not among them, since its
oldest entries go in the very transaction that proves it (`retention.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, exists, func, not_, or_, select, true

from spotter.core.store.alert_lists import by_list
from spotter.core.store.delivery_records import DeliveryState
from spotter.core.store.history_tables import CoverageRow, ExposureRow, HealthRow, LiftRow, PostureRow
from spotter.core.store.tables import AlertRow, DeliveryRow, OutboxRow


@dataclass(frozen=True)
class Part:
    """Rows of one table that belong to a class.

    Attributes:
        table: mapped class.
        time: column that tells the age of a row; indexed.
        belongs: which rows of the table are meant.
        may_go: which of them may be deleted once they are old; the others are held.
    """

    table: type[Any]
    time: Any
    belongs: ColumnElement[bool] | TextClause
    may_go: ColumnElement[bool]


@dataclass(frozen=True)
class DataClass:
    """A class of data, named as its field in `RetentionSettings`. The first part is the one that is reported."""

    name: str
    parts: tuple[Part, ...]


_UNFINISHED = or_(
    OutboxRow.delivered_at.is_(None),
    exists().where(DeliveryRow.outbox_id == OutboxRow.id, DeliveryRow.state == DeliveryState.PENDING),
)
"""A message that is not with all its channels yet. Given up and withheld count as finished: people can see them."""

_UNFINISHED_OF_ALERT = (
    # Counted, because a planner turns EXISTS into a join that reads the whole outbox for every batch.
    select(func.count()).where(OutboxRow.alert_id == AlertRow.id, _UNFINISHED).scalar_subquery()
)

CLASSES = (
    DataClass(
        "alerts",
        (
            Part(
                AlertRow,
                AlertRow.raised_at,
                by_list(()),
                # Updates, messages and deliveries go with their alert.
                and_(AlertRow.ended_at.is_not(None), _UNFINISHED_OF_ALERT == 0),
            ),
        ),
    ),
    DataClass(
        "messages",
        (
            Part(OutboxRow, OutboxRow.created_at, true(), not_(_UNFINISHED)),
            # Summaries of withheld messages belong to no single message.
            Part(
                DeliveryRow,
                DeliveryRow.created_at,
                DeliveryRow.outbox_id.is_(None),
                DeliveryRow.state != DeliveryState.PENDING,
            ),
        ),
    ),
    DataClass("exposure", (Part(ExposureRow, ExposureRow.start, true(), true()),)),
    DataClass("postures", (Part(PostureRow, PostureRow.start, true(), true()),)),
    DataClass("lifts", (Part(LiftRow, LiftRow.started_at, true(), true()),)),
    DataClass("health", (Part(HealthRow, HealthRow.minute, true(), true()),)),
    DataClass("coverage", (Part(CoverageRow, CoverageRow.start, true(), true()),)),
)
