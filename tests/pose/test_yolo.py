"""YOLO-pose from ONNX files: layouts, decoding, letterbox, and files that are something else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from graphs import write_constant_graph
from hypothesis import example, given
from hypothesis import strategies as st

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.letterbox import GREY, fill, fit
from spotter.pose.models import create_model
from spotter.pose.models.yolo import YoloOnnx
from spotter.pose.models.yolo_decode import YoloLimits, decode, suppress_boxes
from spotter.pose.models.yolo_layout import YoloLayout, recognise

ANCHORS = 84
"""Of a 64x64 input: 64 + 16 + 4."""


@pytest.mark.parametrize(
    ("shape", "metadata", "expected"),
    [
        ((1, 56, 8400), {}, YoloLayout(False, False, 1, None, 3)),
        ((1, 8400, 56), {}, YoloLayout(False, True, 1, None, 3)),
        ((1, 300, 57), {}, YoloLayout(True, False, 1, None, 3, 300)),
        ((2, 300, 57), {"names": "{0: 'person'}"}, YoloLayout(True, False, 1, 0, 3, 300)),
        ((1, 135, 8400), {"names": str(dict.fromkeys(range(80), "x"))}, YoloLayout(False, False, 80, None, 3)),
        ((1, 57, 8400), {"names": "['dog', 'person']", "kpt_shape": "[17, 3]"}, YoloLayout(False, False, 2, 1, 3)),
        ((1, 39, 8400), {"kpt_shape": "[17, 2]"}, YoloLayout(False, False, 1, None, 2)),
        ((1, 56, 8500), {}, YoloLayout(False, False, 1, None, 3)),  # four levels, the P6 variants
        ((1, 56, 8400), {"names": "__import__('os')"}, YoloLayout(False, False, 1, None, 3)),
    ],
)
def test_the_layout_is_recognised(shape: tuple[int, ...], metadata: dict[str, str], expected: YoloLayout) -> None:
    assert recognise(shape, 640, 640, metadata) == expected


@pytest.mark.parametrize(
    ("shape", "metadata", "says"),
    [
        ((1, 84, 8400), {}, "numbers remain for keypoints"),  # a detector without keypoints: 80 classes
        ((1, 5, 8400), {}, "0 numbers remain"),
        ((1, 68, 8400), {}, "21 keypoints, not the 17"),  # hands
        ((1, 300, 69), {}, "21 keypoints, not the 17"),
        ((1, 56, 8400), {"kpt_shape": "[21, 3]"}, "says that it has 21 keypoints and gives out 17"),
        ((1, 56, 8400), {"kpt_shape": "[17, 4]"}, "a keypoint has 4 numbers"),
        ((1, 56, 8400), {"kpt_shape": "'?'"}, "shape '?'"),
        ((1, 1000), {}, "shape (1, 1000)"),
        ((1, 300, 6), {}, "shape (1, 300, 6)"),
    ],
)
def test_another_output_is_refused(shape: tuple[int, ...], metadata: dict[str, str], says: str) -> None:
    with pytest.raises(ModelError) as caught:
        recognise(shape, 640, 640, metadata)
    assert says in str(caught.value)
    assert caught.value.mend


def person(x: float, y: float, score: float, size: float = 20.0) -> np.ndarray:
    """One candidate of a raw output: box around (x, y), keypoints spread in it, each with confidence 0.5."""
    points = np.stack([np.full(17, x), y + np.arange(17) - 8.0, np.full(17, 0.5)], axis=1)
    return np.concatenate([[x, y, size, size, score], points.ravel()]).astype(np.float32)


def raw(*people: np.ndarray) -> np.ndarray:
    output = np.zeros((56, ANCHORS), np.float32)
    for index, each in enumerate(people):
        output[:, 7 * index] = each
    return output


RAW = YoloLayout(False, False, 1, None, 3)


def test_raw_candidates_become_people_best_first() -> None:
    found = decode(
        raw(person(20, 20, 0.4), person(21, 20, 0.9), person(50, 40, 0.6), person(5, 5, 0.1)), RAW, YoloLimits()
    )
    assert found.scores.tolist() == pytest.approx([0.9, 0.6])
    assert found.boxes.tolist() == [[11, 10, 31, 30], [40, 30, 60, 50]]
    assert found.keypoints[1, 0].tolist() == [50, 32]
    assert found.confidences.shape == (2, 17)
    assert (found.confidences == 0.5).all()


def test_both_raw_orders_give_the_same() -> None:
    output = raw(person(20, 20, 0.4), person(50, 40, 0.6))
    usual = decode(output, RAW, YoloLimits())
    turned = decode(output.T, YoloLayout(False, True, 1, None, 3), YoloLimits())
    assert usual.keypoints.tobytes() == turned.keypoints.tobytes()
    assert usual.boxes.tobytes() == turned.boxes.tobytes()


def test_final_people_are_filtered_by_score_and_class() -> None:
    rows = np.zeros((300, 57), np.float32)
    for row, (score, kind) in enumerate([(0.3, 1), (0.9, 1), (0.8, 0), (0.1, 1)]):
        rows[row, :6] = [10 * row, 0, 10 * row + 5, 9, score, kind]
    found = decode(rows, YoloLayout(True, False, 2, 1, 3), YoloLimits())
    assert found.scores.tolist() == pytest.approx([0.9, 0.3])
    assert found.boxes[0].tolist() == [10, 0, 15, 9]
    assert len(decode(rows, YoloLayout(True, False, 2, None, 3), YoloLimits())) == 3


def test_keypoints_without_a_score_take_the_persons() -> None:
    output = np.zeros((39, ANCHORS), np.float32)
    output[:5, 0] = [20, 20, 10, 10, 0.7]
    found = decode(output, YoloLayout(False, False, 1, None, 2), YoloLimits())
    assert found.confidences.tolist() == [pytest.approx([0.7] * 17)]


def test_nobody_and_a_limit() -> None:
    assert len(decode(raw(), RAW, YoloLimits())) == 0
    crowd = raw(*(person(6 * index, 10, 0.5 + index / 100, 4.0) for index in range(10)))
    found = decode(crowd, RAW, YoloLimits(max_people=3))
    assert found.scores.tolist() == pytest.approx([0.59, 0.58, 0.57])


boxes = st.lists(
    st.tuples(*[st.floats(0, 100, width=32)] * 2, *[st.floats(1, 50, width=32)] * 2, st.floats(0, 1, width=32)),
    max_size=12,
)


@given(boxes)
def test_suppression_keeps_the_best_and_nothing_that_overlaps_it(values: list[tuple[float, ...]]) -> None:
    table = np.array(values, np.float32).reshape(-1, 5)
    corners = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    scores = table[:, 4]
    kept = suppress_boxes(corners, scores, 0.7, 50)
    assert sorted(scores[kept], reverse=True) == scores[kept].tolist()

    def overlap(a: int, b: int) -> float:
        sides = np.minimum(corners[a, 2:], corners[b, 2:]) - np.maximum(corners[a, :2], corners[b, :2])
        shared = float(np.prod(np.maximum(sides, 0)))
        areas = [float(np.prod(corners[i, 2:] - corners[i, :2])) for i in (a, b)]
        return shared / (sum(areas) - shared)

    for place, one in enumerate(kept):
        assert all(overlap(one, other) <= 0.7 + 1e-5 for other in kept[place + 1 :])
    gone = set(range(len(table))) - set(kept.tolist())
    assert all(any(overlap(one, other) > 0.7 - 1e-5 and scores[other] >= scores[one] for other in kept) for one in gone)


@given(st.integers(1, 2000), st.integers(1, 2000), st.sampled_from([128, 384, 640]))
@example(337, 673, 384)  # the shorter side rounds to the border of the input
def test_letterbox_maps_corners_back(width: int, height: int, long_side: int) -> None:
    box = fit(np.zeros((height, width, 3), np.uint8), long_side, 32)
    assert box.canvas_width % 32 == box.canvas_height % 32 == 0
    assert max(box.content) == long_side
    left, top = box.corner
    corners = np.array([[left, top], [left + box.content[0], top + box.content[1]]], np.float32)
    assert np.allclose(box.to_image(corners), [[0, 0], [width, height]], atol=1e-2)


def test_letterbox_draws_the_picture_in_the_middle() -> None:
    canvas = np.zeros((64, 64, 3), np.uint8)
    picture = np.full((10, 20, 3), 200, np.uint8)
    fill(picture, 64, 64).draw(picture, canvas)
    assert (canvas[16:48] == 200).all()
    assert (canvas[:16] == GREY).all()
    assert (canvas[48:] == GREY).all()


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_file_with_fixed_size_runs_in_its_size_and_type(tmp_path: Path, half: bool, batch: int) -> None:
    output = np.stack([raw(person(32, 32, 0.8))] * batch).astype(np.float16 if half else np.float32)
    file = write_constant_graph(tmp_path / "m.onnx", {"output0": output}, shape=(batch, 3, 64, 64), half=half)
    model = YoloOnnx("yolo-test", file, threads=1)
    model.load()
    images: list[Image] = [np.zeros((100, 200, 3), np.uint8)] * 3
    found = model.predict(images)
    assert [len(each) for each in found] == [1, 1, 1]
    assert found[0].boxes.dtype == found[0].keypoints.dtype == np.float32
    assert np.allclose(found[2].boxes[0], [100 - 31.25, 50 - 31.25, 100 + 31.25, 50 + 31.25], atol=0.1)


def test_files_that_are_something_else_are_one_line_with_a_mend(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("hello")
    cut = write_constant_graph(tmp_path / "cut.onnx", {"output0": raw()[None]})
    cut.write_bytes(cut.read_bytes()[:-400])
    flat = write_constant_graph(tmp_path / "flat.onnx", {"output0": raw()[None]}, shape=(1, 56))
    cases = [
        (tmp_path / "missing.onnx", "No such file"),
        (text, "is not an ONNX file"),
        (cut, "not a whole ONNX file"),
        (flat, "not images"),
        (
            write_constant_graph(tmp_path / "class.onnx", {"output0": np.zeros((1, 1000), np.float32)}),
            "shape (1, 1000)",
        ),
    ]
    for file, says in cases:
        with pytest.raises(ModelError) as caught:
            YoloOnnx("yolo-test", file, threads=1).load()
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.mend


def test_a_provider_that_is_not_there_is_never_replaced_in_silence(tmp_path: Path) -> None:
    file = write_constant_graph(tmp_path / "m.onnx", {"output0": raw()[None]})
    with pytest.raises(ModelError, match="no OpenVINOExecutionProvider") as caught:
        create_model("yolo-test", device="openvino", file=file).load()
    assert "onnxruntime-openvino" in caught.value.mend


@pytest.mark.parametrize("head", ["raw", "final"])
def test_a_random_network_agrees_with_the_reference_prediction(tmp_path: Path, head: str) -> None:
    """Outputs of YOLOv8 and of YOLO26's end-to-end head with random weights, and what `ultralytics` 8.4.190 makes of
    them; written by benchmarks/pose_agreement.py."""
    with np.load(Path(__file__).parent.parent / "golden" / "pose_yolo_random.npz") as stored:
        reference = {name.partition("/")[2]: stored[name] for name in stored.files if name.startswith(head)}
    metadata = {"names": "{0: 'person'}", "kpt_shape": "[17, 3]"}
    file = write_constant_graph(
        tmp_path / "m.onnx", {"output0": reference["output"]}, shape=(1, 3, 128, 128), metadata=metadata
    )
    model = YoloOnnx("yolo-test", file, threads=1, limits=YoloLimits(max_people=300))
    model.load()
    width, height = reference["size"].astype(int)
    (found,) = model.predict([np.zeros((height, width, 3), np.uint8)])
    assert len(found) == len(reference["scores"]) > 5
    assert np.allclose(found.scores, reference["scores"], atol=1e-6)
    assert np.allclose(found.boxes, reference["boxes"], atol=1e-3)
    assert np.allclose(found.keypoints.clip(0, [width, height]), reference["keypoints"], atol=1e-3)
    assert np.allclose(found.confidences, reference["confidences"], atol=1e-6)


def test_the_surest_class_decides() -> None:
    output = np.zeros((57, ANCHORS), np.float32)
    output[:6, 0] = [20, 20, 10, 10, 0.9, 0.6]
    output[:6, 7] = [40, 20, 10, 10, 0.3, 0.6]
    found = decode(output, YoloLayout(False, False, 2, 1, 3), YoloLimits())
    assert found.boxes.tolist() == [[35, 15, 45, 25]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 4, 7])
def test_numbers_that_are_not_finite_are_no_empty_picture(bad: float, row: int) -> None:
    output = raw(person(20, 20, 0.9))
    output[row, 0] = bad
    with pytest.raises(ModelError, match="not finite"):
        decode(output, RAW, YoloLimits())
    rows = np.zeros((300, 57), np.float32)
    rows[0, 4] = 0.9
    rows[0, row] = bad
    with pytest.raises(ModelError, match="not finite"):
        decode(rows, YoloLayout(True, False, 1, None, 3, 300), YoloLimits())


@pytest.mark.shared
def test_yolo11n_agrees_with_the_reference_prediction(shared_dir: Path) -> None:
    """Figures of `ultralytics` 8.4.190, predict(imgsz=640, conf=0.25, iou=0.7), on the same file and pictures."""
    model = create_model("yolo11n-pose", file=shared_dir / "models" / "yolo11n-pose.onnx", input_size=640, threads=1)
    model.load()
    with np.load(Path(__file__).parent.parent / "golden" / "pose_yolo11n.npz") as reference:
        for name in sorted({key.partition("/")[0] for key in reference.files}):
            image = cv2.imread(str(shared_dir / "data" / "coco_keypoints" / "images" / name))
            assert image is not None
            (found,) = model.predict([image.astype(np.uint8)])
            height, width = image.shape[:2]
            assert np.allclose(found.boxes, reference[f"{name}/boxes"], atol=0.05)
            assert np.allclose(found.scores, reference[f"{name}/scores"], atol=1e-4)
            # The reference clips keypoints to the picture.
            assert np.allclose(found.keypoints.clip(0, [width, height]), reference[f"{name}/keypoints"], atol=0.05)
