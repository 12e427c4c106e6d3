"""A video file, read by OpenCV's FFmpeg. Media time is the container's presentation time from its first frame.

Damaged stretches are passed over and reported as items without an image; only a file without a single decodable frame
is an error. Variable frame rates keep their own times.
"""

from __future__ import annotations

from pathlib import Path

from spotter.core.contracts import Image
from spotter.core.errors import SourceError
from spotter.ingest.sources._opencv import FPS_WHEN_UNKNOWN, cv2, nominal_fps
from spotter.ingest.sources.api import Captured, SourceInfo, Wanted

MAX_LOST = 250
"""Items in a row that may fail before the file counts as ended (10 s at 25 fps). At a true end they fail at once."""

MAX_GAP_S = 60.0
"""A longer jump of presentation time is taken for a damaged time stamp: the frame follows its predecessor instead."""


class MediaClock:
    """Turns presentation times, which may stand still, repeat or jump, into strictly growing seconds from zero."""

    def __init__(self, fps: float) -> None:
        self._period = 1.0 / fps
        self._offset: float | None = None
        self._last = 0.0

    def at(self, presentation_s: float) -> float:
        """Media time of a frame with this presentation time."""
        if self._offset is None:
            self._offset = presentation_s
            return self._last
        time = presentation_s - self._offset
        if not self._last < time <= self._last + MAX_GAP_S:
            if time > self._last:
                self._offset += time - self._last - self._period
            time = self._last + self._period
        self._last = time
        return time

    def next(self) -> float:
        """Media time of an item whose presentation time is not known."""
        if self._offset is None:
            self._offset = 0.0
            return self._last
        self._last += self._period
        return self._last


class VideoFile:
    """A `Source` that plays one file from start to end.

    Args:
        path: any container and codec that OpenCV's FFmpeg reads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture: cv2.VideoCapture | None = None
        self._clock = MediaClock(FPS_WHEN_UNKNOWN)
        self._lost = 0
        self._grabbed = False
        self._decoded = 0

    def open(self) -> SourceInfo:
        self.close()
        # An absolute path: "cam:1.mp4" would otherwise be taken for a protocol named "cam".
        capture = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise SourceError(f"'{self._path}' is not a video that can be read", mend=self._mend())
        fps = nominal_fps(capture)
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._capture, self._clock = capture, MediaClock(fps)
        self._lost, self._grabbed, self._decoded = 0, False, 0
        return SourceInfo(
            width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            fps=fps,
            finite=True,
            frame_count=count if count > 0 else None,
        )

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        capture = self._capture
        if capture is None:
            return None
        if not self._lost and not self._grabbed and not self._grab(capture):
            if not self._decoded:
                raise SourceError(f"'{self._path}' has no frame that can be decoded", mend=self._mend())
            return None
        if self._lost:
            self._lost -= 1
            return Captured(None, self._clock.next()).with_picture(decode, lambda: None)
        self._grabbed = False
        time = self._clock.at(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        self._decoded += 1
        return Captured(None, time).with_picture(decode, lambda: retrieve(capture))

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _grab(self, capture: cv2.VideoCapture) -> bool:
        """Move to the next decodable frame and count what was lost on the way; False at the end."""
        for lost in range(MAX_LOST):
            if capture.grab():
                self._lost, self._grabbed = lost, True
                return True
        return False

    def _mend(self) -> str:
        if self._path.stat().st_size == 0:
            return "The file is empty: copy or record it again"
        return "Copy or record it again, or convert it: ffmpeg -i IN -c:v libx264 OUT.mp4"


def retrieve(capture: cv2.VideoCapture) -> Image | None:
    """The grabbed frame as (H, W, 3) uint8 BGR, or None."""
    try:
        ok, image = capture.retrieve()
    except cv2.error:
        return None
    return image if ok and image is not None and image.size else None  # type: ignore[return-value]
