"""Calibrations beside models: what is refused, where they are looked for, what they do to finds, and the command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from spotter.cli.checks import Verdict, check_calibration
from spotter.cli.models_calibrate import calibrate_model
from spotter.core.contracts import Image
from spotter.core.errors import ConfigError, ModelError, SpotterError
from spotter.core.settings import PoseSettings, Settings
from spotter.ergonomics.gates import CALIBRATED, RAW
from spotter.pose.calibration.calibrated import Calibrated
from spotter.pose.calibration.curves import GROUPS
from spotter.pose.calibration.file import SUFFIX, read_calibration, write_calibration
from spotter.pose.calibration.make import LEAST_KEYPOINTS, calibrate
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.factory import calibration_of, calibration_places, model_of
from spotter.pose.models import Detections
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION
from spotter.pose.models.weights import WEIGHTS_FOLDER

NAME = f"{MODEL_NAME}/{MODEL_VERSION}"
SHIPPED = WEIGHTS_FOLDER / f"{MODEL_NAME}-{MODEL_VERSION}{SUFFIX}"


def changed(tmp_path: Path, **change: object) -> Path:
    """The shipped calibration with other values at the top."""
    path = tmp_path / "x.calibration.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text()), **change}))
    return path


def test_the_shipped_calibration_is_of_the_shipped_model_and_says_where_it_is_from() -> None:
    found = read_calibration(SHIPPED, NAME)
    assert found.input_size == PoseSettings().input_size
    assert [part.name for part in found.sets] == ["coco_keypoints", "simulated"]
    assert sum(part.keypoints for part in found.sets) == sum(group.keypoints for group in found.groups.values())
    assert found.held_out.ece < 0.05 < 0.2 < found.held_out.ece_raw
    assert found.held_out.brier < found.held_out.brier_raw
    assert 0.85 < found.held_out.coverage["0.90"] < 0.95


def test_calibrated_gates_are_where_the_shipped_calibration_puts_the_raw_ones() -> None:
    curves = read_calibration(SHIPPED, NAME).curves

    def at(raw: float, *groups: str) -> float:
        chances = curves.probabilities(np.full((1, 17), raw))[0]
        return float(np.mean([chances[GROUPS[group][0]] for group in groups]))

    assert pytest.approx(at(RAW.torso, "shoulders", "hips"), abs=0.05) == CALIBRATED.torso
    assert pytest.approx(at(RAW.legs, "knees", "ankles"), abs=0.05) == CALIBRATED.legs
    assert pytest.approx(at(RAW.head, "head"), abs=0.02) == CALIBRATED.head
    assert pytest.approx(at(RAW.weak, *GROUPS), abs=0.03) == CALIBRATED.weak


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "movenet-multipose/2"}, "is of model 'movenet-multipose/2', not of 'movenet-multipose/1'"),
        ({"format": 2}, "cannot be used: format"),
        ({"right_oks": 0.75}, "right_oks"),
        ({"groups": {}}, "has no curve for head"),
        ({"groups": {"head": {"keypoints": 1, "right": 1, "confidence": [0, -1], "deviation": [0, 0, 0]}}}, "greater"),
        ({"groups": {"head": {"keypoints": 1, "right": 1, "confidence": [0], "deviation": [0, 0, 0]}}}, "groups.head"),
        ({"groups": {"head": {"keypoints": 1, "right": 1, "confidence": [float("nan"), 1]}}}, "groups.head"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_another_calibration_is_one_line(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = changed(tmp_path, **change)
    with pytest.raises(ModelError) as failure:
        read_calibration(path, NAME)
    assert says in str(failure.value)
    assert str(path) in str(failure.value)
    assert "spotter models calibrate" in failure.value.mend
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"{}", b" " * (1024 * 1024 + 1)])
def test_what_is_no_calibration_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.calibration.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"calibration '.*x\.calibration\.json'") as failure:
        read_calibration(path, NAME)
    assert "\n" not in str(failure.value)


def test_a_calibration_comes_back_as_it_was_written(tmp_path: Path) -> None:
    found = read_calibration(SHIPPED, NAME)
    path = tmp_path / "new" / "y.calibration.json"
    write_calibration(path, found)
    assert path.read_bytes() == SHIPPED.read_bytes()
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(ModelError, match="cannot write calibration"):
        write_calibration(path / "below" / "z.json", found)


def test_the_users_own_calibration_comes_before_the_shipped_one(tmp_path: Path) -> None:
    settings = PoseSettings(folder=tmp_path)
    own, shipped = calibration_places(settings, NAME)
    assert (own.parent, shipped) == (tmp_path, SHIPPED)
    first = calibration_of(settings, NAME)
    shutil.copy(changed(tmp_path, made="2027-01-31"), own)
    second = calibration_of(settings, NAME)
    assert first is not None
    assert second is not None
    assert (first.made, second.made) == ("2026-11-25", "2027-01-31")


def test_a_file_of_the_users_has_its_calibration_beside_it_or_none(tmp_path: Path) -> None:
    file = tmp_path / "mine.onnx"
    by_file = PoseSettings(model="yolo11n-pose", file=file)
    fetched = PoseSettings(model="yolo11n-pose", folder=tmp_path)
    assert calibration_places(by_file, "yolo11n-pose/12345678") == (tmp_path / "mine.onnx.calibration.json",)
    assert calibration_places(fetched, "yolo11n-pose/12345678") == (tmp_path / "yolo11n-pose.onnx.calibration.json",)
    refined = PoseSettings(model="yolo11n-pose", file=file, refine="movenet-thunder")
    (beside,) = calibration_places(refined, "yolo11n-pose/12345678+movenet-thunder/12345678")
    assert beside.name == "mine.onnx+movenet-thunder.calibration.json"
    assert calibration_of(by_file, "yolo11n-pose/12345678") is None
    shutil.copy(changed(tmp_path, model="yolo11n-pose/87654321"), tmp_path / "mine.onnx.calibration.json")
    with pytest.raises(ModelError, match="is of model 'yolo11n-pose/87654321', not of 'yolo11n-pose/12345678'"):
        calibration_of(by_file, "yolo11n-pose/12345678")


class OneFind:
    """A `PoseModel` that finds one person, whatever it is shown."""

    name, device, input_size = NAME, "cpu", 384
    loaded = False

    def load(self) -> None:
        self.loaded = True
        self.input_size = 640

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        height = images[0].shape[0]
        box = np.array([[10, 10, 10 + height / 4, 10 + height / 2]], np.float32)
        points = np.full((1, 17, 2), 20, np.float32)
        return [Detections(box, np.ones(1, np.float32), points, np.full((1, 17), 0.4, np.float32))] * len(images)


def test_calibrated_finds_keep_their_place_and_get_probabilities_and_deviations() -> None:
    inner = OneFind()
    calibration = read_calibration(SHIPPED, NAME)
    model = Calibrated(inner, calibration)
    model.load()
    assert inner.loaded
    assert model.input_size == 640
    small, large = (model.predict([np.zeros((h, h * 4 // 3, 3), np.uint8)])[0] for h in (480, 960))
    raw = inner.predict([np.zeros((480, 640, 3), np.uint8)])[0]
    np.testing.assert_array_equal(small.keypoints, raw.keypoints)
    np.testing.assert_array_equal(small.scores, raw.scores)
    np.testing.assert_array_equal(small.confidences, calibration.curves.probabilities(raw.confidences))
    assert small.deviations is not None
    assert large.deviations is not None
    assert (small.deviations.dtype, small.deviations.shape) == (np.float32, (1, 17))
    # The same person on a picture of twice the size: the same on the network's input, twice as far in the picture.
    np.testing.assert_allclose(large.deviations, 2 * small.deviations, rtol=1e-5)
    assert (small.deviations[0, [11, 12]] > small.deviations[0, [5, 6]]).all()


def test_the_settings_make_a_calibrated_model_unless_asked_otherwise() -> None:
    assert isinstance(model_of(PoseSettings(device="cpu")), Calibrated)
    raw = model_of(PoseSettings(device="cpu"), calibrated=False)
    assert not isinstance(raw, Calibrated)
    assert raw.name == NAME


def test_the_doctor_says_whether_a_model_is_calibrated() -> None:
    fine = check_calibration(Settings(pose=PoseSettings(device="cpu")))
    assert fine.verdict is Verdict.OK
    assert "calibration error 0.29 without, 0.03 with it" in fine.detail
    other = check_calibration(Settings(pose=PoseSettings(device="cpu", input_size=512)))
    assert other.verdict is Verdict.WARN
    assert "made at 384 px, used at 512" in other.detail


@pytest.mark.shared
def test_the_doctor_says_that_a_model_is_not_calibrated(shared_dir: Path, tmp_path: Path) -> None:
    file = shared_dir / "models" / "yolo11n-pose.onnx"
    none = check_calibration(Settings(pose=PoseSettings(device="cpu", model="yolo11n-pose", file=file)))
    assert none.verdict is Verdict.WARN
    assert "is not calibrated" in none.detail
    assert "spotter models calibrate" in none.mend
    gone = check_calibration(
        Settings(pose=PoseSettings(device="cpu", model="yolo11n-pose", file=tmp_path / "gone.onnx"))
    )
    assert (gone.verdict, gone.detail) == (Verdict.WARN, "not looked at: there is no model")


def test_too_little_is_refused(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    cv2.imwrite(str(images / "a.jpg"), np.zeros((40, 40, 3), np.uint8))
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}))
    with pytest.raises(ModelError, match=f"0 labelled keypoints were found, not {LEAST_KEYPOINTS} or more"):
        calibrate([("a", read_labels(labels, images), [Detections.none()])], NAME, 384, "2026-11-25")


def run(*arguments: object) -> SpotterError | None:
    """The command; what it raised, or None."""
    import typer

    app = typer.Typer()
    app.command()(calibrate_model)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is None or isinstance(result.exception, SystemExit):
        return None
    assert isinstance(result.exception, SpotterError), result.exception
    return result.exception


def test_the_command_wants_labels_for_each_folder(tmp_path: Path) -> None:
    error = run("--images", tmp_path, "--images", tmp_path, "--annotations", tmp_path)
    assert isinstance(error, ConfigError)
    assert "--images is given 2 times and --annotations 1 times" in error.message
    assert "--input-size is 100" in str(run("--images", tmp_path, "--annotations", tmp_path, "--input-size", 100))
    assert "is not there" in str(run("--images", tmp_path / "gone", "--annotations", tmp_path))


@pytest.mark.shared
def test_the_command_calibrates_a_model_which_is_then_used(shared_dir: Path, tmp_path: Path) -> None:
    coco = shared_dir / "data" / "coco_keypoints"
    out, picture = tmp_path / "models" / SHIPPED.name, tmp_path / "reliability.png"
    assert run(
        "--images", coco / "images", "--annotations", coco / "person_keypoints.json", "--device", "cpu",
        "--input-size", 256, "--out", out, "--picture", picture,
    ) is None  # fmt: skip
    made = read_calibration(out, NAME)
    assert (made.input_size, made.sets[0].name, made.sets[0].images) == (256, "coco_keypoints", 24)
    assert made.held_out.ece < made.held_out.ece_raw
    assert str(tmp_path) not in out.read_text()
    drawn = cv2.imread(str(picture))
    assert min(drawn.shape[:2]) > 400
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 20
    model = model_of(PoseSettings(folder=out.parent, device="cpu", input_size=256))
    assert isinstance(model, Calibrated)
    assert model.calibration == made
