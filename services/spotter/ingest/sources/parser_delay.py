"""How long FFmpeg keeps back a picture that has come whole. Pure.

Over RTP it knows that a picture of H.264 or H.265 is whole when the next one begins: one period later (measured with
the test pattern: a picture is 91 ms old when it is read, of which 67 are the period at 15 frames a second). The others
have an end of their own.
"""

from __future__ import annotations

from collections import deque

from spotter.core.clock import SECOND, from_seconds

CODECS = frozenset({"h264", "hevc", "avc1", "hev1", "hvc1"})
"""Names of the codecs, as FFmpeg and as containers write them."""

_STEPS = 15
"""The shortest of so many periods counts: a time of capture is then rather too late than before the picture."""

_LONGEST_NS = SECOND
"""A longer period is a gap, not the pace of the camera."""


class ParserDelay:
    """Delay of one stream, from the presentation times of its pictures."""

    def __init__(self, applies: bool) -> None:
        self._applies = applies
        self._steps: deque[int] = deque(maxlen=_STEPS)
        self._last: float | None = None

    def of(self, presentation_s: float) -> int:
        """Nanoseconds for which the picture of this presentation time was kept back; 0 while that is not known."""
        if not self._applies:
            return 0
        if self._last is not None:
            step = from_seconds(presentation_s - self._last)
            if 0 < step <= _LONGEST_NS:
                self._steps.append(step)
        self._last = presentation_s
        return min(self._steps, default=0)
