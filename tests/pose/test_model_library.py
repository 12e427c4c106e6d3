"""Model files of the user's: brought in with a hash, tried out, checked at each start."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graphs import write_constant_graph

from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.library import checked_file, fetch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_constant_graph(tmp_path / "given.onnx", {"output0": np.zeros((1, 56, 84), np.float32)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def url(file: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(file.parent))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            return None

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_kept_with_its_hash_and_runs(file: Path, folder: Path) -> None:
    tried: list[bytes] = []
    found = fetch(folder, "yolo-site", str(file), check=lambda path: tried.append(path.read_bytes()))
    assert found == sha256(file)
    assert tried == [file.read_bytes()]
    assert checked_file(folder, "yolo-site").read_bytes() == file.read_bytes()
    model = model_of(PoseSettings(model="yolo-site", folder=folder, threads=1))
    model.load()
    assert model.name == f"yolo-site/{found[:8]}"


def test_a_changed_file_is_refused_at_the_start(file: Path, folder: Path) -> None:
    fetch(folder, "yolo-site", str(file))
    (folder / "yolo-site.onnx").write_bytes(b"\x08 something else")
    with pytest.raises(ModelError, match="damaged"):
        model_of(PoseSettings(model="yolo-site", folder=folder))


def test_a_model_that_is_not_there_says_how_to_bring_it(folder: Path) -> None:
    with pytest.raises(ModelError, match="spotter models fetch rtmo-s --from FILE"):
        model_of(PoseSettings(model="rtmo-s", folder=folder))


def test_a_url_needs_a_hash_and_gets_no_place_with_another(url: str, file: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="needs --sha256"):
        fetch(folder, "yolo-site", f"{url}/given.onnx")
    with pytest.raises(ModelError, match="not the 000000"):
        fetch(folder, "yolo-site", f"{url}/given.onnx", sha256="0" * 64)
    assert not list(folder.glob("*.onnx"))
    assert not list(folder.glob(".*.onnx"))
    seen: list[int] = []
    fetch(folder, "yolo-site", f"{url}/given.onnx", sha256=sha256(file), progress=lambda done, _: seen.append(done))
    assert seen[-1] == file.stat().st_size
    assert checked_file(folder, "yolo-site").is_file()


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("yolo-site", "{url}/missing.onnx", "answers 404"),
        ("yolo-site", "http://user:secret@192.0.2.1/m.onnx", "is not an https:// address"),
        ("yolo-site", "ftp://127.0.0.1/m.onnx", "is not an https:// address"),
        ("yolo-site", "/no/such/file.onnx", "No such file"),
        ("../yolo", "{file}", "cannot be the name of a model"),
    ],
)
def test_what_cannot_be_fetched_is_one_line_without_secrets(
    url: str, file: Path, folder: Path, name: str, source: str, says: str
) -> None:
    place = source.format(url=url, file=file)
    with pytest.raises(ModelError) as caught:
        fetch(folder, name, place, sha256="0" * 64 if "://" in place else None)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_does_not_work_gets_no_place_and_the_old_one_stays(file: Path, folder: Path) -> None:
    fetch(folder, "yolo-site", str(file))

    def refuse(path: Path) -> None:
        raise ModelError(f"'{path}' does not run")

    with pytest.raises(ModelError, match=r"given\.onnx' does not run"):
        fetch(folder, "yolo-site", str(file), check=refuse)
    assert checked_file(folder, "yolo-site").is_file()
