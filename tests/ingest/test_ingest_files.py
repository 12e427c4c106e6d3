"""The worker on finite sources: stamps, order, counts, pace, and cameras that fail beside others that do not."""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np
import pytest

from spotter.core.clock import MICROSECOND, SECOND
from spotter.core.contracts import CameraState
from spotter.ingest import camera as camera_module
from spotter.ingest.background import LONG_SIDE, blurred_jpeg
from spotter.ingest.sources.api import Captured, SourceInfo, Wanted


def event_times(frames):
    return [(frame.captured_at - frame.epoch) / SECOND for frame in frames]


def test_as_fast_as_possible_every_frame_comes_with_its_media_time(ingest, clips):
    done = ingest({"camera": str(clips / "dock.mp4")}, speed="max").run()
    assert [frame.sequence for frame in done.frames] == list(range(105))
    assert event_times(done.frames) == pytest.approx([index / 15 for index in range(105)], abs=2e-6)
    assert all(frame.captured_at % MICROSECOND == 0 for frame in done.frames)
    assert len({frame.epoch for frame in done.frames}) == 1
    assert {(frame.width, frame.height, frame.picture.shape) for frame in done.frames} == {(640, 360, (360, 640, 3))}
    assert done.steps() == [CameraState.CONNECTING, CameraState.LIVE, CameraState.ENDED]
    assert done.count("frames_read_total") == done.count("frames_published_total") == 105
    assert done.count("camera_up") == 0
    assert done.health[-1].frames_read == 105
    assert "105 frames" in done.health[-1].detail


def test_as_fast_as_possible_the_offset_tells_the_age(ingest, pictures):
    done = ingest({"camera": str(pictures(20))}, {"image_fps": 1}, speed="max").run()
    # 20 s of event time pass in far less: the frames are in the future of this host's clock, and none of them is old.
    assert done.frames[-1].clock_offset_ns > 5 * SECOND
    assert all(abs(frame.age(frame.published_at)) < SECOND for frame in done.frames)


def test_at_real_time_a_file_lasts_as_long_as_it_is(ingest, pictures):
    begun = time.monotonic()
    done = ingest({"camera": str(pictures(16))}, {"image_fps": 10}).run()
    assert time.monotonic() - begun >= 1.5
    assert len(done.frames) + done.count("frames_dropped_total", reason="late") == 16
    for frame in done.frames:
        assert frame.clock_offset_ns == 0
        assert frame.published_at >= frame.captured_at
    assert event_times(done.frames)[-1] == pytest.approx(1.5)


def test_the_rate_limit_leaves_no_gaps(ingest, clips):
    done = ingest({"camera": str(clips / "dock.mp4")}, {"max_fps": 5}, speed="max").run()
    assert [frame.sequence for frame in done.frames] == list(range(35))
    assert event_times(done.frames) == pytest.approx([index / 5 for index in range(35)], abs=2e-6)
    assert done.count("frames_dropped_total", reason="over_rate") == 70
    assert done.count("frames_read_total") == 105


def test_the_last_picture_is_held(ingest, pictures):
    done = ingest({"camera": str(pictures(3))}, {"image_fps": 10, "hold_last_s": 1}, speed="max").run()
    assert event_times(done.frames) == pytest.approx([index / 10 for index in range(13)])
    assert "played to its end" in done.health[-1].detail


def test_a_zero_byte_image_is_a_gap_and_is_counted(ingest, pictures):
    folder = pictures(6)
    (folder / "3.png").write_bytes(b"")
    done = ingest({"camera": str(folder)}, speed="max").run()
    assert [frame.sequence for frame in done.frames] == [0, 1, 2, 4, 5]
    assert done.count("frames_dropped_total", reason="undecodable") == 1
    assert done.health[-1].frames_undecodable == 1
    assert done.health[-1].state is CameraState.ENDED


def test_a_video_that_ends_early_says_so(ingest, tmp_path):
    whole = tmp_path / "whole.avi"
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for level in range(40):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    half = tmp_path / "half.avi"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = ingest({"camera": str(half)}, speed="max").run()
    assert 0 < len(done.frames) < 30
    assert f"ended early: {len(done.frames)} of 40 frames" in done.health[-1].detail


