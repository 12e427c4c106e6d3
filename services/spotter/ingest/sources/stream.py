"""A network camera: RTSP (over TCP) or HTTP (MJPEG, HLS or a plain video file on a web server), by OpenCV's FFmpeg.

Open and read are bounded. The first read that fails means that the camera is gone: OpenCV would go on claiming that it
is open. A video file on a web server is finite; everything else is live. What OpenCV cannot do, `sources.pyav` can:
UDP, NVIDIA's decoder, and times of capture.
"""

from __future__ import annotations

import time

from spotter.core.errors import SourceError
from spotter.ingest.sources._opencv import FPS_WHEN_UNKNOWN, cv2, nominal_fps
from spotter.ingest.sources.address import SCHEMES, StreamAddress
from spotter.ingest.sources.api import Captured, SourceInfo, SourceLostError, Wanted
from spotter.ingest.sources.parser_delay import CODECS, ParserDelay
from spotter.ingest.sources.video import MediaClock, retrieve

__all__ = ["SCHEMES", "NetworkStream"]

_ACCELERATION = {
    "none": cv2.VIDEO_ACCELERATION_NONE,
    "auto": cv2.VIDEO_ACCELERATION_ANY,
    "vaapi": cv2.VIDEO_ACCELERATION_VAAPI,
    "qsv": cv2.VIDEO_ACCELERATION_MFX,
    "d3d11va": cv2.VIDEO_ACCELERATION_D3D11,
}


class NetworkStream:
    """A `Source` behind a URL.

    Args:
        url: with user and password where the camera wants them; they never show in an error.
        open_timeout_s: longest wait for the camera to answer and send its description.
        read_timeout_s: a camera silent for this long is lost.
        transport: "auto" or "tcp"; OpenCV reads the transport of a whole process from its environment.
        hardware: a decoder as in `CameraSettings.hardware`.

    Raises:
        SourceError: the URL has no host, or no valid port; or OpenCV cannot do what is asked for.
    """

    def __init__(
        self, url: str, open_timeout_s: float, read_timeout_s: float, transport: str = "auto", hardware: str = "none"
    ) -> None:
        self._address = StreamAddress.parse(url)
        self._shown = self._address.shown
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._hardware = hardware
        self._capture: cv2.VideoCapture | None = None
        self._clock: MediaClock | None = None
        self._parser = ParserDelay(False)
        mend = "Install PyAV: pip install 'spotter-safety[av]'"
        if transport == "udp" and self._address.is_rtsp:
            raise SourceError(
                f"'{self._shown}' cannot be read over UDP by OpenCV", mend=f"{mend}; or use transport: tcp"
            )
        if hardware not in _ACCELERATION:
            raise SourceError(f"OpenCV knows no decoder '{hardware}'", mend=f"{mend}; or use hardware: none")

    def open(self) -> SourceInfo:
        self.close()
        capture = cv2.VideoCapture(
            self._address.url,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self._open_timeout_s * 1000),
                cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._read_timeout_s * 1000),
                # One thread: the decoder would otherwise hold back a frame per core before it gives out the first.
                cv2.CAP_PROP_N_THREADS, 1,
                cv2.CAP_PROP_HW_ACCELERATION, _ACCELERATION[self._hardware],
            ],
        )  # fmt: skip
        if not capture.isOpened():
            reason, mend = self._diagnose()
            raise SourceLostError(f"'{self._shown}' {reason}", mend=mend)
        fps = nominal_fps(capture)
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finite = count > 0 and not self._address.is_rtsp
        self._capture = capture
        self._clock = MediaClock(fps) if finite else None
        codec = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1").lower()
        self._parser = ParserDelay(self._address.is_rtsp and codec in CODECS)
        return SourceInfo(
            width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            fps=fps if fps <= 240 else FPS_WHEN_UNKNOWN,
            finite=finite,
            frame_count=count if finite else None,
        )

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        capture = self._capture
        if capture is None:
            raise SourceLostError(f"'{self._shown}' is not open")
        started = time.monotonic()
        delivered = capture.grab()
        # A silent camera: OpenCV first gives out what its decoder still held, each time after the full timeout.
        silent = time.monotonic() - started >= self._read_timeout_s
        if not delivered or silent:
            if self._clock is not None:
                return None
            raise SourceLostError(f"'{self._shown}' stopped sending", mend="Check its power and network")
        handed_out = time.monotonic_ns()
        delay = handed_out - self._parser.arrival(handed_out)
        media_time_s = None if self._clock is None else self._clock.at(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        return Captured(None, media_time_s, delay_ns=delay).with_picture(decode, lambda: retrieve(capture))

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _diagnose(self) -> tuple[str, str]:
        """(what is wrong, the mend) of a camera that did not open. FFmpeg does not tell OpenCV why."""
        reason, mend = self._address.diagnose()
        if self._hardware not in ("none", "auto") and "sends no video" in reason:
            mend += f"; or hardware decoder '{self._hardware}' is not there: use hardware: none"
        return reason, mend
