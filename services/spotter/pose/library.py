"""The user's own model files: brought in once, with their SHA-256 in a manifest, and checked at each load.

Nothing is downloaded unless a person asks for it. A file that is not the one expected never reaches its place.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from spotter.core.errors import ModelError
from spotter.core.settings.redact import redact_url
from spotter.pose.models.movenet_maps import MODEL_NAME
from spotter.pose.models.session import MOST_BYTES
from spotter.pose.models.weights import MANIFEST_FILE, PICKLE, digest, read_manifest, verify

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CHUNK = 1024 * 1024
_TIMEOUT_S = 30.0

OnProgress = Callable[[int, int | None], None]
"""Called with (bytes so far, bytes in all or None)."""


def model_file(folder: Path, name: str) -> Path:
    """Where the file of model `name` lies.

    Raises:
        ModelError: the name is not one of a file.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"'{name}' cannot be the name of a model", mend="Use small letters, digits, dot, dash and underscore"
        )
    usual = folder / f"{name}{suffix_of(name)}"
    pickled = folder / f"{name}{PICKLE}"
    return pickled if pickled.is_file() and not usual.is_file() else usual


def suffix_of(name: str) -> str:
    """Weights alone where Spotter ships the graph, else a whole model."""
    return ".safetensors" if name.startswith(f"{MODEL_NAME}-") else ".onnx"


def checked_file(folder: Path, name: str) -> Path:
    """The file of a model that was brought in, found whole.

    Raises:
        ModelError: it is not there, or damaged.
    """
    path = model_file(folder, name)
    mend = f"Bring it in with: spotter models fetch {name} --from FILE"
    if not path.is_file():
        raise ModelError(f"the file of model '{name}' is not in '{folder}'", mend=mend)
    verify(folder, path.name, mend=mend)
    return path


def fetch(
    folder: Path,
    name: str,
    source: str,
    *,
    sha256: str | None = None,
    trusted: bool = False,
    convert: Callable[[Path, Path], None] | None = None,
    check: Callable[[Path], None] | None = None,
    progress: OnProgress | None = None,
) -> str:
    """Bring a model file in.

    Args:
        source: a file, or an https:// URL (http:// on loopback only); a URL needs `sha256`.
        sha256: what the file must have, hexadecimal.
        trusted: the person has been told what a .pt file is, and wants it without a hash.
        convert: makes the model file of the source, a local one; it knows the hash of what it takes, so `sha256` is for
            the file that it makes.
        check: tries the file out before it gets its place; raises `ModelError`.

    Returns:
        The SHA-256 of the file.

    Raises:
        ModelError: the source cannot be read, is too large, is another file than expected, or does not work.
    """
    target = _target(folder, name, source)
    wanted = _wanted(sha256, source)
    if target.suffix == PICKLE and wanted is None and not trusted:
        raise ModelError(
            f"'{source}' is a pickle: whoever made it runs any code on this machine when it is loaded",
            mend="Export it to ONNX; or give --sha256 as its publisher states it, or --trust if you made it yourself",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=target.suffix)
    except OSError as error:
        raise ModelError(f"cannot write to '{folder}': {error.strerror}", mend="Choose another with --folder") from None
    os.close(handle)
    path = Path(temporary)
    try:
        if "://" in source:
            _download(source, path, progress)
        elif convert is not None:
            convert(Path(source), path)
        else:
            _copy(Path(source), path)
        found = digest(path)
        if wanted is not None and found != wanted:
            raise ModelError(
                f"'{redact_url(source)}' has SHA-256 {found}, not the {wanted} that was asked for",
                mend="It is another file, or was changed on its way: do not use it",
            )
        if check is not None:
            try:
                check(path)
            except ModelError as error:
                raise ModelError(error.message.replace(str(path), redact_url(source)), mend=error.mend) from None
        path.chmod(0o644)
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)
    for other in {PICKLE, suffix_of(name)} - {target.suffix}:
        (folder / f"{name}{other}").unlink(missing_ok=True)
    _note(folder, name, target.name, found)
    return found


def _target(folder: Path, name: str, source: str) -> Path:
    usual = model_file(folder, name).with_name(f"{name}{suffix_of(name)}")
    if Path(urlsplit(source).path if "://" in source else source).suffix != PICKLE:
        return usual
    if not name.startswith("yolo"):
        raise ModelError(f"'{redact_url(source)}' is a .pt file, and '{name}' no YOLO model", mend="Give an ONNX file")
    return folder / f"{name}{PICKLE}"


def _wanted(sha256: str | None, source: str) -> str | None:
    if sha256 is None:
        if "://" in source:
            raise ModelError(
                "a model from a URL needs --sha256, so that nobody can put another in its place",
                mend="Its publisher states it, or download the file yourself and use --from FILE",
            )
        return None
    wanted = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise ModelError(f"'{sha256}' is not a SHA-256", mend="Give its 64 hexadecimal digits")
    return wanted


def _copy(source: Path, target: Path) -> None:
    try:
        if source.stat().st_size > MOST_BYTES:
            raise _too_large(str(source))
        shutil.copyfile(source, target)
    except OSError as error:
        raise ModelError(f"cannot read '{source}': {error.strerror}", mend="Check the path and its rights") from None


def _download(url: str, target: Path, progress: OnProgress | None) -> None:
    import httpx

    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ModelError(f"'{redact_url(url)}' is not an https:// address", mend="Use https, or --from FILE")
    shown = redact_url(url)
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=False) as answer, target.open("wb") as file:
            if answer.status_code != 200:
                raise ModelError(f"'{shown}' answers {answer.status_code}", mend="Check the address")
            length = answer.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            done = 0
            for chunk in answer.iter_bytes(_CHUNK):
                done += len(chunk)
                if done > MOST_BYTES:
                    raise _too_large(shown)
                file.write(chunk)
                if progress is not None:
                    progress(done, total)
    except httpx.HTTPError as error:
        raise ModelError(
            f"'{shown}' cannot be read: {type(error).__name__}", mend="Check the address and the network"
        ) from None


def _note(folder: Path, name: str, file: str, found: str) -> None:
    """Write the manifest anew; a reader finds the old one or the new one. A model has one file."""
    manifest = read_manifest(folder) if (folder / MANIFEST_FILE).is_file() else {}
    for suffix in (PICKLE, suffix_of(name)):
        manifest.pop(f"{name}{suffix}", None)
    manifest[file] = found
    text = "".join(f"{value}  {key}\n" for key, value in sorted(manifest.items()))
    temporary = folder / f".{MANIFEST_FILE}.{os.getpid()}"
    temporary.write_text(text, encoding="ascii")
    temporary.replace(folder / MANIFEST_FILE)


def _too_large(source: str) -> ModelError:
    return ModelError(
        f"'{source}' has more than {MOST_BYTES / 1024**3:.0f} GB", mend="Give the ONNX file of a pose model"
    )
