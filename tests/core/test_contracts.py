"""Contracts: ids that replays find again, intervals that hold, and what closes an alert."""

from __future__ import annotations

import math
import uuid
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import (
    KEYPOINT_NAMES,
    KEYPOINTS,
    Alert,
    AlertKind,
    Angle,
    Frame,
    Ledger,
    PoseFrame,
    Severity,
    Status,
    UpdateKind,
    alert_id,
)

degrees = st.floats(-360, 360)
FALL = AlertKind.POSSIBLE_FALL


def test_alert_id_never_changes() -> None:
    # A literal: if this changes, replays after an update of Spotter write every alert twice.
    assert alert_id("site", "dock", FALL, 1_000, 2_000) == uuid.UUID("d0dbedc8-bd1d-57aa-b938-41c46c35667c")


@pytest.mark.parametrize(
    "other",
    [
        ("site2", "dock", FALL, 1_000, 2_000, 0),
        ("site", "dock2", FALL, 1_000, 2_000, 0),
        ("site", "dock", AlertKind.PERSON_DOWN, 1_000, 2_000, 0),
        ("site", "dock", FALL, 2_000, 2_000, 0),
        ("site", "dock", FALL, 1_000, 3_000, 0),
        ("site", "dock", FALL, 1_000, 2_000, 1),
    ],
)
def test_alert_id_depends_on_each_part(other: tuple[str, str, AlertKind, int, int, int]) -> None:
    assert alert_id(*other) != alert_id("site", "dock", FALL, 1_000, 2_000)


def test_alert_id_keeps_its_parts_apart() -> None:
    assert alert_id("a", "bc", FALL, 1, 2) != alert_id("ab", "c", FALL, 1, 2)
    assert alert_id("a", "b", FALL, 1, 23) != alert_id("a", "b", FALL, 12, 3)


@given(low=degrees, high=degrees)
def test_an_interval_is_never_empty(low: float, high: float) -> None:
    if low > high:
        with pytest.raises(ValueError, match="empty"):
            Angle(None, low, high, Status.OK)
    else:
        angle = Angle(None, low, high, Status.OK)
        assert angle.half_width >= 0
        assert low + angle.half_width == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(("low", "high"), [(math.nan, 1.0), (1.0, math.nan)])
def test_nan_is_no_bound(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="empty"):
        Angle(None, low, high, Status.OK)


@given(low=degrees, width=st.floats(0, 90), threshold=degrees, status=st.sampled_from(list(Status)))
def test_proof_uses_the_far_bound(low: float, width: float, threshold: float, status: Status) -> None:
    angle = Angle(None, low, low + width, status)
    usable = status in (Status.OK, Status.BOUNDED)
    assert angle.proves_at_least(threshold) == (usable and low >= threshold)
    assert angle.proves_at_most(threshold) == (usable and low + width <= threshold)


@given(threshold=st.floats(0, 180))
def test_not_observable_proves_nothing(threshold: float) -> None:
    angle = Angle.not_observable("hips hidden")
    assert angle.value is None
    assert angle.reason == "hips hidden"
    assert not angle.proves_at_least(threshold)
    assert not angle.proves_at_most(threshold)


def test_contracts_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Angle(1.0, 0.0, 2.0, Status.OK).value = 3.0  # type: ignore[misc]


def test_coco_17_order() -> None:
    assert KEYPOINTS == len(set(KEYPOINT_NAMES)) == 17
    assert KEYPOINT_NAMES[0] == "nose"
    assert (KEYPOINT_NAMES[5], KEYPOINT_NAMES[6]) == ("left_shoulder", "right_shoulder")
    assert (KEYPOINT_NAMES[11], KEYPOINT_NAMES[16]) == ("left_hip", "right_ankle")


def test_pose_frame_iterates_over_people_without_copies() -> None:
    keypoints = np.arange(2 * 17 * 2, dtype=np.float32).reshape(2, 17, 2)
    pose = PoseFrame(
        "a", 0, 0, 0, 0, 0, 640, 480, "m/1",
        boxes=np.zeros((2, 4), np.float32),
        scores=np.array([0.5, 0.75], np.float32),
        keypoints=keypoints,
        confidences=np.ones((2, 17), np.float32),
    )  # fmt: skip
    assert len(pose) == 2
    people = list(pose)
    assert [person.score for person in people] == [0.5, 0.75]
    assert np.shares_memory(people[1].keypoints, keypoints)
    np.testing.assert_array_equal(people[1].keypoints, keypoints[1])


def test_age_is_measured_on_the_wall_clock() -> None:
    # Captured at event time 10 s; the event clock runs 4 s ahead of the wall clock, so that was 6 s on the wall.
    frame = Frame("a", 0, 0, 10_000_000_000, 0, 640, 480, b"", clock_offset_ns=4_000_000_000)
    assert frame.age(7_500_000_000) == 1_500_000_000


def test_stored_fills_only_that_step() -> None:
    alert = Alert(
        uuid.uuid4(), "s", "a", FALL, Severity.P1, 1000, 2000, "p", {}, {}, Ledger(5000, 6000), 3, 1
    )  # fmt: skip
    stored = alert.stored(9000)
    assert stored.ledger == Ledger(5000, 6000, stored=9000)
    assert alert.ledger.stored is None
    assert alert.open


@pytest.mark.parametrize("kind", list(UpdateKind))
def test_which_updates_close(kind: UpdateKind) -> None:
    assert kind.closes == (kind.value in {"recovered", "lost", "ended", "eased"})
