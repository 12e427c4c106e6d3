"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder of footage and reference files that may be used in tests but never shipped with the project."""
    folder = Path(os.environ.get("SPOTTER_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data" / "labels.json").is_file():
        pytest.skip(f"test footage is not at {folder}; set SPOTTER_SHARED to the folder that holds data/ and models/")
    return folder
