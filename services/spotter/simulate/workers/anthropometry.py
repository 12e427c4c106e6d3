"""How large a worker is: stature by sex and percentile, and the lengths of the segments as shares of it. Pure.

Stature: ANSUR II, the survey of 4082 men and 1986 women of the US Army in 2012 (Gordon et al. 2014, NATICK/TR-15/007).
Lengths: Drillis & Contini 1966, as in Winter 2009, Biomechanics and Motor Control of Human Movement, figure 4.1; those
are heights of landmarks that come close to joint centres. The figure's breadths (0.259 and 0.191) are of the outer
body; joint centres lie nearer to each other, so the breadths here are from what COCO calls shoulders and hips.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from spotter.core.errors import ConfigError
from spotter.simulate.workers.chance import Chance


class Sex(StrEnum):
    """Whose table of statures holds."""

    FEMALE = "female"
    MALE = "male"


STATURES = {Sex.FEMALE: NormalDist(1.629, 0.064), Sex.MALE: NormalDist(1.756, 0.069)}
"""m, ANSUR II."""

LEAST_STATURE, MOST_STATURE = 1.2, 2.3
"""m; nobody outside these is simulated."""

ANKLE, SHANK, THIGH, TRUNK = 0.039, 0.246, 0.245, 0.288
UPPER_ARM, FOREARM = 0.186, 0.146
"""Shares of stature: height of the ankle, then lengths (Winter 2009)."""

SHOULDERS, HIPS = 0.21, 0.13
"""Breadths between joint centres [D]: of 12 people in the COCO labels at hand who are upright, the widest tenth has
0.71 and 0.52 of the trunk's length, the widest twentieth 0.78 and 0.56 (0.20 to 0.23 and 0.15 to 0.16 of stature); the
parametric body `anny` has 0.19 and 0.115."""

BALL = 0.085
"""Ankle to the ball of the foot, forwards [D]; a foot is 0.152 long (Winter 2009)."""

EARS_UP, EARS_AHEAD, EARS_APART = 0.11, 0.02, 0.086
EYES_UP, EYES_AHEAD, EYES_APART = 0.007, 0.049, 0.035
NOSE_UP, NOSE_AHEAD = -0.010, 0.060
"""The head: middle of the ears from the middle of the shoulders, the rest from the middle of the ears; measured on the
body `anny` (six phenotypes, spread 0.002 to 0.01)."""

VARIATION = 0.03
"""Standard deviation of a segment between people of one stature, as a share of its length [D]; ANSUR II has 0.03 to
0.05 for lengths of limbs."""


@dataclass(frozen=True, slots=True)
class Body:
    """One worker's measures, m and kg. Heights add up: ankle, shank, thigh, trunk and head make the stature.

    Attributes:
        shoulders, hips: breadth between the joint centres of left and right.
        scale: stature, for what is not measured one by one.
    """

    sex: Sex
    stature: float
    mass: float
    ankle: float
    shank: float
    thigh: float
    trunk: float
    upper_arm: float
    forearm: float
    shoulders: float
    hips: float

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.thigh + self.shank

    @property
    def arm(self) -> float:
        """Shoulder to wrist with a straight elbow."""
        return self.upper_arm + self.forearm

    @property
    def hip_height(self) -> float:
        """Of the hips when standing straight."""
        return self.ankle + self.leg


def stature_of(sex: Sex, percentile: float) -> float:
    """m, of a percentile above 0 and below 100."""
    return float(STATURES[sex].inv_cdf(percentile / 100))


def make_body(chance: Chance, stature: float | None = None, sex: Sex | None = None) -> Body:
    """Somebody of this stature, or by chance.

    Raises:
        ConfigError: a stature that nobody has.
    """
    sex = chance.pick(tuple(Sex)) if sex is None else sex
    drawn = stature_of(sex, chance.uniform(1, 99))
    tall = drawn if stature is None else stature
    if not LEAST_STATURE <= tall <= MOST_STATURE:
        raise ConfigError(
            f"stature {tall:g} m is nobody's", mend=f"Give metres from {LEAST_STATURE:g} to {MOST_STATURE:g}"
        )
    factors = 1 + VARIATION * np.clip(chance.normals(7), -2.5, 2.5)
    legs, trunk, head = (np.array([ANKLE, SHANK, THIGH]) * factors[:3]), TRUNK * factors[3], 1 - 0.818
    upright = (1 - head) / (legs.sum() + trunk)
    ankle, shank, thigh, back = (float(part * upright * tall) for part in (*legs, trunk))
    bulk = 25.5 * float(np.exp(0.15 * np.clip(chance.normals(1)[0], -2, 2)))
    return Body(
        sex=sex, stature=tall, mass=bulk * tall**2, ankle=ankle, shank=shank, thigh=thigh, trunk=back,
        upper_arm=float(UPPER_ARM * factors[4] * tall), forearm=float(FOREARM * factors[4] * tall),
        shoulders=float(SHOULDERS * factors[5] * tall), hips=float(HIPS * factors[6] * tall),
    )  # fmt: skip
