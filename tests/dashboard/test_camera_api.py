"""Cameras through the API: denied by default, by token otherwise, and only to addresses where cameras may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from dashboard_scene import SITE

from spotter.core.settings import Secret
from spotter.core.settings.camera_file import put_camera, read_cameras
from spotter.core.state.memory import MemoryState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.dashboard.api import DashboardServer, create_app

TOKEN = "a-token-of-the-site"
GOOD = {"Authorization": f"Bearer {TOKEN}"}
BODY = {"source": "rtsp://192.168.7.20:554/main", "username": "viewer", "password": "Hunter2 p@ss/word"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cameras.yaml"


def served(folder: Path, **given: object) -> Iterator[httpx.Client]:
    with Store.open(folder / "spotter.db") as store:
        app = create_app(MemoryState(), store, Metrics(), site=SITE, ready=dict, version="0.1.0", **given)  # type: ignore[arg-type]
        server = DashboardServer(app, "127.0.0.1", 0)
        port = server.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as client:
                yield client
        finally:
            server.stop()


@pytest.fixture
def client(tmp_path: Path, file: Path) -> Iterator[httpx.Client]:
    yield from served(tmp_path, token=Secret(value=TOKEN), cameras_file=file)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[httpx.Client]:
    yield from served(tmp_path)


def test_nobody_may_by_default(closed: httpx.Client) -> None:
    for answer in (closed.put("/api/v1/cameras/gate", json=BODY, headers=GOOD), closed.delete("/api/v1/cameras/gate")):
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Hunter2" not in answer.text


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_only_with_the_token(client: httpx.Client, file: Path, headers: dict[str, str]) -> None:
    answer = client.put("/api/v1/cameras/gate", json=BODY, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert client.delete("/api/v1/cameras/gate", headers=headers).status_code == 401
    assert not file.exists()


def test_a_camera_is_added_changed_and_removed(client: httpx.Client, file: Path) -> None:
    added = client.put("/api/v1/cameras/gate", json=BODY, headers=GOOD)
    assert added.json() == {"id": "gate", "source": "rtsp://192.168.7.20:554/main", "enabled": True, "new": True}
    assert read_cameras(file)[0]["password"] == BODY["password"]
    again = client.put("/api/v1/cameras/gate", json=BODY | {"enabled": False}, headers=GOOD)
    assert (again.json()["new"], again.json()["enabled"]) == (False, False)
    assert [one["enabled"] for one in read_cameras(file)] == [False]
    assert client.delete("/api/v1/cameras/gate", headers=GOOD).status_code == 204
    assert read_cameras(file) == []
    assert client.delete("/api/v1/cameras/gate", headers=GOOD).status_code == 404
    assert "Hunter2" not in added.text + again.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": "http://127.0.0.1:9100/metrics"}, "is this machine"),
        ({"source": "http://[::ffff:127.0.0.1]/"}, "is this machine"),
        ({"source": "http://169.254.169.254/latest"}, "answers for the machine itself"),
        ({"source": "/etc/passwd"}, "not a complete URL"),
        ({"source": "0"}, "not a complete URL"),
        ({"source": "file:///etc/passwd"}, "not a complete URL"),
        ({"source": "rtsp://u:Hunter2@10.0.0.5/s"}, "has a user already"),
        ({"max_fps": -1}, "max_fps"),
        ({"view": {}}, "view"),
        ({"username": ""}, "a password needs a username"),
    ],
)
def test_what_is_refused_is_told_and_nothing_is_written(
    client: httpx.Client, file: Path, change: dict[str, object], words: str
) -> None:
    answer = client.put("/api/v1/cameras/gate", json=BODY | change, headers=GOOD)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert "Hunter2" not in answer.text
    assert not file.exists()


def test_bad_names_other_methods_and_other_places(client: httpx.Client) -> None:
    assert client.put("/api/v1/cameras/a b", json=BODY, headers=GOOD).status_code == 400
    assert client.post("/api/v1/cameras/gate", json=BODY, headers=GOOD).status_code == 405
    assert client.put("/api/v1/alerts/gate", json=BODY, headers=GOOD).status_code == 405
    assert client.delete("/metrics", headers=GOOD).status_code == 405
    host = {"Host": "evil.example"}
    assert client.put("/api/v1/cameras/gate", json=BODY, headers=GOOD | host).status_code == 421


def test_a_damaged_file_is_told(client: httpx.Client, file: Path) -> None:
    put_camera(file, {"id": "dock", "source": "rtsp://10.0.0.5/s"})
    file.write_text("[")
    answer = client.put("/api/v1/cameras/gate", json=BODY, headers=GOOD)
    assert answer.status_code == 400
    assert "cameras_file" in answer.json()["detail"]
