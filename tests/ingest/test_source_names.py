"""From what a user writes to a kind of source, or to one clear line without secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from spotter.core.errors import SourceError
from spotter.core.settings import CameraSettings, IngestSettings, Secret
from spotter.ingest.sources import KINDS, kind_of, open_source
from spotter.ingest.sources.hold import HoldLast
from spotter.ingest.sources.stream import SCHEMES


def camera(source: str, **others: float) -> CameraSettings:
    return CameraSettings(id="camera", source=Secret(value=SecretStr(source)), **others)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("0", "webcam"),
        ("12", "webcam"),
        ("rtsp://10.0.0.5/stream", "stream"),
        ("RTSPS://user:pw@camera.local:322/a?b=c", "stream"),
        ("http://10.0.0.5/video.mjpg", "stream"),
        ("https://10.0.0.5:8443/live.m3u8", "stream"),
        ("test:640x480@15,frames=3", "test"),
    ],
)
def test_kind_by_name(spec, kind):
    assert kind_of(spec).name == kind


def test_kind_of_paths(tmp_path, clips, pictures):
    assert kind_of(str(clips / "dock.mp4")).name == "video"
    assert kind_of(str(tmp_path)).name == "images"
    assert kind_of(str(pictures(1) / "0.png")).name == "images"
    odd = tmp_path / "cam:1 #ü.mp4"
    odd.write_bytes((clips / "dock.mp4").read_bytes())
    source = open_source(camera(str(odd)), IngestSettings())
    assert source.open().frame_count == 105
    source.close()


def test_a_folder_named_like_a_number_needs_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "7").mkdir()
    assert kind_of("7").name == "webcam"
    assert kind_of("./7").name == "images"


def test_kinds_have_names_of_their_own():
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_hold_wraps_only_where_asked_for(clips):
    clip = str(clips / "dock.mp4")
    assert not isinstance(open_source(camera(clip), IngestSettings()), HoldLast)
    assert isinstance(open_source(camera(clip, hold_last_s=1), IngestSettings()), HoldLast)


@pytest.mark.parametrize(
    ("spec", "what", "mend"),
    [
        ("gopher://host/x", "unknown scheme 'gopher'", "Known schemes: rtsp://, rtsps://"),
        ("rstp://host/x", "unknown scheme 'rstp'", "Did you mean rtsp://?"),
        ("htttp://host/x", "unknown scheme 'htttp'", "Did you mean http://?"),
        ("rtsp:/host/x", "'rtsp:***' is not a URL", "two slashes"),
        ("rtsp:///x", "not a complete URL", "rtsp://USER:PASSWORD@HOST"),
        ("rtsp://host:port/x", "not a complete URL", "rtsp://USER:PASSWORD@HOST"),
        ("http://", "not a complete URL", "rtsp://USER:PASSWORD@HOST"),
        ("", "the source is empty", "Name a video file"),
        ("  ", "the source is empty", "Name a video file"),
        ("x" * 5000, "does not exist", "Name a video file"),
        ("bad\0name.mp4", "does not exist", "Name a video file"),
    ],
)
def test_wrong_names_are_one_clear_line(spec, what, mend):
    with pytest.raises(SourceError) as caught:
        open_source(camera(spec), IngestSettings())
    assert what in caught.value.message
    assert mend in caught.value.mend
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_its_nearest_neighbour(clips):
    with pytest.raises(SourceError, match=r"aisel\.mp4' does not exist\. Did you mean '.*aisle\.mp4'\?"):
        open_source(camera(str(clips / "aisel.mp4")), IngestSettings())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"There is no folder '.*nowhere' either"):
        open_source(camera(str(tmp_path / "nowhere" / "a.mp4")), IngestSettings())


HOSTS = st.from_regex(r"[a-z]{3,8}", fullmatch=True)
# A marker that occurs nowhere else, among everything that people put into passwords.
PASSWORDS = st.tuples(st.text("abc123!$%&/?#@:;=+ []", max_size=6), st.text("abc123!$%&/?#@:;=+ []", max_size=6)).map(
    lambda ends: f"{ends[0]}Zq9Xw{ends[1]}"
)


@given(
    scheme=st.sampled_from([*SCHEMES, "rstp", "gopher", "RTSP", ""]),
    mark=st.sampled_from(["://", ":/", ":"]),
    user=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    password=PASSWORDS,
    host=HOSTS,
    port=st.sampled_from(["", ":554", ":x", ":99999"]),
)
def test_no_password_reaches_an_error(scheme, mark, user, password, host, port):
    spec = f"{scheme}{mark if scheme else ''}{user}:{password}@{host}{port}/live"
    try:
        shown = getattr(open_source(camera(spec), IngestSettings()), "_shown", "")
    except SourceError as error:
        shown = str(error)
    assert "Zq9Xw" not in shown


@given(st.text(max_size=40))
def test_any_text_is_a_source_or_a_source_error(text):
    try:
        found = kind_of(text) in KINDS
    except SourceError as error:
        found = bool(error.mend)
    assert found


def test_the_reader_of_network_cameras_goes_with_what_is_installed(monkeypatch):
    address = camera("rtsp://10.0.0.5/stream")
    assert type(open_source(address, IngestSettings())).__name__ == "PyAvStream"
    assert type(open_source(address, IngestSettings(decoder="opencv"))).__name__ == "NetworkStream"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert type(open_source(address, IngestSettings())).__name__ == "NetworkStream"
    with pytest.raises(SourceError, match=r"PyAV is not installed.*pip install 'spotter-safety\[av\]'"):
        open_source(address, IngestSettings(decoder="pyav"))