def test_cameras_that_fail_leave_the_others_alone(ingest, clips, pictures, tmp_path):
    (tmp_path / "notes.mp4").write_text("milk, bread, eggs\n")
    (tmp_path / "void").mkdir()
    bad = {
        "gone": str(clips / "aisel.mp4"),
        "notes": str(tmp_path / "notes.mp4"),
        "void": str(tmp_path / "void"),
        "scheme": "rstp://user:secret@127.0.0.1/x",
        "webcam": "97",
    }
    done = ingest({**bad, "good": str(pictures(5))}, speed="max").run()
    assert len(done.of("good")) == len(done.frames) == 5
    assert set(done.worker.failures) == set(bad)
    assert done.worker.states["good"] is CameraState.ENDED
    assert not done.worker.any_live
    for name, line in done.worker.failures.items():
        assert line.startswith(f"camera '{name}': ")
        assert "\n" not in line
        assert "secret" not in line
        assert done.steps(name) == [CameraState.CONNECTING, CameraState.FAILED]
        assert done.count("camera_up", name) == 0
    assert "Did you mean" in done.worker.failures["gone"]


def test_stop_in_the_middle_of_a_wait(ingest, pictures):
    with ingest({"camera": str(pictures(3))}, {"image_fps": 0.02}) as running:
        running.wait(lambda: len(running.frames) == 1 and running.count("frames_read_total") == 2)
        assert running.worker.any_live
        assert running.count("camera_up") == 1
        begun = time.monotonic()
        running.stop.set()
        running.join()
        assert time.monotonic() - begun < 2
    assert running.health[-1].detail == "stopped"
    # The frame that waited for its time is accounted for.
    assert running.count("frames_read_total") == 2
    assert running.count("frames_dropped_total", reason="shutdown") == 1


def test_health_comes_while_nothing_changes(ingest, pictures):
    with ingest({"camera": str(pictures(2))}, {"image_fps": 0.02}) as running:
        running.wait_for(CameraState.LIVE)
        seen = len(running.health)
        running.wait(lambda: len(running.health) >= seen + 2, timeout=10)
    assert running.health[-2].width == 64


class HungSource:
    """A driver that never returns."""

    def __init__(self, entered: threading.Event, release: threading.Event) -> None:
        self._entered, self._release = entered, release

    def open(self) -> SourceInfo:
        return SourceInfo(0, 0, 25.0, finite=False)

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        self._entered.set()
        self._release.wait()
        return Captured(None, None).with_picture(decode, lambda: np.zeros((2, 2, 3), np.uint8))

    def close(self) -> None:
        return None


def test_a_hung_driver_does_not_hold_up_the_stop(ingest, monkeypatch):
    entered, release = threading.Event(), threading.Event()
    monkeypatch.setattr(camera_module, "open_source", lambda *_: HungSource(entered, release))
    with ingest({"camera": "0"}) as running:
        assert entered.wait(10)
        begun = time.monotonic()
        running.stop.set()
        running.join()
        assert time.monotonic() - begun < 2
    release.set()
    for thread in threading.enumerate():
        if thread.name == "camera-camera":
            thread.join(5)
    assert running.frames == []


