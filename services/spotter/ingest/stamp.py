"""A frame number and a time of capture within the picture itself, for machines and for people. Pure.

With them, loss and latency can be measured behind any camera, codec, network or broker: nothing but the picture has to
come through. The stamp fills the top quarter of the picture: 16 columns and 8 rows of black and white blocks, so it
survives JPEG, H.264 and scaling down to about 80 x 60 px. It does not survive turning and cropping.

Blocks from the top left, row by row, most significant bit first: the mark 10100110, the frame number (32 bits), the
time (UTC microseconds, 56 bits), CRC-32 of the twelve bytes before it (32 bits).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import cv2
import numpy as np

from spotter.core.clock import MICROSECOND, SECOND
from spotter.core.contracts import Image

COLUMNS, ROWS = 16, 8

SHARE = 0.25
"""Height of the stamp, as a share of the picture's."""

SMALLEST = (80, 60)
"""Smallest picture that is stamped, (width, height) px: blocks of 5 x 2 px."""

_MARK = 0b10100110
_DARK, _LIGHT = 24, 232
"""Levels of the blocks: within the range of limited-range video, so that nothing is clipped."""

_LEAST_CONTRAST = 40
"""Grey levels between the brightest and the darkest block, below which there is no stamp [D]."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Number of the frame (modulo 2^32) and its time of capture, UTC ns, whole microseconds."""

    number: int
    at: int


def draw_stamp(image: Image, stamp: Stamp) -> None:
    """Burn a stamp into `image` (H, W, 3) uint8, in place: blocks, and below them text for people.

    Raises:
        ValueError: the picture is smaller than `SMALLEST`.
    """
    height, width = image.shape[:2]
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise ValueError(f"a picture of {width}x{height} px is too small for a stamp; the least is 80x60")
    body = bytes([_MARK]) + (stamp.number % 2**32).to_bytes(4, "big") + (stamp.at // MICROSECOND).to_bytes(7, "big")
    bits = np.unpackbits(np.frombuffer(body + zlib.crc32(body).to_bytes(4, "big"), np.uint8))
    blocks = np.where(bits.reshape(ROWS, COLUMNS) > 0, np.uint8(_LIGHT), np.uint8(_DARK))
    top = _strip_height(height)
    strip = cv2.resize(blocks, (width, top), interpolation=cv2.INTER_NEAREST)
    image[:top] = strip[..., np.newaxis]
    when = datetime.fromtimestamp(stamp.at / SECOND, UTC).strftime("%H:%M:%S.%f")[:-3]
    size = height / 480
    place = (round(8 * size), top + round(28 * size))
    cv2.putText(
        image,
        f"{stamp.number}  {when}",
        place,
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        (255, 255, 255),
        max(1, round(2 * size)),
    )


def read_stamp(image: Image) -> Stamp | None:
    """The stamp of a picture (H, W, 3) uint8 of any size, or None where there is none that is whole."""
    height = image.shape[0]
    strip = image[: _strip_height(height), :, 1]
    if strip.shape[0] < ROWS or strip.shape[1] < COLUMNS:
        return None
    # Four by four samples of each block, of which the middle ones do not mix with the neighbours.
    samples = cv2.resize(strip, (4 * COLUMNS, 4 * ROWS), interpolation=cv2.INTER_AREA).reshape(ROWS, 4, COLUMNS, 4)
    levels = samples[:, 1:3, :, 1:3].mean(axis=(1, 3))
    darkest, brightest = float(levels.min()), float(levels.max())
    if brightest - darkest < _LEAST_CONTRAST:
        return None
    data = np.packbits(levels > (darkest + brightest) / 2).tobytes()
    if data[0] != _MARK or zlib.crc32(data[:12]) != int.from_bytes(data[12:], "big"):
        return None
    return Stamp(int.from_bytes(data[1:5], "big"), int.from_bytes(data[5:12], "big") * MICROSECOND)


def _strip_height(height: int) -> int:
    return round(SHARE * height)


@dataclass(slots=True)
class StampLedger:
    """Accounts for the frames of one stamped stream: what came, what is missing, and how old it was.

    Attributes:
        seen: frames with a stamp that was not there before.
        repeated: frames with a stamp that was there before.
        unreadable: frames without a whole stamp.
        back: frames whose number is below one that was there before them.
        ages: nanoseconds from the burned-in time to the moment of seeing, of each frame that was seen.
    """

    seen: int = 0
    repeated: int = 0
    unreadable: int = 0
    back: int = 0
    ages: list[int] = field(default_factory=list)
    _numbers: set[int] = field(default_factory=set)
    _highest: int = -1

    def add(self, image: Image, now: int) -> Stamp | None:
        """Account for a frame that is seen at wall time `now`, UTC ns; returns its stamp."""
        stamp = read_stamp(image)
        if stamp is None:
            self.unreadable += 1
            return None
        if stamp.number in self._numbers:
            self.repeated += 1
            return stamp
        self._numbers.add(stamp.number)
        self.seen += 1
        self.back += stamp.number < self._highest
        self._highest = max(self._highest, stamp.number)
        self.ages.append(now - stamp.at)
        return stamp

    @property
    def lost(self) -> int:
        """Numbers that are missing between the lowest and the highest that were seen."""
        return self._highest - min(self._numbers) + 1 - self.seen if self._numbers else 0

    def age_s(self, quantiles: Sequence[float] = (0.5, 0.95)) -> tuple[float, ...]:
        """Quantiles of the ages, seconds; NaN where nothing was seen."""
        if not self.ages:
            return tuple(float("nan") for _ in quantiles)
        return tuple(float(each) / SECOND for each in np.quantile(self.ages, quantiles))
