"""`spotter cameras snapshot`: one picture of a camera in a file, blurred unless a clear one is asked for.

The picture is what the rest of Spotter sees: turned, cropped and masked. The file is for its owner alone.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from spotter.cli.cameras_given import cameras_given, settings_of, without_secrets
from spotter.cli.cameras_text import told
from spotter.core.contracts import Image
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.background import blurred_jpeg
from spotter.ingest.probe.pictures import first_picture
from spotter.ingest.sources import open_source

_SUFFIXES = (".jpg", ".jpeg", ".png")


def take_snapshot(
    given: str | None, config: Path | None, out: Path | None, username: str, password_env: str, *, clear: bool
) -> None:
    """Write one picture.

    Raises:
        ConfigError: no such camera, several to choose from, or the file cannot be written.
        SourceError: the camera gives no picture.
    """
    settings = settings_of(config)
    cameras = cameras_given(settings, [given] if given else [], username, password_env)
    if len(cameras) > 1:
        names = ", ".join(camera.id for camera in cameras)
        raise ConfigError(f"which camera is meant is not said; there are {names}", mend="Name one of them")
    camera = cameras[0]
    path = out or Path(f"{camera.id}.jpg")
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f"'{path}' is no picture's name", mend="End it in .jpg or .png")
    with without_secrets(settings, cameras):
        image = _picture(camera, settings.ingest)
    _write(path, image if clear else blurred(image))
    height, width = image.shape[:2]
    kind = "clear: it may show people, keep it no longer than needed" if clear else "blurred; --clear writes it sharp"
    told(f"Wrote {path}, {width}x{height} ({kind})")


def blurred(image: Image) -> Image:
    """A picture of the same size without anything to know people by, as on the dashboard."""
    small = cv2.imdecode(np.frombuffer(blurred_jpeg(image), np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _picture(camera: CameraSettings, ingest: IngestSettings) -> Image:
    source = open_source(camera, ingest)
    try:
        source.open()
        return first_picture(source, ingest.open_timeout_s)
    except SourceError as error:
        mend = f"{error.mend}; `spotter cameras test` looks at each step".removeprefix("; ")
        raise SourceError(f"camera '{camera.id}': {error.message}", mend=mend) from None
    finally:
        source.close()


def _write(path: Path, image: Image) -> None:
    """Whole or not at all, and for the owner alone: a new file in the same folder takes the old one's place."""
    data = cv2.imencode(path.suffix.lower(), image)[1].tobytes()
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".snapshot-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"cannot write '{path}': {error.strerror}", mend="Choose another file with --out") from None
