"""The cameras that a command of `spotter cameras` was given: by name from the settings, or by their address."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from spotter.cli.options import DEFAULT_CONFIG, parse_camera
from spotter.core.cleaning import Cleaner
from spotter.core.errors import ConfigError
from spotter.core.settings import CAMERA_ID, CameraSettings, Settings, known_secrets, load_settings
from spotter.core.telemetry.native_stderr import cleaned_native_stderr


def settings_of(config: Path | None) -> Settings:
    """Of the file that was named, or of spotter.yaml if it is here."""
    return load_settings(config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None))


def cameras_given(
    settings: Settings, given: Sequence[str], username: str = "", password_env: str = ""
) -> list[CameraSettings]:
    """The cameras of these names or addresses; all of the settings where none is given.

    Args:
        username: of cameras that are given by an address; their password is asked for on a terminal.
        password_env: variable with their password instead.

    Raises:
        ConfigError: no such camera, none at all, or a user without an address.
    """
    known = {camera.id: camera for camera in settings.cameras}
    if not given and not known:
        raise ConfigError(
            "the settings have no camera",
            mend="Name an address: `spotter cameras test rtsp://HOST/PATH`, or a --config",
        )
    if username and (not given or any(text in known for text in given)):
        raise ConfigError(
            "--username is for cameras that are given by their address", mend="Write username under the camera"
        )
    password = _password(password_env) if username else None
    found: list[CameraSettings] = []
    for text in given or known:
        if text in known:
            found.append(known[text])
        elif re.match(CAMERA_ID, text) and not text.isdecimal() and not Path(text).exists() and ":" not in text:
            names = f"; they have {', '.join(sorted(known))}" if known else ", which have none"
            raise ConfigError(f"camera '{text}' is not in the settings{names}", mend="Name one of them, or an address")
        else:
            name, source = parse_camera(text, [*known, *(camera.id for camera in found)])
            one: dict[str, Any] = {"id": name, "source": source, "username": username, "password": password}
            found += load_settings(None, {"cameras": [one]}).cameras
    return found


@contextlib.contextmanager
def without_secrets(settings: Settings, cameras: Sequence[CameraSettings]) -> Iterator[Cleaner]:
    """Native libraries are cleaned for the length of a block; the cleaner is for what the command prints itself."""
    cleaner = Cleaner(known_secrets(settings))
    for camera in cameras:
        cleaner.learn(known_secrets(camera))
    with cleaned_native_stderr(cleaner):
        yield cleaner


def _password(variable: str) -> dict[str, str] | str:
    """Where it is, or what was typed."""
    if variable:
        if not os.environ.get(variable):
            raise ConfigError(f"environment variable {variable} is empty or not set", mend="Put the password there")
        return {"env": variable}
    if not sys.stdin.isatty():
        raise ConfigError(
            "a username needs a password, and there is no terminal to ask for it", mend="Use --password-env NAME"
        )
    return str(typer.prompt("Password", hide_input=True, err=True))
