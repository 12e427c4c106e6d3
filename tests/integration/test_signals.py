"""Signals to the real command: it stops within seconds, says what it did, and leaves no process behind."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

import spotter

CLIP = Path(spotter.__file__).with_name("demo") / "aisle.mp4"


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        (["demo"], signal.SIGINT, 0),
        (["demo"], signal.SIGTERM, 0),
        (["run", str(CLIP)], signal.SIGINT, 130),
        (["run", str(CLIP)], signal.SIGTERM, 0),
    ],
)
def test_a_signal_stops_cleanly_within_seconds(start, command, number, code):
    running = start(*command)
    running.wait_for("camera aisle: live")
    running.process.send_signal(number)
    begun = time.monotonic()
    assert running.end(8) == code, running.errors
    assert time.monotonic() - begun < 8
    assert "Traceback" not in running.errors
    text = "".join(running.lines)
    assert "Dashboard: http://127.0.0.1:" in text
    assert "aisle: " in text.rsplit("Stopping", 1)[1]
    assert "ran " in running.lines[-1]
    assert running.orphans() == []


def test_a_second_ctrl_c_leaves_at_once(start):
    running = start("run", str(CLIP))
    running.wait_for("camera aisle: live")
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    running.process.send_signal(signal.SIGINT)
    assert running.end(5) == 130
    assert "Traceback" not in running.errors
    assert running.orphans() == []


def test_the_demo_ends_by_itself_after_one_round(start):
    running = start("demo", "--once", "--speed", "max")
    assert running.end(120) == 0, running.errors
    text = "".join(running.lines)
    assert "synthetic" in running.lines[0]
    assert text.count("ALERT P1 possible fall | camera aisle") == 1
    assert text.count("ALERT") == 1
    assert running.orphans() == []


def test_a_camera_that_does_not_answer_is_warned_of_once_and_the_others_go_on(start):
    with socket.socket() as taken:  # Bound and not listening: nothing else can answer here.
        taken.bind(("127.0.0.1", 0))
        far = f"rtsp://user:secret@127.0.0.1:{taken.getsockname()[1]}/hall"
        running = start("run", f"far={far}", str(CLIP), "--speed", "max")
        running.wait_for("camera aisle: ended")
        time.sleep(1)
        running.process.send_signal(signal.SIGTERM)
        assert running.end(8) == 0
    warnings = [line for line in running.errors.splitlines() if line.startswith("spotter: warning")]
    assert len(warnings) == 1
    assert "'far'" in warnings[0]
    assert "***@127.0.0.1" in warnings[0]
    text = "".join(running.lines) + running.errors
    assert "secret" not in text
    assert text.count("ALERT") == 1


def test_a_run_in_which_no_camera_ever_answers_is_given_up(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        running = start("run", f"far=http://user:secret@127.0.0.1:{taken.getsockname()[1]}/hall")
        assert running.end(60) == 3
    last = running.errors.splitlines()[-1]
    assert last.startswith("spotter: no camera answered within 20 s")
    assert "http://***@127.0.0.1" in last
    assert "Check address" in last
    assert "secret" not in running.errors
