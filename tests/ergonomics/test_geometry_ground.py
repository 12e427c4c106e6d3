"""Intervals of what a pixel says: they hold the truth, and what is not known widens them and is said."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.ground import Band, Ground

LENS = LensParameters(width=1280, height=720, hfov_deg=80)
MOUNT = MountParameters(height_m=3.0, pitch_deg=25)
KNOWN = ViewParameters(lens=LENS, mount=MOUNT)
FEET = np.array([[200.0, 500.0], [640.0, 700.0], [1000.0, 420.0]])


def width(band: Band) -> np.ndarray:
    return np.asarray(band.high / band.low)


def test_knowing_more_narrows_every_interval() -> None:
    views = [ViewParameters(), ViewParameters(lens=LENS), KNOWN]
    grounds = [Ground.of(view, 1280, 720) for view in views]
    assert [bool(ground.reason) for ground in grounds] == [True, True, False]
    assert "lens unknown" in grounds[0].reason
    assert "lens" not in grounds[1].reason
    for name in ("distance", "standing", "scale"):
        first, second, third = (width(getattr(ground, name)(FEET)) for ground in grounds)
        assert (first > 1.5 * third).all(), name
        assert (second > third).all(), name


def test_the_best_value_is_that_of_the_camera_as_stated() -> None:
    ground, camera = Ground.of(KNOWN, 1280, 720), Camera.of(1280, 720, hfov=80, pitch=25, above=3)
    assert ground.distance(FEET).value == pytest.approx(np.linalg.norm(camera.floor(FEET), axis=1))
    across, ahead = ground.place(FEET)
    assert np.stack([across.value, ahead.value], axis=1) == pytest.approx(camera.floor(FEET))
    others = (ground.distance(FEET), ground.standing(FEET), ground.lean(FEET), ground.ray_pitch(FEET))
    for band in (across, ahead, *others):
        assert (band.low <= band.value).all()
        assert (band.value <= band.high).all()


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Cameras drawn from what the settings state, with correlated errors: about 90 % of their truths are inside."""
    correlation = (-0.7, 0.0, 0.3, 0.1, 0.2, 0.0)
    mount = MountParameters(
        height_m=3.0, height_sd_m=0.3, pitch_deg=25, pitch_sd_deg=3, roll_sd_deg=2, correlation=correlation
    )
    ground = Ground.of(ViewParameters(lens=LENS, mount=mount), 1280, 720)
    matrix = np.eye(4)
    matrix[np.triu_indices(4, 1)] = correlation
    draws = np.random.default_rng(3).multivariate_normal(np.zeros(4), matrix + np.triu(matrix, 1).T, 400)
    focal = float(np.asarray(ground.best.focal[0])) * np.exp(0.05 * draws[:, 0])
    truth = Camera(
        1280, 720, (focal, focal), (640, 360), 25 + 3 * draws[:, 1], 2 * draws[:, 2], 3 * np.exp(0.1 * draws[:, 3]),
        np.zeros(5),
    )  # fmt: skip
    for band, values in (
        (ground.distance(FEET), np.linalg.norm(truth.floor(FEET), axis=-1)),
        (ground.ray_pitch(FEET), truth.ray_pitch(FEET)),
    ):
        inside = ((values >= band.low) & (values <= band.high)).mean(axis=0)
        assert (inside > 0.84).all()
        assert (inside < 0.99).all()


def test_someone_who_stands_has_the_height_that_is_expected() -> None:
    camera = Camera.of(1280, 720, hfov=80, pitch=25, above=3)
    place = np.append(camera.floor(FEET), np.full((3, 1), 1.8), axis=1)
    heads = camera.project(place)
    ground = Ground.of(KNOWN, 1280, 720)
    expected, seen = ground.standing(FEET), np.linalg.norm(heads - FEET, axis=1)
    assert ((expected.low < seen) & (seen < expected.high)).all()
    tall = ground.height(FEET, heads)
    assert tall.value == pytest.approx([1.8] * 3)
    assert (tall.low < 1.8).all()


def test_near_the_horizon_the_distance_is_open() -> None:
    ground = Ground.of(KNOWN, 1280, 720)
    level = float(ground.horizon([640.0]).value[0])
    band = ground.distance([[640.0, level + 5]])
    assert band.high[0] == np.inf
    assert band.low[0] < 50
    assert np.isnan(ground.standing([[640.0, level - 100]]).low[0]), "no floor there"


def test_a_lens_of_another_resolution_is_scaled_and_of_a_crop_refused() -> None:
    half = Ground.of(KNOWN, 640, 360)
    whole = Ground.of(KNOWN, 1280, 720)
    assert half.distance(FEET / 2).low == pytest.approx(whole.distance(FEET).low)
    crop = Ground.of(KNOWN, 720, 720)
    assert "lens is stated for 1280x720" in crop.reason
    assert width(crop.standing(FEET * [0.5, 1]))[0] > width(whole.standing(FEET))[0]


def test_the_same_answers_each_time() -> None:
    again = [Ground.of(KNOWN, 1280, 720).inclination(FEET, FEET - [10, 80], noise=[3.0] * 3) for _ in range(2)]
    assert np.array_equal(again[0], again[1])
    assert (again[0][0] <= again[0][1]).all()


def test_nobody_is_no_answer() -> None:
    nobody = np.zeros((0, 2))
    ground = Ground.of(ViewParameters(), 1280, 720)
    assert ground.standing(nobody).low.shape == (0,)
    assert ground.inclination(nobody, nobody)[0].shape == (0,)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"pitch_low_deg": 30, "pitch_high_deg": 20}, "pitch_low_deg is above"),
        ({"lens": {"width": 640, "height": 480}}, "either hfov_deg or focal_px"),
        ({"lens": {"width": 640, "height": 480, "hfov_deg": 70, "focal_px": [500, 500]}}, "either hfov_deg or"),
        ({"lens": {"width": 640, "height": 480, "focal_px": [0, 500]}}, "greater than 0"),
        ({"mount": {"height_m": 0, "pitch_deg": 10}}, "greater than 0.2"),
        ({"mount": {"height_m": 3, "pitch_deg": 10, "heigth_sd_m": 1}}, "Extra inputs"),
        ({"mount": {"height_m": 3, "pitch_deg": 10, "correlation": [0, 0, 2, 0, 0, 0]}}, "less than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ViewParameters.model_validate(values)
