"""Cameras: newest view and health, and the blurred background where one is kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from spotter.core.clock import isoformat, now
from spotter.core.state import LiveState
from spotter.dashboard.api.encode import cameras_json


def cameras_router(state: LiveState) -> APIRouter:
    """Routes that read `state`. They run on worker threads, because live state may be on another machine."""
    router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])

    @router.get("")
    def cameras() -> dict[str, Any]:
        """Every camera with its newest view and health."""
        return {"at": isoformat(now()), "cameras": cameras_json(state)}

    @router.get("/{camera_id}/background", response_class=Response)
    def background(camera_id: str) -> Response:
        """The camera's small, strongly blurred picture (JPEG); it lives in memory only."""
        view = state.views().get(camera_id)
        if view is None or view.background is None:
            raise HTTPException(404, f"camera '{camera_id}' has no background")
        return Response(view.background, media_type="image/jpeg")

    return router
