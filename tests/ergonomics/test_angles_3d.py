"""Exact angles from 3D joints: worked cases, and what must not change them (METHODS 6.1, 7.1, 11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bodies import MIRROR, STANDING, Points, pitching, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.ergonomics.angles.body import NAMES
from spotter.ergonomics.angles.joints3d import UP, body_angles_3d, hands, neck_angle


def cases(shared_dir: Path, kind: str) -> list[dict[str, Any]]:
    """Worked cases of the project's working paper."""
    table = json.loads((shared_dir / "ergonomics" / "cases.json").read_text())["cases"]
    found = [case for case in table if case["kind"] == kind]
    assert found
    return found


def bodies() -> st.SearchStrategy[Points]:
    """Bodies in any posture: each joint up to 15 cm from where it is on someone who stands."""
    return st.integers(0, 2**32 - 1).map(
        lambda seed: STANDING + np.random.default_rng(seed).uniform(-0.15, 0.15, (17, 3))
    )


def values(body: Points, up: tuple[float, float, float] | Points = UP) -> Points:
    return np.array([one.value for _, one in body_angles_3d(body, up=up, neck_neutral=0.0).items()])


def apart(a: Points, b: Points) -> float:
    """Greatest difference, on the circle."""
    return float(np.abs((a - b + 180.0) % 360.0 - 180.0).max())


def test_worked_cases(shared_dir: Path) -> None:
    names = {"ua_gravity": "upper_arm_gravity", "ua_trunk": "upper_arm_trunk", "elbow": "elbow_flexion",
             "knee": "knee_flexion", "hip": "hip_flexion"}  # fmt: skip
    for case in cases(shared_dir, "coco17_3d"):
        inputs, expected, within = case["inputs"], case["expected"], case["tolerance"]["deg"]
        angles = body_angles_3d(inputs["keypoints_3d"], up=inputs["up"])
        for name, value in expected["trunk"].items():
            assert getattr(angles, f"trunk_{name}").value[0] == pytest.approx(value, abs=within), (case["id"], name)
        for side in ("left", "right"):
            for name, value in expected[side].items():
                found = getattr(angles, f"{side}_{names[name]}").value[0]
                assert found == pytest.approx(value, abs=within), (case["id"], side, name)


def test_worked_hand_locations(shared_dir: Path) -> None:
    for case in cases(shared_dir, "hand_location"):
        inputs, expected, within = case["inputs"], case["expected"], case["tolerance"]
        found = hands(
            inputs["keypoints_3d"], stature=inputs["stature_m"], floor=inputs["floor_z"], heading=inputs["heading"]
        )
        assert found.horizontal[0] == pytest.approx(expected["H_cm"], abs=within["cm"]), case["id"]
        assert found.vertical[0] == pytest.approx(expected["V_cm"], abs=within["cm"]), case["id"]
        assert found.asymmetry[0] == pytest.approx(expected["A_deg"], abs=within["deg"]), case["id"]


def test_hands_to_the_side_are_asymmetric_by_the_pelvis() -> None:
    body = STANDING.copy()
    body[[9, 10], 0] += 0.3
    turned = body.copy()
    turned[7:11] = body[7:11] @ rotation(90).T
    straight, aside = hands(body, stature=1.75), hands(turned, stature=1.75)
    assert straight.asymmetry[0] == pytest.approx(0.0, abs=1e-6)
    assert aside.asymmetry[0] == pytest.approx(90.0, abs=1e-6)
    assert straight.horizontal[0] == pytest.approx(aside.horizontal[0])
    assert straight.apart[0] > 40.0


@settings(deadline=None)
@given(bodies(), st.floats(-180, 180))
def test_turning_about_the_vertical_changes_nothing(body: Points, turn: float) -> None:
    assert apart(values(body @ rotation(turn).T), values(body)) < 1e-6


@settings(deadline=None)
@given(bodies(), st.floats(0.2, 50.0), st.tuples(*[st.floats(-30, 30)] * 3))
def test_size_and_place_change_nothing(body: Points, scale: float, moved: tuple[float, float, float]) -> None:
    assert apart(values(scale * body + moved), values(body)) < 1e-6


@settings(deadline=None)
@given(bodies(), st.integers(0, 2**32 - 1))
def test_up_may_be_any_direction(body: Points, seed: int) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    assert apart(values(body @ turn.T, up=3.0 * turn[:, 2]), values(body)) < 1e-6


@settings(deadline=None)
@given(bodies())
def test_a_mirrored_body_swaps_left_and_right(body: Points) -> None:
    mirrored = (body * [1, -1, 1])[MIRROR]
    here, there = (body_angles_3d(one, neck_neutral=0.0) for one in (body, mirrored))
    for name in NAMES:
        twin = name.replace("left", "r#").replace("right", "left").replace("r#", "right")
        sign = -1 if name in ("trunk_lateral", "trunk_twist") else 1
        assert apart(sign * getattr(there, twin).value, getattr(here, name).value) < 1e-6, name


def test_the_neck_counts_from_the_neutral_posture() -> None:
    nodding = STANDING.copy()
    nodding[:5] = [0, 0, 1.4315] + (STANDING[:5] - [0, 0, 1.4315]) @ pitching(25).T
    neutral = neck_angle(STANDING)
    known = body_angles_3d(np.stack([STANDING, nodding]), neck_neutral=neutral).neck_flexion
    assert known.value == pytest.approx([0.0, 25.0], abs=1e-6)
    unknown = body_angles_3d(STANDING).neck_flexion
    assert unknown[0].status is Status.NOT_OBSERVABLE
    assert "neutral" in unknown[0].reason


def test_a_stooping_head_that_hangs_with_the_trunk_is_not_bent() -> None:
    stoop = STANDING.copy()
    stoop[:11] = [0, 0, 0.9275] + (STANDING[:11] - [0, 0, 0.9275]) @ pitching(70).T
    angles = body_angles_3d(stoop, neck_neutral=neck_angle(STANDING))
    assert angles.trunk_flexion.value[0] == pytest.approx(70.0)
    assert angles.neck_flexion.value[0] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("raised", "flexion", "abduction"), [
    ([1, 0, 0], 90, 0), ([0, 0, -1], 0, 0), ([0, -1, -1], 0, 45), ([-1, 0, -1], -45, 0), ([0, 1, -1], 0, -45),
])  # fmt: skip
def test_the_upper_arm_is_split(raised: list[int], flexion: float, abduction: float) -> None:
    body = STANDING.copy()
    body[8] = body[6] + 0.3 * np.array(raised) / np.linalg.norm(raised)
    angles = body_angles_3d(body)
    assert angles.right_upper_arm_flexion.value[0] == pytest.approx(flexion, abs=1e-6)
    assert angles.right_upper_arm_abduction.value[0] == pytest.approx(abduction, abs=1e-6)


def test_many_moments_at_once_and_a_missing_joint() -> None:
    film = np.stack([[STANDING, STANDING], [STANDING, STANDING]])
    film[1, 0, 13] = np.nan
    angles = body_angles_3d(film)
    assert len(angles) == 4
    assert [one.status for one in angles.left_knee_flexion] == [Status.OK, Status.OK, Status.NOT_OBSERVABLE, Status.OK]
    assert angles.left_knee_flexion[2].reason == "joint missing"
    assert angles.right_knee_flexion[2].status is Status.OK
