"""A folder of images as a video: natural order (2 before 10), a fixed frame rate, sizes may differ.

An image that cannot be decoded keeps its place in time and comes without a picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spotter.core.contracts import Image
from spotter.core.errors import SourceError
from spotter.ingest.sources._opencv import cv2
from spotter.ingest.sources.api import Captured, SourceInfo, Wanted

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
"""File name endings, lower case, that count as images."""


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts "frame2" before "frame10"; letters compare without case."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts if part]


class ImageFolder:
    """A `Source` of the images in a folder, or of one image file.

    Args:
        path: folder (its sub-folders and hidden files are not read) or image file.
        fps: frames per second at which the images play.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = fps
        self._files: Sequence[Path] = ()
        self._index = 0
        self._decoded = 0
        self._tried = 0

    def open(self) -> SourceInfo:
        self._files = self._list()
        self._index = self._decoded = self._tried = 0
        return SourceInfo(width=0, height=0, fps=self._fps, finite=True, frame_count=len(self._files))

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        if self._index >= len(self._files):
            if self._tried and not self._decoded:
                raise SourceError(
                    f"none of the {self._tried} images in '{self._path}' can be decoded",
                    mend="Export them again as JPEG or PNG",
                )
            return None
        file, time = self._files[self._index], self._index / self._fps
        self._index += 1
        return Captured(None, time, file.name).with_picture(decode, lambda: self._picture(file))

    def close(self) -> None:
        self._files = ()

    def _picture(self, file: Path) -> Image | None:
        image = read_image(file)
        self._tried += 1
        self._decoded += image is not None
        return image

    def _list(self) -> Sequence[Path]:
        if self._path.is_file():
            return (self._path,)
        try:
            names = [entry for entry in self._path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
        except OSError as error:
            raise SourceError(f"cannot list folder '{self._path}': {error.strerror}", mend="Check its rights") from None
        images = [name for name in names if name.suffix.lower() in SUFFIXES]
        if not images:
            found = f"; it holds {names[0].name}" if names else ""
            raise SourceError(
                f"folder '{self._path}' has no images{found}",
                mend=f"Put images into it ({', '.join(sorted(SUFFIXES))}), or name a video file",
            )
        return sorted(images, key=lambda path: natural_key(path.name))


def read_image(file: Path) -> Image | None:
    """(H, W, 3) uint8 BGR, turned upright after its EXIF orientation, or None when it cannot be read or decoded."""
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None  # type: ignore[return-value]
    except (OSError, cv2.error):
        return None
