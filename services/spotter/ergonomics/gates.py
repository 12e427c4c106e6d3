"""From which confidence on a keypoint is believed. Pure.

What a pose model calls its confidence means something else with every model. Where it has been calibrated (skeletons
then have deviations), a gate is a probability of being right and means the same for all. Without a calibration, the
gates are those that the rules were tuned with on the default model's raw confidences; so skeletons that were recorded
before there were calibrations are judged as they were then.
"""

from __future__ import annotations

from dataclasses import dataclass

from spotter.core.contracts import PoseFrame


@dataclass(frozen=True, slots=True)
class Gates:
    """Least confidence of a keypoint.

    Attributes:
        torso: of each shoulder and hip, for the trunk and a person's size.
        legs: of each knee and ankle, for a person's size.
        head: of the surest point of the head; below it the shoulders stand for it.
        weak: of any keypoint, to tell people apart by it.
    """

    torso: float
    legs: float
    head: float
    weak: float


RAW = Gates(torso=0.2, legs=0.15, head=0.1, weak=0.05)
"""[D] for raw confidences of the default model."""

CALIBRATED = Gates(torso=0.4, legs=0.3, head=0.05, weak=0.04)
"""The same in probabilities: where the default model's calibration puts `RAW` (torso 0.37 and 0.42, legs 0.41 and 0.25,
head 0.06, weak 0.01 to 0.12), as one number for all keypoints of a gate."""


def gates_of(pose: PoseFrame) -> Gates:
    """The gates that fit a frame's confidences."""
    return RAW if pose.deviations is None else CALIBRATED
