"""Settings of the whole program: `spotter.yaml`, then `SPOTTER_...` environment variables, then command-line options.

Every field is documented; unknown keys are refused with the nearest known one; secrets print as `**********`.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from spotter.core.errors import ConfigError
from spotter.core.settings.base import CAMERA_ID
from spotter.core.settings.bus import BusSettings
from spotter.core.settings.camera_file import read_cameras
from spotter.core.settings.notify import NotifySettings
from spotter.core.settings.pipeline import CameraSettings, ErgonomicsSettings, IngestSettings, PoseSettings
from spotter.core.settings.redact import redact_url
from spotter.core.settings.serving import DashboardSettings, LogSettings, MetricsSettings, TraceSettings
from spotter.core.settings.shifts import Shifts, TimeZone
from spotter.core.settings.state import StateSettings
from spotter.core.settings.store import StoreSettings

_SECRETS = {"source", "url", "secret", "password", "token", "key_password"}
"""Names of the settings that hold a secret: what they were given is not for a message."""


class Settings(BaseSettings):
    """All settings. `SPOTTER_POSE__INPUT_SIZE=512` in the environment sets `pose.input_size`."""

    model_config = SettingsConfigDict(env_prefix="SPOTTER_", env_nested_delimiter="__", extra="forbid", frozen=True)

    site: str = Field(default="site", pattern=CAMERA_ID, description="Name of the site; part of every alert id.")
    timezone: TimeZone = Field(
        default="UTC", description="Time zone of the site, as in the IANA database; shifts and days are on its clock."
    )
    shifts: Shifts = Field(
        default=(), max_length=12, description="The site's shifts, for exposure and reports; none: one a day."
    )
    cameras: tuple[CameraSettings, ...] = Field(default=(), description="The cameras of this process.")
    cameras_file: Path | None = Field(
        default=None,
        description="YAML file that keeps the cameras that are added through the API; they replace those of the same "
        "id. Needs dashboard.token.",
    )
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    pose: PoseSettings = Field(default_factory=PoseSettings)
    ergonomics: ErgonomicsSettings = Field(default_factory=ErgonomicsSettings)
    bus: BusSettings = Field(default_factory=BusSettings)
    state: StateSettings = Field(default_factory=StateSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    trace: TraceSettings = Field(default_factory=TraceSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only init values: `load_settings` merges file, environment and options, in that order of rising weight."""
        return (init_settings,)

    def printable(self) -> dict[str, Any]:
        """JSON-ready settings with secrets hidden."""
        return self.model_dump(mode="json")


def load_settings(path: Path | None = None, overrides: dict[str, Any] | None = None) -> Settings:
    """Read settings.

    Args:
        path: YAML file, or None for defaults and environment only.
        overrides: nested values from command-line options; they win over the file.

    Raises:
        ConfigError: file missing or unreadable, bad YAML, unknown key, or value out of range; names the key.
    """
    try:
        environment = EnvSettingsSource(Settings)()
    except SettingsError as error:
        # Its message names the field and never the value.
        raise ConfigError(f"environment variable: {error}", mend="Write lists and sections as JSON") from None
    values = _merge(_merge(_read_yaml(path) if path else {}, environment), overrides or {})
    _add_cameras(values, (overrides or {}).get("cameras", ()))
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _config_error(error, path) from None
    seen: set[str] = set()
    for camera in settings.cameras:
        if camera.id in seen:
            raise ConfigError(f"two cameras are named '{camera.id}'", mend="Give each camera a name of its own")
        seen.add(camera.id)
    return settings


def _add_cameras(values: dict[str, Any], named: Any) -> None:
    """Those of `cameras_file`, which replace others of their id unless a command-line option names them."""
    file, known = values.get("cameras_file"), values.get("cameras", ())
    if not isinstance(file, str | Path) or not file or not isinstance(known, list | tuple):
        return
    given = {one.get("id") for one in named if isinstance(one, dict)}
    added = [one for one in read_cameras(Path(file)) if one["id"] not in given]
    replaced = {one["id"] for one in added}
    kept = [one for one in known if not (isinstance(one, dict) and one.get("id") in replaced)]
    values["cameras"] = [*kept, *added]


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(
            f"cannot read settings file '{path}': {reason}", mend="Check the path and its rights"
        ) from None
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"'{path}' is not valid YAML{where}: {getattr(error, 'problem', 'syntax error')}", mend="Mend that line"
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"'{path}' holds a {type(values).__name__}, not a mapping", mend="Start it with 'cameras:'")
    return values


def _merge(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _config_error(error: ValidationError, path: Path | None) -> ConfigError:
    first = error.errors(include_url=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f" in '{path}'" if path else ""
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        mend = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}"
        return ConfigError(f"unknown setting '{key}'{where}", mend=mend)
    # What a secret field was given, or a whole section, is not for a message.
    scalar = isinstance(first["input"], bool | int | float | str) and not _SECRETS & set(first["loc"])
    given = redact_url(first["input"]) if isinstance(first["input"], str) else first["input"]
    value = f" is {given!r}" if scalar else ""
    return ConfigError(f"setting '{key}'{where}{value}: {first['msg']}", mend="`spotter config` lists every setting")


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Names of the settings at a place: of one section, or of the kind of a list item that its `type` tells."""
    models: list[type[BaseModel]] = [Settings]
    for part in location:
        kind = [
            model for model in models if part in get_args(getattr(model.model_fields.get("type"), "annotation", None))
        ]
        if kind and len(models) > 1:
            models = kind
        elif any(part in model.model_fields for model in models):
            models = [
                inner
                for model in models
                if part in model.model_fields
                for inner in _models_in(model.model_fields[str(part)].annotation)
            ]
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
