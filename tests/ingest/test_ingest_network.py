"""Network cameras against real servers: RTSP by GStreamer, HTTP by the standard library."""

from __future__ import annotations

import itertools
import logging
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.core.contracts import CameraState
from spotter.core.settings import IngestSettings
from spotter.ingest.sources.api import SourceLostError
from spotter.ingest.sources.stream import NetworkStream

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from servers import HttpServer, RtspServer, free_port

QUICK = {"open_timeout_s": 4.0, "read_timeout_s": 1.5, "backoff_min_s": 0.1, "backoff_max_s": 0.5}


@pytest.fixture
def web(clips):
    pictures = [cv2.imencode(".jpg", np.full((48, 64, 3), level, np.uint8))[1].tobytes() for level in range(0, 250, 25)]
    with HttpServer(pictures, clips / "dock.mp4") as server:
        yield server


def test_frames_of_an_rtsp_camera(ingest):
    with RtspServer() as server, ingest({"camera": server.url()}, **QUICK) as running:
        running.wait(lambda: len(running.frames) >= 20)
        assert running.worker.any_live
        frames = list(running.frames)
    assert {frame.picture.shape for frame in frames} == {(240, 320, 3)}
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    assert all(later.captured_at > earlier.captured_at for earlier, later in itertools.pairwise(frames))
    assert {frame.clock_offset_ns for frame in frames} == {0}
    # The picture moves: these are not copies of one frame.
    assert not np.array_equal(frames[0].picture, frames[-1].picture)
    assert running.health[-1].detail == "stopped"


def test_a_camera_that_dies_and_comes_back_is_live_again(ingest):
    server = RtspServer()
    with server, ingest({"camera": server.url()}, **QUICK) as running:
        running.wait(lambda: len(running.frames) >= 3)
        server.kill()
        running.wait_for(CameraState.BACKING_OFF)
        assert running.count("camera_up") == 0
        before = len(running.frames)
        server.start()
        running.wait(lambda: len(running.frames) >= before + 3)
        running.wait_for(CameraState.LIVE)
        assert running.count("camera_up") == 1
        assert running.count("camera_reconnects_total") == 1
        frames = list(running.frames)
    assert {CameraState.LIVE, CameraState.BACKING_OFF, CameraState.CONNECTING} <= set(running.steps())
    # One epoch, and numbers that go on: nobody takes the second connection for another camera.
    assert len({frame.epoch for frame in frames}) == 1
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    assert running.worker.failures == {}


def test_a_frozen_camera_is_lost_after_the_read_timeout(ingest):
    with RtspServer() as server, ingest({"camera": server.url()}, **QUICK) as running:
        running.wait(lambda: len(running.frames) >= 3)
        server.freeze()
        running.wait_for(CameraState.BACKING_OFF, timeout=10)
        assert "stopped sending" in running.worker.details["camera"]
        server.thaw()
        before = len(running.frames)
        running.wait(lambda: len(running.frames) > before)


def test_stop_while_a_camera_is_frozen(ingest):
    with RtspServer() as server, ingest({"camera": server.url()}, **{**QUICK, "read_timeout_s": 20.0}) as running:
        running.wait(lambda: len(running.frames) >= 3)
        server.freeze()
        time.sleep(0.5)
        begun = time.monotonic()
        running.stop.set()
        running.join()
        assert time.monotonic() - begun < 2


def test_a_closed_port_is_tried_again_and_named(ingest):
    port = free_port()
    with ingest({"camera": f"rtsp://127.0.0.1:{port}/x"}, **QUICK) as running:
        running.wait(lambda: running.steps().count(CameraState.BACKING_OFF) >= 2)
    told = [health.detail for health in running.health if health.state is CameraState.BACKING_OFF]
    assert f"refuses connections at 127.0.0.1:{port}" in told[0]
    assert running.worker.failures == {}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("rtsp://camera.invalid/x", "host name that is not known: camera.invalid"),
        ("http://127.0.0.1:{closed}/x", "refuses connections"),
    ],
)
def test_why_a_camera_does_not_open(url, reason):
    settings = IngestSettings(**QUICK)
    url = url.format(closed=free_port())
    with pytest.raises(SourceLostError, match=reason) as caught:
        NetworkStream(url, settings.open_timeout_s, settings.read_timeout_s).open()
    assert caught.value.mend


@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_wrong_path_is_told(kind, web):
    with RtspServer() as server:
        url = server.url(path="cellar") if kind == "rtsp" else web.url("cellar")
        with pytest.raises(SourceLostError, match=r"answers at 127.0.0.1.* but sends no video"):
            NetworkStream(url, 4, 2).open()


def test_a_right_password_opens_and_a_wrong_one_is_never_told(ingest, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with RtspServer(user="guard", password="open-Sesame") as server:
        with ingest({"camera": server.url("guard:open-Sesame@")}, **QUICK) as running:
            running.wait(lambda: len(running.frames) >= 3)
        with ingest({"camera": server.url("guard:hunter-Two@")}, **QUICK) as refused:
            refused.wait(lambda: refused.steps().count(CameraState.BACKING_OFF) >= 2)
    assert refused.frames == []
    output = capfd.readouterr()
    everything = [caplog.text, output.out, output.err, *(repr(health) for health in running.health + refused.health)]
    for text in everything:
        assert "hunter-Two" not in text
        assert "open-Sesame" not in text
    assert any("refuses user or password" in health.detail for health in refused.health)


def test_frames_of_an_mjpeg_camera(ingest, web):
    with ingest({"camera": web.url("live.mjpg")}, **QUICK) as running:
        running.wait(lambda: len(running.frames) >= 15)
        frames = list(running.frames)
    assert {frame.picture.shape for frame in frames} == {(48, 64, 3)}
    assert len({int(frame.picture.mean()) // 25 for frame in frames}) > 3
    assert running.health[-1].state is CameraState.ENDED


def test_a_file_on_a_web_server_is_finite(ingest, web):
    done = ingest({"camera": web.url("clip.mp4")}, speed="max", **QUICK).run()
    assert len(done.frames) == 105
    assert done.frames[-1].captured_at - done.frames[0].captured_at == pytest.approx(104 / 15 * 1e9, abs=2000)
    assert done.worker.states["camera"] is CameraState.ENDED


def test_a_live_camera_is_thinned_to_its_rate(ingest, web):
    with ingest({"camera": web.url("live.mjpg")}, {"max_fps": 5}, **QUICK) as running:
        running.wait(lambda: len(running.frames) >= 6)
        frames = list(running.frames)
    assert running.count("frames_dropped_total", reason="over_rate") > 5
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    seconds = (frames[-1].captured_at - frames[0].captured_at) / 1e9
    assert len(frames) <= 5 * seconds + 2
