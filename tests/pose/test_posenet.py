"""PoseNet, from keypoints to people. Its weights are not here: maps are drawn, and files are small stand-ins.

With the released graph and decoder (TensorFlow.js, npm: @tensorflow-models/posenet) it was compared once by hand; the
slow reference beside this file follows the same description.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from graphs import write_constant_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from posenet_reference import reference_people

from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.library import fetch
from spotter.pose.models import create_model
from spotter.pose.models.posenet import PoseNetOnnx
from spotter.pose.models.posenet_decode import EDGES, PoseNetLimits, decode

ALL = PoseNetLimits(min_score=0, max_people=20)
ROWS, COLUMNS = 19, 25
Maps = list[npt.NDArray[np.float32]]


def body(x: float, y: float, size: float) -> npt.NDArray[np.float32]:
    """A standing person: (17, 2) x y px, nose at (x, y)."""
    shape = {0: (0, 0), 1: (1, -1), 2: (-1, -1), 3: (2, 0), 4: (-2, 0), 5: (3, 4), 6: (-3, 4), 7: (4, 8), 8: (-4, 8)}
    shape |= {9: (4, 12), 10: (-4, 12), 11: (2, 12), 12: (-2, 12), 13: (2, 17), 14: (-2, 17), 15: (2, 22), 16: (-2, 22)}
    return np.array([[x + size * shape[k][0], y + size * shape[k][1]] for k in range(17)], np.float32)


def maps_of(people: list[npt.NDArray[np.float32]], logits: list[float]) -> Maps:
    """Maps in which each cell speaks for the nearest keypoint of its kind, and only cells on one are sure."""
    heat = np.full((17, ROWS, COLUMNS), -6, np.float32)
    offsets = np.zeros((34, ROWS, COLUMNS), np.float32)
    moves = np.zeros((2, 32, ROWS, COLUMNS), np.float32)
    grid = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), -1) * 16.0
    everyone = np.stack(people)
    for keypoint in range(17):
        nearest = ((grid[:, :, None] - everyone[:, keypoint]) ** 2).sum(-1).argmin(-1)
        offsets[keypoint + 17], offsets[keypoint] = np.moveaxis(everyone[nearest, keypoint] - grid, -1, 0)
        for edge, (parent, child) in enumerate(EDGES):
            for one, (source, target) in enumerate(((parent, child), (child, parent))):
                if source == keypoint:
                    by = everyone[nearest, target] - everyone[nearest, source]
                    moves[one, edge + 16], moves[one, edge] = np.moveaxis(by, -1, 0)
        for person, logit in zip(people, logits, strict=True):
            column, row = np.floor(person[keypoint] / 16 + 0.5).astype(int)
            if 0 <= row < ROWS and 0 <= column < COLUMNS:
                heat[keypoint, row, column] = logit
    return [heat, offsets, moves[0], moves[1]]


def test_each_drawn_person_is_found_whole_best_first() -> None:
    drawn = [body(80, 30, 9), body(200, 60, 8), body(320, 20, 10)]
    found = decode(maps_of(drawn, [1.0, 3.0, 2.0]), ALL)
    assert len(found) == 3
    for row, person in enumerate((1, 2, 0)):
        np.testing.assert_allclose(found.keypoints[row], drawn[person], atol=1e-3)
        low, high = drawn[person].min(0), drawn[person].max(0)
        np.testing.assert_allclose(
            found.boxes[row], [*(low - 0.1 * (high - low)), *(high + 0.1 * (high - low))], atol=0.01
        )
    assert found.scores == pytest.approx([1 / (1 + np.exp(-logit)) for logit in (3, 2, 1)], abs=1e-5)
    assert len(decode(maps_of(drawn, [1.0, 3.0, 2.0]), PoseNetLimits(max_people=1))) == 1
    assert len(decode(maps_of(drawn, [1.0, 3.0, 2.0]), PoseNetLimits(min_score=0.8))) == 2


def test_nobody_and_one_person_twice() -> None:
    assert len(decode(maps_of([body(80, 30, 9)], [-1.0]), ALL)) == 0
    drawn = body(80, 30, 9)
    # Every keypoint is a root of the same person.
    assert len(decode(maps_of([drawn, drawn + 3], [3.0, 3.0]), ALL)) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.5, 30), st.sampled_from([1, 3, 20]))
def test_all_at_once_gives_what_one_by_one_gives(seed: int, reach: float, most: int) -> None:
    random = np.random.default_rng(seed)
    heat = random.normal(-2, 1.5, (17, 7, 9)).astype(np.float32)
    offsets = random.normal(0, 8, (34, 7, 9)).astype(np.float32)
    moves = random.normal(0, reach, (2, 32, 7, 9)).astype(np.float32)
    maps = [heat, offsets, moves[0], moves[1]]
    found = decode(maps, PoseNetLimits(min_score=0, max_people=most))
    expected = sorted(reference_people(maps, most), key=lambda person: -person[0])
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, [score for score, _, _ in expected], atol=1e-5)
    for points, sure in zip(found.keypoints, found.confidences, strict=True):
        fits = [abs(np.array(p) - points).max() + abs(np.array(s) - sure).max() for _, p, s in expected]
        assert min(fits) < 1e-3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_maps_that_are_not_finite_give_finite_people_or_none(which: int, bad: float) -> None:
    maps = maps_of([body(80, 30, 9), body(240, 30, 9)], [2.0, 3.0])
    maps[which][:, :, :8] = bad
    found = decode(maps, ALL)
    for field in (found.boxes, found.scores, found.keypoints, found.confidences):
        assert np.isfinite(field).all()


def stand_in(path: Path, maps: Maps) -> Path:
    names = ("heatmap", "offset", "displacement_forward", "displacement_backward")
    outputs = {name: each[None] for name, each in zip(names, maps, strict=True)}
    return write_constant_graph(path, outputs, pixels=True, shape=("batch", "height", "width", 3))


def test_people_come_back_in_image_pixels_by_name_and_by_settings(tmp_path: Path) -> None:
    drawn = body(200, 30, 9)
    file = stand_in(tmp_path / "given.onnx", maps_of([drawn], [3.0]))
    fetch(tmp_path / "models", "posenet", str(file))
    image = np.zeros((576, 768, 3), np.uint8)
    for model in (
        create_model("posenet", file=file, threads=1, device="cpu"),
        model_of(PoseSettings(model="posenet", folder=tmp_path / "models", threads=1, device="cpu")),
    ):
        model.load()
        assert model.name.startswith("posenet/")
        found, again = model.predict([image, image])
        np.testing.assert_allclose(found.keypoints[0], drawn * 2, atol=1e-2)
        assert found.keypoints.tobytes() == again.keypoints.tobytes()
        assert (found.boxes >= 0).all()
    assert model.predict([]) == []


def test_predict_before_load_is_a_programming_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"load\(\)"):
        PoseNetOnnx("posenet/x", tmp_path / "x.onnx").predict([])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"heatmap": np.zeros((1, 21, 9, 9), np.float32)}, r"is not PoseNet: .* heatmap \[1, 21, 9, 9\]"),
        ({"offset": np.zeros((1, 34), np.float32)}, "is not PoseNet"),
        ({"more": np.zeros((1, 1, 9, 9), np.float32)}, "is not PoseNet"),
    ],
)
def test_the_file_of_another_model_is_refused(tmp_path: Path, change: dict[str, np.ndarray], says: str) -> None:
    channels = {"heatmap": 17, "offset": 34, "displacement_forward": 32, "displacement_backward": 32}
    outputs = {name: np.zeros((1, count, 9, 9), np.float32) for name, count in channels.items()} | change
    file = write_constant_graph(tmp_path / "x.onnx", outputs, pixels=True, shape=("batch", "height", "width", 3))
    with pytest.raises(ModelError, match=says) as caught:
        create_model("posenet", file=file, device="cpu").load()
    assert "spotter models fetch posenet --from model.json" in caught.value.mend


def test_a_text_and_a_picture_of_other_layout_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("weights")
    with pytest.raises(ModelError, match="is not an ONNX file"):
        create_model("posenet", file=tmp_path / "text.onnx", device="cpu").load()
    maps = maps_of([body(200, 30, 9)], [3.0])
    names = ("heatmap", "offset", "displacement_forward", "displacement_backward")
    outputs = {name: each[None] for name, each in zip(names, maps, strict=True)}
    with pytest.raises(ModelError, match=r"it takes tensor\(float\) of shape \[1, 3, 64, 64\]"):
        create_model("posenet", file=write_constant_graph(tmp_path / "f.onnx", outputs), device="cpu").load()
