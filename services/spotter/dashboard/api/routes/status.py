"""How the whole system does: rates, latencies, queues, versions, what the store holds."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from spotter.core.clock import isoformat, now, to_seconds
from spotter.core.errors import StoreError
from spotter.core.store import Store
from spotter.dashboard.api.rates import Meter


def status_router(
    store: Store, meter: Meter, *, site: str, version: str, versions: Mapping[str, str], started_at: int
) -> APIRouter:
    """Routes that read `meter` and `store`."""
    router = APIRouter(prefix="/api/v1/status", tags=["status"])

    @router.get("")
    def status() -> dict[str, Any]:
        """Rates over the last seconds, totals since the start, and versions. A store that fails is told as such."""
        try:
            held: dict[str, Any] = {"ok": True, **asdict(store.counts())}
        except StoreError as error:
            held = {"ok": False, "reason": str(error)}
        at = now()
        return {
            "site": site,
            "at": isoformat(at),
            "started_at": isoformat(started_at),
            "uptime_s": round(max(0.0, to_seconds(at - started_at)), 1),
            "versions": {"spotter": version, "python": platform.python_version(), **versions},
            **meter.report(),
            "store": held,
        }

    return router
