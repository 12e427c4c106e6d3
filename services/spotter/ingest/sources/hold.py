"""A finite source whose last picture stays for some seconds: a clip that stops too early can still be judged."""

from __future__ import annotations

import math
from dataclasses import replace

from spotter.ingest.sources.api import Captured, Source, SourceInfo, Wanted


class HoldLast:
    """Repeats the last decoded item of a finite `Source` at its nominal rate; a live source passes unchanged.

    Args:
        source: the source to wrap.
        seconds: how long the last picture stays beyond its own time.
    """

    def __init__(self, source: Source, seconds: float) -> None:
        self._source = source
        self._seconds = seconds
        self._period = 0.0
        self._to_hold = 0
        self._held = 0
        self._last: Captured | None = None
        self._end = 0.0

    def open(self) -> SourceInfo:
        info = self._source.open()
        self._last, self._held, self._end = None, 0, 0.0
        if not info.finite:
            self._to_hold = 0
            return info
        self._period = 1.0 / info.fps
        # The small allowance keeps 6 s at 29.97 fps from losing a frame to rounding.
        self._to_hold = math.floor(self._seconds * info.fps + 1e-6)
        count = None if info.frame_count is None else info.frame_count + self._to_hold
        return replace(info, frame_count=count)

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        captured = None if self._held else self._source.read(decode)
        if captured is not None:
            if captured.media_time_s is not None:
                self._end = captured.media_time_s
            if captured.image is not None:
                self._last = captured
            return captured
        if self._last is None or self._held >= self._to_hold:
            return None
        self._held += 1
        time = self._end + self._held * self._period
        last = self._last
        return replace(last, image=None, media_time_s=time).with_picture(decode, lambda: last.image)

    def close(self) -> None:
        self._source.close()
        self._last = None
