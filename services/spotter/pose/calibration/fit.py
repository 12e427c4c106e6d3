"""Fits the curves of a calibration. Pure; convex problems, solved by Newton's method, the same on every run.

Few keypoints are labelled, so each group is drawn towards the fit over all groups: a normal prior, worth a few
keypoints. Labels have noise of their own, and deviations include it: keypoints that the default model is sure of lie
nearer to COCO's labels (hips: 0.05 of the person's size along an axis) than labels are said to lie to one another (OKS
sigma of hips over the root of two: 0.076), so that taking the latter off would leave less than nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spotter.pose.calibration.curves import GROUPS, REFERENCE_PX, Curves, Floats, expit, log_odds
from spotter.pose.calibration.samples import Samples

_CONFIDENCE_START = np.array([1.5, 1.5])
_CONFIDENCE_PRIOR = 1.0
"""Precision of a group's numbers around those of all groups."""

_DEVIATION_START = np.array([0.5, 2.0, 0.5])
_DEVIATION_PRIOR = 3.0
_FLAT = 1e-3
"""Precision around the starting point of the fit over all groups: only keeps it solvable."""

_LEAST_SLOPE = 0.05
"""More confidence is never less right."""

_NORMAL = float(np.sqrt(np.pi / 2))
"""Standard deviation of a normal distribution over its mean absolute deviation."""

_STEPS = 100
_LONGEST_STEP = 2.0

Loss = Callable[[Floats], tuple[Floats, Floats]]
"""From the linear predictor (M,) to first and second derivatives of the loss by it."""


def fit(samples: Samples) -> Curves:
    """The curves of these samples.

    The confidence is a logistic regression; the deviation makes the weighted likelihood of the absolute errors greatest
    under an exponential distribution, which far errors move less than squares would, and which needs no cut-off between
    right and wrong keypoints: an unsure keypoint is one whose mixture of both is wide, and that is what an interval
    around an angle has to hold.
    """
    confidence = _confidence(samples)
    probability = Curves(confidence, np.zeros((len(GROUPS), 3))).probability(samples.group, samples.raw)
    return Curves(confidence, _deviation(samples, probability))


def _confidence(samples: Samples) -> Floats:
    design = np.stack([np.ones(len(samples)), log_odds(samples.raw)], axis=1)

    def fitted(mask: Floats, start: Floats, precision: float) -> Floats:
        rows, weight, right = design[mask], samples.weight[mask], samples.right[mask].astype(np.float64)

        def loss(predicted: Floats) -> tuple[Floats, Floats]:
            p = expit(predicted)
            return weight * (p - right), weight * p * (1.0 - p)

        return _bounded(rows, loss, start, precision, np.array([-np.inf, _LEAST_SLOPE]))

    whole = fitted(np.ones(len(samples), bool), _CONFIDENCE_START, _FLAT)
    return np.stack([fitted(samples.group == group, whole, _CONFIDENCE_PRIOR) for group in range(len(GROUPS))])


def _deviation(samples: Samples, probability: Floats) -> Floats:
    design = np.stack([np.ones(len(samples)), 1.0 - probability, np.log(samples.size / REFERENCE_PX)], axis=1)
    errors = np.abs(samples.error) * _NORMAL

    def fitted(mask: Floats, start: Floats, precision: float) -> Floats:
        # Both axes of a keypoint share its deviation.
        rows, weight, size = design[mask], samples.weight[mask], errors[mask].mean(axis=1)

        def loss(predicted: Floats) -> tuple[Floats, Floats]:
            ratio = 2.0 * weight * size * np.exp(-predicted)
            return 2.0 * weight - ratio, ratio

        return _bounded(rows, loss, start, precision, np.array([-np.inf, 0.0, 0.0]))

    whole = fitted(np.ones(len(samples), bool), _DEVIATION_START, _FLAT)
    return np.stack([fitted(samples.group == group, whole, _DEVIATION_PRIOR) for group in range(len(GROUPS))])


def _bounded(rows: Floats, loss: Loss, start: Floats, precision: float, least: Floats) -> Floats:
    """The best numbers; one that comes out below its bound is put there, and the others are fitted again."""
    free = np.ones(len(start), bool)
    numbers = start.copy()
    while True:
        numbers = _newton(rows, loss, np.maximum(numbers, least), start, precision, free)
        below = free & (numbers < least)
        if not below.any():
            return numbers
        free &= ~below


def _newton(rows: Floats, loss: Loss, begin: Floats, prior: Floats, precision: float, free: Floats) -> Floats:
    numbers = begin.copy()
    for _ in range(_STEPS):
        first, second = loss(rows @ numbers)
        gradient = (rows.T @ first + precision * (numbers - prior))[free]
        curvature = ((rows * second[:, None]).T @ rows + precision * np.eye(len(prior)))[np.ix_(free, free)]
        step = np.linalg.solve(curvature, gradient)
        longest = float(np.abs(step).max(initial=0.0))
        numbers[free] -= step * min(1.0, _LONGEST_STEP / max(longest, 1e-12))
        if longest < 1e-9:
            break
    return numbers
