"""How much of the last hour each camera truly watched, and where the rest went."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from spotter.core.clock import SECOND, isoformat, now
from spotter.core.coverage import summary
from spotter.core.store import CoverageRecord, Store

_MINUTE = 60 * SECOND

_SETTLED = 90 * SECOND
"""An account of a minute is in the database within this time after its end."""


def coverage_router(store: Store, site: str) -> APIRouter:
    """Routes that read `store`; they run on worker threads."""
    router = APIRouter(prefix="/api/v1/coverage", tags=["cameras"])

    @router.get("")
    def coverage(minutes: Annotated[int, Query(ge=1, le=1440, description="How far back.")] = 60) -> dict[str, Any]:
        """By camera: whole milliseconds watched and not, from its first account within that time on."""
        until = (now() - _SETTLED) // _MINUTE * _MINUTE
        since = until - minutes * _MINUTE
        records: dict[str, list[CoverageRecord]] = {}
        for record in store.coverage(site=site, since=since, until=until):
            records.setdefault(record.camera_id, []).append(record)
        cameras = {name: _camera_json(records[name], until) for name in sorted(records)}
        return {"since": isoformat(since), "until": isoformat(until), "cameras": cameras}

    return router


def _camera_json(records: list[CoverageRecord], until: int) -> dict[str, Any]:
    since = min(record.start for record in records)
    found = summary(records, since, until)
    return {
        "since": isoformat(since),
        "total_ms": found.total_ms,
        "watched_ms": found.watched_ms,
        "gaps": dict(found.gaps),
    }
