"""The simulated crowds: what they claim to be, and a quarter of an hour in which nobody falls."""

from __future__ import annotations

import numpy as np
import pytest

from crowds import Crowd, watch
from spotter.core.contracts import UpdateKind
from spotter.core.parameters import RuleParameters, TrackerParameters, ViewParameters
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ergonomics.tracking import Tracker


def test_the_same_seed_gives_the_same_crowd():
    one, two = (list(watch(Crowd(4, seconds=3), 5)) for _ in range(2))
    assert all(np.array_equal(a.frame.keypoints, b.frame.keypoints) for a, b in zip(one, two, strict=True))
    assert [list(a.truth) for a in one] == [list(b.truth) for b in two]


def test_skeletons_are_where_their_people_are():
    for seen in watch(Crowd(6, seconds=6), 1):
        for box, identity in zip(seen.frame.boxes, seen.truth, strict=True):
            if identity >= 0:
                true = seen.boxes[list(seen.people).index(identity)]
                assert abs((box[1] + box[3]) / 2 - (true[1] + true[3]) / 2) < 0.35 * (true[3] - true[1])


def test_people_who_cross_keep_their_ids():
    """Of what one person is called over 40 s, in a crowd of ten, one name stands for most."""
    named: dict[int, dict[str, int]] = {}
    tracker = Tracker(TrackerParameters())
    for seen in watch(Crowd(10), 0):
        for person in tracker.update(seen.frame) or ():
            identity = int(seen.truth[person.index])
            if identity >= 0:
                names = named.setdefault(identity, {})
                names[person.track_id] = names.get(person.track_id, 0) + 1
    shares = [max(names.values()) / sum(names.values()) for names in named.values()]
    assert float(np.median(shares)) > 0.8


@pytest.mark.parametrize("seed", [0, 1])
def test_nobody_falls_while_people_walk_and_bend_for_a_quarter_of_an_hour(seed: int):
    assessor = CameraAssessor("site", "crowd", ViewParameters(), RuleParameters())
    raised = []
    for seen in watch(Crowd(3, fps=5, seconds=450), seed):
        assessment = assessor.update(seen.frame)
        assert assessment is not None
        raised += [step for step in assessment.alerts if step.update.kind is UpdateKind.RAISED]
    seconds = assessor.exposure.bent + assessor.exposure.deep + assessor.exposure.unproven
    assert raised == []
    assert seconds > 30, "nobody bent: a run that proves nothing"
