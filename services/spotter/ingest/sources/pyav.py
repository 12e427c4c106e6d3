"""A network camera, read by PyAV (FFmpeg with its options for each stream, and what it knows of each packet).

Beyond `sources.stream` it does UDP for each camera alone and NVIDIA's decoder, tells why a camera refuses, and knows
when a picture was taken: FFmpeg joins RTCP sender reports and RTP time stamps to the camera's own time of each packet
(side data PRFT, `AVProducerReferenceTime`; RFC 3550, section 6.4.1). It is known from the camera's first report on,
which comes within seconds; HTTP streams have none.

Latency. Nothing is buffered here but what FFmpeg needs to know that a picture is complete: over RTP that is the first
packet of the next one, so a picture comes one period after it was taken, plus its way.
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Iterator
from typing import Any

import av
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from spotter.core.clock import SECOND
from spotter.core.contracts import Image
from spotter.core.errors import SourceError
from spotter.ingest.sources._opencv import FPS_WHEN_UNKNOWN
from spotter.ingest.sources.address import StreamAddress
from spotter.ingest.sources.api import Captured, SourceInfo, SourceLostError, Wanted
from spotter.ingest.sources.parser_delay import CODECS, ParserDelay
from spotter.ingest.sources.sender_times import SenderTimes
from spotter.ingest.sources.video import MediaClock

_RTSP = {"analyzeduration": "1", "probesize": "32", "fpsprobesize": "0"}
"""Size and codec are in a camera's description: looking for them in the stream only delays the first picture."""

_HTTP = {"analyzeduration": "200000"}

_LOW_DELAY = {"flags": "low_delay"}
"""The decoder gives out each picture at once, and waits for reordered ones only after it has seen some."""

_INTRA_ONLY = frozenset({"mjpeg", "png", "rawvideo"})
"""Codecs in which no picture needs another: those that are not wanted are not decoded."""

_MOST_PENDING = 256
"""Packets in the decoder at most, of which the times are kept."""

_PRFT = struct.Struct("=q")
"""Begin of AVProducerReferenceTime: wall clock, microseconds since 1970."""

_NO_DEVICE = (RuntimeError, av.PermissionError, av.NotImplementedError, av.ExternalError)
"""What PyAV raises where a hardware decoder is known to it and not there, or cannot decode the stream's codec."""

_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (av.HTTPUnauthorizedError, "refuses user or password", "Check user and password of the camera"),
    (av.HTTPForbiddenError, "forbids its stream to this user", "Give the user the right to see the stream"),
    (av.HTTPNotFoundError, "has no stream at this path", "Check the path; look it up in the camera's manual"),
    (av.HTTPServerError, "has a fault and sends no video", "Check the camera's own log; restart it"),
)


