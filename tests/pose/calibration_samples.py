"""Keypoints of a made-up model whose confidences are worth something known."""

from __future__ import annotations

import numpy as np

from spotter.pose.calibration.curves import GROUP_OF, GROUPS, Curves
from spotter.pose.calibration.samples import Samples

TRUE = Curves(
    confidence=np.tile([1.5, 1.7], (len(GROUPS), 1)) + np.linspace(-0.5, 0.5, len(GROUPS))[:, None],
    deviation=np.tile([0.8, 2.0, 0.5], (len(GROUPS), 1)) + np.linspace(-0.2, 0.2, len(GROUPS))[:, None],
)
"""What the made-up model is worth."""


def made_up(count: int, *, seed: int = 0, scenes: int = 40, parts: int = 1) -> Samples:
    """`count` keypoints that follow `TRUE`."""
    random = np.random.default_rng(seed)
    joint = random.integers(0, 17, count)
    raw = random.beta(3.0, 3.0, count)
    size = random.uniform(20, 200, count)
    groups = GROUP_OF[joint]
    probability = TRUE.probability(groups, raw)
    deviation = TRUE.deviation_of(groups, probability, size)
    return Samples(
        joint=joint,
        raw=raw,
        right=random.random(count) < probability,
        error=random.normal(size=(count, 2)) * deviation[:, None],
        size=size,
        scene=random.integers(0, scenes, count),
        weight=np.ones(count),
        part=random.integers(0, parts, count),
    )
