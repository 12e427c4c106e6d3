"""Which way people face: headings from shoulders, hips and head, held while they bend (METHODS 6.3.1)."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import STANDING, Stage, bent

from spotter.ergonomics.angles import yaw
from spotter.ergonomics.angles.values import NOT_OBSERVABLE, OK

AROUND = list(range(-170, 181, 25))


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs((a - b + 180.0) % 360.0 - 180.0))


@pytest.mark.parametrize("pitch", [0.0, 20.0, 40.0])
def test_headings_all_around(pitch: float) -> None:
    stage = Stage(AROUND, pitch=pitch)
    facing = stage.watch(STANDING, 1.5)[0].facing
    assert apart(facing.heading, np.array(AROUND)).max() < 20.0
    true = np.degrees(np.arcsin(np.abs(np.sin(np.radians(AROUND)))))
    assert (facing.yaw_low <= true + 1e-6).all()
    assert (true <= facing.yaw_high + 1e-6).all()


def test_sides_are_never_told_wrong() -> None:
    stage = Stage(AROUND, pitch=15.0, noise=0.015)
    facing = stage.watch(STANDING, 1.5)[0].facing
    turn = np.radians(AROUND)
    assert (facing.away * np.sin(turn) > -0.2).all()
    assert (facing.right * np.cos(turn) > -0.2).all()
    assert (np.abs(facing.away) + np.abs(facing.right)).min() >= 1


def test_headings_are_spread_as_likely_as_they_are() -> None:
    weights = np.full((1, yaw.BINS), -50.0)
    weights[0, [10, 34]] = 0.0
    facing = yaw.facing(weights, 32)
    near = [(apart(facing.headings[:, 0], yaw.HEADINGS[index]) < 25.0).sum() for index in (10, 34)]
    assert near == [16, 16]
    assert facing.away[0] == 0
    assert facing.right[0] == 0


def test_a_bend_holds_the_heading_and_its_interval_grows() -> None:
    stage = Stage([30.0], pitch=15.0, noise=0.01, fps=5.0)
    before = stage.watch(STANDING, 2.0)[0].facing
    soon = stage.watch(bent(70.0), 0.5)[0].facing
    later = stage.watch(bent(70.0), 8.0)[0].facing
    assert apart(soon.heading, before.heading)[0] < 10.0
    width = [float(one.yaw_high[0] - one.yaw_low[0]) for one in (before, soon, later)]
    assert width[0] <= width[1] < width[2]


def test_whoever_is_bent_is_bent_forward() -> None:
    """Head and widths unseen, the lean alone tells to which side."""
    stage = Stage([0.0, 180.0], pitch=10.0)
    sure = np.full((2, 17), 0.9)
    sure[:, :5] = 0.0
    stage.watch(STANDING, 1.0)
    for _ in range(15):
        context, _ = stage.see(bent(60.0), confidences=sure)
    assert context.facing.right.tolist() == [1, -1]


def test_shoulders_against_hips_are_not_believed() -> None:
    stage = Stage([90.0], pitch=10.0)
    odd = STANDING.copy()
    odd[[11, 12], 1] = 0.0
    facing = stage.watch(odd, 2.0)[0].facing
    assert facing.status[0] == NOT_OBSERVABLE
    assert facing.reason[0] == "shoulders, hips and head disagree about the direction"
    assert np.isnan(facing.heading[0])
    assert (facing.yaw_low[0], facing.yaw_high[0]) == (0.0, 90.0)


def test_a_foreshortened_trunk_does_not_turn_anybody() -> None:
    """Bent towards the camera the trunk looks short; the widths are held against the stature, so the yaw stays."""
    stage = Stage([-90.0], pitch=10.0)
    before = stage.watch(STANDING, 2.0)[0].facing
    after = stage.watch(bent(45.0), 1.0)[0].facing
    assert abs(float(after.yaw[0] - before.yaw[0])) < 10.0
    assert after.away[0] == -1


def test_somebody_whose_size_is_not_known_faces_nowhere() -> None:
    stage = Stage([90.0], known=False)
    sure = np.full((1, 17), 0.9)
    sure[:, 13:] = 0.0
    facing = stage.see(STANDING, confidences=sure)[0].facing
    assert facing.status[0] == NOT_OBSERVABLE


def test_a_side_view_is_known_well() -> None:
    facing = Stage([0.0, 180.0], noise=0.01).watch(STANDING, 2.0)[0].facing
    assert (facing.status == OK).all()
    assert facing.yaw_high.max() < 35.0
    assert facing.right.tolist() == [1, -1]
