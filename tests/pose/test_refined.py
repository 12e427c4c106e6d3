"""A second look at each person's crop. Thunder's weights are the released ones, from beside the repository.

`tests/golden/pose_movenet_thunder.npz` was made once by running the released TF.js graph, operation by operation, on a
square of each golden input: (17, 3) of y, x and score, 0..1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from graphs import write_constant_graph

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.library import fetch
from spotter.pose.models import Detections, PoseModel, create_model
from spotter.pose.models.refined import PICTURE_SIZE, Refined, merge
from spotter.pose.models.registry import family_of
from spotter.pose.models.thunder import HEADS, ThunderCrops
from spotter.pose.models.thunder_decode import CropPoses

GOLDEN = Path(__file__).parent.parent / "golden"
SIZE = 256


def spotter(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from spotter.cli import main; main()", *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def golden_image(scene: str) -> Image:
    with np.load(GOLDEN / "pose_movenet_multipose.npz") as stored:
        image = cv2.imdecode(stored[f"{scene}_input"], cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def golden_square(scene: str) -> Image:
    square = np.zeros((SIZE, SIZE, 3), np.uint8)
    part = golden_image(scene)[:SIZE, 64 : 64 + SIZE]
    square[: part.shape[0], : part.shape[1]] = part
    return square


@pytest.fixture(scope="module")
def folder(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    source = shared_dir / "models" / "movenet-thunder.json"
    fetch(place, HEADS.name, str(source), convert=family_of(HEADS.name).convert)
    return place


@pytest.fixture(scope="module")
def crops(folder: Path) -> ThunderCrops:
    made = ThunderCrops(folder / "movenet-thunder.onnx", threads=1)
    made.load()
    return made


@pytest.fixture(scope="module")
def base() -> PoseModel:
    made = create_model("movenet-multipose", device="cpu", threads=1)
    made.load()
    return made


@pytest.mark.shared
@pytest.mark.parametrize("scene", ["dock", "fallen", "crowd"])
def test_a_crop_gives_what_the_released_graph_gives(crops: ThunderCrops, scene: str) -> None:
    with np.load(GOLDEN / "pose_movenet_thunder.npz") as stored:
        released = stored[scene]
    found = crops.whole(golden_square(scene))
    np.testing.assert_allclose(found.keypoints[0], released[:, 1::-1] * SIZE, atol=1e-3)
    np.testing.assert_allclose(found.confidences[0], released[:, 2], atol=1e-5)


@pytest.mark.shared
def test_people_stay_and_their_keypoints_move(base: PoseModel, crops: ThunderCrops) -> None:
    image = golden_image("crowd")
    model = Refined(base, crops, "movenet-thunder/x")
    model.load()
    assert model.name == "movenet-multipose/1+movenet-thunder/x"
    assert (model.device, model.input_size) == ("cpu", PICTURE_SIZE)
    (plain,) = base.predict([image])
    blank, refined, again = model.predict([np.zeros_like(image), image, image])
    assert len(blank) == 0
    assert len(refined) == len(plain) == 5
    assert refined.boxes.tobytes() == plain.boxes.tobytes()
    assert refined.scores.tobytes() == plain.scores.tobytes()
    assert refined.keypoints.tobytes() == again.keypoints.tobytes()
    assert refined.confidences.tobytes() == again.confidences.tobytes()
    moved = np.abs(refined.keypoints - plain.keypoints).max((1, 2))
    assert (moved > 0.5).sum() >= 4
    assert (moved < 60).all()
    assert refined.deviations is None


@pytest.mark.shared
def test_only_so_many_people_get_a_second_look(base: PoseModel, crops: ThunderCrops) -> None:
    image = golden_image("crowd")
    (plain,) = base.predict([image])
    (some,) = Refined(base, crops, "x", max_people=2).predict([image])
    (every,) = Refined(base, crops, "x").predict([image])
    np.testing.assert_array_equal(some.keypoints[:2], every.keypoints[:2])
    np.testing.assert_array_equal(some.keypoints[2:], plain.keypoints[2:])
    assert not np.array_equal(every.keypoints[2:], plain.keypoints[2:])


@pytest.mark.shared
def test_settings_put_the_second_look_around_any_model(folder: Path) -> None:
    model = model_of(PoseSettings(refine="movenet-thunder", folder=folder, threads=1, device="cpu", input_size=256))
    model.load()
    assert model.name.startswith("movenet-multipose/1+movenet-thunder/")
    assert len(model.predict([golden_image("crowd")])[0]) >= 3


def test_a_second_look_without_its_file_says_how_to_bring_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="spotter models fetch movenet-thunder --from FILE"):
        model_of(PoseSettings(refine="movenet-thunder", folder=tmp_path, device="cpu"))


@pytest.mark.shared
def test_thunder_alone_finds_the_one_person_of_a_picture(folder: Path) -> None:
    model = create_model("movenet-thunder", file=folder / "movenet-thunder.onnx", threads=1, device="cpu")
    model.load()
    image = golden_image("dock")
    found, nobody = model.predict([image, np.zeros((90, 160, 3), np.uint8)])
    assert (len(found), len(nobody)) == (1, 0)
    height, width = image.shape[:2]
    assert (found.boxes >= 0).all()
    assert (found.boxes <= (width, height, width, height)).all()
    whole = create_model("movenet-multipose", device="cpu", threads=1)
    whole.load()
    (peer,) = whole.predict([image])
    assert np.abs(found.keypoints[0] - peer.keypoints[0]).mean() < 8


def people(count: int) -> Detections:
    """Standing side by side, 40 px wide and 100 px tall."""
    body = np.random.default_rng(0).uniform((0, 0), (40, 100), (17, 2)).astype(np.float32)
    left = 60 * np.arange(count, dtype=np.float32)
    corners = np.stack([left, np.zeros(count), left + 40, np.full(count, 100)], 1).astype(np.float32)
    keypoints = body + np.stack([left, np.zeros(count)], 1).astype(np.float32)[:, None]
    return Detections(
        corners,
        np.linspace(0.9, 0.5, count, dtype=np.float32),
        keypoints,
        np.full((count, 17), 0.4, np.float32),
        np.ones((count, 17), np.float32),
    )


def poses(keypoints: npt.NDArray[np.float32]) -> CropPoses:
    count = len(keypoints)
    return CropPoses(np.ones(count, np.float32), keypoints, np.full((count, 17), 0.8, np.float32))


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        (lambda points: points, [True, True, True]),
        (lambda points: points + 3, [True, True, True]),
        (lambda points: points + np.array([[[0]], [[500]], [[0]]]), [True, False, True]),  # nobody there
        (lambda points: points[[0, 0, 2]], [True, False, True]),  # somebody better
        (lambda points: points[[1, 1, 2]], [False, True, True]),  # a neighbour: hardly agrees
        (lambda points: points * np.array([[[1]], [[np.nan]], [[1]]]), [True, False, True]),
    ],
)
def test_a_pose_that_is_somebody_elses_is_not_taken_over(
    change: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]], taken: list[bool]
) -> None:
    before = people(3)
    offered = poses(change(before.keypoints).astype(np.float32))
    after = merge(before, offered)
    for person, is_taken in enumerate(taken):
        source = offered if is_taken else before
        np.testing.assert_array_equal(after.keypoints[person], source.keypoints[person])
        np.testing.assert_array_equal(after.confidences[person], source.confidences[person])
    assert after.deviations is None
    assert after.boxes is before.boxes


def test_two_boxes_on_one_person_do_not_become_one_skeleton_twice() -> None:
    before = people(2)
    close = Detections(
        np.array([[0, 0, 40, 100], [12, 0, 52, 100]], np.float32),
        before.scores,
        np.stack([before.keypoints[0], before.keypoints[0] + np.array([12, 0], np.float32)]),
        before.confidences,
    )
    after = merge(close, poses(np.stack([close.keypoints[0], close.keypoints[0] + 1])))
    np.testing.assert_array_equal(after.keypoints, close.keypoints)
    assert after.confidences[:, 0].tolist() == pytest.approx([0.8, 0.4])


def test_the_file_of_another_model_is_refused(tmp_path: Path) -> None:
    outputs = {name: np.zeros((1, count, 64, 64), np.float32) for name, count in HEADS.channels.items()}
    outputs["keypoint_heat"] = np.zeros((1, 33, 64, 64), np.float32)
    file = write_constant_graph(tmp_path / "x.onnx", outputs, pixels=True, shape=("batch", "height", "width", 3))
    with pytest.raises(ModelError, match="is not MoveNet Thunder: it takes tensor"):
        ThunderCrops(file).load()
    (tmp_path / "text.onnx").write_text("weights")
    with pytest.raises(ModelError, match="is not an ONNX file"):
        create_model("movenet-thunder", file=tmp_path / "text.onnx", device="cpu").load()


@pytest.mark.shared
def test_fetch_and_list_as_a_person_runs_them(shared_dir: Path, folder: Path, tmp_path: Path) -> None:
    source = shared_dir / "models" / "movenet-thunder.json"
    done = spotter("models", "fetch", "movenet-thunder", "--from", str(source), "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "pose.refine: movenet-thunder" in " ".join(done.stdout.split())
    assert (tmp_path / "movenet-thunder.onnx").read_bytes() == (folder / "movenet-thunder.onnx").read_bytes()
    rows = spotter("models", "list", "--folder", str(tmp_path)).stdout.splitlines()
    states = {row.split()[0]: row for row in rows if row}
    assert "Apache-2.0" in states["movenet-thunder"]
    assert "whole" in states["movenet-thunder"]
    assert "not here" in states["posenet"]
    wrong = spotter("models", "fetch", "posenet", "--from", str(source), "--folder", str(tmp_path))
    assert wrong.returncode == 4
    assert "is not PoseNet as released" in wrong.stderr
    assert len(wrong.stderr.strip().splitlines()) == 1


def test_a_source_that_is_no_graph_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ModelError, match="not a whole"):
        fetch(tmp_path / "m", HEADS.name, str(tmp_path / "model.json"), convert=family_of(HEADS.name).convert)
    assert not list((tmp_path / "m").iterdir())
