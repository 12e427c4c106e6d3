"""From options to settings: names, order of weight, and what is never printed."""

from __future__ import annotations

import pytest

from spotter.cli.options import build_settings, database_url, parse_camera
from spotter.core.errors import ConfigError


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dock=a.mp4", ("dock", "a.mp4")),
        ("gate=rtsp://u:p@h/s?x=1", ("gate", "rtsp://u:p@h/s?x=1")),
        ("desk=0", ("desk", "0")),
        ("0", ("webcam-0", "0")),
        ("clips/my dock (2).mp4", ("my-dock-2", "clips/my dock (2).mp4")),
        ("pictures/", ("pictures", "pictures/")),
        ("rtsp://user:secret@camera.example:8554/hall/one?token=t", ("camera.example-8554-hall-one", None)),
        ("http://h/video?user=me", ("h-video", None)),
        ("日本.mp4", ("camera", "日本.mp4")),
    ],
)
def test_a_camera_has_a_name_and_a_source(text, expected):
    name, source = expected
    assert parse_camera(text) == (name, source or text)


def test_a_derived_name_that_is_taken_gets_a_number():
    assert parse_camera("b/dock.mp4", {"dock", "dock-2"})[0] == "dock-3"


@pytest.mark.parametrize("text", ["dock=", "=a.mp4", "", "=rtsp://user:secret@h/"])
def test_a_camera_without_name_or_source_is_refused(text):
    with pytest.raises(ConfigError) as caught:
        parse_camera(text)
    assert "NAME=SOURCE" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_options_win_over_environment_over_file(empty_folder, monkeypatch):
    (empty_folder / "site.yaml").write_text("pose: {input_size: 256, max_people: 7}\nsite: hall\n")
    monkeypatch.setenv("SPOTTER_POSE__INPUT_SIZE", "320")
    monkeypatch.setenv("SPOTTER_POSE__THREADS", "3")
    settings = build_settings(
        config=empty_folder / "site.yaml", cameras=["a.mp4"], sections={"pose": {"threads": 1, "model": None}}
    )
    assert (settings.pose.max_people, settings.pose.input_size, settings.pose.threads) == (7, 320, 1)
    assert settings.pose.model == "movenet-multipose"
    assert settings.site == "hall"


def test_cameras_of_options_join_those_of_the_file_and_replace_by_name(empty_folder):
    file = empty_folder / "site.yaml"
    file.write_text("cameras:\n- {id: dock, source: old.mp4, max_fps: 5}\n- {id: gate, source: gate.mp4}\n")
    settings = build_settings(config=file, cameras=["dock=new.mp4", "hall=hall.mp4"], hold_last_s=6)
    sources = {camera.id: camera.address() for camera in settings.cameras}
    assert sources == {"dock": "new.mp4", "gate": "gate.mp4", "hall": "hall.mp4"}
    assert settings.cameras[0].max_fps == 5
    assert {camera.hold_last_s for camera in settings.cameras} == {6}


def test_a_settings_file_in_the_folder_is_used_when_nothing_is_named(empty_folder):
    (empty_folder / "spotter.yaml").write_text("cameras: [{id: dock, source: dock.mp4}]\n")
    assert [camera.id for camera in build_settings().cameras] == ["dock"]
    assert [camera.id for camera in build_settings(cameras=["a.mp4"]).cameras] == ["a"]


def test_no_camera_at_all_teaches_how():
    with pytest.raises(ConfigError, match="spotter config --example"):
        build_settings()


def test_two_cameras_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="dock"):
        build_settings(cameras=["dock=a.mp4", "dock=b.mp4"])


def test_a_password_never_shows(empty_folder):
    settings = build_settings(cameras=["gate=rtsp://user:secret@h/"])
    assert "secret" not in str(settings.printable()) + repr(settings)
    with pytest.raises(ConfigError) as caught:
        build_settings(cameras=["gate=rtsp://user:secret@h/"], hold_last_s=-1)
    assert "hold_last_s" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (None, None),
        ("a.db", "sqlite:///a.db"),
        ("/var/a.db", "sqlite:////var/a.db"),
        ("postgresql://h/n", "postgresql://h/n"),
    ],
)
def test_a_database_is_a_path_or_a_url(text, url):
    assert database_url(text) == url
