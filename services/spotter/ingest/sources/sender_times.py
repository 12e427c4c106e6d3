"""The camera's own time of each picture, from what FFmpeg makes of RTCP sender reports. Pure.

FFmpeg gives each packet the camera's wall clock (side data PRFT), but where its parser cuts a key frame out of the
stream, that of the picture after it (seen with FFmpeg 8). Wall clock less presentation time is the same for all packets
of one report, so the middle one of the last few is right, and holds for packets without side data as well.
"""

from __future__ import annotations

from collections import deque

_SAMPLES = 5
"""At most two of so many may be wrong: key frames are further apart."""

_LEAST = 3
"""No time is told before so many packets had one."""


class SenderTimes:
    """Times of one stream, from its opening on."""

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=_SAMPLES)

    def of(self, presentation_ns: int | None, told: int | None) -> int | None:
        """The camera's time of a packet, UTC ns, or None while it is not known.

        Args:
            presentation_ns: presentation time of the packet, ns.
            told: what its side data tells, UTC ns; None where it has none.
        """
        if presentation_ns is None:
            return None
        if told is not None:
            self._offsets.append(told - presentation_ns)
        if len(self._offsets) < _LEAST:
            return None
        return presentation_ns + sorted(self._offsets)[(len(self._offsets) - 1) // 2]
