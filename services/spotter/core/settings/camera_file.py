"""Cameras that were added through the API: a YAML file beside the settings, read with them and watched like them.

Written whole and put in place at once, readable for its owner only, since it may hold passwords; one writer at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from spotter.core.errors import ConfigError


def read_cameras(path: Path) -> list[dict[str, Any]]:
    """The cameras in the file as written; none where there is no file.

    Raises:
        ConfigError: the file cannot be read, or is no list of cameras.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"cameras_file '{path}' cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}",
            mend="Mend it, or delete it: the cameras that were added through the API are gone then",
        ) from None
    cameras = values.get("cameras", []) if isinstance(values, dict) else None
    if not isinstance(cameras, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in cameras
    ):
        raise ConfigError(f"cameras_file '{path}' holds no list of cameras", mend="Begin it with 'cameras:'")
    return cameras


def put_camera(path: Path, camera: Mapping[str, Any]) -> bool:
    """Add a camera, or replace that of the same id; True when it is new."""
    with _writing(path) as cameras:
        others = [one for one in cameras if one["id"] != camera["id"]]
        new = len(others) == len(cameras)
        cameras[:] = [*others, dict(camera)]
    return new


def remove_camera(path: Path, camera_id: str) -> bool:
    """Take a camera out; False when it is not there."""
    with _writing(path) as cameras:
        kept = [one for one in cameras if one["id"] != camera_id]
        there = len(kept) < len(cameras)
        cameras[:] = kept
    return there


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[list[dict[str, Any]]]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            cameras = read_cameras(path)
            yield cameras
            _replace(path, yaml.safe_dump({"cameras": cameras}, sort_keys=False, allow_unicode=True))
    except OSError as error:
        raise ConfigError(
            f"cameras_file '{path}' cannot be written: {error.strerror}", mend="Check the folder and its rights"
        ) from None


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # Rights 0600.
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
