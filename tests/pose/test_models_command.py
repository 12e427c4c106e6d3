"""`spotter models` as a person runs it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER


def spotter(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from spotter.cli import main; main()", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    )


def test_list_names_the_model_its_licence_and_its_state() -> None:
    done = spotter("models", "list")
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[1]
    for expected in ("movenet-multipose", "Apache-2.0", "Google", "4,723,346", "whole"):
        assert expected in row
    assert "Calibrated" in done.stdout.splitlines()[0]
    assert row.rstrip().endswith("384 px")


@pytest.mark.shared
def test_list_says_which_models_are_not_calibrated_and_refuses_a_calibration_of_others(
    shared_dir: Path, tmp_path: Path
) -> None:
    shutil.copy(shared_dir / "models" / "yolo11n-pose.onnx", tmp_path)
    digest = hashlib.sha256((tmp_path / "yolo11n-pose.onnx").read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  yolo11n-pose.onnx\n")
    done = spotter("models", "list", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("yolo11n-pose"))
    assert row.split()[-2:] == ["whole", "no"]
    shutil.copy(
        WEIGHTS_FOLDER / "movenet-multipose-1.calibration.json", tmp_path / "yolo11n-pose.onnx.calibration.json"
    )
    other = spotter("models", "list", "--folder", str(tmp_path))
    assert other.returncode == 4
    assert f"is of model 'movenet-multipose/1', not of 'yolo11n-pose/{digest[:8]}'" in other.stderr


@pytest.mark.shared
def test_import_writes_the_shipped_weights_and_a_graph_that_runs(shared_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = spotter("models", "import-movenet", str(shared_dir / "models" / "movenet-multipose.json"), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "identical to those shipped" in done.stderr
    assert (out / WEIGHTS_FILE).read_bytes() == (WEIGHTS_FOLDER / WEIGHTS_FILE).read_bytes()
    model = MoveNetOnnx(folder=out, input_size=128)
    model.load()
    assert len(model.predict([np.zeros((48, 64, 3), np.uint8)])) == 1


@pytest.mark.shared
def test_import_refuses_another_graph_and_writes_nothing(shared_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = spotter("models", "import-movenet", str(shared_dir / "models" / "movenet-thunder.json"), "--out", str(out))
    assert done.returncode == 4
    assert "is not MoveNet MultiPose" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_import_of_a_missing_file_is_one_line(tmp_path: Path) -> None:
    done = spotter("models", "import-movenet", str(tmp_path / "model.json"))
    assert done.returncode == 4
    assert len(done.stderr.strip().splitlines()) == 1
    assert "No such file" in done.stderr
