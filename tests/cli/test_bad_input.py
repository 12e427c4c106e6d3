"""Bad input at the command line: one clear line that names the thing, the right exit code, and the others go on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import spotter as package

QUICK = ("--no-dashboard", "--speed", "max")


def bad_source(kind: str, folder: Path) -> str:
    """A source of the kind named, in `folder`."""
    folder.mkdir(exist_ok=True)
    if kind == "missing file":
        return str(folder / "gone.mp4")
    if kind == "corrupt video":
        (folder / "noise.mp4").write_bytes(bytes(range(256)) * 400)
        return str(folder / "noise.mp4")
    if kind == "empty file":
        (folder / "nothing.mp4").touch()
        return str(folder / "nothing.mp4")
    if kind == "not a video":
        (folder / "notes.mp4").write_text("milk, bread, eggs\n")
        return str(folder / "notes.mp4")
    if kind == "empty folder":
        (folder / "void").mkdir()
        return str(folder / "void")
    if kind == "no such webcam":
        return "97"
    assert kind == "unknown scheme"
    return "gopher://127.0.0.1/stream"


KINDS = (
    "missing file",
    "corrupt video",
    "empty file",
    "not a video",
    "empty folder",
    "no such webcam",
    "unknown scheme",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_camera_alone_ends_the_run_with_one_line(spotter, tmp_path, kind):
    source = bad_source(kind, tmp_path / "bad")
    outcome = spotter("run", f"bad={source}", *QUICK)
    assert outcome.code == 3, outcome.err
    line = outcome.one_line()
    assert source in line
    assert line.count(". ") >= 1  # What is wrong, then what to do.


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_cameras_go_on(spotter, tmp_path, pictures, kind):
    source = bad_source(kind, tmp_path / "bad")
    outcome = spotter("run", f"bad={source}", f"good={pictures}", *QUICK)
    assert outcome.code == 0, outcome.err
    line = outcome.one_line()
    assert line.startswith("spotter: warning: camera 'bad'")
    assert source in line
    assert "good: 8 frames read, 8 posed, dropped: none" in outcome.out


def test_when_all_cameras_fail_each_is_named(spotter, tmp_path):
    outcome = spotter("run", "a=gone-a.mp4", "b=gone-b.mp4", *QUICK)
    assert outcome.code == 3
    assert "gone-a.mp4" in outcome.one_line()
    assert "gone-b.mp4" in outcome.one_line()


def test_a_zero_byte_image_among_good_ones_costs_itself_alone(spotter, pictures):
    (pictures / "0035.jpg").touch()
    outcome = spotter("run", f"shots={pictures}", *QUICK)
    assert outcome.code == 0, outcome.err
    assert "8 posed" in outcome.out
    assert "1 undecodable" in outcome.out


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--model", "movenet-multypose"], 4, ["movenet-multypose", "movenet-multipose"]),
        (["--input-size", "100"], 2, ["input_size", "32"]),
        (["--database", "plain/spotter.db"], 5, ["plain"]),
        (["--database", "folder"], 5, ["folder"]),
        (["--database", "notes.db"], 5, ["notes.db", "not a SQLite database"]),
        (["--database", "oracle://me:secret@host/x"], 5, ["sqlite"]),
        (["--config", "gone.yaml"], 2, ["gone.yaml"]),
        (["--hold-last", "-1"], 2, ["hold_last_s"]),
        (["--port", "99999"], 2, ["port"]),
        (["--host", "0.0.0.0"], 7, ["0.0.0.0", "allow_remote"]),
    ],
)
def test_a_bad_option_is_one_line_before_any_camera_opens(spotter, tmp_path, pictures, options, code, words):
    cwd = tmp_path / "cwd"
    (cwd / "plain").touch()
    (cwd / "folder").mkdir()
    (cwd / "notes.db").write_text("milk, bread, eggs\n" * 100)
    outcome = spotter("run", f"good={pictures}", "--port", "0", *options)
    assert outcome.code == code, outcome.err
    assert all(word in outcome.one_line() for word in words), outcome.err
    assert "secret" not in outcome.err
    assert "camera good" not in outcome.out


def test_a_read_only_database_is_named_with_its_mend(spotter, tmp_path, pictures):
    """Rights do not bind root, so root gives them up for this one run."""
    folder = tmp_path / "kept"
    assert spotter("run", f"good={pictures}", *QUICK, "--database", folder / "a.db").code == 0
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    command = [
        Path(sys.executable).with_name("spotter"),
        "run",
        f"good={pictures}",
        *QUICK,
        "--database",
        folder / "a.db",
    ]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 5, done.stderr
    assert done.stderr.count("\n") == 1
    assert "a.db' is read-only. Give this user the right" in done.stderr


def test_a_port_in_use_is_named_before_any_camera_opens(spotter, pictures):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = spotter("run", f"good={pictures}", "--port", port, "--speed", "max")
    assert outcome.code == 7
    assert str(port) in outcome.one_line()
    assert "camera good" not in outcome.out


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damaged_weights_are_found_before_any_camera_opens(tmp_path, pictures, damage):
    """A copy of the installed package, with its graph damaged."""
    copy = tmp_path / "site" / "spotter"
    shutil.copytree(Path(package.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors~"))
    graph = copy / "pose" / "weights" / "movenet-multipose.onnx"
    content = bytearray(graph.read_bytes())
    if damage == "gone":
        graph.unlink()
    elif damage == "cut":
        graph.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        graph.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", "from spotter.cli import main; main()", "run", f"good={pictures}", *QUICK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert str(graph) in done.stderr
    assert "pip install" in done.stderr
    assert "camera good" not in done.stdout
