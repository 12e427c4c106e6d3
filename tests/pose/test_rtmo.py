"""RTMO from an ONNX file with the inputs and outputs of its authors' exporter. Weights were not obtainable here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphs import write_constant_graph

from spotter.core.errors import ModelError
from spotter.pose.models import create_model
from spotter.pose.models.rtmo import RtmoOnnx


def outputs(keypoints: int = 17) -> dict[str, np.ndarray]:
    people = np.zeros((1, 3, 5), np.float32)
    people[0, :, 4] = [0.4, 0.9, 0.2]
    people[0, :, 2:4] = 32
    points = np.zeros((1, 3, keypoints, 3), np.float32)
    points[0, 1, :, :2] = (16, 8)
    points[0, :, :, 2] = 0.7
    return {"dets": people, "keypoints": points}


def test_people_come_back_in_image_pixels_best_first(tmp_path: Path) -> None:
    file = write_constant_graph(tmp_path / "rtmo.onnx", outputs())
    model = create_model("rtmo-s", file=file, threads=1)
    model.load()
    assert model.name.startswith("rtmo-s/")
    (found,) = model.predict([np.zeros((100, 200, 3), np.uint8)])
    assert found.scores.tolist() == pytest.approx([0.9, 0.4])
    # 200 px wide on 64: a gain of 0.32, picture at the top left.
    assert found.keypoints[0, 0].tolist() == pytest.approx([50, 25])
    assert found.boxes[0].tolist() == pytest.approx([0, 0, 100, 100])
    assert found.confidences[0].tolist() == pytest.approx([0.7] * 17)


@pytest.mark.parametrize(
    ("given", "says"),
    [(outputs(21), "21 keypoints"), ({"dets": outputs()["dets"]}, "is not an RTMO export")],
)
def test_another_file_is_refused(tmp_path: Path, given: dict[str, np.ndarray], says: str) -> None:
    model = RtmoOnnx("rtmo-x", write_constant_graph(tmp_path / "x.onnx", given), threads=1)
    with pytest.raises(ModelError, match=says):
        model.load()
