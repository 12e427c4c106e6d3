"""Fixtures that several rooms share."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def logs_end_with_the_test() -> Iterator[None]:
    """A command that runs within the test process sends logs to a stderr that is closed after the test: its handler is
    taken away, or later tests would write there."""
    root, configured = logging.getLogger(), structlog.get_config()
    level, before = root.level, list(root.handlers)
    yield
    structlog.configure(**configured)
    for handler in root.handlers[:]:
        if handler not in before and not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder of footage and reference files that may be used in tests but never shipped with the project."""
    folder = Path(os.environ.get("SPOTTER_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data" / "labels.json").is_file():
        pytest.skip(f"test footage is not at {folder}; set SPOTTER_SHARED to the folder that holds data/ and models/")
    return folder
