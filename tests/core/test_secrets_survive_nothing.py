"""Secrets of the settings in every place from which a text reaches people: none survives, whatever it is made of."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.cli.checks import check_camera
from spotter.cli.config import rows
from spotter.cli.options import parse_camera
from spotter.core.cleaning import Cleaner
from spotter.core.errors import SpotterError
from spotter.core.settings import CameraSettings, IngestSettings, Settings, known_secrets, load_settings, redact_url
from spotter.core.settings.secret import Secret
from spotter.core.telemetry import configure_logs, get_logger
from spotter.ingest.probe.examine import examine
from spotter.ingest.sources import open_source

LETTERS = "QXZJKWVY"
FILLING = string.punctuation + string.digits + " é"

secrets = st.lists(
    st.tuples(st.text(LETTERS, min_size=4, max_size=6), st.text(FILLING, max_size=3)), min_size=1, max_size=3
).map(lambda pieces: "".join(letters + filling for letters, filling in pieces))

FORMS = (
    "rtsp://u:{}@h.invalid:554/s", "rtsps://{}@h.invalid/s", "http://u:{}@[::1]:9/s", "rtsp://u:{}@h.invalid:99999/s",
    "u:{}@h.invalid/s", "rtsp:/u:{}@h.invalid", "rtsp:u:{}", "rtspp://u:{}@h.invalid", "http://h.invalid/s?token={}",
    "http://h.invalid/user=admin&password={}&channel=1", "rtsp://h.invalid/s#{}", "HTTP://U:{}@", "://{}@h", "srt:{}",
)  # fmt: skip


def leaks(text: str) -> list[str]:
    """Runs of letters as every secret here has them, and no text of ours."""
    return re.findall(f"[{LETTERS}]{{4}}", text)


@given(secret=secrets, form=st.sampled_from(FORMS))
def test_no_address_shows_it(secret: str, form: str) -> None:
    shown = redact_url(form.format(secret))
    assert not leaks(shown), shown


@given(secret=secrets, form=st.sampled_from(FORMS))
def test_no_name_that_is_made_from_an_address_shows_it(secret: str, form: str) -> None:
    name, _ = parse_camera(form.format(secret))
    assert not leaks(name), name


@settings(max_examples=60, deadline=None)
@given(secret=secrets, form=st.sampled_from(FORMS))
def test_no_reader_tells_it(secret: str, form: str) -> None:
    camera = CameraSettings(id="a", source=Secret(value=form.format(secret)))
    told = ""
    try:
        open_source(camera, IngestSettings())
    except SpotterError as error:
        told = f"{error}{error.__cause__ or ''}"
    for text in (told, repr(camera), str(camera), camera.model_dump_json(), camera.shown):
        assert not leaks(text), text


@settings(max_examples=60, deadline=None)
@given(secret=secrets, form=st.sampled_from(FORMS), flaw=st.sampled_from(["id", "max_fps", "sauce", "none"]))
def test_no_settings_and_no_complaint_about_them_shows_it(secret: str, form: str, flaw: str) -> None:
    camera: dict[str, object] = {"id": "a", "source": form.format(secret)}
    flaws = {"id": {"id": "a b"}, "max_fps": {"max_fps": -1}, "sauce": {"sauce": secret}, "none": {}}
    camera |= flaws[flaw]
    try:
        loaded = load_settings(None, {"cameras": [camera]})
        text = json.dumps(loaded.printable()) + repr(loaded) + "".join(str(row) for row in rows(loaded))
    except SpotterError as error:
        text = str(error)
    assert not leaks(text), text


@settings(max_examples=100, deadline=None)
@given(secret=secrets)
def test_user_and_password_apart_from_the_address_are_joined_so_that_any_password_works(secret: str) -> None:
    from urllib.parse import unquote, urlsplit

    camera = CameraSettings(
        id="a", source=Secret(value="rtsp://10.0.0.5:554/s"), username="ad min", password=Secret(value=secret)
    )
    parts = urlsplit(camera.address())
    assert (parts.hostname, parts.port, parts.path) == ("10.0.0.5", 554, "/s")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("ad min", secret)
    assert camera.shown == "rtsp://10.0.0.5:554/s"
    assert not leaks(repr(camera) + camera.model_dump_json())


def test_source_and_password_from_a_file_and_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("rtsp://10.0.0.5/s\n")
    monkeypatch.setenv("GATE_PASSWORD", "p@ss/w rd")
    path = tmp_path / "spotter.yaml"
    camera = {"id": "gate", "source": {"file": str(tmp_path / "url")}, "username": "viewer",
              "password": {"env": "GATE_PASSWORD"}}  # fmt: skip
    path.write_text(yaml.safe_dump({"cameras": [camera]}))
    loaded = load_settings(path).cameras[0]
    assert loaded.address() == "rtsp://viewer:p%40ss%2Fw%20rd@10.0.0.5/s"
    assert loaded.shown == f"file {tmp_path / 'url'}"
    monkeypatch.delenv("GATE_PASSWORD")
    with pytest.raises(SpotterError, match="password of camera 'gate' in environment variable GATE_PASSWORD is empty"):
        loaded.address()


@pytest.mark.parametrize(
    ("source", "words"),
    [("clip.mp4", "its source is no URL"), ("rtsp://me:it@10.0.0.5/s", "its source has a user already")],
)
def test_a_username_where_it_does_not_fit(source: str, words: str) -> None:
    camera = CameraSettings(id="a", source=Secret(value=source), username="u", password=Secret(value="Hunter2"))
    with pytest.raises(SpotterError, match=words) as caught:
        camera.address()
    assert "Hunter2" not in str(caught.value)


def site(secret: str) -> Settings:
    return load_settings(
        None,
        {
            "cameras": [{"id": "a", "source": "rtsp://h/s", "username": "u", "password": secret}],
            "store": {"url": "postgresql://spotter:Hunter2-XYZ@db/spotter"},
            "bus": {"kafka": {"password": "Kafka-Secret-1"}},
        },
    )


@settings(max_examples=100, deadline=None)
@given(secret=secrets, before=st.text("abc /:@", max_size=5))
def test_no_line_of_the_log_shows_a_known_secret(secret: str, before: str) -> None:
    known = known_secrets(site(secret))
    stream = io.StringIO()
    root, kept = logging.getLogger(), list(logging.getLogger().handlers)
    try:
        configure_logs("debug", "json", known)
        root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
        get_logger("a").warning("tried", url=f"rtsp://u:{secret}@h/s", deep={"list": [f"{before}{secret}"]})
        logging.getLogger("library").error("could not open %s", f"rtsp://u:{secret}@h/s")
        try:
            raise ValueError(f"bad {secret}")
        except ValueError:
            get_logger("a").exception("broken", password="Kafka-Secret-1")
    finally:
        root.handlers = kept
    text = stream.getvalue()
    assert text.count("\n") >= 3
    for hidden in (secret, json.dumps(secret)[1:-1], "Kafka-Secret-1"):
        assert hidden not in text, text


def test_the_users_of_unknown_addresses_are_hidden_too() -> None:
    clean = Cleaner().clean
    assert clean("open rtsp://admin:12345@10.0.0.5/s failed") == "open rtsp://***@10.0.0.5/s failed"
    assert clean("mail me@example.com about http://host/path") == "mail me@example.com about http://host/path"


def test_what_c_code_writes_is_cleaned_and_python_keeps_its_stderr() -> None:
    """In a process of its own, as FFmpeg would: straight to file descriptor 2."""
    program = """
