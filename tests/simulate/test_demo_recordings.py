"""The recorded skeletons are what the default model sees in the shipped clips."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import spotter
from spotter.core.errors import SourceError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.models import PoseModel
from spotter.simulate import recordings as module
from spotter.simulate.recordings import CLIPS, FILE, recordings

DEMO = Path(spotter.__file__).with_name("demo")
MOST_BYTES = 400_000


@pytest.fixture(scope="module")
def model() -> PoseModel:
    made = model_of(PoseSettings(device="cpu", threads=1))
    made.load()
    return made


@pytest.mark.parametrize("name", CLIPS)
def test_the_default_model_sees_it_again(name: str, model: PoseModel) -> None:
    recording = recordings()[name]
    capture = cv2.VideoCapture(str(DEMO / f"{name}.mp4"))
    assert len(recording) == capture.get(cv2.CAP_PROP_FRAME_COUNT)
    assert recording.fps == capture.get(cv2.CAP_PROP_FPS)
    assert recording.model == model.name
    for index in (0, 40, 90):
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        read, image = capture.read()
        assert read
        (found,) = model.predict([np.asarray(image, np.uint8)])
        assert (recording.height, recording.width) == image.shape[:2]
        # Kernels differ between processors in the last bits; a tenth of a pixel is far below the model's own noise.
        np.testing.assert_allclose(recording.keypoints[index], found.keypoints[0], atol=0.1)
        np.testing.assert_allclose(recording.boxes[index], found.boxes[0], atol=0.1)
        np.testing.assert_allclose(recording.confidences[index], found.confidences[0], atol=0.01)
        np.testing.assert_allclose(recording.scores[index], found.scores[0], atol=0.01)
        np.testing.assert_allclose(recording.deviations[index], found.deviations[0], rtol=0.05)
    capture.release()


def test_the_file_is_small_and_its_arrays_cannot_be_written() -> None:
    assert (DEMO / FILE).stat().st_size < MOST_BYTES
    with pytest.raises(ValueError, match="read-only"):
        recordings()["aisle"].keypoints[0] = 0


@pytest.mark.parametrize("damage", ["missing", "cut", "another array"])
def test_a_damaged_file_is_one_line(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / FILE
    if damage == "cut":
        path.write_bytes((DEMO / FILE).read_bytes()[:1000])
    elif damage == "another array":
        np.savez(path, dock_scores=np.zeros(3, np.float32), dock_boxes=np.zeros((4, 4), np.float32))
    monkeypatch.setattr(module, "FILE", str(path))
    recordings.cache_clear()
    try:
        with pytest.raises(SourceError, match=r"recorded skeletons .* cannot be read") as failure:
            recordings()
        assert "\n" not in str(failure.value)
    finally:
        recordings.cache_clear()
