"""A network camera: RTSP (over TCP) or HTTP (MJPEG, HLS or a plain video file on a web server), by OpenCV's FFmpeg.

Open and read are bounded. The first read that fails means that the camera is gone: OpenCV would go on claiming that it
is open. A video file on a web server is finite; everything else is live.
"""

from __future__ import annotations

import socket
import time
from urllib.parse import SplitResult, urlsplit

from spotter.core.errors import SourceError
from spotter.core.settings import redact_url
from spotter.ingest.sources._opencv import FPS_WHEN_UNKNOWN, cv2, nominal_fps
from spotter.ingest.sources.api import Captured, SourceInfo, SourceLostError
from spotter.ingest.sources.video import MediaClock, retrieve

SCHEMES = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""URL schemes that are read here, with the port that each one means when none is given."""

_DIAGNOSIS_TIMEOUT_S = 2.0


class NetworkStream:
    """A `Source` behind a URL.

    Args:
        url: with user and password where the camera wants them; they never show in an error.
        open_timeout_s: longest wait for the camera to answer and send its description.
        read_timeout_s: a camera silent for this long is lost.

    Raises:
        SourceError: the URL has no host, or no valid port.
    """

    def __init__(self, url: str, open_timeout_s: float, read_timeout_s: float) -> None:
        self._url = url
        self._shown = redact_url(url)
        self._host, self._port = _address(url, self._shown)
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._capture: cv2.VideoCapture | None = None
        self._clock: MediaClock | None = None

    def open(self) -> SourceInfo:
        self.close()
        capture = cv2.VideoCapture(
            self._url,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self._open_timeout_s * 1000),
                cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._read_timeout_s * 1000),
                # One thread: the decoder would otherwise hold back a frame per core before it gives out the first.
                cv2.CAP_PROP_N_THREADS, 1,
            ],
        )  # fmt: skip
        if not capture.isOpened():
            reason, mend = self._diagnose()
            raise SourceLostError(f"'{self._shown}' {reason}", mend=mend)
        fps = nominal_fps(capture)
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finite = count > 0 and self._url.lower().startswith("http")
        self._capture = capture
        self._clock = MediaClock(fps) if finite else None
        return SourceInfo(
            width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            fps=fps if fps <= 240 else FPS_WHEN_UNKNOWN,
            finite=finite,
            frame_count=count if finite else None,
        )

    def read(self, decode: bool = True) -> Captured | None:
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
        media_time_s = None if self._clock is None else self._clock.at(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        return Captured(retrieve(capture) if decode else None, media_time_s)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _diagnose(self) -> tuple[str, str]:
        """(what is wrong, the mend) of a camera that did not open. FFmpeg does not tell OpenCV why."""
        where = f"{self._host}:{self._port}"
        try:
            socket.create_connection((self._host, self._port), _DIAGNOSIS_TIMEOUT_S).close()
        except socket.gaierror:
            return f"has a host name that is not known: {self._host}", "Check the name, or use the camera's IP address"
        except TimeoutError:
            return f"does not answer at {where}", "Check that the camera is on and its network can be reached from here"
        except ConnectionRefusedError:
            return f"refuses connections at {where}", "Check the port, and that the camera's stream is switched on"
        except OSError as error:
            return f"cannot be reached at {where}: {error.strerror}", "Check the network between here and the camera"
        return (
            f"answers at {where} but sends no video",
            "Check user, password and path; try the URL in ffplay or VLC",
        )


def _address(url: str, shown: str) -> tuple[str, int]:
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise SourceError(
            f"'{shown}' is not a complete URL",
            mend="Write rtsp://USER:PASSWORD@HOST:PORT/PATH, with / @ : # ? in a password as %2F %40 %3A %23 %3F",
        )
    return host, port or SCHEMES[parts.scheme.lower()]