import os, sys
from spotter.core.cleaning import Cleaner
from spotter.core.telemetry.native_stderr import cleaned_native_stderr
with cleaned_native_stderr(Cleaner(["Hunter2"])):
    os.write(2, b"[rtsp @ 0x1] method DESCRIBE failed: rtsp://admin:other@10.0.0.5/s\\n")
    os.write(2, b"password Hun"); os.write(2, b"ter2 was used\\n")
    os.write(2, b"no line break at the end Hunter2")
    print("python", file=sys.stderr)
print("after", file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "rtsp://***@10.0.0.5/s" in done.stderr
    assert "password *** was used" in done.stderr
    assert done.stderr.count("python\n") == 1
    assert done.stderr.endswith("after\n")
    assert "Hunter2" not in done.stderr
    assert "other" not in done.stderr


def test_ffmpeg_itself_says_nothing_of_the_password() -> None:
    """The real library at its most talkative, with a camera that refuses: nothing of the password reaches stderr."""
    environment = os.environ | {"OPENCV_FFMPEG_LOGLEVEL": "48", "OPENCV_LOG_LEVEL": "DEBUG", "OPENCV_FFMPEG_DEBUG": "1"}
    program = """
from spotter.core.cleaning import Cleaner
from spotter.core.telemetry.native_stderr import cleaned_native_stderr
from spotter.ingest.sources.stream import NetworkStream
with cleaned_native_stderr(Cleaner(["Hunter2-XYZ"])):
    try:
        NetworkStream("rtsp://admin:Hunter2-XYZ@127.0.0.1:9/s", 2.0, 2.0).open()
    except Exception as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert "refuses connections" in done.stdout
    assert "Hunter2" not in done.stdout + done.stderr


@settings(max_examples=60, deadline=None)
@given(secret=secrets, form=st.sampled_from(FORMS))
def test_no_check_of_a_camera_tells_it(secret: str, form: str) -> None:
    """Doctor and tester, with a network on which nothing is found."""
    camera = CameraSettings(id="a", source=Secret(value=form.format(secret)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("socket.create_connection", _unreachable)
        patched.setattr("socket.getaddrinfo", _unreachable)
        told = [check_camera(camera), *examine(camera, IngestSettings(), 0.1)]
    assert told
    assert not leaks(str(told)), told


def _unreachable(*_: object, **__: object) -> None:
    raise OSError(101, "Network is unreachable")


def test_what_may_be_the_begin_of_a_password_is_not_told_as_host_and_port() -> None:
    """rtsp://admin:12/34@host: to a parser that is host admin, port 12."""
    camera = CameraSettings(id="a", source=Secret(value="rtsp://admin:1234/56@10.0.0.5/s"))
    source = open_source(camera, IngestSettings(open_timeout_s=1))
    with pytest.raises(SpotterError, match="cannot be told apart") as caught:
        source.open()
    told = [str(caught.value), str(check_camera(camera)), *map(str, examine(camera, IngestSettings(), 0.1))]
    assert all("cannot be told apart" in text and "%2F" in text for text in told)
    assert not any("1234" in text or "admin" in text for text in told), told
