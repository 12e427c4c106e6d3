"""The forms in which a password really turns up in what FFmpeg and other libraries write."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from spotter.cli.options import parse_camera
from spotter.core.cleaning import Cleaner
from spotter.core.errors import ConfigError
from spotter.core.settings import known_secrets, load_settings, redact_url

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from servers import HttpServer


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("rtsp://admin:a/b@10.0.0.5/s failed", "rtsp://***@10.0.0.5/s failed"),
        ("rtsp://admin:a@b@10.0.0.5/s failed", "rtsp://***@10.0.0.5/s failed"),
        ("'http://u:p@h/s?size=2' and 'rtsp://u:p@i/s'", "'http://***@h/s?size=2' and 'rtsp://***@i/s'"),
        ("GET /s?token=abc123&size=2", "GET /s?token=***&size=2"),
        ("/user=admin&password=12345&channel=1", "/user=admin&password=***&channel=1"),
        ("Authorization: Basic YWRtaW46MTIzNDU=\r\nHost: h", "Authorization: ***\r\nHost: h"),
        ('authorization: Digest username="u", response="0a1b"', "authorization: ***"),
        ("mail me@example.com about http://host/path", "mail me@example.com about http://host/path"),
        ("7 tokens = 3 passwords", "7 tokens = 3 passwords"),
    ],
)
def test_what_no_setting_knows(written: str, cleaned: str) -> None:
    assert Cleaner().clean(written) == cleaned


def test_each_way_in_which_a_password_may_be_written() -> None:
    sources = [
        "rtsp://admin:p%2fw%3aXY@h/s",
        "rtsp://h/user=admin&password=Open-Sesame&channel=1",
        "rtsp://u:p w/x@h/s",
    ]
    cameras = [{"id": f"c{number}", "source": source} for number, source in enumerate(sources)]
    clean = Cleaner(known_secrets(load_settings(None, {"cameras": cameras}))).clean
    for secret in ("p%2fw%3aXY", "p%2Fw%3AXY", "p/w:XY", "Open-Sesame", "p w/x", "p%20w%2Fx", "p%20w%2fx"):
        assert secret not in clean(f"tried {secret} in vain"), secret
    assert b64encode(b"admin:p/w:XY").decode() not in clean(f"sent {b64encode(b'admin:p/w:XY').decode()}")
    assert (
        clean("camera c1 sends main stream, channel=1, for admin")
        == "camera c1 sends main stream, channel=1, for admin"
    )


def test_a_variable_that_is_no_utf_8_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"GATE_PASSWORD", b"caf\xe9-Sesame")
    camera = {"id": "gate", "source": "rtsp://h/s", "username": "u", "password": {"env": "GATE_PASSWORD"}}
    loaded = load_settings(None, {"cameras": [camera]})
    assert known_secrets(loaded) == frozenset(), "what cannot be read cannot leak"
    with pytest.raises(ConfigError, match="variable GATE_PASSWORD is not UTF-8 text") as caught:
        loaded.cameras[0].address()
    assert "Sesame" not in str(caught.value)


@pytest.mark.parametrize("library", ["NetworkStream", "PyAvStream"])
def test_ffmpeg_made_talkative_by_its_user_says_nothing(library: str, demo: Path) -> None:
    """OpenCV would print each address that FFmpeg opens, to stdout, which nobody can clean."""
    with HttpServer([], demo) as server:
        program = f"""
from spotter.ingest.sources.stream import NetworkStream
from spotter.ingest.sources.pyav import PyAvStream
reader = {library}({server.url("clip.mp4", "admin:Hunter2-XYZ@")!r}, 5.0, 5.0)
reader.open()
print("read", reader.read().image.shape)
reader.close()
"""
        talkative = {"OPENCV_FFMPEG_LOGLEVEL": "56", "OPENCV_FFMPEG_DEBUG": "1", "OPENCV_LOG_LEVEL": "DEBUG"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env=os.environ | talkative,
        )
    assert done.stdout.startswith("read (")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.fixture
def demo() -> Path:
    import spotter

    return Path(spotter.__file__).with_name("demo") / "dock.mp4"


def test_a_test_pattern_is_no_secret() -> None:
    assert redact_url("test:640x480@15") == "test:640x480@15"
    assert redact_url("test:Sesame@15") == "***@15"
    camera = {"id": "a", "source": "test:640x480@15"}
    assert known_secrets(load_settings(None, {"cameras": [camera]})) == frozenset()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://admin:Hunter2@10.0.0.5:554/s/1?token=Hunter2", "10.0.0.5-554-s-1"),
        ("rtsp://admin:Hunter2/x@10.0.0.5/s", "camera"),
        ("rtsp:/admin:Hunter2@10.0.0.5/s", "camera"),
        ("admin:Hunter2@10.0.0.5/s", "10.0.0.5-s"),
        ("http://10.0.0.5/user=admin&password=Hunter2&channel=1", "10.0.0.5"),
        ("test:640x480@15", "test-640x480-15"),
    ],
)
def test_a_name_that_is_made_from_an_address_holds_no_password(source: str, name: str) -> None:
    assert parse_camera(source) == (name, source)


def test_a_line_without_an_end_is_not_cut_within_a_secret() -> None:
    program = """
import os
from spotter.core.cleaning import Cleaner
from spotter.core.telemetry.native_stderr import cleaned_native_stderr
with cleaned_native_stderr(Cleaner(["Hunter2-Sesame"])):
    for _ in range(2000):
        os.write(2, b"tried Hunter2-")
        os.write(2, b"Sesame ")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "tried *** " * 2000
