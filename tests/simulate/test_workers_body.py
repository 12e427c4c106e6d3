"""Bodies, curves, chance and the reach of two bones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.errors import ConfigError
from spotter.simulate.workers.anthropometry import Sex, make_body, stature_of
from spotter.simulate.workers.chance import Chance
from spotter.simulate.workers.curves import through
from spotter.simulate.workers.reach import two_bones


def test_statures_are_those_of_the_survey() -> None:
    """ANSUR II, Gordon et al. 2014: 5th, 50th and 95th percentile of both sexes, to a centimetre."""
    table = {Sex.MALE: (1.645, 1.755, 1.871), Sex.FEMALE: (1.526, 1.628, 1.737)}
    for sex, expected in table.items():
        assert [stature_of(sex, percentile) for percentile in (5, 50, 95)] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_a_body_adds_up_to_its_stature(seed: int) -> None:
    body = make_body(Chance(seed), 1.75)
    head = (1 - 0.818) * 1.75
    assert body.hip_height + body.trunk + head == pytest.approx(1.75)
    assert body.hip_height / 1.75 == pytest.approx(0.530, abs=0.04)
    assert 45 < body.mass < 130


def test_people_of_one_stature_differ() -> None:
    lengths = np.array([make_body(Chance(seed), 1.75).upper_arm for seed in range(60)])
    assert lengths.std() / lengths.mean() == pytest.approx(0.03, abs=0.01)


@pytest.mark.parametrize("stature", [0.9, 2.4, float("nan")])
def test_a_stature_that_nobody_has(stature: float) -> None:
    with pytest.raises(ConfigError, match=r"nobody's.*metres from 1\.2 to 2\.3"):
        make_body(Chance(0), stature)


def test_chance_is_pinned() -> None:
    """Figures of 2026-11-25; others would make other workers of the same seeds."""
    chance = Chance(7, 1)
    assert chance.uniforms(3).tolist() == pytest.approx(PINNED_UNIFORMS, abs=1e-15)
    assert Chance(7, 1).normals(3).tolist() == pytest.approx(PINNED_NORMALS, abs=1e-12)


PINNED_UNIFORMS = [0.7701409510034741, 0.1119272443176843, 0.18909773329712753]
PINNED_NORMALS = [0.919248829217092, -0.4434008436768192, -0.6474303364300876]


def test_chance_is_standard_normal() -> None:
    drawn = Chance(1).normals(40_000)
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(1, abs=0.02)
    assert (np.abs(drawn) < 1.96).mean() == pytest.approx(0.95, abs=0.005)


def test_between_two_keys_jerk_is_least() -> None:
    """Flash & Hogan 1985: 10 s^3 - 15 s^4 + 6 s^5, greatest speed 1.875 times the mean."""
    at = np.linspace(1.0, 3.0, 2001)
    moved = through([(1.0, 10.0), (3.0, 14.0)], at)
    s = (at - 1.0) / 2.0
    np.testing.assert_allclose(moved, 10 + 4 * (10 * s**3 - 15 * s**4 + 6 * s**5), atol=1e-12)
    assert np.gradient(moved, at).max() == pytest.approx(1.875 * 2.0, rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8), st.integers(0, 1000))
def test_curves_meet_their_keys_and_hardly_leave_their_range(values: list[float], seed: int) -> None:
    times = np.cumsum(0.1 + Chance(seed).uniforms(len(values)))
    keys = list(zip(times.tolist(), values, strict=True))
    np.testing.assert_allclose(through(keys, times), values, atol=1e-9)
    dense = through(keys, np.linspace(times[0] - 1, times[-1] + 1, 500))
    span = max(values) - min(values)
    assert dense.min() >= min(values) - 0.1 * span - 1e-9
    assert dense.max() <= max(values) + 0.1 * span + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000))
def test_two_bones_keep_their_length_and_reach_what_they_can(seed: int) -> None:
    draw = Chance(seed)
    root, target, towards = (np.array([draw.normals(3)]) for _ in range(3))
    upper, lower = draw.uniform(0.2, 0.6), draw.uniform(0.2, 0.6)
    middle, end = two_bones(root, target, upper, lower, towards, -100.0)
    assert np.linalg.norm(middle - root) == pytest.approx(upper, abs=1e-9)
    assert np.linalg.norm(end - middle) == pytest.approx(lower, abs=1e-9)
    far = np.linalg.norm(target - root)
    if 0.22 * (upper + lower) < far < 0.999 * (upper + lower) and far > abs(upper - lower):
        np.testing.assert_allclose(end, target, atol=1e-6)


def test_an_elbow_turns_out_of_the_floor_and_no_further() -> None:
    root, target = np.array([[0.0, 0.0, 0.1]]), np.array([[0.4, 0.0, 0.1]])
    down = np.array([[0.0, 0.3, -1.0]])
    middle, _ = two_bones(root, target, 0.3, 0.3, down, 0.05)
    free, _ = two_bones(root, target, 0.3, 0.3, down, -1.0)
    assert free[0, 2] < 0.05
    assert middle[0, 2] == pytest.approx(0.05)
    assert middle[0, 1] > 0
