"""When a picture came, although FFmpeg keeps it back. Pure.

Over RTP it knows that a picture of H.264 or H.265 is whole when the next one begins. So a picture began to come when
the one before it was handed out, and is itself handed out one period later (measured with the test pattern: a picture
is 91 ms old when it is read, of which 67 are the period at 15 frames a second). Other codecs have an end of their own.
"""

from __future__ import annotations

CODECS = frozenset({"h264", "hevc", "avc1", "hev1", "hvc1"})
"""Names of the codecs, as FFmpeg and as containers write them."""


class ParserDelay:
    """Arrivals in one stream. They are never before the truth: who reads late sees them late.

    Args:
        applies: the stream is one of H.264 or H.265 over RTP.
    """

    def __init__(self, applies: bool) -> None:
        self._applies = applies
        self._handed_out: int | None = None

    def arrival(self, handed_out: int) -> int:
        """When the first packet of the picture came that was handed out at this time, ns; once for each, in order."""
        before, self._handed_out = self._handed_out, handed_out
        return before if self._applies and before is not None else handed_out
