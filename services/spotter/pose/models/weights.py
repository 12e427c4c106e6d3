"""Folders of model files with a manifest of their SHA-256: the one shipped with the package, and the user's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from spotter.core.errors import ModelError

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
WEIGHTS_FILE = "movenet-multipose.safetensors"
GRAPH_FILE = "movenet-multipose.onnx"
MANIFEST_FILE = "SHA256SUMS"
PICKLE = ".pt"
"""Suffix of files that run as code when they are loaded."""

REINSTALL = "Reinstall with: pip install --force-reinstall --no-deps spotter-safety"


def verify(folder: Path, *names: str, mend: str = REINSTALL) -> None:
    """Compare files of a model folder with its manifest.

    Args:
        mend: what to do when one differs.

    Raises:
        ModelError: a file or the manifest is missing, unreadable or differs; names the file.
    """
    manifest = read_manifest(folder, mend)
    for name in names:
        path = folder / name
        if name not in manifest:
            raise ModelError(f"'{folder / MANIFEST_FILE}' does not list '{name}'", mend=mend)
        if digest(path, mend) != manifest[name]:
            raise ModelError(f"model file '{path}' is damaged: its SHA-256 is not the one in its manifest", mend=mend)


def read_manifest(folder: Path, mend: str = REINSTALL) -> dict[str, str]:
    """SHA-256 by file name, from the manifest of a model folder.

    Raises:
        ModelError: the manifest is missing or cannot be read.
    """
    path = folder / MANIFEST_FILE
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError:
        raise ModelError(f"model manifest '{path}' is damaged", mend=mend) from None
    except OSError as error:
        raise ModelError(f"cannot read model manifest '{path}': {error.strerror}", mend=mend) from None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def digest(path: Path, mend: str = REINSTALL) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read model file '{path}': {error.strerror}", mend=mend) from None
