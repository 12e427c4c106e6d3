"""How close our people must be to those of the released graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.pose.models import Detections
from spotter.pose.models.movenet_decode import KEYPOINT_MIN_SCORE

CONFIDENT = 0.1
"""The released graph always returns six people; those below this score are noise."""


def assert_agrees(people: Detections, released: npt.NDArray[np.float32], width: int, height: int) -> None:
    """Compare with (6, 56) of the released graph: 17 x (y, x, score), box as ymin, xmin, ymax, xmax, score; all 0..1.

    The released graph gives a keypoint the best score over all people in that map, so ours may only be lower, and is
    mostly equal; with its keypoint scores our centre gives exactly its score.
    """
    expected = released[released[:, 55] > CONFIDENT]
    confident = np.flatnonzero(people.scores > CONFIDENT)
    assert len(confident) == len(expected) > 0
    size = np.array([width, height], np.float32)
    for row in expected:
        points = row[:51].reshape(17, 3)
        box = row[51:55][[1, 0, 3, 2]] * np.tile(size, 2)
        mine = confident[np.abs(people.boxes[confident] - box).max(1).argmin()]
        np.testing.assert_allclose(people.boxes[mine], box, atol=2e-3)
        np.testing.assert_allclose(people.keypoints[mine], points[:, 1::-1] * size, atol=2e-3)
        own = people.confidences[mine]
        assert (own <= points[:, 2] + 1e-5).all()
        equal = np.isclose(own, points[:, 2], atol=1e-5)
        assert equal.mean() > 0.6
        center = people.scores[mine] / own[own > KEYPOINT_MIN_SCORE].mean()
        theirs = center * points[points[:, 2] > KEYPOINT_MIN_SCORE, 2].mean()
        assert abs(theirs - row[55]) < 1e-4
