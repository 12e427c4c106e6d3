"""`spotter models train` as a person runs it, and what its file is good for."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from training_pictures import write_turned
from typer.testing import CliRunner

from spotter.cli.models import app
from spotter.core.errors import ModelError, SpotterError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.models import PoseModel, create_model
from spotter.pose.models.movenet_weights import read_weights
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER, digest

SHIPPED = WEIGHTS_FOLDER / WEIGHTS_FILE
SMALL = ("--epochs", "2", "--batch", "3", "--lr", "0.004", "--input-size", "128", "--device", "cpu", "--threads", "1")


def train(folder: Path, *options: str, out: str = "site.safetensors") -> list[str]:
    images, labels = folder / "turned" / "images", folder / "turned" / "labels.json"
    return ["train", "--images", str(images), "--annotations", str(labels), "--out", str(folder / out), *options]


def judged_by_the_same(folder: Path) -> tuple[str, ...]:
    pictures = folder / "turned"
    return ("--val-images", str(pictures / "images"), "--val-annotations", str(pictures / "labels.json"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a finished run and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    write_turned(folder / "turned")
    done = CliRunner().invoke(app, train(folder, *SMALL, *judged_by_the_same(folder)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder, done.output


def loaded(model: PoseModel) -> PoseModel:
    model.load()
    return model


def test_it_says_what_was_gained_and_how_to_use_it(trained: tuple[Path, str]) -> None:
    folder, text = trained
    file = folder / "site.safetensors"
    name = f"movenet-multipose/{digest(file)[:8]}"
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith(("model ", "AP "))}
    assert rows["model"] == ["movenet-multipose/1", name]
    before, after = rows["AP"]
    assert float(after) > float(before)
    assert "95 % interval" in text
    assert "Epoch 2: AP" in text
    assert "spotter models fetch movenet-multipose-site --from" in text
    figures = json.loads((folder / "site.log" / "evaluation.json").read_text())
    assert figures["after"]["model"] == name
    assert figures["after"]["ap"] == pytest.approx(float(after), abs=0.06)
    assert len((folder / "site.log" / "steps.csv").read_text().splitlines()) == 1 + 4
    assert len((folder / "site.log" / "epochs.csv").read_text().splitlines()) == 1 + 2
    assert not list(folder.glob("*checkpoint*"))


def test_the_file_has_the_form_of_the_shipped_one(trained: tuple[Path, str]) -> None:
    ours, shipped = load_file(trained[0] / "site.safetensors"), load_file(SHIPPED)
    assert {name: (each.shape, each.dtype) for name, each in ours.items()} == {
        name: (each.shape, each.dtype) for name, each in shipped.items()
    }
    moved = {name for name, each in ours.items() if not np.array_equal(each, shipped[name])}
    assert any(name.startswith("heads.") for name in moved)
    assert not any(name.startswith("backbone.") for name in moved)


def test_both_runtimes_run_it_alike(trained: tuple[Path, str]) -> None:
    file = trained[0] / "site.safetensors"
    picture = cv2.imread(str(trained[0] / "turned" / "images" / "0.png"))
    options = {"input_size": 128, "min_score": 0.01, "file": file}
    onnx = loaded(create_model("movenet-multipose", device="cpu", **options))  # type: ignore[arg-type]
    in_torch = loaded(create_model("movenet-multipose", device="torch-cpu", **options))  # type: ignore[arg-type]
    (ours,), (theirs,) = onnx.predict([picture]), in_torch.predict([picture])
    assert onnx.name == in_torch.name == f"movenet-multipose/{digest(file)[:8]}"
    assert len(ours) == len(theirs) > 0
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-3)
    np.testing.assert_allclose(ours.keypoints[0], theirs.keypoints[0], atol=0.05)
    shipped = loaded(create_model("movenet-multipose", device="cpu", input_size=128, min_score=0.01))
    assert not np.allclose(shipped.predict([picture])[0].scores[:1], ours.scores[:1], atol=1e-3)


def test_it_is_used_by_pose_file_and_by_a_name_that_was_fetched(trained: tuple[Path, str], tmp_path: Path) -> None:
    file = trained[0] / "site.safetensors"
    by_file = model_of(PoseSettings(file=file))
    done = CliRunner().invoke(
        app, ["fetch", "movenet-multipose-site", "--from", str(file), "--folder", str(tmp_path)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert "spotter run --model movenet-multipose-site" in done.output
    by_name = loaded(model_of(PoseSettings(model="movenet-multipose-site", folder=tmp_path, input_size=128)))
    short = digest(file)[:8]
    assert (by_file.name, by_name.name) == (f"movenet-multipose/{short}", f"movenet-multipose-site/{short}")
    listed = CliRunner().invoke(app, ["list", "--folder", str(tmp_path)], env={"COLUMNS": "140"}).output
    assert "movenet-multipose-site" in listed
    (tmp_path / "movenet-multipose-site.safetensors").write_bytes(b"other")
    with pytest.raises(ModelError, match="is damaged"):
        model_of(PoseSettings(model="movenet-multipose-site", folder=tmp_path))


def test_it_stops_on_ctrl_c_and_goes_on(tmp_path: Path) -> None:
    """The process is interrupted in its first epochs; the resumed run ends like one that was left alone."""
    write_turned(tmp_path / "turned")
    options = (*SMALL[2:], *judged_by_the_same(tmp_path), "--epochs", "12")
    arguments = ["models", *train(tmp_path, *options)]
    command = [sys.executable, "-c", "from spotter.cli import main; main()", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    steps = tmp_path / "site.log" / "steps.csv"
    until = time.monotonic() + 120
    while not (steps.is_file() and len(steps.read_text().splitlines()) > 2) and time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    checkpoint = tmp_path / "site.checkpoint.safetensors"
    assert f"--resume {checkpoint}" in told.replace("\n", "")
    assert "Traceback" not in told
    assert not (tmp_path / "site.safetensors").exists()
    refused = CliRunner().invoke(app, arguments[1:])
    assert "was stopped before its end" in str(refused.exception)
    for more in (("--resume", str(checkpoint)), ()):
        out = "site.safetensors" if more else "whole.safetensors"
        done = CliRunner().invoke(app, train(tmp_path, *options, *more, out=out), catch_exceptions=False)
        assert done.exit_code == 0, done.output
    resumed, whole = load_file(tmp_path / "site.safetensors"), load_file(tmp_path / "whole.safetensors")
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)


def test_without_images_to_judge_by_it_says_so_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_turned(tmp_path / "turned")
    done = CliRunner().invoke(app, train(tmp_path, *SMALL[2:], "--epochs", "1"), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "1 of 6 images (20%, by chance) are held out" in done.output
    assert "frames of the same videos" in done.output


def broken(folder: Path, what: str) -> tuple[str, ...]:
    """Spoil one thing; the options that are added."""
    labels = folder / "turned" / "labels.json"
    data = json.loads(labels.read_text())
    if what == "no people":
        data["annotations"] = []
    elif what == "wrong keypoint count":
        for each in data["annotations"]:
            each["keypoints"] = each["keypoints"][:30]
    elif what == "missing image":
        (folder / "turned" / "images" / "0.png").unlink()
    elif what == "broken image":
        (folder / "turned" / "images" / "0.png").write_bytes(b"\x89PNG and nothing")
    elif what == "output exists":
        (folder / "site.safetensors").write_bytes(b"mine")
    labels.write_text(json.dumps(data))
    return {
        "one of two": ("--val-images", str(folder)),
        "start": ("--start", str(labels)),
        "no checkpoint": ("--resume", str(folder / "gone")),
        "odd size": ("--input-size", "100"),
        "freeze": ("--freeze", "heads"),
        "device": ("--device", "openvino"),
        "broken image": ("--batch", "1"),
    }.get(what, ())


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("no people", "nobody is labelled in the training images (6 images)"),
        ("wrong keypoint count", "of no known form"),
        ("missing image", "image '0.png' is named in the labels"),
        ("broken image", "cannot be decoded"),
        ("output exists", "is there already"),
        ("one of two", "only one of --val-images and --val-annotations"),
        ("start", "is not a safetensors file"),
        ("no checkpoint", "cannot read checkpoint"),
        ("odd size", "not a multiple of 32"),
        ("freeze", "Use none or backbone"),
        ("device", "Training runs on auto, cpu or cuda"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(tmp_path: Path, what: str, says: str) -> None:
    write_turned(tmp_path / "turned")
    more = broken(tmp_path, what)
    done = CliRunner().invoke(app, train(tmp_path, *SMALL[:4], "--input-size", "64", *more))
    assert isinstance(done.exception, SpotterError), done.output
    assert says in str(done.exception)
    assert done.exception.mend
    assert "\n" not in str(done.exception)
    kept = (tmp_path / "site.safetensors").read_bytes() if what == "output exists" else None
    assert kept in (None, b"mine")


def test_without_torch_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "torch" else find(name, *more))
    done = CliRunner().invoke(app, train(tmp_path))
    assert 'pip install "spotter-safety[torch,evaluate]"' in str(done.exception)


def test_the_command_group_needs_no_torch() -> None:
    code = "import sys; import spotter.cli.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def spoiled(path: Path, what: str) -> None:
    weights = load_file(SHIPPED)
    name = "heads.center.output.bias"
    if what == "text":
        path.write_text("weights")
    elif what == "another network":
        save_file({"a": np.zeros(3, np.float16)}, path)
    elif what == "single precision":
        save_file({key: each.astype(np.float32) for key, each in weights.items()}, path)
    elif what == "not finite":
        save_file({**weights, name: np.full_like(weights[name], np.nan)}, path)
    elif what == "cut off":
        path.write_bytes(SHIPPED.read_bytes()[:-1000])
    elif what == "endless header":
        path.write_bytes((2**62).to_bytes(8, "little") + b"{")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("text", "is not a safetensors file"),
        ("another network", "of another network"),
        ("single precision", "is not a safetensors file in half precision"),
        ("not finite", "not finite in 'heads.center.output.bias'"),
        ("cut off", "is cut off"),
        ("endless header", "is not a safetensors file"),
        ("gone", "cannot read model file"),
    ],
)
def test_bad_weights_are_one_line(tmp_path: Path, what: str, says: str) -> None:
    path = tmp_path / "a.safetensors"
    spoiled(path, what)
    with pytest.raises(ModelError, match=says):
        read_weights(path)


def test_shipped_weights_are_read_as_torch_reads_them() -> None:
    ours, theirs = read_weights(SHIPPED), load_file(SHIPPED)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert ours.keys() == theirs.keys()
    assert all(torch.from_numpy(each.copy()).dtype == torch.float16 for each in list(ours.values())[:2])
