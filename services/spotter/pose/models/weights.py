"""The weights that are shipped with the package, and the check that they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from spotter.core.errors import ModelError

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
WEIGHTS_FILE = "movenet-multipose.safetensors"
GRAPH_FILE = "movenet-multipose.onnx"
MANIFEST_FILE = "SHA256SUMS"

_MEND = "Reinstall with: pip install --force-reinstall --no-deps spotter-safety"


def verify(folder: Path, *names: str) -> None:
    """Compare files of a model folder with its manifest.

    Raises:
        ModelError: a file or the manifest is missing, unreadable or differs; names the file.
    """
    manifest = _read_manifest(folder)
    for name in names:
        path = folder / name
        if name not in manifest:
            raise ModelError(f"'{folder / MANIFEST_FILE}' does not list '{name}'", mend=_MEND)
        if _digest(path) != manifest[name]:
            raise ModelError(f"model file '{path}' is damaged: its SHA-256 is not the released one", mend=_MEND)


def _read_manifest(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST_FILE
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError:
        raise ModelError(f"model manifest '{path}' is damaged", mend=_MEND) from None
    except OSError as error:
        raise ModelError(f"cannot read model manifest '{path}': {error.strerror}", mend=_MEND) from None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read model file '{path}': {error.strerror}", mend=_MEND) from None
