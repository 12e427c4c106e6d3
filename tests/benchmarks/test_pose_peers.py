"""What the comparisons with other programs rest on: how people are told apart, and a file in RTMO's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose_agreement import Difference, differ, read
from pose_peers import rtmo_shaped
from spotter.pose.models import create_model

IMAGE = np.zeros((100, 200, 3), np.uint8)


def people(*scores: float, shift: float = 0.0) -> dict[str, np.ndarray]:
    """People 40 px apart, moved by `shift` px."""
    left = 40.0 * np.arange(len(scores)) + shift
    return {
        "boxes": np.stack([left, np.full_like(left, 10), left + 20, np.full_like(left, 60)], axis=1),
        "keypoints": np.repeat(np.stack([left + 10, np.full_like(left, 30)], axis=1)[:, None], 17, axis=1),
        "scores": np.array(scores),
        "confidences": np.full((len(scores), 17), 0.5),
    }


def test_the_same_people_in_another_order_agree() -> None:
    ours = people(0.9, 0.8, 0.7)
    turned = {name: values[::-1] for name, values in ours.items()}
    assert differ(ours, turned, IMAGE) == Difference(3, 0, 0, 0, 0, 0)


def test_differences_are_the_largest_ones_and_beyond_a_pixel_is_no_agreement() -> None:
    found = differ(people(0.9, 0.8), people(0.9, 0.805, shift=0.5), IMAGE)
    assert (found.boxes, found.keypoints) == pytest.approx((0.5, 0.5))
    assert found.scores == pytest.approx(0.005)
    assert found.agrees
    assert not differ(people(0.9), people(0.9, shift=1.5), IMAGE).agrees


@pytest.mark.parametrize(("mine", "theirs"), [((0.9, 0.8), (0.9,)), ((0.9,), (0.9, 0.8)), ((), (0.8,))])
def test_people_of_one_side_alone_are_told(mine: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    found = differ(people(*mine), people(*theirs), IMAGE)
    assert found.lone == 1
    assert not found.agrees


def test_people_at_the_threshold_may_be_on_either_side() -> None:
    assert differ(people(0.9, 0.255), people(0.9), IMAGE).agrees


@pytest.mark.shared
def test_a_real_network_in_rtmos_form_gives_its_people(shared_dir: Path, tmp_path: Path) -> None:
    """YOLO11n with RTMO's inputs and outputs around it: the picture lies top left there, so a little differs."""
    yolo = shared_dir / "models" / "yolo11n-pose.onnx"
    image = read(shared_dir / "data" / "coco_keypoints" / "images" / "000000000785.jpg")
    models = [
        create_model("yolo", device="cpu", file=yolo, input_size=640, threads=1),
        create_model("rtmo", device="cpu", file=rtmo_shaped(yolo, tmp_path / "rtmo.onnx"), input_size=640, threads=1),
    ]
    for model in models:
        model.load()
    ((one,), (other,)) = (model.predict([image]) for model in models)
    assert len(one) == len(other) == 1
    assert one.scores[0] == pytest.approx(other.scores[0], abs=0.05)
    side = float((one.boxes[0, 2:] - one.boxes[0, :2]).max())
    assert np.abs(one.boxes - other.boxes).max() < 0.03 * side
    sure = (one.confidences > 0.5) & (other.confidences > 0.5)
    assert sure.sum() > 10
    assert np.abs(one.keypoints - other.keypoints)[sure].max() < 0.03 * side
