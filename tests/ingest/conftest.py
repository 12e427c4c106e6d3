"""What the tests of ingest share: clips, folders of images, and a pipeline that ends in a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from ingest_tools import Ingest

import spotter


@pytest.fixture(scope="session")
def clips() -> Path:
    """Folder of the demo clips that the package ships."""
    return Path(spotter.__file__).parent / "demo"


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of images that tell their number by their brightness: image i is grey 10 * i."""

    def make(count: int, name: str = "pictures", suffix: str = ".png", size: tuple[int, int] = (48, 64)) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for index in range(count):
            assert cv2.imwrite(str(folder / f"{index}{suffix}"), np.full((*size, 3), 10 * index, np.uint8))
        return folder

    return make


@pytest.fixture
def ingest() -> Callable[..., Ingest]:
    return Ingest
