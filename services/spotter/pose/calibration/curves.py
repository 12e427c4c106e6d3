"""From a model's raw confidence to the probability that a keypoint is right, and to its standard deviation. Pure.

A keypoint is *right* when it lies within `RIGHT_OKS` of COCO's keypoint similarity of where a person labelled it. The
left and the right of a joint share a curve, so do the five points of the head: labelled images are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, FloatArray

RIGHT_OKS = 0.5
"""Keypoint similarity from which a keypoint is right: within 2.35 standard deviations of human labels (OKS sigma times
the root of the person's area). Ronchi & Perona (ICCV 2017) call what is farther away a miss, a swap or an inversion,
and what is nearer good or jitter. If labels scatter as the OKS sigmas say, 0.4 % of perfect ones count as wrong."""

GROUPS: dict[str, tuple[int, ...]] = {
    "head": (0, 1, 2, 3, 4),
    "shoulders": (5, 6),
    "elbows": (7, 8),
    "wrists": (9, 10),
    "hips": (11, 12),
    "knees": (13, 14),
    "ankles": (15, 16),
}
"""Keypoints that share a curve, by COCO-17 index."""

REFERENCE_PX = 64.0
"""Person's size, in px of the network's input, at which the first number of a deviation curve holds; any would do."""

LEAST_DEVIATION_PX = 0.5
"""No keypoint is placed better than this, px of the network's input: an eighth of a cell of usual heat maps [D]."""

BODY_SHARE_OF_BOX = 0.53
"""Area of a person as a share of the box (CrowdPose evaluation, Li et al. 2019)."""

_EDGE = 1e-6
"""Raw confidences are kept this far from 0 and 1, where log odds end."""

Floats = npt.NDArray[np.float64]

GROUP_OF: npt.NDArray[np.intp] = np.array(
    [next(row for row, members in enumerate(GROUPS.values()) if index in members) for index in range(KEYPOINTS)]
)
"""(17,) row of each keypoint's group in the arrays of `Curves`."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The fitted numbers, one row a group.

    Attributes:
        confidence: (7, 2). Log odds of being right = first + second x log odds of the raw confidence; the second is
            above 0, so that the order of keypoints never changes.
        deviation: (7, 3). Log of the standard deviation along either axis, px of the network's input = first
            + second x (1 - probability) + third x log(size / 64), size as `person_sizes` gives it.
    """

    confidence: Floats
    deviation: Floats

    def probabilities(self, confidences: npt.ArrayLike) -> FloatArray:
        """Raw confidences (N, 17) as probabilities of being right (N, 17)."""
        return self.probability(np.broadcast_to(GROUP_OF, np.shape(confidences)), confidences).astype(np.float32)

    def deviations(self, probabilities: npt.ArrayLike, sizes: npt.ArrayLike) -> FloatArray:
        """(N, 17) px of the network's input, from probabilities (N, 17) and sizes (N,) px of the network's input.

        A keypoint of which nothing is known lies somewhere on the person: no deviation is larger than the size.
        """
        size = np.asarray(sizes, np.float64)[:, None]
        groups = np.broadcast_to(GROUP_OF, np.shape(probabilities))
        return self.deviation_of(groups, probabilities, np.broadcast_to(size, groups.shape)).astype(np.float32)

    def probability(self, groups: npt.NDArray[np.intp], confidences: npt.ArrayLike) -> Floats:
        """As `probabilities`, for keypoints in any shape with the row of each one's group."""
        first, second = np.moveaxis(self.confidence[groups], -1, 0)
        return expit(first + second * log_odds(confidences))

    def deviation_of(self, groups: npt.NDArray[np.intp], probabilities: npt.ArrayLike, sizes: npt.ArrayLike) -> Floats:
        """As `deviations`, for keypoints in any shape with the row of each one's group."""
        size = np.asarray(sizes, np.float64)
        first, second, third = np.moveaxis(self.deviation[groups], -1, 0)
        unsure = 1.0 - np.asarray(probabilities, np.float64)
        with np.errstate(over="ignore"):
            pixels = np.exp(first + second * unsure + third * np.log(size / REFERENCE_PX))
        return np.asarray(np.clip(pixels, LEAST_DEVIATION_PX, np.maximum(size, LEAST_DEVIATION_PX)), np.float64)


def person_sizes(boxes: FloatArray, gain: float) -> Floats:
    """Sizes (N,) of people in px of the network's input: the root of the body's area; boxes (N, 4) xyxy image px.

    Args:
        gain: image px per px of the network's input.
    """
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).astype(np.float64)
    return np.asarray(np.maximum(np.sqrt(BODY_SHARE_OF_BOX * sides.prod(axis=1)) / gain, 1.0), np.float64)


def input_gain(width: int, height: int, input_size: int) -> float:
    """Image px per px of a network's input, for models that scale the longer side to `input_size`."""
    return max(width, height) / input_size


def log_odds(confidences: npt.ArrayLike) -> Floats:
    """Of raw confidences, kept off 0 and 1."""
    kept = np.clip(np.asarray(confidences, np.float64), _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(kept / (1.0 - kept)))


def expit(odds: Floats) -> Floats:
    """Probabilities of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))
