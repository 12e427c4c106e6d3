"""The kinds of source, one line each, and how what the user wrote finds its kind."""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, IngestSettings, redact_url
from spotter.ingest.picture import PicturePreparer
from spotter.ingest.sources.address import SCHEMES
from spotter.ingest.sources.api import Captured, Source, SourceInfo, SourceLostError, Wanted
from spotter.ingest.sources.hold import HoldLast
from spotter.ingest.sources.images import SUFFIXES, ImageFolder
from spotter.ingest.sources.pattern import PREFIX, Pattern, PatternSpec
from spotter.ingest.sources.prepared import PreparedSource
from spotter.ingest.sources.stream import NetworkStream
from spotter.ingest.sources.video import VideoFile
from spotter.ingest.sources.webcam import Webcam

__all__ = ["KINDS", "Captured", "Kind", "Source", "SourceInfo", "SourceLostError", "Wanted", "kind_of", "open_source"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: its name, whether a specification is of it, and how to make one."""

    name: str
    matches: Callable[[str], bool]
    make: Callable[[str, CameraSettings, IngestSettings], Source]


KINDS: tuple[Kind, ...] = (
    Kind("webcam", lambda spec: re.fullmatch(r"[0-9]{1,3}", spec) is not None, lambda s, c, i: Webcam(int(s))),
    Kind("stream", lambda spec: _scheme(spec) in SCHEMES, lambda s, c, i: _network_stream(s, c, i)),
    Kind("test", lambda spec: spec.startswith(PREFIX), lambda s, c, i: Pattern(PatternSpec.parse(s))),
    Kind("images", lambda spec: _is_images(spec), lambda s, c, i: ImageFolder(_path(s), c.image_fps)),
    Kind("video", lambda spec: _is_file(spec), lambda s, c, i: VideoFile(_path(s))),
)
"""In the order in which they are asked; the first that matches reads the source."""


def open_source(camera: CameraSettings, ingest: IngestSettings) -> Source:
    """The source of a camera, made but not yet opened; its pictures turned, cropped, masked, reduced and held as asked.

    Raises:
        SourceError: nothing of that name exists, or its kind is not known; the message names it without secrets.
    """
    try:
        spec = camera.address()
    except ConfigError as error:
        raise SourceError(error.message, mend=error.mend) from None
    source = kind_of(spec).make(spec, camera, ingest)
    preparer = PicturePreparer(camera.picture)
    if preparer.changes:
        source = PreparedSource(source, preparer)
    return HoldLast(source, camera.hold_last_s) if camera.hold_last_s else source


def kind_of(spec: str) -> Kind:
    """The kind of source that `spec` names.

    Raises:
        SourceError: as `open_source`.
    """
    for kind in KINDS:
        if kind.matches(spec):
            return kind
    raise _no_such_source(spec)


def _network_stream(url: str, camera: CameraSettings, ingest: IngestSettings) -> Source:
    """By PyAV where it is asked for, or where it is installed and the choice is left to us; else by OpenCV."""
    installed = importlib.util.find_spec("av") is not None
    if ingest.decoder == "pyav" and not installed:
        raise SourceError(
            "PyAV is not installed, and ingest.decoder is pyav", mend="Install it: pip install 'spotter-safety[av]'"
        )
    options = (url, ingest.open_timeout_s, ingest.read_timeout_s, camera.transport, camera.hardware)
    if ingest.decoder == "opencv" or not installed:
        return NetworkStream(*options)
    # Here, because it is an extra.
    from spotter.ingest.sources.pyav import PyAvStream

    return PyAvStream(*options)


def _scheme(spec: str) -> str:
    """Lower-case URL scheme, or "" when there is none."""
    scheme, mark, _ = spec.partition("://")
    return scheme.lower() if mark else ""


def _is_images(spec: str) -> bool:
    path = _path(spec)
    return (bool(spec.strip()) and _is(path.is_dir)) or (_is_file(spec) and path.suffix.lower() in SUFFIXES)


def _is_file(spec: str) -> bool:
    path = _path(spec)
    return bool(spec) and _is(path.exists) and not _is(path.is_dir)


def _path(spec: str) -> Path:
    """`spec` as a path, "~" and "~name" resolved where there is such a home."""
    try:
        return Path(spec).expanduser()
    except RuntimeError:
        return Path(spec)


def _is(test: Callable[[], bool]) -> bool:
    """A path test that says no to what cannot be a path (too long, a zero byte, a folder that may not be entered)."""
    try:
        return test()
    except (OSError, ValueError):
        return False


def _no_such_source(spec: str) -> SourceError:
    shown = redact_url(spec)
    if not spec.strip():
        return SourceError("the source is empty", mend="Name a video file, folder of images, webcam index or URL")
    scheme = _scheme(spec)
    if scheme:
        near = difflib.get_close_matches(scheme, SCHEMES, n=1)
        mend = f"Did you mean {near[0]}://?" if near else f"Known schemes: {', '.join(f'{s}://' for s in SCHEMES)}"
        return SourceError(f"'{shown}' has an unknown scheme '{scheme}'", mend=mend)
    forgotten = re.match(rf"({'|'.join(SCHEMES)}):/?", spec, re.IGNORECASE)
    if forgotten:
        # What follows may be user and password, in a form that no parser can take apart for certain.
        name = forgotten[1].lower()
        return SourceError(f"'{name}:***' is not a URL", mend=f"Write {name}:// with two slashes")
    # A path is told in full, but not one that may be an address with a password in it.
    mend = _nearest(_path(spec)) if shown == spec else "Check the path, or write SCHEME:// with two slashes"
    return SourceError(f"'{shown}' does not exist", mend=mend)


def _nearest(path: Path) -> str:
    """What the user may have meant: the nearest name in the same folder, or the first folder that is missing."""
    parent = path.parent
    if not _is(parent.is_dir):
        return f"There is no folder '{redact_url(str(parent))}' either: check the path"
    try:
        names = [entry.name for entry in parent.iterdir()]
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names, n=1)
    if near:
        return f"Did you mean '{parent / near[0]}'?"
    return "Name a video file, folder of images, webcam index, or rtsp://, rtsps://, http://, https:// URL"
