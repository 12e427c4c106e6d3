"""The lowest scores that a posture can have, whatever the camera did not see of it. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.methods.owas import OWAS
from spotter.ergonomics.methods.reba import REBA

Floats = npt.NDArray[np.float64]

Range = tuple[Floats, Floats]
"""(lowest, highest), (N,) each."""


def posture_scores(body: BodyAngles) -> dict[str, Range]:
    """Scores of N postures by the names of `numbers.ACTION`: REBA from posture alone (no load, good grip, best wrist,
    no activity), and the OWAS category."""
    reba = REBA.assess_many(REBA.from_angles(body)).details["posture_only_reba"]
    owas = OWAS.assess_many(OWAS.from_angles(body))
    return {"reba": _floats(reba), "owas": _floats((owas.low, owas.high))}


def _floats(ends: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> Range:
    low, high = ends
    return low.astype(np.float64), high.astype(np.float64)
