"""Signals to the real command: it stops within seconds, says what it did, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import spotter

COMMAND = Path(sys.executable).with_name("spotter")
CLIP = Path(spotter.__file__).with_name("demo") / "aisle.mp4"


class Running:
    """A `spotter` process in a session of its own, its stdout read line by line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.errors = ""
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers = [threading.Thread(target=self._read_out), threading.Thread(target=self._read_err)]
        for reader in self._readers:
            reader.start()

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 30
        while not any(text in line for line in self.lines):
            assert self.process.poll() is None, f"ended before it printed '{text}': {self.errors}"
            assert time.monotonic() < deadline, f"'{text}' is not in {self.lines}"
            with contextlib.suppress(queue.Empty):
                self.lines.append(self._queue.get(timeout=0.2))

    def end(self, timeout: float) -> int:
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(5)
        while not self._queue.empty():
            self.lines.append(self._queue.get())
        return code

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line)

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def orphans(self) -> list[int]:
        return [p.pid for p in psutil.process_iter() if _session(p.pid) == self.process.pid]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    running: list[Running] = []

    def begin(*arguments: str) -> Running:
        running.append(Running(tmp_path, *arguments, "--port", "0"))
        return running[-1]

    yield begin
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.end(10)
        for stream in (each.process.stdout, each.process.stderr):
            assert stream is not None
            stream.close()


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
