"""Bounds of a segment's inclination by perspective: random bodies as the judge, METHODS 6.2 as the limit far away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.segment import inclination_bounds
from spotter.ergonomics.geometry.view import greatest_inclination, least_inclination

cameras = st.builds(
    lambda hfov, pitch, roll, above: Camera.of(1280, 720, hfov=hfov, pitch=pitch, roll=roll, above=above),
    st.floats(40, 110), st.floats(-10, 70), st.floats(-20, 20), st.floats(1.5, 8),
)  # fmt: skip


def direction_of(turn: float, rise: float) -> np.ndarray:
    """A unit vector by its heading (radians) and the part of it that goes up."""
    flat = np.sqrt(1 - rise**2)
    return np.array([flat * np.cos(turn), flat * np.sin(turn), rise])


directions = st.builds(direction_of, st.floats(0, 2 * np.pi), st.floats(-1, 1))


@settings(deadline=None)
@given(cameras, st.floats(-4, 4), st.floats(1, 12), st.floats(0.2, 1.5), directions, st.floats(0, 6))
def test_the_truth_lies_between_the_bounds(
    camera: Camera, x: float, y: float, z: float, direction: np.ndarray, noise: float
) -> None:
    lower = np.array([x, y, z])
    upper = lower + 0.5 * direction
    ends = camera.project([lower, upper])
    assume(np.isfinite(ends).all() and np.linalg.norm(ends[0] - ends[1]) > 1)
    truth = np.degrees(np.arccos(np.clip(direction[2], -1, 1)))
    least, greatest = inclination_bounds(camera, ends[:1], ends[1:])
    assert least[0] - 1e-4 <= truth <= greatest[0] + 1e-4
    wider = inclination_bounds(camera, ends[:1], ends[1:], noise=[noise])
    assert wider[0][0] <= least[0] + 1e-6
    assert wider[1][0] >= greatest[0] - 1e-6


@settings(deadline=None)
@given(st.floats(0, 180), st.floats(0, 60), st.sampled_from([0.0, 0.5, 0.8, 0.95]))
def test_far_away_it_is_the_rule_of_methods(apparent: float, pitch: float, shortest: float) -> None:
    """A long lens in the middle of the picture, so that the picture's vertical is the vertical."""
    camera = Camera.of(1280, 720, hfov=1.0, pitch=pitch, above=50)
    turn = np.radians(apparent)
    lower = np.array([[640.0, 360.0]]) - 2 * np.array([[np.sin(turn), -np.cos(turn)]])
    upper = np.array([[640.0, 360.0]]) + 2 * np.array([[np.sin(turn), -np.cos(turn)]])
    least, greatest = inclination_bounds(camera, lower, upper, shortest=[shortest])
    assert least[0] == pytest.approx(float(least_inclination(apparent, pitch)), abs=0.1)
    assert greatest[0] == pytest.approx(float(greatest_inclination(apparent, pitch, shortest)), abs=0.1)


def test_at_the_edge_of_a_wide_picture_the_pictures_vertical_is_wrong() -> None:
    """Someone upright at the left edge leans by 20 degrees in the picture; the bounds say that they may stand."""
    camera = Camera.of(1280, 720, hfov=95, pitch=35, above=3)
    feet = np.array([[80.0, 600.0]])
    place = np.append(camera.floor(feet)[0], 0.0)
    hip, shoulder = camera.project([place + np.array([0, 0, up]) for up in (0.93, 1.43)])
    line = shoulder - hip
    apparent = np.degrees(np.arctan2(abs(line[0]), -line[1]))
    assert apparent > 20
    assert least_inclination(apparent, 35.0) > 15
    least, _ = inclination_bounds(camera, hip[None], shoulder[None])
    assert least[0] == pytest.approx(0.0, abs=1e-4)


def test_noise_that_spans_the_vertical_proves_nothing() -> None:
    camera = Camera.of(1280, 720, hfov=70, pitch=20, above=3)
    hip = np.array([[640.0, 400.0]])
    shoulder = np.array([[645.0, 340.0]])
    alone, noisy = (inclination_bounds(camera, hip, shoulder, noise=[size])[0][0] for size in (0.0, 6.0))
    assert alone > 3
    assert noisy == pytest.approx(0.0, abs=1e-6)
