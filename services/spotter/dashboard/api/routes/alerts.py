"""Alerts from the store, newest first, a page at a time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from starlette.exceptions import HTTPException

from spotter.core.clock import from_datetime
from spotter.core.contracts import AlertKind, Severity
from spotter.core.store import AlertCursor, AlertQuery, Store, alert_json, update_json


class AlertFilter(BaseModel):
    """Which alerts; a parameter that is not here is refused."""

    model_config = ConfigDict(extra="forbid")

    camera: str | None = Field(default=None, max_length=63, description="Name of a camera.")
    kind: AlertKind | None = Field(default=None, description="Kind of alert.")
    severity: Severity | None = Field(default=None, description="P1, P2 or P3.")
    open: bool | None = Field(default=None, description="true: open alerts only; false: closed ones only.")
    since: AwareDatetime | None = Field(default=None, description="Raised at or after this time (ISO 8601 with zone).")
    until: AwareDatetime | None = Field(default=None, description="Raised before this time (ISO 8601 with zone).")
    limit: int = Field(default=50, ge=1, le=500, description="Most alerts in one answer.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")

    @field_validator("cursor")
    @classmethod
    def _is_cursor(cls, text: str | None) -> str | None:
        if text is not None:
            parse_cursor(text)
        return text

    def query(self) -> AlertQuery:
        """The same as the store wants it, with one alert more than the page to see whether another page follows."""
        return AlertQuery(
            camera_id=self.camera,
            kind=self.kind,
            severity=self.severity,
            open=self.open,
            since=_nanoseconds(self.since),
            until=_nanoseconds(self.until),
            limit=self.limit + 1,
            after=None if self.cursor is None else parse_cursor(self.cursor),
        )


def alerts_router(store: Store) -> APIRouter:
    """Routes that read alerts from `store`. They run on worker threads, because a database may wait."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @router.get("")
    def alerts(wanted: Annotated[AlertFilter, Query()]) -> dict[str, Any]:
        """A page of alerts, newest first, and the cursor of the next page, or null."""
        found = store.alerts(wanted.query())
        page = found[: wanted.limit]
        following = format_cursor(AlertCursor.of(page[-1])) if len(found) > wanted.limit else None
        return {"alerts": [alert_json(alert) for alert in page], "next_cursor": following}

    @router.get("/{alert_id}")
    def alert(alert_id: uuid.UUID) -> dict[str, Any]:
        """One alert and all that happened to it."""
        record = store.alert(alert_id)
        if record is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        return {"alert": alert_json(record.alert), "updates": [update_json(update) for update in record.updates]}

    return router


def format_cursor(cursor: AlertCursor) -> str:
    """A cursor as text that needs no escaping in a URL."""
    return f"{cursor.raised_at}.{cursor.id}"


def parse_cursor(text: str) -> AlertCursor:
    """The cursor that `format_cursor` wrote.

    Raises:
        ValueError: the text is not a cursor.
    """
    at, _, alert_id = text.partition(".")
    if not at.isdecimal() or not at.isascii() or len(at) > 19:
        raise ValueError("not a cursor of this list; use next_cursor of the page before")
    try:
        return AlertCursor(int(at), uuid.UUID(alert_id))
    except ValueError:
        raise ValueError("not a cursor of this list; use next_cursor of the page before") from None


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else from_datetime(moment)
