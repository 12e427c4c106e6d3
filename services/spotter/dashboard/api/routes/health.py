"""What machines ask: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever starts and stops the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from spotter.core.telemetry import Metrics
from spotter.dashboard.api.problems import ProblemResponse

OK = "ok"
DEGRADED = "degraded"
"""Begins the text of a component that works with less; it counts as ready."""


def is_degraded(text: str) -> bool:
    """True for a component that works, with less."""
    return text.startswith(DEGRADED)


def is_ready(text: str) -> bool:
    """True for a component that works, be it with less."""
    return text == OK or is_degraded(text)


def health_router(metrics: Metrics, ready: Callable[[], Mapping[str, str]]) -> APIRouter:
    """Routes that read `metrics` and ask `ready`, which may wait, on a worker thread."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=Response)
    def prometheus() -> Response:
        """All metrics in Prometheus' text form."""
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process is alive and its event loop turns."""
        return {"status": OK}

    @router.get("/readyz", response_class=JSONResponse)
    def readiness() -> Response:
        """200 once every component is ready, be it degraded, else 503 with the reasons."""
        components = dict(ready())
        waiting = {name: reason for name, reason in components.items() if not is_ready(reason)}
        if not waiting:
            degraded = any(is_degraded(reason) for reason in components.values())
            return JSONResponse({"status": DEGRADED if degraded else "ready", "components": components})
        detail = "; ".join(f"{name}: {reason}" for name, reason in waiting.items())
        return ProblemResponse(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {detail}", components=components)

    return router
