"""The fall rule's bound on the trunk among the angles of the body: it holds for any view (METHODS 6.2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Angle
from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import BOUNDED, STATUSES, Angles

_NOT_JUDGED = "not judged"


def bounds_alone(bounds: Sequence[Angle]) -> BodyAngles:
    """Nothing is known of N people but the bounds on the inclination of their trunks."""
    unknown = {name: Angles.not_observable(len(bounds), _NOT_JUDGED, low=-180.0) for name in NAMES}
    return BodyAngles(**(unknown | {"trunk_inclination": _angles(bounds)}))


def or_bound(body: BodyAngles, bounds: Sequence[Angle]) -> BodyAngles:
    """Where the inclination of a trunk is not observable, its bound still is, unless it is not either."""
    inclination = body.trunk_inclination
    hidden = inclination.status > BOUNDED
    if not hidden.any():
        return body
    other = _angles(bounds)
    taken = hidden & (other.status <= BOUNDED)
    both = zip(_columns(other), _columns(inclination), strict=True)
    return replace(body, trunk_inclination=Angles(*(np.where(taken, mine, theirs) for mine, theirs in both)))


def _columns(angles: Angles) -> tuple[npt.NDArray[Any], ...]:
    return angles.value, angles.low, angles.high, angles.status, angles.reason


def _angles(bounds: Sequence[Angle]) -> Angles:
    return Angles(
        np.array([nan if one.value is None else one.value for one in bounds], np.float64),
        np.array([one.low for one in bounds], np.float64),
        np.array([one.high for one in bounds], np.float64),
        np.array([STATUSES.index(one.status) for one in bounds], np.uint8),
        np.array([one.reason for one in bounds], np.object_),
    )
