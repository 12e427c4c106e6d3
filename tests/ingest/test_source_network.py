"""Both readers of network cameras against real servers: RTSP over TCP, UDP and TLS, MJPEG, HLS; and what they do when
a camera is silent, gone, or refuses."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import trustme

from spotter.core import clock
from spotter.core.clock import SECOND
from spotter.core.errors import SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.sources import open_source
from spotter.ingest.sources.api import Captured, Source, SourceLostError
from spotter.ingest.sources.parser_delay import ParserDelay
from spotter.ingest.sources.pattern import Pattern, PatternSpec
from spotter.ingest.sources.pyav import PyAvStream
from spotter.ingest.sources.sender_times import SenderTimes
from spotter.ingest.sources.stream import NetworkStream
from spotter.ingest.stamp import read_stamp

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from feed import PatternFeed
from hls import HlsServer

from servers import HttpServer, RtspServer, free_port

READERS = {"opencv": NetworkStream, "pyav": PyAvStream}
OPEN_S, READ_S = 4.0, 1.0

BOUND_S = 4.0
"""Slack of a busy machine on top of a timeout; without one the calls would take 30 s or for ever."""


@pytest.fixture(params=READERS)
def reader(request) -> type[NetworkStream | PyAvStream]:
    return READERS[request.param]


@pytest.fixture(scope="module")
def camera() -> Iterator[RtspServer]:
    with RtspServer() as server:
        yield server


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Source]:
    try:
        source.open()
        yield source
    finally:
        source.close()


def pictures(source: Source, count: int) -> list[Captured]:
    items = [source.read() for _ in range(count)]
    assert all(item.media_time_s is None for item in items)
    return items


def read_until_lost(source: Source) -> None:
    deadline = time.monotonic() + 40
    with pytest.raises(SourceLostError, match="stopped sending"):  # noqa: PT012
        while time.monotonic() < deadline:
            source.read()


def jpeg(level: int, size: tuple[int, int] = (64, 48)) -> bytes:
    return cv2.imencode(".jpg", np.full((size[1], size[0], 3), level, np.uint8))[1].tobytes()


def test_rtsp_over_tcp(reader, camera):
    source = reader(camera.url(), OPEN_S, READ_S)
    info = source.open()
    assert (info.width, info.height, info.fps, info.finite) == (320, 240, 15.0, False)
    items = pictures(source, 10)
    assert {item.image.shape for item in items} == {(240, 320, 3)}
    assert not np.array_equal(items[0].image, items[-1].image)
    assert datagram_sockets() == 0
    source.close()
    source.close()


@pytest.mark.parametrize("codec", ["h265", "jpeg"])
def test_other_codecs_over_rtsp(reader, codec):
    with RtspServer(codec=codec) as server, opened(reader(server.url(), OPEN_S, READ_S)) as source:
        items = pictures(source, 8)
        assert {item.image.shape for item in items} == {(240, 320, 3)}
        # Whatever is read is a picture of its own.
        assert len({item.image.tobytes() for item in items}) == 8


@pytest.mark.parametrize(("codec", "size"), [("h265", (320, 240)), ("jpeg", (320, 240)), ("h264", (640, 480))])
def test_a_camera_that_comes_back_with_another_codec_or_size(ingest, codec, size):
    """Its settings were changed: the stream breaks off, and is read as it is from then on."""
    with RtspServer() as before, ingest({"camera": before.url()}, backoff_min_s=0.1, backoff_max_s=0.3) as running:
        running.wait(lambda: len(running.frames) >= 3)
        before.kill()
        with RtspServer(port=before.port, codec=codec, size=size):
            seen = len(running.frames)
            running.wait(lambda: len(running.frames) >= seen + 5)
        frames = list(running.frames)
    assert (frames[-1].width, frames[-1].height) == size
    assert frames[-1].picture.shape == (size[1], size[0], 3)
    assert [frame.sequence for frame in frames] == list(range(len(frames)))


def test_rtsp_over_udp(camera):
    with opened(PyAvStream(camera.url(), OPEN_S, READ_S, transport="udp")) as source:
        assert {item.image.shape for item in pictures(source, 10)} == {(240, 320, 3)}
        assert datagram_sockets() >= 2  # RTP and RTCP
    assert datagram_sockets() == 0


def datagram_sockets() -> int:
    """UDP sockets of this process that belong to a stream."""
    return sum(one.type == socket.SOCK_DGRAM for one in psutil.Process().net_connections())


def test_rtsp_over_tls(reader, tmp_path):
    certificate = trustme.CA().issue_cert("127.0.0.1")
    files = tmp_path / "camera.pem", tmp_path / "camera.key"
    certificate.cert_chain_pems[0].write_to_path(str(files[0]))
    certificate.private_key_pem.write_to_path(str(files[1]))
    with RtspServer(tls=files) as server:
        assert server.url().startswith("rtsps://")
        with opened(reader(server.url(), OPEN_S, READ_S)) as source:
            assert {item.image.shape for item in pictures(source, 5)} == {(240, 320, 3)}


def test_mjpeg_whose_size_changes(reader, clips):
    sent = [jpeg(60), jpeg(120), jpeg(180, (96, 72))]
    with (
        HttpServer(sent, clips / "dock.mp4") as server,
        opened(reader(server.url("live.mjpg"), OPEN_S, READ_S)) as source,
    ):
        items = pictures(source, 12)
    assert [item.image is not None for item in items] == [True] * 12
    assert {item.image.shape[:2] for item in items} >= {(48, 64)}
    if reader is PyAvStream:  # OpenCV scales to the first size
        assert {item.image.shape[:2] for item in items} == {(48, 64), (72, 96)}


def test_live_hls(tmp_path):
    with HlsServer(tmp_path) as server, contextlib.ExitStack() as stack:
        sources = [stack.enter_context(opened(reader(server.url, OPEN_S, 2.0))) for reader in READERS.values()]
        for source in sources:
            assert {item.image.shape for item in pictures(source, 20)} == {(240, 320, 3)}
        server.kill()
        begun = time.monotonic()
        for source in sources:
            read_until_lost(source)
        # Up to four segments were there already; one after the other they come without a pause.
        assert time.monotonic() - begun < 2 * 4 * 2.0 + BOUND_S


def test_a_file_on_a_web_server_ends(reader, clips):
    with HttpServer([jpeg(0)], clips / "dock.mp4") as server:
        source = reader(server.url("clip.mp4"), OPEN_S, READ_S)
        info = source.open()
        assert (info.finite, info.frame_count, info.fps) == (True, 105, 15.0)
        items = list(iter(source.read, None))
        source.close()
    assert [item.media_time_s for item in items] == pytest.approx([index / 15 for index in range(105)], abs=1e-4)
    assert all(item.image is not None for item in items)


def test_what_is_not_wanted_is_not_converted(reader, camera):
    with opened(reader(camera.url(), OPEN_S, READ_S)) as source:
        asked: list[Captured] = []
        for index in range(6):
            item = source.read(decode=lambda item, index=index: asked.append(item) or index % 2 == 0)
            assert (item.image is not None) == (index % 2 == 0)
    assert len(asked) == 6
    assert all(item.image is None for item in asked)


def test_a_server_that_never_answers_is_given_up(reader):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x"
        begun = time.monotonic()
        with pytest.raises(SourceLostError, match="sends no video"):
            reader(url, 1.0, 1.0).open()
        assert time.monotonic() - begun < 1.0 + BOUND_S


def test_an_mjpeg_camera_that_falls_silent_is_lost(reader, clips):
    with (
        HttpServer([jpeg(60), jpeg(120)], clips / "dock.mp4") as server,
        opened(reader(server.url("live.mjpg"), OPEN_S, READ_S)) as source,
    ):
        pictures(source, 3)
        server.silent.set()
        begun = time.monotonic()
        read_until_lost(source)
        assert time.monotonic() - begun < READ_S + BOUND_S


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("how", ["freeze", "kill"])
def test_a_camera_that_falls_silent_is_lost(how, transport):
    with RtspServer() as server, opened(PyAvStream(server.url(), OPEN_S, READ_S, transport)) as source:
        pictures(source, 3)
        getattr(server, how)()
        begun = time.monotonic()
        read_until_lost(source)
        assert time.monotonic() - begun < READ_S + BOUND_S


@pytest.mark.parametrize(
    ("path", "credentials", "reason"),
    [
        ("camera", "guard:Wr0ng-Passw0rd@", "refuses user or password"),
        ("camera", "", "refuses user or password"),
        ("cellar", "guard:open-Sesame@", "has no stream at this path"),
    ],
)
def test_why_a_camera_refuses_is_told_without_its_password(path, credentials, reason):
    with (
        RtspServer(user="guard", password="open-Sesame") as server,
        pytest.raises(SourceLostError, match=reason) as caught,
    ):
        PyAvStream(server.url(credentials, path), OPEN_S, READ_S).open()
    everything = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {caught.value.mend}"
    assert "Wr0ng" not in everything
    assert "Sesame" not in everything
    assert caught.value.__suppress_context__


def test_over_rtp_a_picture_came_when_the_one_before_was_handed_out():
    kept, plain = ParserDelay(True), ParserDelay(False)
    assert [kept.arrival(at) for at in (10, 25, 27)] == [10, 10, 25]
    assert [plain.arrival(at) for at in (10, 25, 27)] == [10, 25, 27]


def test_one_packet_with_the_time_of_the_next_picture_moves_nothing():
    """As FFmpeg does with key frames: here each fifth packet, the first included, is 67 ms ahead."""
    senders, offset = SenderTimes(), 1_764_000_000 * SECOND
    told = [senders.of(index * SECOND // 15, offset + (index + (index % 5 == 0)) * SECOND // 15) for index in range(40)]
    assert told[:2] == [None, None]
    assert all(abs(time - offset - index * SECOND // 15) <= 1 for index, time in enumerate(told) if time is not None)
    assert senders.of(3 * SECOND, None) == pytest.approx(offset + 3 * SECOND, abs=1)
    assert senders.of(None, offset) is None


def test_capture_times_of_the_camera_itself():
    """The camera's time of each picture lies after that burned into it, and before the picture came."""
    pattern = Pattern(PatternSpec.parse("test:320x240@15"))
    known, deadline = [], time.monotonic() + 20
    with (
        RtspServer(feed=True) as server,
        PatternFeed(server, pattern),
        opened(PyAvStream(server.url(), OPEN_S, READ_S)) as source,
    ):
        while len(known) < 10:
            assert time.monotonic() < deadline, "no sender report in 20 s"
            item = source.read()
            arrived = clock.now() - item.delay_ns
            stamp = read_stamp(item.image)
            if item.sender_ns is not None and stamp is not None:
                known.append((stamp.at, item.sender_ns, arrived))
    for burned, sent, arrived in known:
        # RTP counts in 1/90,000 s, and the test's camera and this test share one clock.
        assert burned - SECOND // 1000 <= sent <= arrived + SECOND // 1000


