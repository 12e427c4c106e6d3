"""`spotter cameras test`: what a camera lacks is told step by step, with the mend, and never with its password."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from conftest import COMMAND, Run

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from servers import HttpServer, RtspServer, free_port

PASSWORD = "Hunter2 /@:é"


@pytest.fixture
def site(tmp_path: Path):
    """Writes a settings file with these cameras."""

    def write(**cameras: dict[str, object]) -> Path:
        path = tmp_path / "site.yaml"
        path.write_text(yaml.safe_dump({"cameras": [{"id": name, **values} for name, values in cameras.items()]}))
        return path

    return write


def test_a_good_camera_a_wrong_password_and_a_wrong_port(spotter: Run, site) -> None:
    with RtspServer(user="guard", password=PASSWORD, digest=True) as server:
        user = {"source": server.url(), "username": "guard"}
        config = site(
            gate=user | {"password": {"env": "GATE"}},
            yard=user | {"password": "Wr0ng-Sesame"},
            dock={"source": f"rtsp://guard:Hunter2@127.0.0.1:{free_port()}/s"},
            ramp={"source": "http://guard:Hunter2@nosuch.invalid/s"},
        )
        done = spotter("cameras", "test", "--config", config, "--for", "2s", env={"GATE": PASSWORD})
        good = spotter("cameras", "test", "gate", "--config", config, "--for", "1s", "--json", env={"GATE": PASSWORD})
    assert done.code == 3
    assert done.err == ""
    gate, yard, dock, ramp = done.out.split("\ncamera ")[1:]
    for words in ("accepted, digest MD5", "H.264, declares 15 fps", "first frame", "declared 15 fps", "320x240"):
        assert words in gate
    assert "fail" not in gate
    assert "refuses user or password" in yard
    assert "→ Check both" in yard
    assert "first frame" not in yard, "nothing is tried behind a step that failed"
    assert "refuses connections" in dock
    assert "host name nosuch.invalid is not known" in ramp
    assert "1 of 4 cameras give pictures; not yard, dock, ramp" in done.out
    assert good.code == 0
    (camera,) = json.loads(good.out)
    assert [step["name"] for step in camera["steps"]] == [
        "source", "name lookup", "port", "protocol", "authentication", "codec", "first frame", "frame rate",
        "resolution",
    ]  # fmt: skip
    for secret in ("Hunter2", "Sesame", "guard"):
        assert secret not in done.out + done.err + good.out


def test_a_rate_that_was_not_promised_is_a_warning(spotter: Run, site) -> None:
    with RtspServer(fps=10) as server:
        config = site(gate={"source": server.url(), "expected_fps": 30})
        done = spotter("cameras", "test", "--config", config, "--for", "2s")
    assert done.code == 0
    assert "warn  frame rate" in done.out
    assert "declared 30 fps" in done.out
    assert "1 of 1 cameras give pictures" in done.out


def test_a_camera_that_describes_and_then_sends_nothing(spotter: Run) -> None:
    """Its description comes, its pictures do not: the tester goes on to the pictures, and ends in bounded time."""
    with RtspServer(feed=True) as server:
        done = spotter(
            "cameras", "test", server.url(), "--for", "1s",
            env={"SPOTTER_INGEST__OPEN_TIMEOUT_S": "2", "SPOTTER_INGEST__READ_TIMEOUT_S": "1"},
        )  # fmt: skip
    assert done.code == 3
    assert "ok    port" in done.out
    assert "fail" in done.out
    assert "→" in done.out


def test_web_cameras_and_files(spotter: Run, demo_clips: Path) -> None:
    pictures = [cv2.imencode(".jpg", np.full((48, 64, 3), level, np.uint8))[1].tobytes() for level in (20, 200)]
    with HttpServer(pictures, demo_clips / "dock.mp4") as server:
        secure = server.url("live.mjpg").replace("http", "https")
        given = [server.url("live.mjpg"), server.url("other"), secure, demo_clips / "dock.mp4", "test:640x480@15"]
        done = spotter("cameras", "test", *given, "--for", "1s")
    live, other, tls, clip, pattern = done.out.split("\ncamera ")[1:]
    assert "MJPEG" in live
    assert "64x48" in live
    assert "no stream at this path" in other
    assert "does not answer in HTTP" in tls
    assert "can be read here at" in clip
    assert "15.0 fps" in pattern
    assert done.code == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "camera 'nosuch' is not in the settings"),
        ([], "the settings have no camera"),
        (["rtsp://h/s", "--for", "1h"], "longer than 10 minutes"),
        (["rtsp://h/s", "--for", "soon"], "is no time"),
        (["rtsp://h/s", "--username", "u"], "Use --password-env"),
        (["rtsp://h/s", "--username", "u", "--password-env", "NOT_SET"], "NOT_SET is empty or not set"),
    ],
)
def test_what_cannot_be_meant_is_one_line(refused, arguments: list[str], words: str) -> None:
    code, error = refused("cameras", "test", *arguments)
    assert code == 2
    assert words in error


def test_help_has_examples(spotter: Run) -> None:
    for command in ("list", "test", "snapshot", "discover"):
        done = spotter("cameras", command, "--help")
        assert done.code == 0
        assert f"spotter cameras {command}" in done.out.partition("Examples:")[2]


def test_a_password_that_is_typed_is_not_shown(tmp_path: Path) -> None:
    """On a terminal of its own, as a user has it."""
    with RtspServer(user="guard", password="Hunter2 /@") as server:
        arguments = ["cameras", "test", server.url(), "--username", "guard", "--for", "1s"]
        ours, terminal = pty.openpty()
        with subprocess.Popen(
            [COMMAND, *arguments],
            cwd=tmp_path,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        ) as done:
            os.close(terminal)
            shown = b""
            with contextlib.suppress(OSError):  # As the end of a terminal is told on Linux.
                while piece := os.read(ours, 4096):
                    shown += piece
                    if shown.endswith(b"Password: "):
                        time.sleep(0.2)  # What was typed before the question is not taken.
                        os.write(ours, b"Hunter2 /@\n")
            os.close(ours)
    assert done.returncode == 0, shown
    assert b"accepted, basic" in shown
    assert b"Hunter2" not in shown
