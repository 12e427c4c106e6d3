"""Virtual cameras: the same bytes every time, time that grows, people in their places, falls where they are said."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.core.clock import to_seconds
from spotter.core.contracts import UpdateKind
from spotter.core.errors import ConfigError
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.wire import encode_frame, encode_pose_frame
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import CameraAssessor
from spotter.simulate.footage import pictures, virtual_frames
from spotter.simulate.scene import HEIGHT, WIDTH, Script, fall_times, scene
from spotter.simulate.streams import START, camera_name, virtual_camera

CONFIRMED_S = 6.87
"""A fall begins, the body lies, the rule waits 3 s."""


def digest(frames: int = 60) -> str:
    parts = [encode_pose_frame(p) for index in range(5) for p in islice(virtual_camera(index, 7), frames)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_the_same_bytes_in_another_process() -> None:
    again = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import {__name__} as t; print(t.digest())"
    done = subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == digest() == digest()


def test_index_and_seed_make_another_stream() -> None:
    def first(index: int, seed: int) -> bytes:
        return next(virtual_camera(index, seed, Script(people=3), name="x")).keypoints.tobytes()

    assert len({first(0, 0), first(1, 0), first(0, 1), first(1, 1)}) == 4


@pytest.mark.parametrize("fps", [0.5, 7, 15, 29.97, 60])
def test_event_time_grows_at_the_given_rate(fps: float) -> None:
    frames = list(islice(virtual_camera(2, script=Script(fps=fps), start=START + 5_000), 90))
    times = np.array([frame.captured_at for frame in frames])
    assert (np.diff(times) > 0).all()
    assert not (times % 1000).any()
    np.testing.assert_allclose((times - START - 5_000) / 1e9, np.arange(90) / fps, atol=1e-6)
    assert [frame.sequence for frame in frames] == list(range(90))
    assert {(frame.epoch, frame.camera_id) for frame in frames} == {(START + 5_000, camera_name(2))}


def test_at_another_rate_people_move_at_their_true_speed() -> None:
    slow = list(islice(virtual_camera(0, script=Script(fps=15)), 150))
    fast = list(islice(virtual_camera(0, script=Script(fps=60)), 600))[::4]
    for one, other in zip(slow, fast, strict=True):
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-3)


@pytest.mark.parametrize("people", [1, 2, 5, 12, 20])
def test_people_stay_in_the_picture_and_apart(people: int) -> None:
    frames = list(islice(virtual_camera(0, people, Script(people=people, fps=5)), 200))
    assert {len(frame) for frame in frames} == {people}
    boxes = np.stack([frame.boxes for frame in frames])
    assert (boxes >= 0).all()
    assert (boxes[..., 2] <= WIDTH).all()
    assert (boxes[..., 3] <= HEIGHT).all()
    low, high = boxes[..., :2].min(axis=0), boxes[..., 2:].max(axis=0)
    for one in range(people):
        for other in range(one):
            apart = (low[one] >= high[other] - 1e-3) | (low[other] >= high[one] - 1e-3)
            assert apart.any(), (one, other)


def test_people_in_view_are_drawn_from_1_to_20() -> None:
    counts = [len(scene(index, 0, Script()).actors) for index in range(300)]
    assert (min(counts), max(counts)) == (1, 20)
    assert 3 < np.mean(counts) < 4.2


@pytest.mark.parametrize("fps", [5.0, 15.0])
def test_each_fall_is_raised_once_and_nothing_else_is(fps: float) -> None:
    script, seconds = Script(fps=fps, falling=4, fall_every_s=50), 65.0
    for index in range(5):
        steps, tracks = assess(index, script, seconds)
        falls = fall_times(index, 0, script, seconds)
        assert bool(falls) == (index % 4 == 0)
        raised = [to_seconds(s.update.at - START) for s in steps if s.update.kind is UpdateKind.RAISED]
        expected = [at + CONFIRMED_S for at in falls if at + CONFIRMED_S < seconds]
        assert raised == pytest.approx(expected, abs=0.25)
        others = {s.update.kind for s in steps} - {UpdateKind.RAISED}
        assert others == ({UpdateKind.RECOVERED} if falls else set())
        assert tracks == len(scene(index, 0, script).actors), "nobody jumps, so nobody becomes somebody else"


def test_no_camera_falls_when_none_is_asked_to() -> None:
    assert all(fall_times(index, 0, Script(falling=0), 1e6) == () for index in range(30))
    assert len(fall_times(0, 0, Script(falling=1), 601)) == 10


def test_frames_are_small_jpegs_and_show_the_same_falls() -> None:
    script = Script(falling=2, people=1)
    frames = list(islice(virtual_frames(0, script=script), 200))
    poses = list(islice(virtual_camera(0, script=script), 200))
    assert [(f.captured_at, f.sequence, f.epoch, f.camera_id) for f in frames] == [
        (p.captured_at, p.sequence, p.epoch, p.camera_id) for p in poses
    ]
    assert fall_times(0, 0, script, 10.0)
    lying, standing = frames[int(15 * (fall_times(0, 0, script, 10.0)[0] + 7))], frames[0]
    for frame in (lying, standing):
        assert isinstance(frame.picture, bytes)
        assert cv2.imdecode(np.frombuffer(frame.picture, np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
        assert 20_000 < len(encode_frame(frame)) < 60_000
    assert lying.picture != standing.picture
    assert len(pictures()) == 2 * 472


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fps": 0}, "frames per second is 0"),
        ({"people": 21}, "people is 21"),
        ({"people": 0}, "people is 0"),
        ({"falling": -1}, "falling is -1"),
        ({"fall_every_s": 10}, "seconds from fall to fall is 10"),
    ],
)
def test_a_script_out_of_range_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Script(**values)  # type: ignore[arg-type]


def assess(index: int, script: Script, seconds: float) -> tuple[list[AlertStep], int]:
    assessor = CameraAssessor("site", camera_name(index), ViewParameters(), RuleParameters())
    steps: list[AlertStep] = []
    tracks = 0
    for pose in islice(virtual_camera(index, 0, script), round(seconds * script.fps)):
        assessment = assessor.update(pose)
        assert assessment is not None
        steps += assessment.alerts
        tracks += assessment.tracks_started
    return steps, tracks
