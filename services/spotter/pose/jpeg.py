"""What the headers of a JPEG say of it, read without decoding it: its size, and whether all of it is there. Pure.

ITU-T T.81 (JPEG), annex B. It exists so that no pixel is allocated for a picture that will not be used, and because a
decoder fills what is missing of a picture with grey and says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_SIZES = {0xC0, 0xC1, 0xC2}
"""Frame headers SOF0 to SOF2: baseline, extended and progressive, Huffman-coded. Cameras send nothing else."""

_OTHER_SIZES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length: TEM, RST0 to RST7."""

_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Within a scan 0xFF is followed by a stuffed zero or a restart marker; anything else ends the scan."""

_MOST_SCANS = 100
"""Progressive pictures have about ten. Each goes over the whole picture, so many of them are an attack on time."""


class PictureError(ValueError):
    """Why a picture cannot be used, in one line. It costs only its own frame, so no user ever sees it raised."""


@dataclass(frozen=True, slots=True)
class JpegSize:
    """Width and height in px, as the pixels lie in the file (an orientation in EXIF does not turn them)."""

    width: int
    height: int


def read_size(data: bytes, most_pixels: int) -> JpegSize:
    """Size of a JPEG of which all is there.

    Args:
        data: the file, from its first byte; whatever follows its end is ignored.
        most_pixels: width times height at most.

    Raises:
        PictureError: no JPEG, too large, or cut off.
    """
    if data[:2] != bytes((0xFF, _START)):
        raise PictureError("its picture is empty" if not data else "its picture is not a JPEG")
    size: JpegSize | None = None
    scans, at = 0, 2
    while True:
        marker, at = _next_marker(data, at)
        if marker == _END:
            if size is None or not scans:
                raise PictureError("its JPEG picture has no pixels")
            return size
        if marker in _ALONE:
            continue
        body = _segment(data, at)
        at += 2 + len(body)
        if marker in _SIZES:
            size = _size_of(body)
            _check_size(size, len(data), most_pixels)
        elif marker in _OTHER_SIZES:
            raise PictureError("its JPEG picture is lossless, hierarchical or arithmetic-coded, which is not read")
        elif marker == _SCAN:
            scans += 1
            if scans > _MOST_SCANS:
                raise PictureError(f"its JPEG picture has more than {_MOST_SCANS} scans")
            found = _MARKER_IN_SCAN.search(data, at)
            if found is None:
                raise _cut()
            at = found.start()


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at`, which any number of 0xFF may precede, and where it ends."""
    if at < len(data) and data[at] != 0xFF:
        raise PictureError("its JPEG picture is damaged: a marker is missing")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at >= len(data):
        raise _cut()
    return data[at], at + 1


def _segment(data: bytes, at: int) -> bytes:
    length = int.from_bytes(data[at : at + 2], "big")
    if at + max(length, 2) > len(data):
        raise _cut()
    if length < 2:
        raise PictureError("its JPEG picture is damaged: a segment has no length")
    return data[at + 2 : at + length]


def _size_of(body: bytes) -> JpegSize:
    if len(body) < 6:
        raise PictureError("its JPEG picture is damaged: its frame header is too short")
    return JpegSize(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))


def _check_size(size: JpegSize, length: int, most_pixels: int) -> None:
    pixels = size.width * size.height
    if not pixels:
        raise PictureError(f"its JPEG picture says that it has {size.width}x{size.height} px")
    if pixels > most_pixels:
        raise PictureError(
            f"its JPEG picture says that it has {size.width}x{size.height} px, more than the {most_pixels:,} allowed"
        )
    # A block of 8x8 px takes at least one bit, in progressive pictures too: fewer bytes cannot be all of it.
    if length < pixels // (64 * 8):
        raise PictureError(f"its JPEG picture of {size.width}x{size.height} px has only {length} bytes")


def _cut() -> PictureError:
    return PictureError("its JPEG picture is cut off")
