"""The check of lossy streams catches what may not happen to them, and allows what may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faults.cameras import skeletons
from faults.flow import flow_problems
from faults.scenario import Load

START = 1_790_000_000_000_000_000
LOAD = Load(cameras=2, seconds=10, fps=4, speed=1)


@pytest.fixture(scope="module")
def came():
    return [pose for pose in skeletons(LOAD, 1, START) if pose.epoch == START]


def test_loss_and_repeats_are_allowed(came):
    assert flow_problems(came, came, LOAD) == []
    assert flow_problems([*came[:10], *came[5:10], *came[30:]], came, LOAD) == []


def test_one_name_for_two_frames_is_caught(came):
    twin = replace(came[4], captured_at=came[4].captured_at + 1_000)
    (problem,) = flow_problems([*came, twin], came, LOAD)
    assert problem.startswith("two frames are called ('cam-00'")


def test_skeletons_of_no_frame_are_caught(came):
    (problem,) = flow_problems(came, came[1:], LOAD)
    assert "nobody sent" in problem


def test_a_camera_that_does_not_come_back_is_caught(came):
    dead = [pose for pose in came if pose.camera_id == "cam-00" or pose.captured_at < START + 5_000_000_000]
    assert flow_problems(dead, came, LOAD) == ["cam-01 did not come back: nothing in its last 3 s"]


def test_a_camera_that_was_read_once_only_is_caught(came):
    again = [replace(pose, epoch=pose.epoch + 1_000) for pose in came]
    assert flow_problems([*came, *again], [], LOAD) == []
    half = [pose for pose in again if pose.camera_id == "cam-00"]
    assert flow_problems([*came, *half], [], LOAD) == ["cam-01 did not come back: only one run of it was seen"]