@pytest.mark.parametrize(
    ("decoder", "options", "reason"),
    [
        ("opencv", {"transport": "udp"}, "cannot be read over UDP by OpenCV"),
        ("opencv", {"hardware": "cuda"}, "OpenCV knows no decoder 'cuda'"),
        ("pyav", {"hardware": "d3d11va"}, "there is no hardware decoder 'd3d11va'"),
    ],
)
def test_what_a_reader_cannot_do_is_told_at_once(decoder, options, reason):
    settings = CameraSettings(id="camera", source=f"rtsp://127.0.0.1:{free_port()}/x", **options)
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(settings, IngestSettings(decoder=decoder))
    assert not isinstance(caught.value, SourceLostError)
    assert "none" in caught.value.mend or "tcp" in caught.value.mend


def test_a_hardware_decoder_that_is_not_there(camera):
    """This test's machine has no such decoder: by name it is an error that trying again will not mend."""
    with pytest.raises(SourceError, match="hardware decoder 'cuda' cannot be used") as caught:
        PyAvStream(camera.url(), OPEN_S, READ_S, hardware="cuda").open()
    assert not isinstance(caught.value, SourceLostError)
    with opened(PyAvStream(camera.url(), OPEN_S, READ_S, hardware="auto")) as source:
        assert pictures(source, 3)[-1].image is not None


def test_the_sub_stream_is_read_where_it_is_chosen(camera):
    settings = CameraSettings(
        id="camera", source="rtsp://127.0.0.1:9/main", substream=camera.url(), stream="sub", picture={"rotate": 90}
    )
    with opened(open_source(settings, IngestSettings())) as source:
        item = source.read()
    assert item.image.shape == (320, 240, 3)
    assert item.size == (240, 320)
