"""What a recording says of itself, from the settings: site, and of each camera its view and whether it is footage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from spotter import __version__
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, Settings
from spotter.ingest.sources import kind_of
from spotter.recordings import CameraRecord, RecordingHeader


def header_of(settings: Settings, cameras: Mapping[str, CameraRecord]) -> RecordingHeader:
    """The header of a new recording."""
    return RecordingHeader(site=settings.site, cameras=cameras, written_by=__version__)


def camera_record(camera: CameraSettings, footage: str = "") -> CameraRecord:
    """What the settings say of a camera; its source stays out, for it may hold a password."""
    view = camera.view if "view" in camera.model_fields_set else None
    return CameraRecord(view=view, footage=footage, held_s=camera.hold_last_s)


def camera_records(cameras: Iterable[CameraSettings]) -> dict[str, CameraRecord]:
    """What is known of cameras that are read here; files that are played stay footage."""
    return {camera.id: camera_record(camera, _footage(camera)) for camera in cameras}


def is_footage(source: str) -> bool:
    """True for a file or folder, which ends by itself.

    Raises:
        SourceError: nothing of that name is there.
    """
    return kind_of(source).name in ("video", "images")


def _footage(camera: CameraSettings) -> str:
    try:
        source = camera.address()
        return Path(source).name if is_footage(source) else ""
    except (SourceError, ConfigError):
        # Its reader says so, and leaves the other cameras alone.
        return ""
