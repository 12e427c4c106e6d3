"""What one frame adds to the exposure: person-time by posture, for all people of the frame at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.core.contracts import Status
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import BOUNDED, OK, STATUSES, Angles
from spotter.ergonomics.exposure.bands import BANDS, MAX_STEP_S, Band, bands
from spotter.ergonomics.exposure.holds import Holds, follow
from spotter.ergonomics.exposure.minutes import COLUMNS, WIDTH, Ints
from spotter.ergonomics.exposure.numbers import ACTION, EDGES, PARTS, SEEN
from spotter.ergonomics.methods.chances import share_below

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OUT_OF_SCOPE = STATUSES.index(Status.OUT_OF_SCOPE)

OUT_OF_SIGHT = "out of sight for a moment"
"""Why the time was not scored in which a person was followed over frames that did not show them."""

ON_THE_GROUND = "on the ground"
"""Why the time is not scored in which a body lies, kneels low or sits on the floor: the edges are those of a trunk over
standing or sitting hips, and someone who has fallen is not at work."""

_LONGEST = from_seconds(MAX_STEP_S)

_EDGE_PARTS = [PARTS.index(edge.part) for edge in EDGES]
_THRESHOLDS = np.array([edge.degrees for edge in EDGES])


def _columns(suffix: str, names: Sequence[str]) -> list[int]:
    return [COLUMNS[f"{name}_{suffix}"] for name in names]


_NAMES = [edge.name for edge in EDGES]
_PROVEN, _POSSIBLE, _MASS = (_columns(suffix, _NAMES) for suffix in ("proven", "possible", "mass"))
_STATIC_PROVEN, _STATIC_POSSIBLE = (_columns(suffix, _NAMES) for suffix in ("static_proven", "static_possible"))
_ENTRIES, _UNOBSERVABLE = _columns("entries", _NAMES), _columns("unobservable", PARTS)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What a frame adds.

    Attributes:
        values: (N, WIDTH) us and counts of each person.
        unscored: (N,) us in which the trunk could not be judged.
        reasons: (N,) why.
    """

    values: Ints
    unscored: Ints
    reasons: npt.NDArray[np.object_]


def tally(
    at: int,
    elapsed: Ints,
    step: int,
    body: BodyAngles,
    low: Bools,
    holds: Sequence[Holds],
) -> Tally:
    """Count one frame.

    Args:
        at: event time, UTC ns.
        elapsed: (N,) ns since each person was last seen; 0 for whoever is new.
        step: ns since the camera's frame before.
        body: angles of the N people.
        low: (N,) who is on the ground.
        holds: of each of them; changed in place.
    """
    watched = (elapsed > 0) & (elapsed <= _LONGEST)
    hidden = (elapsed > _LONGEST) & (step <= _LONGEST)
    counted = np.where(watched, elapsed, 0)
    us = counted // 1000
    away = np.where(hidden, elapsed // 1000, 0)
    least, most, best, status = _parts(body)
    status = np.where(low[:, None], OUT_OF_SCOPE, status)
    values = np.zeros((len(elapsed), WIDTH), np.int64)
    everybody = np.arange(len(elapsed))
    values[everybody, np.where(low, BANDS.index(Band.NOT_OBSERVABLE), bands(body.trunk_inclination))] = us
    values[:, COLUMNS["not_observable"]] += away
    values[:, COLUMNS[SEEN]] = us + away
    observable = status <= BOUNDED
    values[:, _UNOBSERVABLE] = np.where(observable, 0, us[:, None]) + away[:, None]
    known = observable[:, _EDGE_PARTS]
    least, most, best = (ends[:, _EDGE_PARTS] for ends in (least, most, best))
    values[:, _PROVEN] = np.where(known & (least >= _THRESHOLDS), us[:, None], 0)
    values[:, _POSSIBLE] = np.where(known & (most >= _THRESHOLDS), us[:, None], 0)
    below = share_below(_THRESHOLDS, least, most, best)[:, 0]
    values[:, _MASS] = np.where(known, np.rint((1.0 - below) * us[:, None]), 0)
    values[:, COLUMNS["trunk_ok"]] = np.where((body.trunk_flexion.status == OK) & ~low, us, 0)
    ends = np.where(np.tile(known, 2), np.concatenate([least, most], axis=1), np.nan)
    held, begun = follow(at, counted, ends, holds)
    values[:, _STATIC_PROVEN] = held[:, : len(EDGES)] // 1000
    values[:, _STATIC_POSSIBLE] = held[:, len(EDGES) :] // 1000
    values[:, _ENTRIES] = begun[:, : len(EDGES)]
    unscored = np.where(observable[:, 0], 0, us) + away
    reasons = np.where(low, ON_THE_GROUND, body.trunk_inclination.reason)
    reasons = np.where(away > 0, OUT_OF_SIGHT, reasons)
    return Tally(values, unscored, reasons)


def tally_scores(us: Ints, lowest: Mapping[str, Floats], low: Bools) -> Ints:
    """What the scores of N people add, (N, WIDTH) us.

    Args:
        us: (N,) person-time that they stand for.
        lowest: (N,) lowest scores by the names of `ACTION`.
        low: (N,) who is on the ground.
    """
    values = np.zeros((len(us), WIDTH), np.int64)
    for method, levels in ACTION.items():
        for level in levels:
            values[:, COLUMNS[f"{method}_{level}_proven"]] = np.where((lowest[method] >= level) & ~low, us, 0)
    return values


def _parts(body: BodyAngles) -> tuple[Floats, Floats, Floats, npt.NDArray[np.uint8]]:
    """Lowest, highest and best angle of each of `PARTS` and its status, (N, parts)."""
    trunk, side, neck = body.trunk_inclination, body.trunk_lateral, body.neck_flexion
    rows = [
        (trunk.low, trunk.high, trunk.value, trunk.status),
        (*_size(side), np.abs(side.value), side.status),
        _higher(body.left_upper_arm_gravity, body.right_upper_arm_gravity),
        (neck.low, neck.high, neck.value, neck.status),
    ]
    low, high, value, status = (np.stack(column, axis=1) for column in zip(*rows, strict=True))
    return low, high, value, status


def _size(angles: Angles) -> tuple[Floats, Floats]:
    """Interval of the angle's size, whichever side it leans to."""
    least = np.maximum(np.maximum(angles.low, -angles.high), 0.0)
    return least, np.maximum(np.abs(angles.low), np.abs(angles.high))


def _higher(left: Angles, right: Angles) -> tuple[Floats, Floats, Floats, npt.NDArray[np.uint8]]:
    """The higher of two arms. One arm is enough to say something; the other may then be anywhere."""
    seen, worse = np.minimum(left.status, right.status), np.maximum(left.status, right.status)
    status = np.where((seen <= BOUNDED) & (worse > BOUNDED), BOUNDED, worse).astype(np.uint8)
    lows = [np.where(arm.status > BOUNDED, 0.0, arm.low) for arm in (left, right)]
    highs = [np.where(arm.status > BOUNDED, 180.0, arm.high) for arm in (left, right)]
    return np.maximum(*lows), np.maximum(*highs), np.maximum(left.value, right.value), status
