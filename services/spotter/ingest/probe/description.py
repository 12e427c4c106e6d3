"""What a camera says of its video stream before it sends it: SDP (RFC 8866), as far as people ask for it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATIC = {"26": "JPEG", "31": "H261", "32": "MPV", "34": "H263"}
"""RTP payload types with a fixed meaning (RFC 3551, table 5)."""

NAMES = {"H264": "H.264", "H265": "H.265", "MP4V-ES": "MPEG-4", "JPEG": "MJPEG", "MPV": "MPEG-1/2", "AV1": "AV1"}
"""How people call the codecs that FFmpeg decodes."""


@dataclass(frozen=True, slots=True)
class VideoDescription:
    """A video stream as its camera announces it.

    Attributes:
        codec: name of the encoding as in RTP ("H264"); empty where it is not said.
        fps: frames per second; None where it is not said.
        size: (width, height), px; None where it is not said.
    """

    codec: str
    fps: float | None = None
    size: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """Codec for people."""
        return NAMES.get(self.codec, self.codec) or "a codec that it does not name"

    @property
    def known(self) -> bool:
        """Whether this is a codec that is read here for certain."""
        return self.codec in NAMES


def video_of(text: str) -> VideoDescription | None:
    """The first video stream of a session description, or None where there is none."""
    for section in re.split(r"(?m)^(?=m=)", text)[1:]:
        media = section.splitlines()[0].split()
        if media[0] != "m=video":
            continue
        payload = media[3] if len(media) > 3 else ""
        mapped = re.search(rf"(?m)^a=rtpmap:{re.escape(payload)}\s+([A-Za-z0-9.-]{{1,32}})/", section)
        codec = mapped[1].upper() if mapped else _STATIC.get(payload, "")
        return VideoDescription(codec, _fps(section), _size(section))
    return None


def _fps(section: str) -> float | None:
    found = re.search(r"(?m)^a=(?:framerate|x-framerate):\s*([0-9]{1,4}(?:\.[0-9]{1,6})?)", section)
    fps = float(found[1]) if found else 0.0
    return fps if 0 < fps <= 240 else None


def _size(section: str) -> tuple[int, int] | None:
    for form in (r"a=framesize:\S+\s+([0-9]{2,5})-([0-9]{2,5})", r"a=x-dimensions:\s*([0-9]{2,5}),\s*([0-9]{2,5})"):
        found = re.search(rf"(?m)^{form}", section)
        if found:
            return int(found[1]), int(found[2])
    return None
