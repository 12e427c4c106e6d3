"""A camera on this machine, by its index."""

from __future__ import annotations

from pathlib import Path

from spotter.core.errors import SourceError
from spotter.ingest.sources._opencv import cv2, nominal_fps
from spotter.ingest.sources.api import Captured, SourceInfo, SourceLostError, Wanted
from spotter.ingest.sources.video import retrieve


class Webcam:
    """A live `Source`. V4L2 gives up a silent device after 10 s by itself.

    A device that was never there is an error for good; one that was unplugged may come back.

    Args:
        index: number of the device, 0 for the first (/dev/video0 on Linux).
    """

    def __init__(self, index: int) -> None:
        self._index = index
        self._capture: cv2.VideoCapture | None = None
        self._was_open = False

    def open(self) -> SourceInfo:
        self.close()
        capture = cv2.VideoCapture(self._index)
        if not capture.isOpened():
            kind = SourceLostError if self._was_open else SourceError
            raise kind(f"webcam {self._index} cannot be opened", mend=_mend())
        # One frame of buffer where the driver allows it: an old picture is worth less than none.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture, self._was_open = capture, True
        return SourceInfo(
            width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            fps=nominal_fps(capture),
            finite=False,
        )

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        capture = self._capture
        if capture is None or not capture.grab():
            raise SourceLostError(f"webcam {self._index} stopped delivering", mend="Check its cable")
        return Captured(None, None).with_picture(decode, lambda: retrieve(capture))

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _mend() -> str:
    found = sorted(path.name.removeprefix("video") for path in Path("/dev").glob("video[0-9]*"))
    if not found:
        return "No camera is attached to this machine: attach one, or name a file or URL"
    return f"Devices here: {', '.join(found)}; check that no other program uses it and that you may read it"