class SlowSource:
    """Decoding takes ten times as long as the picture lasts; passing over costs nothing."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._index = 0

    def open(self) -> SourceInfo:
        return SourceInfo(0, 0, 50.0, finite=True, frame_count=self._frames)

    def read(self, decode: bool | Wanted = True) -> Captured | None:
        if self._index == self._frames:
            return None
        self._index += 1
        return Captured(None, (self._index - 1) / 50).with_picture(decode, self._slowly)

    def _slowly(self) -> np.ndarray:
        time.sleep(0.2)
        return np.zeros((2, 2, 3), np.uint8)

    def close(self) -> None:
        return None


def test_a_source_too_slow_to_decode_skips_and_latency_does_not_grow(ingest, monkeypatch):
    monkeypatch.setattr(camera_module, "open_source", lambda *_: SlowSource(150))
    done = ingest({"camera": "0"}, {"max_fps": 100}).run()
    late = done.count("frames_dropped_total", reason="late")
    assert late > 50
    assert len(done.frames) + late == 150
    assert all(frame.clock_offset_ns == 0 for frame in done.frames)
    # Skipping starts at half a second behind; one more decode comes on top, the rest is slack for a busy machine.
    assert max(frame.age(frame.published_at) for frame in done.frames) < 2 * SECOND
    sequences = [frame.sequence for frame in done.frames]
    assert sequences == sorted(sequences)
    assert sequences[-1] - sequences[0] > len(sequences)


class FaultySource(SlowSource):
    """A fault of the program in mid-stream."""

    def read(self, decode: bool = True) -> Captured | None:
        if self._index == 2:
            raise ZeroDivisionError("secret")
        return super().read(decode)


def test_a_fault_in_a_reader_fails_that_camera_only(ingest, monkeypatch, pictures):
    real = camera_module.open_source
    monkeypatch.setattr(camera_module, "open_source", lambda c, i: FaultySource(9) if c.id == "faulty" else real(c, i))
    done = ingest({"faulty": "0", "good": str(pictures(4))}, speed="max").run()
    assert done.worker.failures == {"faulty": "camera 'faulty': internal error while reading: ZeroDivisionError"}
    assert len(done.of("good")) == 4


def test_a_source_that_fails_at_its_end_has_failed(ingest, pictures):
    folder = pictures(2)
    for image in folder.iterdir():
        image.write_bytes(b"")
    done = ingest({"camera": str(folder)}, speed="max").run()
    assert "none of the 2 images" in done.worker.failures["camera"]
    assert done.steps() == [CameraState.CONNECTING, CameraState.FAILED]


def test_no_background_unless_asked_for(ingest, pictures, monkeypatch):
    kept = []
    done = ingest({"camera": str(pictures(5))}, speed="max")
    monkeypatch.setattr(done.state, "put_background", lambda *given: kept.append(given))
    done.run()
    assert kept == []


def test_backgrounds_are_few_small_and_blurred(ingest, clips, monkeypatch):
    kept = []
    done = ingest({"camera": str(clips / "dock.mp4")}, background=True)
    monkeypatch.setattr(done.state, "put_background", lambda camera, jpeg: kept.append((camera, jpeg)))
    with done:
        done.wait(lambda: len(done.frames) >= 30)
    assert 1 <= len(kept) <= 2 * (done.arrived[-1] - done.arrived[0]) + 2
    camera, jpeg = kept[0]
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert camera == "camera"
    assert picture.shape == (54, LONG_SIDE, 3)


def test_blur_leaves_no_detail():
    """A face that fills the view: stripes of 1/16 of the picture, the size of an eye, must be gone."""
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, (np.arange(640) // 20) % 2 == 1] = 255
    blurred = cv2.imdecode(np.frombuffer(blurred_jpeg(stripes), np.uint8), cv2.IMREAD_GRAYSCALE)
    middle = blurred[:, 20:-20]
    assert int(middle.max()) - int(middle.min()) < 12


def test_blur_of_small_and_odd_pictures():
    for shape in ((1, 1, 3), (3, 500, 3), (90, 60, 3)):
        jpeg = np.frombuffer(blurred_jpeg(np.zeros(shape, np.uint8)), np.uint8)
        assert max(cv2.imdecode(jpeg, cv2.IMREAD_COLOR).shape[:2]) <= LONG_SIDE


def test_a_fault_tells_neither_its_text_nor_variables(ingest, monkeypatch, capsys, caplog):
    caplog.set_level("DEBUG")
    monkeypatch.setattr(camera_module, "open_source", lambda *_: FaultySource(9))
    ingest({"faulty": "rtsp://user:secret@127.0.0.1/x"}, speed="max").run()
    output = capsys.readouterr()
    assert "reader_fault" in output.out + output.err + caplog.text
    assert "secret" not in output.out + output.err + caplog.text
