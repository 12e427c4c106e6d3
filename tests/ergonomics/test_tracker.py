"""Following people: ids that last, ids that never repeat, gaps, crossings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skeletons import figure, pose_frame, times

from spotter.core.contracts import PoseFrame
from spotter.core.parameters import TrackerParameters
from spotter.ergonomics.tracking import Tracker
from spotter.ergonomics.tracking.similarity import box_overlap, keypoint_boxes, keypoint_similarity


def ids(tracker: Tracker, pose: PoseFrame) -> list[str]:
    people = tracker.update(pose)
    assert people is not None
    return [person.track_id for person in people]


def test_one_walker_keeps_one_id() -> None:
    tracker = Tracker(TrackerParameters())
    seen = {name for at in times(0, 10, 10) for name in ids(tracker, pose_frame(at, [figure(100 + 100 * at)]))}
    assert seen == {"p1"}


def test_two_who_cross_in_depth_keep_their_ids() -> None:
    """They pass each other at different sizes; the one in front has the larger skeleton."""
    tracker = Tracker(TrackerParameters())
    for at in times(0, 6, 15):
        near = figure(200 + 120 * at, stature=260, floor=460)
        far = figure(900 - 120 * at, stature=180, floor=380)
        people = tracker.update(pose_frame(at, [near, far]))
        assert people is not None
        assert [(person.track_id, person.index) for person in people] == [("p1", 0), ("p2", 1)]


def test_order_of_detections_does_not_matter() -> None:
    tracker = Tracker(TrackerParameters())
    ids(tracker, pose_frame(0.0, [figure(200), figure(800)]))
    people = tracker.update(pose_frame(0.1, [figure(800), figure(200)]))
    assert people is not None
    assert {person.track_id: person.index for person in people} == {"p1": 1, "p2": 0}


@pytest.mark.parametrize(("gap", "same"), [(0.5, True), (1.5, True), (2.5, False)])
def test_a_gap_is_bridged_up_to_the_limit(gap: float, same: bool) -> None:
    tracker = Tracker(TrackerParameters(max_gap_s=2.0))
    for at in times(0, 1, 10):
        ids(tracker, pose_frame(at, [figure(500)]))
    assert ids(tracker, pose_frame(0.9 + gap, [figure(505)])) == ["p1" if same else "p2"]


def test_kept_tracks_outlast_the_limit() -> None:
    tracker = Tracker(TrackerParameters(max_gap_s=1.0))
    ids(tracker, pose_frame(0.0, [figure(500)]))
    for at in times(0.1, 9, 10):
        assert tracker.update(pose_frame(at, []), keep={"p1"}) == []
    people = tracker.update(pose_frame(9.5, [figure(500)]), keep={"p1"})
    assert people is not None
    assert people[0].track_id == "p1"


def test_ids_never_repeat() -> None:
    tracker = Tracker(TrackerParameters(max_gap_s=0.5))
    names = [ids(tracker, pose_frame(float(2 * visit), [figure(500)]))[0] for visit in range(50)]
    assert len(set(names)) == 50
    assert len(tracker.alive()) == 1


def test_weak_skeletons_continue_but_never_begin_a_track() -> None:
    tracker = Tracker(TrackerParameters(min_score=0.3))
    assert ids(tracker, pose_frame(0.0, [figure(500)], score=0.2)) == []
    assert ids(tracker, pose_frame(0.1, [figure(500)], score=0.5)) == ["p1"]
    assert ids(tracker, pose_frame(0.2, [figure(502)], score=0.2)) == ["p1"]


def test_confirmation_needs_time_not_frames() -> None:
    tracker = Tracker(TrackerParameters(confirm_s=0.2))
    states = []
    for at in (0.0, 0.01, 0.02, 0.19, 0.21):
        people = tracker.update(pose_frame(at, [figure(500)]))
        assert people is not None
        states.append(people[0].confirmed)
    assert states == [False, False, False, False, True]


def test_similarity_is_one_for_the_same_and_zero_far_away() -> None:
    points = figure(500)[None]
    sure = np.ones((1, 17), np.float32)
    box = keypoint_boxes(points, sure, 0.1, np.zeros((1, 4), np.float32))
    assert keypoint_similarity(points, sure, box, points, sure)[0, 0] == pytest.approx(1.0)
    assert keypoint_similarity(points, sure, box, points + 5000, sure)[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert keypoint_similarity(points, 0 * sure, box, points, sure)[0, 0] == 0.0
    assert box_overlap(box, box)[0, 0] == pytest.approx(1.0)


@given(
    st.lists(
        st.tuples(st.floats(0, 900), st.floats(0, 900), st.floats(1, 300), st.floats(1, 300)), min_size=1, max_size=6
    )
)
def test_overlap_is_symmetric_and_bounded(rows: list[tuple[float, float, float, float]]) -> None:
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h in rows], np.float32)
    overlap = box_overlap(boxes, boxes)
    assert np.allclose(overlap, overlap.T, atol=1e-6)
    assert (overlap >= 0).all()
    assert (overlap <= 1 + 1e-5).all()
    assert np.allclose(np.diag(overlap), 1, atol=1e-4)
