"""The revised NIOSH lifting equation: multipliers and recommended weight limit, exact and vectorised. Pure.

`RWL = LC HM VM DM AM FM CM` and `LI = load / RWL` (METHODS 1). Source: Waters, Putz-Anderson, Garg, Applications
Manual, NIOSH 94-110 (1994, revised September 2021), and Waters et al. 1993, Ergonomics 36:749-776. Multipliers come
from the formulas at full precision; the manual's printed tables of HM and DM differ from them by 0.01 in three places.
The metric and the US formula are not conversions of each other (51 lb are 23.13 kg), so a result stays in one `System`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.errors import MethodError

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

DURATIONS = ("short", "moderate", "long")
"""Up to 1 h, up to 2 h, up to 8 h of lifting with the recovery that `duration_class` asks for."""

COUPLINGS = ("good", "fair", "poor")

RECOVERY_SHORT = {"1994": 1.2, "2021": 1.0}
"""Recovery time after a short session as a multiple of its work time, by edition of the manual."""

RECOVERY_MODERATE = 0.3

MOST_MINUTES = 480.0
"""Lifting for longer in a day is outside the equation."""


@dataclass(frozen=True, slots=True)
class System:
    """Constants of the equation in one system of units.

    Attributes:
        name: "metric" or "us"; stored with the result.
        length, mass: unit names.
        load_constant: LC.
        h_least, h_most: at or below the first HM is 1, beyond the second it is 0.
        v_neutral, v_slope, v_most: VM = 1 - v_slope |V - v_neutral|, 0 above v_most. FM and CM step at v_neutral.
        d_least, d_gain, d_most: DM = 0.82 + d_gain / D, 1 up to d_least, 0 beyond d_most.
        h_body, h_body_low, v_low: H from the width W of a container is h_body + W / 2, below v_low h_body_low + W / 2.
    """

    name: str
    length: str
    mass: str
    load_constant: float
    h_least: float
    h_most: float
    v_neutral: float
    v_slope: float
    v_most: float
    d_least: float
    d_gain: float
    d_most: float
    h_body: float
    h_body_low: float
    v_low: float


METRIC = System("metric", "cm", "kg", 23.0, 25.0, 63.0, 75.0, 0.003, 175.0, 25.0, 4.5, 175.0, 20.0, 25.0, 25.0)
US = System("us", "in", "lb", 51.0, 10.0, 25.0, 30.0, 0.0075, 70.0, 10.0, 1.8, 70.0, 8.0, 10.0, 10.0)

A_SLOPE = 0.0032
A_MOST = 135.0

FM_FREQUENCIES: Array = np.array([0.2, 0.5, *range(1, 16)], np.float64)
"""Lifts per minute of the rows of `FM_TABLE`."""

FM_TABLE: Array = np.array(
    [
        # short          moderate        long        V below, at or above 75 cm (30 in) at the origin
        [1.00, 1.00, 0.95, 0.95, 0.85, 0.85],
        [0.97, 0.97, 0.92, 0.92, 0.81, 0.81],
        [0.94, 0.94, 0.88, 0.88, 0.75, 0.75],
        [0.91, 0.91, 0.84, 0.84, 0.65, 0.65],
        [0.88, 0.88, 0.79, 0.79, 0.55, 0.55],
        [0.84, 0.84, 0.72, 0.72, 0.45, 0.45],
        [0.80, 0.80, 0.60, 0.60, 0.35, 0.35],
        [0.75, 0.75, 0.50, 0.50, 0.27, 0.27],
        [0.70, 0.70, 0.42, 0.42, 0.22, 0.22],
        [0.60, 0.60, 0.35, 0.35, 0.18, 0.18],
        [0.52, 0.52, 0.30, 0.30, 0.00, 0.15],
        [0.45, 0.45, 0.26, 0.26, 0.00, 0.13],
        [0.41, 0.41, 0.00, 0.23, 0.00, 0.00],
        [0.37, 0.37, 0.00, 0.21, 0.00, 0.00],
        [0.00, 0.34, 0.00, 0.00, 0.00, 0.00],
        [0.00, 0.31, 0.00, 0.00, 0.00, 0.00],
        [0.00, 0.28, 0.00, 0.00, 0.00, 0.00],
    ],
    np.float64,
)
"""Frequency multiplier, table 5 of the manual (METHODS 1.2): rows `FM_FREQUENCIES`, columns (duration, V) in pairs."""

CM_TABLE: Array = np.array([[1.00, 1.00], [0.95, 1.00], [0.90, 0.90]], np.float64)
"""Coupling multiplier, table 7 of the manual: rows `COUPLINGS`, columns V below, at or above 75 cm (30 in)."""


def horizontal_multiplier(h: npt.ArrayLike, system: System = METRIC) -> Array:
    """HM of the distance H of the hands from the ankles: h_least / H, 1 nearer, 0 beyond h_most."""
    reach = _checked("H", h)
    return np.where(reach > system.h_most, 0.0, system.h_least / np.maximum(reach, system.h_least))


def vertical_multiplier(v: npt.ArrayLike, system: System = METRIC) -> Array:
    """VM of the height V of the hands above the floor."""
    height = _checked("V", v)
    return np.where(height > system.v_most, 0.0, 1.0 - system.v_slope * np.abs(height - system.v_neutral))


def distance_multiplier(d: npt.ArrayLike, system: System = METRIC) -> Array:
    """DM of the vertical travel D."""
    travel = _checked("D", d)
    raised = np.maximum(travel, system.d_least)
    return np.where(travel > system.d_most, 0.0, np.minimum(1.0, 0.82 + system.d_gain / raised))


def asymmetry_multiplier(a: npt.ArrayLike) -> Array:
    """AM of the asymmetry angle A in degrees, to either side; 0 beyond 135."""
    angle = _checked("A", a)
    return np.where(angle > A_MOST, 0.0, 1.0 - A_SLOPE * angle)


def frequency_multiplier(
    f: npt.ArrayLike, duration: str | Indices, v_origin: npt.ArrayLike, system: System = METRIC
) -> Array:
    """FM, linear between rows and 0 above the last row that is not 0 [D]; the manual is silent about that last gap.

    Args:
        f: lifts per minute, the mean of 15 minutes; below 0.2 counts as 0.2.
        duration: of `DURATIONS`, or indices into it.
        v_origin: height of the hands at the origin, also where the destination is judged.
    """
    rate, height, row = np.broadcast_arrays(
        _checked("F", f), _checked("V", v_origin), places("duration", duration, DURATIONS)
    )
    column = 2 * row + (height >= system.v_neutral)
    multiplier: Array = np.zeros(rate.shape)
    for wanted in np.unique(column):
        rows = np.count_nonzero(FM_TABLE[:, wanted])
        here = (column == wanted) & (rate <= FM_FREQUENCIES[rows - 1])
        multiplier[here] = np.interp(rate[here], FM_FREQUENCIES[:rows], FM_TABLE[:rows, wanted])
    return multiplier


def coupling_multiplier(coupling: str | Indices, v: npt.ArrayLike, system: System = METRIC) -> Array:
    """CM of `COUPLINGS` (or indices into it) with the hands at V, at the point that is judged."""
    height = _checked("V", v)
    multiplier: Array = CM_TABLE[places("coupling", coupling, COUPLINGS), (height >= system.v_neutral).astype(np.int64)]
    return multiplier


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """The factors of one or many lifts at one point, origin or destination; arrays of one shape."""

    lc: float
    hm: Array
    vm: Array
    dm: Array
    am: Array
    fm: Array
    cm: Array

    @property
    def rwl(self) -> Array:
        """Recommended weight limit in the unit of `lc`."""
        return self.lc * self.hm * self.vm * self.dm * self.am * self.fm * self.cm

    @property
    def firwl(self) -> Array:
        """Frequency-independent recommended weight limit: FM taken as 1."""
        return self.lc * self.hm * self.vm * self.dm * self.am * self.cm

    @property
    def geometry_factor(self) -> Array:
        """What a camera can see of the limit: HM VM DM AM FM (METHODS 7.4)."""
        return self.hm * self.vm * self.dm * self.am * self.fm


def multipliers(
    *,
    h: npt.ArrayLike,
    v: npt.ArrayLike,
    d: npt.ArrayLike,
    a: npt.ArrayLike = 0.0,
    f: npt.ArrayLike = 0.2,
    duration: str | Indices = "short",
    coupling: str | Indices = "good",
    v_origin: npt.ArrayLike | None = None,
    system: System = METRIC,
    load_constant: float | None = None,
) -> Multipliers:
    """All factors at one point of a lift.

    Args:
        h, v, a: of the hands at the point that is judged, in `system` and degrees.
        d: vertical travel of the lift, `|V destination - V origin|`.
        v_origin: V at the origin, for FM; `v` itself where the origin is judged.
        load_constant: a reference mass instead of the system's LC; see `niosh_method.ISO_11228_1`.

    Raises:
        MethodError: a value is negative or not a number, or a name is unknown.
    """
    return Multipliers(
        system.load_constant if load_constant is None else load_constant,
        horizontal_multiplier(h, system),
        vertical_multiplier(v, system),
        distance_multiplier(d, system),
        asymmetry_multiplier(a),
        frequency_multiplier(f, duration, v if v_origin is None else v_origin, system),
        coupling_multiplier(coupling, v, system),
    )


def lifting_index(load: npt.ArrayLike, rwl: npt.ArrayLike) -> Array:
    """load / RWL; nan where the RWL is 0, because there the equation has no answer, not a large one."""
    weight, limit = np.broadcast_arrays(_checked("load", load), _checked("RWL", rwl))
    index: Array = np.full(limit.shape, np.nan)
    np.divide(weight, limit, out=index, where=limit > 0)
    return index


def hand_distance(width: npt.ArrayLike, v: npt.ArrayLike, system: System = METRIC) -> Array:
    """H where it could not be measured, from the width W of the container in the sagittal plane (METHODS 1.4)."""
    body = np.where(_checked("V", v) >= system.v_low, system.h_body, system.h_body_low)
    distance: Array = body + _checked("container width", width) / 2
    return distance


def special_frequency(rate: float, work_min: float, window_min: float = 15.0) -> float:
    """F of work that does not go on through the whole sample: rate x working minutes / 15, for rates up to 15/min.

    A rate above 15/min stays as it is: no pause brings it into the equation's range.
    """
    if not (rate >= 0 and 0 <= work_min <= window_min and window_min > 0):
        raise MethodError(
            f"lifting for {work_min} of {window_min} minutes at {rate} a minute is not possible",
            mend="The working minutes lie between 0 and the length of the sample.",
        )
    return rate * work_min / window_min if rate <= FM_FREQUENCIES[-1] else rate


def duration_class(sessions: Sequence[tuple[float, float | None]], edition: str = "2021") -> str:
    """Duration class of a shift from its lifting sessions in order, the worst of them (METHODS 1.2).

    A session of up to 60 min whose recovery is shorter than it must be, or one of up to 120 min with less than 0.3
    times its length, is added to the next as if there had been no pause. After the last session recovery counts only
    where it is given.

    Args:
        sessions: (work, recovery in light work) in minutes; recovery None: no lifting follows.
        edition: of the manual: a short session needs a recovery of 1.2 (1994) or 1.0 (2021) times its work.

    Raises:
        MethodError: no session, a negative time, more than 8 h of lifting, or an unknown edition.
    """
    if edition not in RECOVERY_SHORT:
        raise MethodError(f"edition {edition!r} of the lifting manual is unknown", mend="Use 1994 or 2021.")
    if not sessions or any(not (w > 0 and (r is None or r >= 0)) for w, r in sessions):
        raise MethodError("lifting sessions are empty or hold a time below zero", mend="Give minutes of work and rest.")
    if sum(work for work, _ in sessions) > MOST_MINUTES:
        raise MethodError("lifting goes on for more than 8 hours", mend="The equation does not cover that.")
    ratio, worst, block = RECOVERY_SHORT[edition], 0, 0.0
    for number, (work, recovery) in enumerate(sessions, 1):
        block += work
        needs = (60.0, ratio) if block <= 60 else (120.0, RECOVERY_MODERATE)
        rested = recovery is None or (block <= needs[0] and recovery >= needs[1] * block)
        if rested:
            worst, block = max(worst, 0 if block <= 60 else 1 if block <= 120 else 2), 0.0
        elif number == len(sessions):
            assert recovery is not None
            worst = max(worst, 1 if block <= 120 and recovery >= RECOVERY_MODERATE * block else 2)
    return DURATIONS[worst]


def _checked(name: str, value: npt.ArrayLike) -> Array:
    """Refuses what no measurement can give."""
    array: Array = np.asarray(value, np.float64)
    if not np.all(array >= 0):
        wrong = array[~(array >= 0)].flat[0]
        raise MethodError(f"{name} is {wrong:g}", mend=f"{name} is a number of 0 or more.")
    return array


def places(name: str, value: str | Indices, known: tuple[str, ...]) -> Indices:
    """Indices of a choice into what is known; indices stay as they are."""
    if not isinstance(value, str):
        return value
    if value not in known:
        raise MethodError(f"{name} {value!r} is unknown", mend=f"Use one of: {', '.join(known)}.")
    return np.asarray(known.index(value), np.int64)
