"""Cameras that were added through the API: kept in a file, read with the settings, watched like them."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import yaml

from spotter.core.errors import ConfigError
from spotter.core.settings import load_settings
from spotter.core.settings.camera_file import put_camera, read_cameras, remove_camera
from spotter.core.settings.watch import SettingsFile


def camera(name: str, source: str = "rtsp://10.0.0.5/s", **others: object) -> dict[str, object]:
    return {"id": name, "source": source, **others}


def test_put_replace_and_remove(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cameras.yaml"
    assert read_cameras(path) == []
    assert put_camera(path, camera("gate"))
    assert put_camera(path, camera("dock", password="p@ss", username="u"))
    assert not put_camera(path, camera("gate", "rtsp://10.0.0.6/s"))
    assert [one["id"] for one in read_cameras(path)] == ["dock", "gate"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert remove_camera(path, "dock")
    assert not remove_camera(path, "dock")
    assert read_cameras(path) == [camera("gate", "rtsp://10.0.0.6/s")]
    assert sorted(one.name for one in path.parent.iterdir()) == [".cameras.yaml.lock", "cameras.yaml"]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    writers = [
        threading.Thread(target=lambda first=first: [put_camera(path, camera(f"c{first}-{n}")) for n in range(10)])
        for first in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len({one["id"] for one in read_cameras(path)}) == 40


@pytest.mark.parametrize("text", ["[", "- a", "cameras: {a: b}", "cameras: [x]", "cameras: [{id: [1]}]", "\x00"])
def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cameras_file"):
        put_camera(path, camera("gate"))
    assert path.read_text() == text


def test_they_are_read_with_the_settings_and_replace_those_of_the_same_name(tmp_path: Path) -> None:
    added, path = tmp_path / "cameras.yaml", tmp_path / "spotter.yaml"
    settings = {"cameras": [camera("gate", "a.mp4"), camera("dock", "b.mp4")], "cameras_file": str(added)}
    path.write_text(yaml.safe_dump(settings))
    put_camera(added, camera("gate", username="u", password="Hunter2"))
    put_camera(added, camera("yard"))
    loaded = {one.id: one for one in load_settings(path).cameras}
    assert sorted(loaded) == ["dock", "gate", "yard"]
    assert loaded["gate"].address() == "rtsp://u:Hunter2@10.0.0.5/s"
    assert loaded["dock"].address() == "b.mp4"
    by_option = load_settings(path, {"cameras": [camera("gate", "c.mp4")]})
    assert {one.id: one.written for one in by_option.cameras} == {"gate": "c.mp4", "yard": "rtsp://10.0.0.5/s"}


def test_what_is_wrong_with_one_names_no_secret(tmp_path: Path) -> None:
    added, path = tmp_path / "cameras.yaml", tmp_path / "spotter.yaml"
    path.write_text(yaml.safe_dump({"cameras_file": str(added)}))
    put_camera(added, camera("gate", "rtsp://u:Hunter2@h/s", max_fps=-1))
    with pytest.raises(ConfigError, match=r"cameras\.0\.max_fps") as caught:
        load_settings(path)
    assert "Hunter2" not in str(caught.value)


def test_a_change_of_either_file_is_seen(tmp_path: Path) -> None:
    added, path = tmp_path / "cameras.yaml", tmp_path / "spotter.yaml"
    path.write_text(yaml.safe_dump({"cameras": [camera("gate")], "cameras_file": str(added)}))
    watched = SettingsFile(path, lambda: load_settings(path))
    watched.watch(load_settings(path))
    assert (watched.poll(), watched.poll()) == (None, None)
    put_camera(added, camera("yard"))
    assert watched.poll() is None, "it may still be being written"
    changed = watched.poll()
    assert changed is not None
    assert [one.id for one in changed.cameras] == ["gate", "yard"]
    assert (watched.poll(), watched.poll()) == (None, None)
    path.write_text(yaml.safe_dump({"cameras": [camera("dock")], "cameras_file": str(added)}))
    assert watched.poll() is None
    again = watched.poll()
    assert again is not None
    assert [one.id for one in again.cameras] == ["dock", "yard"]
