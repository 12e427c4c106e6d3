"""A test pattern with frame numbers and times burned in: a camera that is always there, whose losses can be counted.

    test:640x480@15                     endless, like a camera
    test:640x480@15,frames=300          ends after 300 frames, like a file
    test:1280x720@30,noise=12           noise of that standard deviation, grey levels: pictures that compress badly
    test:640x480@15,still               nothing moves but the stamp

Live, it keeps the pace of the wall clock: whoever reads late gets the newest picture, and the numbers of those in
between are missing, as with a camera. See `ingest.stamp` for reading them back.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.core import clock
from spotter.core.contracts import Image
from spotter.core.errors import SourceError
from spotter.ingest.sources.api import Captured, SourceInfo, Wanted
from spotter.ingest.stamp import SMALLEST, Stamp, draw_stamp

PREFIX = "test:"

LARGEST = 7680
"""Longest side of a picture, px."""

_FORM = re.compile(r"test:(\d{1,5})x(\d{1,5})@(\d{1,3}(?:\.\d{1,3})?)((?:,[a-z]+(?:=\d{1,9})?)*)")
_EXAMPLE = "test:640x480@15, with ,frames=300 ,noise=12 or ,still behind it"


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """What to show: size, px; frames per second; frames in all (0: endless); noise, grey levels; whether it moves."""

    width: int
    height: int
    fps: float
    frames: int = 0
    noise: int = 0
    moves: bool = True

    @classmethod
    def parse(cls, text: str) -> PatternSpec:
        """Read "test:WIDTHxHEIGHT@FPS[,frames=N][,noise=LEVELS][,still]".

        Raises:
            SourceError: it is not written like that, or out of range.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise SourceError(f"'{text[:80]}' is no test pattern", mend=f"Write {_EXAMPLE}")
        width, height, fps = int(found[1]), int(found[2]), float(found[3])
        options = dict(option.partition("=")[::2] for option in found[4].split(",")[1:])
        unknown = sorted(set(options) - {"frames", "noise", "still"})
        if unknown:
            raise SourceError(f"a test pattern has no option '{unknown[0]}'", mend=f"Write {_EXAMPLE}")
        if not (SMALLEST[0] <= width <= LARGEST and SMALLEST[1] <= height <= LARGEST):
            raise SourceError(f"a test pattern of {width}x{height} px is not possible", mend="80x60 to 7680x7680 px")
        if not 0 < fps <= 240:
            raise SourceError(
                f"a test pattern of {fps:g} frames a second is not possible", mend="More than 0, up to 240"
            )
        frames, noise = int(options.get("frames") or 0), int(options.get("noise") or 0)
        return cls(width, height, fps, frames, min(noise, 100), "still" not in options)


class Pattern:
    """A `Source` of stamped pictures; endless and live, or finite where `spec.frames` is set."""

    def __init__(self, spec: PatternSpec) -> None:
        self._spec = spec
        self._background = _background(spec.width, spec.height)
        self._noise = np.random.default_rng(0)
        self._number = 0
        self._began = 0.0
        self._began_wall = 0

    def open(self) -> SourceInfo:
        spec = self._spec
        if spec.frames:
            self._number = 0
        self._began = time.monotonic() - self._number / spec.fps
        self._began_wall = clock.now() - clock.from_seconds(self._number / spec.fps)
        return SourceInfo(spec.width, spec.height, spec.fps, finite=spec.frames > 0, frame_count=spec.frames or None)

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        spec = self._spec
        if spec.frames:
            if self._number >= spec.frames:
                return None
        else:
            # Numbers are those of a camera that never waits: being late costs numbers, not time.
            self._number = max(self._number, int((time.monotonic() - self._began) * spec.fps))
            time.sleep(max(0.0, self._began + self._number / spec.fps - time.monotonic()))
        number = self._number
        self._number += 1
        media = number / spec.fps
        at = self._began_wall + clock.from_seconds(media) if spec.frames else clock.now()
        item = Captured(None, media if spec.frames else None, f"frame {number}")
        return item.with_picture(decode, lambda: self.picture(number, at))

    def picture(self, number: int, at: int) -> Image:
        """The picture of one frame, (H, W, 3) uint8, with this number and time of capture (UTC ns)."""
        spec = self._spec
        image = self._background.copy()
        if spec.moves:
            # A ball that goes round once in four seconds of media time.
            angle = 2 * np.pi * number / (4 * spec.fps)
            radius = max(2, spec.height // 16)
            x = spec.width / 2 + 0.4 * spec.width * np.cos(angle)
            y = 0.7 * spec.height + 0.2 * spec.height * np.sin(angle)
            cv2.circle(image, (round(x), round(y)), radius, (40, 200, 240), -1)
        if spec.noise:
            noise = self._noise.normal(0.0, spec.noise, image.shape[:2])[..., np.newaxis]
            image = np.clip(image + noise, 0, 255).astype(np.uint8)
        draw_stamp(image, Stamp(number, at))
        return image

    def close(self) -> None:
        """Nothing to release."""


def _background(width: int, height: int) -> Image:
    """Bars of eight colours over a grey ramp."""
    bars = np.array([[(bits >> channel & 1) * 200 for channel in range(3)] for bits in range(8)], np.uint8)
    image = np.empty((height, width, 3), np.uint8)
    image[:] = cv2.resize(bars[np.newaxis], (width, 1), interpolation=cv2.INTER_NEAREST)
    image[height * 3 // 4 :] = np.linspace(16, 235, width).astype(np.uint8)[np.newaxis, :, np.newaxis]
    return image
