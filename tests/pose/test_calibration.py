"""Curves, fit and held-out quality: what is known of made-up models comes out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from calibration_samples import TRUE, made_up
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spotter.core.contracts import KEYPOINT_NAMES
from spotter.pose.calibration.curves import (
    GROUP_OF,
    GROUPS,
    LEAST_DEVIATION_PX,
    Curves,
    input_gain,
    person_sizes,
)
from spotter.pose.calibration.fit import fit
from spotter.pose.calibration.quality import coverage, cross_validate, reliability
from spotter.pose.calibration.samples import collect, match_people, scene_of
from spotter.pose.evaluation.labels import LabelledImage, LabelledPerson, LabelledSet
from spotter.pose.models.api import Detections

POINTS = np.stack([np.linspace(40, 80, 17), np.linspace(20, 120, 17)], axis=1)


def person(points: np.ndarray = POINTS, area: float = 2500.0, visible: int = 2, crowd: bool = False) -> LabelledPerson:
    low, high = points.min(axis=0), points.max(axis=0)
    return LabelledPerson(points, np.full(17, visible), np.array([*low, *(high - low)]), area, crowd)


def found(*people: np.ndarray, scores: tuple[float, ...] | None = None) -> Detections:
    points = np.stack(people).astype(np.float32)
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    confidences = np.tile(np.linspace(0.1, 0.9, 17, dtype=np.float32), (len(people), 1))
    return Detections(boxes, np.array(scores or [0.5] * len(people), np.float32), points, confidences)


def test_each_keypoint_has_one_curve_and_left_shares_it_with_right() -> None:
    assert sorted(index for members in GROUPS.values() for index in members) == list(range(17))
    for index, name in enumerate(KEYPOINT_NAMES):
        other = KEYPOINT_NAMES.index(name.replace("left", "right"))
        assert GROUP_OF[index] == GROUP_OF[other]


@given(arrays.arrays(np.float32, (3, 17), elements=st.floats(0, 1, width=32)))
def test_more_confidence_is_never_less_probable_nor_less_certain(raw: np.ndarray) -> None:
    sure = TRUE.probabilities(raw)
    assert ((sure >= 0) & (sure <= 1)).all()
    higher = TRUE.probabilities(np.minimum(raw + 0.05, 1))
    assert (higher >= sure).all()
    sizes = np.array([10.0, 60.0, 300.0])
    deviations = TRUE.deviations(sure, sizes)
    assert (deviations >= LEAST_DEVIATION_PX).all()
    assert (deviations <= sizes[:, None].astype(np.float32)).all()
    assert (TRUE.deviations(higher, sizes) <= deviations).all()


@pytest.mark.parametrize("raw", [0.0, 1.0])
def test_the_ends_of_confidence_are_numbers(raw: float) -> None:
    sure = TRUE.probabilities(np.full((1, 17), raw))
    assert np.isfinite(sure).all()
    assert np.isfinite(TRUE.deviations(sure, [50.0])).all()


def test_a_fit_finds_what_the_samples_were_made_with() -> None:
    curves = fit(made_up(60_000))
    raw = np.linspace(0.1, 0.9, 9)[:, None] * np.ones(17)
    np.testing.assert_allclose(curves.probabilities(raw), TRUE.probabilities(raw), atol=0.03)
    sure = np.full((3, 17), 0.8)
    sizes = [30.0, 80.0, 180.0]
    np.testing.assert_allclose(curves.deviations(sure, sizes), TRUE.deviations(sure, sizes), rtol=0.08)


def test_a_fit_is_the_same_every_time() -> None:
    one, other = fit(made_up(3000)), fit(made_up(3000))
    assert one.confidence.tobytes() == other.confidence.tobytes()
    assert one.deviation.tobytes() == other.deviation.tobytes()


def test_a_group_without_samples_takes_what_all_have() -> None:
    samples = made_up(20_000)
    elbows = list(GROUPS).index("elbows")
    without = fit(samples.where(samples.group != elbows))
    others = np.delete(without.confidence, elbows, axis=0)
    assert (without.confidence[elbows] >= others.min(axis=0)).all()
    assert (without.confidence[elbows] <= others.max(axis=0)).all()


def test_confidence_that_is_worse_than_chance_never_turns_the_order_round() -> None:
    samples = made_up(8000)
    inverted = fit(samples.where(samples.right != (samples.raw > 0.5)))
    assert (inverted.confidence[:, 1] > 0).all()
    assert (inverted.deviation[:, 1:] >= 0).all()


def test_held_out_probabilities_are_better_than_raw_ones_and_intervals_hold_their_share() -> None:
    samples = made_up(12_000)
    held_out = cross_validate(samples)
    before, after = reliability(samples.raw, samples), reliability(held_out.probability, samples)
    assert after.ece < 0.03 < 0.1 < before.ece
    assert after.brier < before.brier
    assert after.ece_interval[1] < before.ece_interval[0]
    for level, share in coverage(held_out, samples).items():
        assert share == pytest.approx(level, abs=0.015)


def test_reliability_of_known_confidences() -> None:
    samples = made_up(4000)
    right = samples.right.astype(float)
    perfect = reliability(right, samples)
    assert (perfect.ece, perfect.brier) == (0.0, 0.0)
    wrong = reliability(1.0 - right, samples)
    assert (wrong.ece, wrong.brier) == (1.0, 1.0)
    constant = reliability(np.full(len(samples), 0.5), samples)
    assert constant.ece == pytest.approx(abs(right.mean() - 0.5))
    (only,) = constant.bins
    assert (only.keypoints, only.confidence) == (4000, 0.5)
    assert only.low <= only.right <= only.high
    assert only.right == pytest.approx(right.mean())


def test_no_scene_judges_itself() -> None:
    """A scene that is the opposite of all others is judged as they are, not as it is."""
    samples = made_up(6000, scenes=8)
    held_out = cross_validate(samples)
    odd = samples.scene == 3
    samples.right[odd] = False
    again = cross_validate(samples)
    np.testing.assert_array_equal(again.probability[odd], held_out.probability[odd])
    assert (again.probability[~odd] < held_out.probability[~odd]).mean() > 0.9


def test_keypoints_are_right_within_their_similarity_and_measured_in_input_pixels() -> None:
    """2.35 OKS sigmas of a person of area 2500 (root 50): 12.6 px for a hip, 2.9 px for an eye."""
    moved = POINTS.copy()
    moved[11] += (12.0, 0)
    moved[12] += (0, 13.2)
    moved[1] += (2.8, 0)
    moved[2] -= (3.2, 0)
    image = LabelledImage(Path("a.jpg"), 768, 300, (person(),))
    samples = collect([(LabelledSet("COCO", (image,)), [found(moved)])], 384)
    assert len(samples) == 17
    assert np.flatnonzero(~samples.right).tolist() == [2, 12]
    np.testing.assert_allclose(samples.error[11], [6.0, 0.0], atol=1e-5)
    np.testing.assert_allclose(samples.raw, np.linspace(0.1, 0.9, 17), atol=1e-6)
    assert np.ptp(samples.size) == 0


def test_unlabelled_keypoints_and_finds_that_fit_nobody_are_not_judged() -> None:
    seen = person()
    seen.visibility[:5] = 0
    far = found(POINTS + 500, POINTS, POINTS + 1.0, scores=(0.9, 0.8, 0.7))
    image = LabelledImage(Path("a.jpg"), 640, 640, (seen, person(POINTS + 250, crowd=True)))
    samples = collect([(LabelledSet("COCO", (image,)), [far])], 320)
    assert samples.joint.tolist() == list(range(5, 17))
    assert [row for row, _ in match_people(image.people, far)] == [1]


def test_each_labelled_set_counts_the_same() -> None:
    small = LabelledSet("COCO", (LabelledImage(Path("1.jpg"), 640, 480, (person(),)),))
    large = LabelledSet("COCO", tuple(LabelledImage(Path(f"clip-{n}.jpg"), 640, 480, (person(),)) for n in range(9)))
    samples = collect([(small, [found(POINTS)]), (large, [found(POINTS)] * 9)], 384)
    assert samples.weight[samples.part == 0].sum() == pytest.approx(samples.weight[samples.part == 1].sum())
    assert len(np.unique(samples.scene)) == 2


@pytest.mark.parametrize(
    ("stem", "scene"),
    [("dock_c0-000012", "dock_c0"), ("a_7", "a"), ("000000012345", "000000012345"), ("yard", "yard"), ("x12", "x12")],
)
def test_frames_of_one_clip_are_one_scene(stem: str, scene: str) -> None:
    assert scene_of(stem) == scene


def test_size_is_the_root_of_the_body_in_input_pixels() -> None:
    boxes = np.array([[0, 0, 100, 400], [5, 5, 5, 5]], np.float32)
    sizes = person_sizes(boxes, input_gain(1280, 720, 640))
    assert sizes[0] == pytest.approx(np.sqrt(0.53 * 100 * 400) / 2)
    assert sizes[1] == 1.0


def test_nobody_is_no_curve_value() -> None:
    empty = TRUE.probabilities(np.zeros((0, 17), np.float32))
    assert empty.shape == (0, 17)
    assert TRUE.deviations(empty, np.zeros(0)).shape == (0, 17)
    assert isinstance(TRUE, Curves)
