"""The live stream (Server-Sent Events)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from spotter.dashboard.api.feed import LiveFeed
from spotter.dashboard.api.problems import ProblemResponse


def live_router(feed: LiveFeed) -> APIRouter:
    """Routes that stream `feed`."""
    router = APIRouter(prefix="/api/v1/live", tags=["live"])

    @router.get("", response_class=Response)
    async def live() -> Response:
        """Events `views` (all cameras, at most about ten a second), `alerts` (the list changed: ask for it again) and
        `end` (Spotter stops)."""
        if feed.full:
            return ProblemResponse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many live views are open; close one, or wait",
                headers={"Retry-After": "10"},
            )
        return StreamingResponse(feed.stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router
