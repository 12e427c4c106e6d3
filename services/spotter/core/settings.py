"""Settings of the whole program: `spotter.yaml`, then `SPOTTER_...` environment variables, then command-line options.

Every field is documented; unknown keys are refused with the nearest known one; secrets print as `**********`.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from spotter.core.errors import ConfigError
from spotter.core.parameters import FallParameters, TrackerParameters, ViewParameters

CAMERA_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"


class Section(BaseModel):
    """Base of the sections: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraSettings(Section):
    """One camera. Its source may hold a password, so it is a secret everywhere but in the reader itself."""

    id: str = Field(pattern=CAMERA_ID, description="Name within the site: letters, digits, dot, dash, underscore.")
    source: SecretStr = Field(
        description="Video file, folder of images, webcam index, or rtsp://, rtsps://, http://, https:// URL."
    )
    view: ViewParameters = Field(default_factory=ViewParameters, description="How the camera looks at the floor.")
    image_fps: float = Field(default=10.0, gt=0, le=240, description="Frames per second of a folder of images.")
    max_fps: float = Field(default=30.0, gt=0, le=240, description="Frames beyond this rate are skipped at the reader.")
    hold_last_s: float = Field(
        default=0.0, ge=0, le=3600, description="Repeat the last frame of a finite source this long."
    )


class IngestSettings(Section):
    """Reading cameras."""

    speed: Literal["realtime", "max"] = Field(
        default="realtime", description="Pace of finite sources (files, folders)."
    )
    open_timeout_s: float = Field(default=10.0, gt=0, le=120, description="Longest wait for a camera to open.")
    read_timeout_s: float = Field(
        default=5.0, gt=0, le=120, description="A live camera silent for this long is reopened."
    )
    backoff_min_s: float = Field(
        default=0.5, gt=0, le=60, description="First pause before a live camera is tried again."
    )
    backoff_max_s: float = Field(default=10.0, gt=0, le=600, description="Longest such pause.")


class PoseSettings(Section):
    """The pose model and its batches."""

    model: str = Field(default="movenet-multipose", description="Name of the model, as in `spotter models list`.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: CUDA if torch finds it, else CPU."
    )
    input_size: int = Field(
        default=384, ge=128, le=1280, multiple_of=32, description="Long side of the model's input, px."
    )
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads of the model; 0: one per core.")
    max_batch: int = Field(default=4, ge=1, le=256, description="Frames per inference at most.")
    max_wait_s: float = Field(default=0.01, ge=0, le=1, description="Longest wait to fill a batch.")
    deadline_s: float = Field(default=1.0, gt=0, le=60, description="A frame older than this is skipped and counted.")
    min_score: float = Field(default=0.15, ge=0, le=1, description="People below this score are not published.")
    max_people: int = Field(default=50, ge=1, le=500, description="Most people per frame.")


class ErgonomicsSettings(Section):
    """Following people and judging what they do."""

    tracker: TrackerParameters = Field(default_factory=TrackerParameters)
    fall: FallParameters = Field(default_factory=FallParameters)


class StoreSettings(Section):
    """Where alerts are kept."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///spotter-data/spotter.db"), description="SQLAlchemy URL; SQLite file by default."
    )


class DashboardSettings(Section):
    """The web page, the API, /metrics and the health checks."""

    enabled: bool = Field(default=True, description="Serve them at all.")
    host: str = Field(default="127.0.0.1", description="Address to bind; loopback unless allow_remote is set.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port; 0 takes a free one.")
    allow_remote: bool = Field(
        default=False, description="Allow a non-loopback address. There is no sign-in yet: put one in front."
    )
    background: Literal["none", "blurred"] = Field(
        default="none", description="none: skeletons on an empty background; blurred: over a strongly blurred picture."
    )


class LogSettings(Section):
    """Structured logs."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is logged."
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else JSON."
    )


class Settings(BaseSettings):
    """All settings. `SPOTTER_POSE__INPUT_SIZE=512` in the environment sets `pose.input_size`."""

    model_config = SettingsConfigDict(env_prefix="SPOTTER_", env_nested_delimiter="__", extra="forbid", frozen=True)

    site: str = Field(default="site", pattern=CAMERA_ID, description="Name of the site; part of every alert id.")
    cameras: tuple[CameraSettings, ...] = Field(default=(), description="The cameras of this process.")
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    pose: PoseSettings = Field(default_factory=PoseSettings)
    ergonomics: ErgonomicsSettings = Field(default_factory=ErgonomicsSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
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


def redact_url(source: str) -> str:
    """A camera source or database URL fit for people: user, password, query values and fragment removed.

    When it is not certain where a password ends ("/" or "@" unescaped within it), everything after the scheme goes.
    """
    scheme, mark, rest = source.partition("://")
    if not mark:
        # A file or folder, or a URL whose scheme was forgotten.
        user, at, place = source.rpartition("@")
        return f"***@{place}" if at and ":" in user else source
    try:
        parts = urlsplit(source)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{scheme}://***" if scheme.isalnum() else "***"
    if not parts.scheme or "@" in rest[len(parts.netloc) :]:
        return f"{parts.scheme or '***'}://***"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    user = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{user}{host}{port}{parts.path}{'?***' if parts.query else ''}"


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
    scalar = isinstance(first["input"], bool | int | float | str) and not {"source", "url"} & set(first["loc"])
    given = redact_url(first["input"]) if isinstance(first["input"], str) else first["input"]
    value = f" is {given!r}" if scalar else ""
    return ConfigError(f"setting '{key}'{where}{value}: {first['msg']}", mend="`spotter config` lists every setting")


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = arguments[0] if arguments else annotation
    return sorted(model.model_fields) if hasattr(model, "model_fields") else []
