"""Which alerts a caller wants, and the statement that finds them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal, select, tuple_

from spotter.core.contracts import Alert, AlertKind, Severity
from spotter.core.store.alert_lists import best_list, by_list
from spotter.core.store.tables import AlertRow, UtcTime


@dataclass(frozen=True, slots=True)
class AlertCursor:
    """The place of one alert in the list, newest first."""

    raised_at: int
    id: uuid.UUID

    @classmethod
    def of(cls, alert: Alert) -> AlertCursor:
        """The place of `alert`; the next page begins after it."""
        return cls(alert.raised_at, alert.id)


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts, newest first. None does not filter.

    Attributes:
        site: camera ids are unique within a site only.
        open: True for open alerts only, False for closed ones only.
        since, until: bounds on `raised_at`, UTC ns; `since` included, `until` not.
        limit: most alerts in one answer.
        after: the last alert of the page before.
    """

    camera_id: str | None = None
    kind: AlertKind | None = None
    severity: Severity | None = None
    open: bool | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 100
    after: AlertCursor | None = None
    site: str | None = None


def alert_statement(query: AlertQuery) -> Select[Any]:
    """SELECT of the alert rows that match, newest first by (raised_at, id); it names its index (`alert_lists`)."""
    wanted = {
        "site": query.site,
        "camera_id": query.camera_id,
        "kind": query.kind.value if query.kind is not None else None,
        "severity": query.severity.value if query.severity is not None else None,
    }
    filters = {name: value for name, value in wanted.items() if value is not None}
    statement = select(AlertRow).where(*(getattr(AlertRow, name) == value for name, value in filters.items()))
    if query.open:
        # Open alerts have an index of their own, and are few.
        statement = statement.where(AlertRow.ended_at.is_(None))
    else:
        statement = statement.where(by_list(best_list(filters)))
    if query.open is False:
        statement = statement.where(AlertRow.ended_at.is_not(None))
    if query.since is not None:
        statement = statement.where(AlertRow.raised_at >= query.since)
    # One upper bound only, the tighter one: an index is entered at one place.
    if query.after is not None and (query.until is None or query.after.raised_at < query.until):
        # As one pair: both databases then begin to read at the cursor, and not at the newest alert.
        place = tuple_(literal(query.after.raised_at, UtcTime), literal(query.after.id))
        statement = statement.where(tuple_(AlertRow.raised_at, AlertRow.id) < place)
    elif query.until is not None:
        statement = statement.where(AlertRow.raised_at < query.until)
    return statement.order_by(AlertRow.raised_at.desc(), AlertRow.id.desc()).limit(query.limit)
