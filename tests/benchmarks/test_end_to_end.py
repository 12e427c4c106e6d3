"""The parts of the end-to-end benchmark: its footage, and the real pipeline in a process that is watched."""

from __future__ import annotations

import cv2
import pytest

from footage import CLIPS, demo_frames, write_clip
from observed_run import observe


def test_frames_of_the_clips_are_padded_not_stretched():
    frames = list(demo_frames(every=50))
    assert len(frames) >= 2 * len(CLIPS)
    for frame in frames:
        assert frame.shape == (480, 640, 3)
        assert not frame[:60].any()
        assert not frame[-60:].any()
        assert frame[60:-60].mean() > 20


@pytest.mark.parametrize(("fps", "seconds"), [(15, 2.0), (60, 0.5), (25, 1.0)])
def test_a_clip_has_the_rate_and_length_that_were_asked_for(tmp_path, fps, seconds):
    path = tmp_path / "clip.mp4"
    write_clip(path, fps, seconds)
    capture = cv2.VideoCapture(str(path))
    assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 480)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(fps)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == round(fps * seconds)
    capture.release()


def test_a_watched_run_accounts_for_every_frame(tmp_path):
    path = tmp_path / "clip.mp4"
    write_clip(path, 60, 4.0)
    seen = observe(path)
    assert seen.read == 240
    assert seen.posed + sum(seen.dropped.values()) == 240
    assert "over_rate" not in seen.dropped, "the reader must not hold a fast source back"
    assert len(seen.latency_s) == len(seen.posed_at) == seen.posed > 0
    assert all(0 < latency < 2.0 for latency in seen.latency_s)
    assert seen.posed_at == sorted(seen.posed_at)
    assert seen.posed_at[-1] - seen.posed_at[0] < 6
    assert len(seen.rss) == len(seen.rss_at) >= 3
    assert min(seen.rss) > 50e6
    assert seen.cpu_s > 0


def test_a_pipeline_that_fails_ends_the_benchmark(tmp_path, capfd):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(SystemExit, match="ended with status"):
        observe(path)
    assert "not a video" in capfd.readouterr().err