class PyAvStream:
    """A `Source` behind a URL.

    Args:
        url: with user and password where the camera wants them; they never show in an error.
        open_timeout_s: longest wait for the camera to answer and send its description.
        read_timeout_s: a camera silent for this long is lost.
        transport: of RTSP, as in `CameraSettings.transport`.
        hardware: a decoder as in `CameraSettings.hardware`.

    Raises:
        SourceError: the URL has no host, or no valid port; or there is no such decoder in this PyAV.
    """

    def __init__(
        self, url: str, open_timeout_s: float, read_timeout_s: float, transport: str = "auto", hardware: str = "none"
    ) -> None:
        self._address = StreamAddress.parse(url)
        self._shown = self._address.shown
        self._timeout = (open_timeout_s, read_timeout_s)
        self._transport = "udp" if transport == "udp" else "tcp"
        self._hardware = hardware
        self._container: Any = None
        self._items: Iterator[Captured] = iter(())
        self._decode: bool | Wanted = True
        self._clock: MediaClock | None = None
        self._parser = ParserDelay(False)
        self._reformatter = VideoReformatter()
        if hardware not in ("none", "auto", *hwdevices_available()):
            there = ", ".join(hwdevices_available()) or "none"
            raise SourceError(
                f"there is no hardware decoder '{hardware}'", mend=f"This PyAV has: {there}; use hardware: none"
            )

    def open(self) -> SourceInfo:
        self.close()
        address = self._address
        options = {**_LOW_DELAY, **(_RTSP if address.is_rtsp else _HTTP)}
        if address.scheme == "rtsp":
            options["rtsp_transport"] = self._transport
        container = self._container = self._open(options)
        if not container.streams.video:
            raise SourceLostError(
                f"'{self._shown}' has no video in it", mend="Check the path; it may be a sound stream"
            )
        stream = container.streams.video[0]
        # One thread: a decoder of many holds back a picture per thread before it gives out the first.
        stream.codec_context.thread_count = 1
        fps = float(stream.average_rate or stream.guessed_rate or 0)
        fps = fps if 0.01 <= fps <= 240 else FPS_WHEN_UNKNOWN
        duration_s = 0.0 if address.is_rtsp else (container.duration or 0) / av.time_base
        finite = duration_s > 0
        self._clock = MediaClock(fps) if finite else None
        self._parser = ParserDelay(address.is_rtsp and stream.codec_context.name in CODECS)
        self._items = self._read_items(container, stream)
        return SourceInfo(
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            fps=fps,
            finite=finite,
            frame_count=(stream.frames or round(duration_s * fps)) if finite else None,
        )

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        if self._container is None:
            raise SourceLostError(f"'{self._shown}' is not open")
        self._decode = decode
        item = next(self._items, None)
        if item is None and self._clock is None:
            raise SourceLostError(f"'{self._shown}' stopped sending", mend="Check its power and network")
        return item

    def close(self) -> None:
        self._items = iter(())
        if self._container is not None:
            with contextlib.suppress(av.FFmpegError):
                self._container.close()
            self._container = None

    def _open(self, options: dict[str, str]) -> Any:
        url, timeout = self._address.url, self._timeout
        try:
            if self._hardware == "auto":
                for device in hwdevices_available():
                    with contextlib.suppress(*_NO_DEVICE):
                        return av.open(url, options=options, timeout=timeout, hwaccel=HWAccel(device))
            elif self._hardware != "none":
                only = HWAccel(self._hardware, allow_software_fallback=False)
                return av.open(url, options=options, timeout=timeout, hwaccel=only)
            return av.open(url, options=options, timeout=timeout)
        except Exception as error:
            # PyAV's errors have the URL in them, with the password: only their kind is told.
            raise self._unopened(error) from None

    def _read_items(self, container: Any, stream: Any) -> Iterator[Captured]:
        """Items until the stream ends or fails."""
        intra_only = stream.codec_context.name in _INTRA_ONLY
        senders = SenderTimes()
        times: dict[int | None, tuple[int | None, int]] = {}
        seen = False
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):
                packet = None
            if packet is None:
                return
            came = self._parser.arrival(time.monotonic_ns())
            presentation = None if packet.pts is None else round(packet.pts * stream.time_base * SECOND)
            sender = senders.of(presentation, _sender_time(packet))
            if intra_only and packet.size:
                yield self._item(packet.pts, stream, sender, came, lambda packet=packet: self._decoded(packet))
                continue
            times[packet.pts] = sender, came
            while len(times) > _MOST_PENDING:
                del times[next(iter(times))]
            try:
                frames = packet.decode()
            except av.FFmpegError:
                # Before the first key frame this is usual; later, a packet was lost or damaged.
                if seen:
                    yield self._item(packet.pts, stream, sender, came, lambda: None)
                continue
            for frame in frames:
                seen = True
                sender, came = times.pop(frame.pts, (None, came))
                yield self._item(frame.pts, stream, sender, came, lambda frame=frame: self._image(frame))

    def _item(self, pts: int | None, stream: Any, sender: int | None, came: int, picture: Any) -> Captured:
        media_time_s = None
        if self._clock is not None:
            media_time_s = self._clock.next() if pts is None else self._clock.at(float(pts * stream.time_base))
        item = Captured(None, media_time_s, sender_ns=sender, delay_ns=time.monotonic_ns() - came)
        return item.with_picture(self._decode, picture)

    def _decoded(self, packet: Any) -> Image | None:
        """The picture of a packet that holds a whole one."""
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return None
        return self._image(frames[-1]) if frames else None

    def _image(self, frame: VideoFrame) -> Image | None:
        """(H, W, 3) uint8 BGR; None where parts are missing: a smeared picture shows people who are not there."""
        if frame.is_corrupt:
            return None
        try:
            return self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray()  # type: ignore[return-value]
        except (av.FFmpegError, ValueError):
            return None

    def _unopened(self, error: Exception) -> SourceError:
        for kind, reason, mend in _REASONS:
            if isinstance(error, kind):
                return SourceLostError(f"'{self._shown}' {reason}", mend=mend)
        if self._hardware not in ("none", "auto") and isinstance(error, _NO_DEVICE):
            return SourceError(
                f"hardware decoder '{self._hardware}' cannot be used for '{self._shown}'",
                mend="Check the driver, or use hardware: none",
            )
        reason, mend = self._address.diagnose()
        return SourceLostError(f"'{self._shown}' {reason}", mend=mend)


def _sender_time(packet: Any) -> int | None:
    """What the side data of a packet tells of the camera's time, UTC ns; None where it has none."""
    if not packet.has_sidedata("prft"):
        return None
    return int(_PRFT.unpack_from(bytes(packet.get_sidedata("prft")))[0]) * 1000
