"""From command-line options to `Settings`: cameras by name, database by path or URL, only what was really given.

Order of rising weight: defaults, settings file, environment, options (see `core.settings`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spotter.core.errors import ConfigError
from spotter.core.settings import CAMERA_ID, Settings, load_settings, redact_url

DEFAULT_CONFIG = Path("spotter.yaml")
"""Used when neither a settings file nor a camera is named and it is in the current folder."""

NO_CAMERAS_MEND = (
    "Try `spotter run --camera dock=video.mp4`, `spotter run --camera gate=rtsp://HOST/PATH`, or write a spotter.yaml "
    "(`spotter config --example > spotter.yaml`); `spotter demo` needs neither"
)


def parse_camera(text: str, taken: Iterable[str] = ()) -> tuple[str, str]:
    """(name, source) of `NAME=SOURCE`, or of a bare SOURCE, which gets a name from its last part.

    Args:
        taken: names already given; a derived name that is among them gets a number.

    Raises:
        ConfigError: nothing stands on one side of the equals sign.
    """
    name, equals, source = text.partition("=")
    if equals and re.match(CAMERA_ID, name):
        if not source:
            raise ConfigError(f"camera '{name}' has no source", mend="Write --camera NAME=SOURCE")
        return name, source
    if not text.strip() or text.startswith("="):  # The text itself may hold a password.
        raise ConfigError("a camera has no name or no source", mend="Write --camera NAME=SOURCE")
    return _unused(_name_of(text), set(taken)), text


def build_settings(
    *,
    config: Path | None = None,
    cameras: Iterable[str] = (),
    hold_last_s: float | None = None,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Settings of a run. Cameras given as options add to those of the file, or replace those of the same name.

    Args:
        sections: overrides by section and field; None values were not given and are left out.

    Raises:
        ConfigError: see `load_settings`; or no camera at all.
    """
    given: dict[str, str] = {}
    for text in cameras:
        name, source = parse_camera(text, given)
        if name in given:
            raise ConfigError(f"two cameras are named '{name}'", mend="Give each camera a name of its own")
        given[name] = source
    config = settings_file(config, bool(given))
    overrides = _only_given(sections or {})
    settings = load_settings(config, overrides)
    merged = {camera.id: camera.model_dump() for camera in settings.cameras}
    for name, source in given.items():
        merged[name] = {**merged.get(name, {}), "id": name, "source": source, "username": "", "password": None}
    if not merged:
        raise ConfigError("no camera is named", mend=NO_CAMERAS_MEND)
    if hold_last_s is not None:
        merged = {name: {**camera, "hold_last_s": hold_last_s} for name, camera in merged.items()}
    return load_settings(config, {**overrides, "cameras": list(merged.values())})


def settings_file(config: Path | None, cameras: bool) -> Path | None:
    """The file that settings are read from: the one that was named, else `DEFAULT_CONFIG` if it is here and no camera
    was given as an option."""
    if config is None and not cameras and DEFAULT_CONFIG.is_file():
        return DEFAULT_CONFIG
    return config


def database_url(text: str | None) -> str | None:
    """A SQLAlchemy URL from a URL or the path of a SQLite file."""
    if text is None or "://" in text:
        return text
    return f"sqlite:///{text}"


def source_for_people(source: str) -> str:
    """A camera source without user, password and query."""
    return redact_url(source)


def _only_given(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kept = {
        name: {key: value for key, value in fields.items() if value is not None} for name, fields in sections.items()
    }
    return {name: fields for name, fields in kept.items() if fields}


def _name_of(source: str) -> str:
    """A name from what people may see of a source: names stand in logs, metrics and messages."""
    if source.isdecimal():
        return f"webcam-{source}"
    shown = redact_url(source)
    _, mark, rest = shown.partition("://")
    if mark:
        address = rest.removeprefix("***@").split("?")[0]
        stem = address.strip("/").replace("/", "-").replace(":", "-")
    elif shown != source:
        stem = shown.rpartition("***")[2]
    else:
        path = Path(source)
        stem = path.stem or path.resolve().name
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-._")[:56]
    return name or "camera"


def _unused(name: str, taken: set[str]) -> str:
    number = 2
    candidate = name
    while candidate in taken:
        candidate = f"{name}-{number}"
        number += 1
    return candidate
