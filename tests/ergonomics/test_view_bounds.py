"""The bounds of one camera: worked cases, and random geometry as the judge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.ergonomics.geometry.view import greatest_inclination, least_inclination, true_flexion

angles = st.floats(0, 2 * np.pi)


def seen(direction: np.ndarray, pitch_deg: float) -> tuple[float, float]:
    """(apparent angle in degrees, apparent length) of a unit vector, by projecting it: x right, y away, z up."""
    pitch = np.radians(pitch_deg)
    right, up = direction[0], direction[1] * np.sin(pitch) + direction[2] * np.cos(pitch)
    return float(np.degrees(np.arctan2(abs(right), up))), float(np.hypot(right, up))


@given(angles, st.floats(-1, 1), st.floats(-30, 80))
def test_the_truth_lies_between_the_bounds_for_any_direction(turn: float, height: float, pitch: float) -> None:
    flat = np.sqrt(1 - height**2)
    direction = np.array([flat * np.cos(turn), flat * np.sin(turn), height])
    apparent, length = seen(direction, pitch)
    truth = np.degrees(np.arccos(np.clip(height, -1, 1)))
    assert least_inclination(apparent, pitch) <= truth + 1e-5
    assert greatest_inclination(apparent, pitch) >= truth - 1e-5
    assert greatest_inclination(apparent, pitch, length) >= truth - 1e-4


@given(st.floats(0, 180), st.floats(0, 60))
def test_the_bounds_are_reached(apparent: float, pitch: float) -> None:
    """No tighter bound exists: some direction with this apparent angle has (nearly) the least inclination."""
    seen_rad, down = np.radians(apparent), np.radians(pitch)
    t = np.linspace(-np.pi / 2 + 1e-4, np.pi / 2 - 1e-4, 20001)
    vertical = np.cos(t) * np.cos(seen_rad) * np.cos(down) - np.sin(t) * np.sin(down)
    inclination = np.degrees(np.arccos(np.clip(vertical, -1, 1)))
    assert inclination.min() == pytest.approx(float(least_inclination(apparent, pitch)), abs=0.05)
    assert inclination.max() == pytest.approx(float(greatest_inclination(apparent, pitch)), abs=0.05)


@given(st.floats(0, 180), st.floats(0, 60), st.floats(0, 1))
def test_knowing_the_length_never_widens(apparent: float, pitch: float, ratio: float) -> None:
    assert greatest_inclination(apparent, pitch, ratio) <= greatest_inclination(apparent, pitch) + 1e-9
    assert greatest_inclination(apparent, pitch, ratio) >= least_inclination(apparent, pitch) - 1e-5


@pytest.mark.parametrize(
    ("apparent", "pitch", "bound"), [(60, 20, 54.5), (60, 45, 37.8), (0, 30, 0.0), (90, 0, 90.0), (120, 25, 65.0)]
)
def test_published_examples(apparent: float, pitch: float, bound: float) -> None:
    """METHODS 6.2: 60 degrees in the image at a pitch of 20 prove 54.5, at 45 only 37.8; above 90 it is 90 - pitch."""
    assert least_inclination(apparent, pitch) == pytest.approx(bound, abs=0.05)


def test_worked_cases(shared_dir: Path) -> None:
    cases = json.loads((shared_dir / "ergonomics" / "cases.json").read_text())["cases"]
    chosen = [case for case in cases if case["kind"] == "trunk_view_inverse"]
    assert len(chosen) >= 6
    for case in chosen:
        given_, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
        apparent, pitch = given_["apparent_trunk_deg"], given_["camera_pitch_down_deg"]
        flexion = true_flexion(apparent, given_["yaw_from_side_on_deg"], pitch, given_["leaning"] == "away")
        assert flexion == pytest.approx(expected["true_flexion_deg"], abs=tolerance["true_flexion_deg"]), case["id"]
        bound = least_inclination(apparent, pitch)
        assert bound == pytest.approx(expected["lower_bound_deg"], abs=tolerance["lower_bound_deg"]), case["id"]
