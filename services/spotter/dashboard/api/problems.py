"""Errors of the API as RFC 9457 problem details (`application/problem+json`); never a traceback, never a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from spotter.core.errors import SpotterError, StateError, StoreError
from spotter.core.telemetry import get_logger


class ProblemResponse(JSONResponse):
    """One problem: type, title, status, detail, and whatever else helps."""

    media_type = "application/problem+json"

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
        super().__init__(body, status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem response."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> ProblemResponse:
        detail = error.detail
        if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
            detail = f"there is nothing at {request.url.path}"
        return ProblemResponse(error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> ProblemResponse:
        errors = [{"name": _name(one["loc"]), "reason": one["msg"]} for one in error.errors()]
        detail = "; ".join(f"{one['name']}: {one['reason']}" for one in errors)
        return ProblemResponse(HTTPStatus.BAD_REQUEST, detail, errors=errors)

    @app.exception_handler(StoreError)
    @app.exception_handler(StateError)
    async def server_failed(_request: Request, error: SpotterError) -> ProblemResponse:
        return ProblemResponse(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> ProblemResponse:
        get_logger(__name__).error("request_failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
        return ProblemResponse(HTTPStatus.INTERNAL_SERVER_ERROR, "the dashboard failed here; its log says why")


def _name(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])
