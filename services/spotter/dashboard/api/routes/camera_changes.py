"""Adding, changing and removing cameras. Denied unless the settings hold a token and a file to keep such cameras in.

What is accepted is an address that `core.address_policy` allows, and nothing else: no file, no device, no way to this
machine. Whoever reads the cameras takes the change over within `ingest.reload_s`; an answer says that it is written.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from starlette.exceptions import HTTPException

from spotter.core.address_policy import AddressPolicy
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, Secret
from spotter.core.settings.base import CAMERA_ID
from spotter.core.settings.camera_file import put_camera, read_cameras, remove_camera
from spotter.core.telemetry import get_logger

CameraId = Annotated[str, PathParameter(pattern=CAMERA_ID, description="Name within the site.")]
Authorization = Annotated[str, Header()]


class CameraChange(BaseModel):
    """What may be said of a camera here; anything else is set in the settings file."""

    model_config = ConfigDict(extra="forbid")

    source: SecretStr = Field(min_length=1, max_length=2000, description="rtsp://, rtsps://, http:// or https:// URL.")
    username: str = Field(default="", max_length=200)
    password: SecretStr | None = Field(default=None, min_length=1, max_length=500)
    max_fps: float = Field(default=30.0, gt=0, le=240)
    enabled: bool = True


def camera_changes_router(token: Secret | None, file: Path | None, policy: AddressPolicy) -> APIRouter:
    """Routes that write `file`; without it, or without `token`, each answers 403."""
    router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])
    log = get_logger("spotter.dashboard")

    @router.put("/{camera_id}")
    def put(camera_id: CameraId, change: Annotated[CameraChange, Body()], authorization: Authorization = "") -> Any:
        """Add a camera, or change one that was added here. The same request twice is one change."""
        place = _permitted(token, file, authorization)
        source = change.source.get_secret_value()
        try:
            policy.check(source)
            values: dict[str, Any] = {"id": camera_id, "source": source, "max_fps": change.max_fps}
            values |= {} if change.enabled else {"enabled": False}
            values |= {"username": change.username} if change.username else {}
            values |= {"password": change.password.get_secret_value()} if change.password is not None else {}
            camera = CameraSettings(**values)
            camera.address()
            new = put_camera(place, values)
        except ValidationError as error:
            raise HTTPException(400, error.errors(include_url=False, include_input=False)[0]["msg"]) from None
        except (SourceError, ConfigError) as error:
            raise HTTPException(400, str(error)) from None
        log.info("camera_written", camera=camera_id, new=new)
        return {"id": camera_id, "source": camera.shown, "enabled": camera.enabled, "new": new}

    @router.delete("/{camera_id}", status_code=204)
    def delete(camera_id: CameraId, authorization: Authorization = "") -> None:
        """Remove a camera that was added here; those of the settings file are not removed from outside."""
        place = _permitted(token, file, authorization)
        try:
            there = any(one["id"] == camera_id for one in read_cameras(place)) and remove_camera(place, camera_id)
        except ConfigError as error:
            raise HTTPException(400, str(error)) from None
        if not there:
            raise HTTPException(404, f"no camera '{camera_id}' was added here; the settings file may have one")
        log.info("camera_removed", camera=camera_id)

    return router


def _permitted(token: Secret | None, file: Path | None, authorization: str) -> Path:
    if token is None or file is None:
        raise HTTPException(
            403, "cameras are changed in the settings file; dashboard.token and cameras_file allow it here"
        )
    kind, _, given = authorization.partition(" ")
    try:
        wanted = token.read("token of the dashboard")
    except ConfigError:
        raise HTTPException(403, "the token of the dashboard cannot be read; its log says why") from None
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), wanted.encode()):
        raise HTTPException(401, "send 'Authorization: Bearer TOKEN'", headers={"WWW-Authenticate": "Bearer"})
    return file
