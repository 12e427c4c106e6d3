"""`spotter analyze` as a user runs it: results, determinism, annotated video, held frames, bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import spotter

CLIPS = Path(spotter.__file__).parent / "demo"


def analyze(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("spotter")), "analyze", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def aisle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]], str]:
    """The fall clip analysed once: folder, JSON lines, what was printed."""
    folder = tmp_path_factory.mktemp("analyze")
    done = analyze(CLIPS / "aisle.mp4", "--json", "out.jsonl", "--annotate", "out.mp4", cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    return folder, lines, done.stdout


def test_json_holds_every_frame_and_the_fall(aisle: tuple[Path, list[dict[str, Any]], str]) -> None:
    _, lines, _ = aisle
    assert lines[0]["type"] == "run"
    assert lines[0]["source"] == "aisle.mp4"
    assert lines[0]["settings"]["fall"]["confirm_s"] == 3.0
    frames = [line for line in lines if line["type"] == "frame"]
    assert [frame["sequence"] for frame in frames] == list(range(255))
    assert all(len(person["keypoints"]) == 17 for frame in frames for person in frame["people"])
    assert all(min(person["keypoint_sd"]) > 0 for frame in frames for person in frame["people"])
    assert all(len(person["keypoint_sd"]) == 17 for frame in frames for person in frame["people"])
    alerts = [line for line in lines if line["type"] == "alert"]
    assert [(alert["kind"], alert["update"]) for alert in alerts] == [
        ("possible_fall", "raised"),
        ("possible_fall", "ended"),
    ]
    assert 5.5 <= alerts[0]["at_s"] <= 8.5
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["frames"] == 255
    assert lines[-1]["alerts"] == {"possible_fall": 1}
    seconds = lines[-1]["posture_person_seconds"]
    assert sum(seconds.values()) == pytest.approx(254 / 15, abs=0.5)


def test_angles_are_intervals_with_status_and_reason(aisle: tuple[Path, list[dict[str, Any]], str]) -> None:
    angles = [p["trunk_inclination"] for line in aisle[1] if line["type"] == "frame" for p in line["people"]]
    assert {angle["status"] for angle in angles} <= {"ok", "bounded", "not_observable"}
    bounded = [angle for angle in angles if angle["status"] == "bounded"]
    assert len(bounded) > 200
    assert all(angle["low"] <= angle["value"] <= angle["high"] and angle["reason"] for angle in bounded)


def test_a_second_run_writes_the_same_bytes(aisle: tuple[Path, list[dict[str, Any]], str], tmp_path: Path) -> None:
    done = analyze(CLIPS / "aisle.mp4", "--json", "-", "--quiet", cwd=tmp_path)
    assert done.stdout == (aisle[0] / "out.jsonl").read_text()


def test_the_annotated_video_has_every_frame_and_drawings(aisle: tuple[Path, list[dict[str, Any]], str]) -> None:
    drawn, plain = cv2.VideoCapture(str(aisle[0] / "out.mp4")), cv2.VideoCapture(str(CLIPS / "aisle.mp4"))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 255
    for index in range(120):
        ok, frame = drawn.read()
        ok_plain, original = plain.read()
        assert ok
        assert ok_plain
        if index == 110:  # After the alert: a red banner across the top, drawings on the person.
            assert frame[8:14, 300:600].mean(axis=(0, 1)) == pytest.approx([50, 50, 215], abs=25)
            assert np.abs(frame[200:280, 160:360].astype(int) - original[200:280, 160:360]).max() > 100


def test_the_summary_fits_a_screen_and_names_the_event(aisle: tuple[Path, list[dict[str, Any]], str]) -> None:
    printed = aisle[2]
    assert "possible fall" in printed
    assert "255 frames" in printed
    assert len(printed.splitlines()) <= 24


def test_nothing_found_is_not_called_safe(tmp_path: Path) -> None:
    done = analyze(CLIPS / "dock.mp4", cwd=tmp_path)
    assert done.returncode == 0
    assert "not proof of safety" in " ".join(done.stdout.split())


def test_a_clip_that_stops_too_early_needs_its_last_frame_held(tmp_path: Path) -> None:
    capture = cv2.VideoCapture(str(CLIPS / "aisle.mp4"))
    for index in range(70):  # Two seconds of standing, the fall, and a moment on the floor.
        ok, frame = capture.read()
        assert ok
        (tmp_path / "clip").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "clip" / f"{index}.png"), frame)
    plain = analyze("clip", "--image-fps", "15", "--json", "-", "-q", cwd=tmp_path)
    held = analyze("clip", "--image-fps", "15", "--hold-last", "6", "--json", "-", "-q", cwd=tmp_path)
    assert json.loads(plain.stdout.splitlines()[-1])["alerts"] == {}
    assert json.loads(held.stdout.splitlines()[-1])["alerts"] == {"possible_fall": 1}
    assert json.loads(held.stdout.splitlines()[-1])["frames"] == 70 + 90


def test_max_fps_thins_the_video(tmp_path: Path) -> None:
    done = analyze(CLIPS / "dock.mp4", "--max-fps", "5", "--json", "-", "-q", cwd=tmp_path)
    assert json.loads(done.stdout.splitlines()[-1])["frames"] == 35


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.mp4"], 3, ["missing.mp4", "does not exist"]),
        (["text.mp4"], 3, ["text.mp4", "not a video"]),
        (["rtsp://user:secret@127.0.0.1:9/x"], 3, ["rtsp://***@127.0.0.1:9/x"]),
        ([str(CLIPS / "dock.mp4"), "--annotate", "out.gif"], 2, [".gif", ".mp4"]),
        ([str(CLIPS / "dock.mp4"), "--json", "no/such/folder.jsonl"], 2, ["no/such/folder.jsonl"]),
        ([str(CLIPS / "dock.mp4"), "--model", "movnet-multipose"], 4, ["movnet-multipose", "movenet-multipose"]),
        ([str(CLIPS / "dock.mp4"), "--input-size", "100"], 2, ["pose.input_size", "100"]),
    ],
)
def test_bad_input_is_one_clear_line(arguments: list[str], code: int, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    done = analyze(*arguments, cwd=tmp_path)
    assert done.returncode == code
    message = done.stderr.strip().splitlines()
    assert len(message) == 1, done.stderr
    assert all(word in message[0] for word in words)
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
