"""Which confidences are believed, with a calibrated model and without, through the whole assessment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skeletons import figure, pose_frame, times

from spotter.core.contracts import PoseFrame, Status
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.ergonomics.assessment import Assessment, CameraAssessor
from spotter.ergonomics.gates import CALIBRATED, RAW, gates_of

STILL = [pose_frame(at, [figure(300)], score=0.5) for at in times(0, 1, 15)]


def with_confidence(pose: PoseFrame, confidence: float, *, calibrated: bool) -> PoseFrame:
    each = np.full((len(pose), 17), confidence, np.float32)
    return replace(pose, confidences=each, deviations=np.full_like(each, 1.5) if calibrated else None)


def last(confidence: float, *, calibrated: bool) -> Assessment:
    """What is known after a second of somebody who stands there."""
    assessor = CameraAssessor("s", "cam", ViewParameters(), RuleParameters())
    found = [assessor.update(with_confidence(pose, confidence, calibrated=calibrated)) for pose in STILL]
    assert found[-1] is not None
    return found[-1]


def test_deviations_tell_which_gates_fit() -> None:
    assert gates_of(with_confidence(STILL[0], 0.5, calibrated=False)) is RAW
    assert gates_of(with_confidence(STILL[0], 0.5, calibrated=True)) is CALIBRATED


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_person_is_measured_from_the_gates_on(calibrated: bool) -> None:
    gates = CALIBRATED if calibrated else RAW
    (seen,) = last(gates.torso + 0.01, calibrated=calibrated).people
    assert seen.trunk_inclination.status is Status.BOUNDED
    assert seen.hip_height == pytest.approx(0.53, abs=0.03)
    (unsure,) = last(gates.torso - 0.01, calibrated=calibrated).people
    assert unsure.trunk_inclination.status is Status.NOT_OBSERVABLE
    assert unsure.hip_height is None


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_person_of_weak_keypoints_is_still_followed(calibrated: bool) -> None:
    weak = (CALIBRATED if calibrated else RAW).weak
    assert last(weak + 0.01, calibrated=calibrated).people[0].track_id == "p1"


def test_skeletons_without_deviations_are_judged_as_before_there_were_any() -> None:
    """A replay of old recordings must give the answers that it gave then: 0.3 was enough for a torso."""
    (old,) = last(0.3, calibrated=False).people
    (new,) = last(0.3, calibrated=True).people
    assert old.trunk_inclination.status is Status.BOUNDED
    assert new.trunk_inclination.status is Status.NOT_OBSERVABLE
