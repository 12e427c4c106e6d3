"""Lifts of a report: how many, how far, how often, and what the lifting equation allows for each. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.clock import SECOND
from spotter.core.contracts import Measure, Status
from spotter.core.store import LiftRecord
from spotter.ergonomics.events.lift_rates import frequency
from spotter.ergonomics.events.lift_values import MEASURES, LiftFlag, measure_of
from spotter.ergonomics.methods.api import Given, Provenance
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.niosh import METRIC
from spotter.ergonomics.methods.niosh_bounds import worst_and_best
from spotter.ergonomics.methods.niosh_inputs import durations, lift_of
from spotter.ergonomics.methods.niosh_method import NIOSH
from spotter.report.data import Window

WINDOW_S = 900
"""The frequency of the lifting equation is the mean of 15 minutes (METHODS 1.2)."""

_SEEN = (Status.OK.value, Status.BOUNDED.value)
_SCOPE: Mapping[str, str] = {
    LiftFlag.ONE_HAND: "one_handed",
    LiftFlag.SEATED: "seated_or_kneeling",
    LiftFlag.KNEELING: "seated_or_kneeling",
    LiftFlag.HIGH_SPEED: "fast",
    LiftFlag.CARRY: "carry_push_pull",
}
_IN_SCOPE = tuple(flag.value for flag in LiftFlag if not flag.scope)
_INPUTS = {
    "v_cm": "vertical_origin",
    "d_cm": "travel",
    "h_cm": "horizontal_origin",
    "a_deg": "asymmetry",
    "destination_v_cm": "vertical_destination",
    "destination_h_cm": "horizontal_destination",
}
"""Inputs of the equation and the measures that give them. What is of the destination counts only where a load has to be
placed with care, and that somebody has to enter (METHODS 1.4)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How one measure is spread over the lifts in which it was observable.

    Attributes:
        count: of those lifts.
        tenth, median, ninetieth: quantiles of the best single figures.
        low, high: lowest and highest end of all their intervals.
    """

    name: str
    unit: str
    count: int
    tenth: float
    median: float
    ninetieth: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Busiest:
    """The 15 minutes with the most lifts."""

    start: int
    count: int
    rate: Measure


@dataclass(frozen=True, slots=True)
class Limits:
    """What the equation allows for one lift: (lowest, highest) of each.

    Attributes:
        geometry: product of all factors but load constant and grip.
        limit: recommended weight limit, kg.
        index: lifting index, without an upper end (inf) where the limit may be 0; None where no load is known, or where
            nothing may be lifted at all.
        scope: why it does not apply; nothing else counts then.
    """

    geometry: tuple[float, float]
    limit: tuple[float, float]
    index: tuple[float, float] | None
    scope: tuple[str, ...] = ()


def spreads(lifts: Sequence[LiftRecord]) -> list[Spread]:
    """One for each measure that was observable at least once."""
    found = []
    for name in (*MEASURES, "duration_s"):
        rows = [_row(lift, name) for lift in lifts]
        seen = [row for row in rows if row is not None and row[4] in _SEEN and row[0] is not None]
        if seen:
            figures = np.array([row[:3] for row in seen], np.float64)
            tenth, median, ninetieth = np.quantile(figures[:, 0], [0.1, 0.5, 0.9]).tolist()
            found.append(Spread(
                name, seen[0][3], len(seen), tenth, median, ninetieth, float(figures[:, 1].min()),
                float(figures[:, 2].max()),
            ))  # fmt: skip
    return found


def counted(lifts: Sequence[LiftRecord], name: str) -> list[tuple[str, int]]:
    """How often each word is there under a name of `Lift.numbers` (a word or a list of them), most frequent first."""
    words: Counter[str] = Counter()
    for lift in lifts:
        value = lift.numbers.get(name, ())
        words.update([value] if isinstance(value, str) else list(value))
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))


def busiest(lifts: Sequence[LiftRecord], windows: Sequence[Window]) -> Busiest | None:
    """The 15 minutes with the most lifts, within one window; the earliest of equals. None without lifts."""
    best = (0, 0)
    for window in windows:
        starts = [lift.started_at for lift in lifts if window.start <= lift.started_at < window.end]
        begin = 0
        for end in range(len(starts)):
            while starts[end] - starts[begin] >= WINDOW_S * SECOND:
                begin += 1
            if end - begin + 1 > best[0]:
                best = (end - begin + 1, starts[begin])
    if not best[0]:
        return None
    longest = max((window.end - window.start) / SECOND for window in windows)
    return Busiest(best[1], best[0], frequency(best[0], min(float(WINDOW_S), longest)))


def demanding(lifts: Sequence[LiftRecord], most: int) -> list[LiftRecord]:
    """Those within the equation's scope that it allows the least for, whatever the view hides; worst first."""
    inside = [lift for lift in lifts if not scope_of(lift)]
    order = np.argsort(_easiest(inside), kind="stable")[:most]
    return [inside[index] for index in order]


def scope_of(lift: LiftRecord) -> tuple[str, ...]:
    """Flags that take a lift out of the equation's scope; one that this Spotter does not know does, too."""
    return tuple(flag for flag in lift.numbers.get("flags", ()) if flag not in _IN_SCOPE)


def given_of(lift: LiftRecord, rate: Measure | None) -> dict[str, Given]:
    """A lift as inputs of the lifting equation.

    Args:
        rate: lifts per minute; None: not known.
    """
    found = {}
    for ask, name in _INPUTS.items():
        row = _row(lift, name)
        if row is not None:
            found[ask] = _given(measure_of(row), *_range(ask))
    if not _agree(found):
        found.pop("destination_v_cm", None)
    if rate is not None and rate.status in (Status.OK, Status.BOUNDED):
        found["f_per_min"] = _given(rate, *_range("f_per_min"))
    for flag in scope_of(lift):
        if flag in _SCOPE:
            found[_SCOPE[flag]] = Given(choices=("yes",), provenance=Provenance.OBSERVED)
    return found


def limits(given: Mapping[str, Given]) -> Limits:
    """What the equation allows, exactly, without the probabilities that `NIOSH.assess` adds."""
    out = tuple(name for name, each in given.items() if name in _SCOPE.values() and each.choices == ("yes",))
    inputs = complete(NIOSH.name, NIOSH.asks, given)
    inputs["duration"] = replace(inputs["duration"], choices=durations(inputs))
    worst, best = worst_and_best(lift_of(inputs, METRIC))
    least, most = float(worst.rwl.min()), float(best.rwl.max())
    load = inputs["load_kg"]
    known = load.provenance is not Provenance.UNKNOWN and most > 0
    return Limits(
        (float(worst.origin.geometry_factor.min()), float(best.origin.geometry_factor.max())),
        (least, most),
        (load.low / most, load.high / least if least > 0 else math.inf) if known else None,
        out,
    )


def _easiest(lifts: Sequence[LiftRecord]) -> npt.NDArray[np.float64]:
    """(N,) largest HM VM DM AM that the intervals allow (METHODS 1.1, metric)."""
    ends = {name: np.array([_ends(lift, name) for lift in lifts]).reshape(-1, 2) for name in _INPUTS.values()}
    reach = np.maximum(ends["horizontal_origin"][:, 0], 25.0)
    height = ends["vertical_origin"]
    away = np.maximum(np.maximum(height[:, 0] - 75.0, 75.0 - height[:, 1]), 0.0)
    travel = np.maximum(ends["travel"][:, 0], 25.0)
    turned = np.maximum(ends["asymmetry"][:, 0], 0.0)
    factors: npt.NDArray[np.float64] = (
        (25.0 / reach) * (1 - 0.003 * away) * (0.82 + 4.5 / travel) * (1 - 0.0032 * turned)
    )
    return np.round(factors, 9)


def _ends(lift: LiftRecord, name: str) -> tuple[float, float]:
    row = _row(lift, name)
    return (0.0, 250.0) if row is None else (float(row[1]), float(row[2]))


def _row(lift: LiftRecord, name: str) -> list[Any] | None:
    """[value, low, high, unit, status, reason]."""
    value = lift.numbers.get(name)
    if isinstance(value, int | float):
        return [value, value, value, "s", Status.OK.value, ""]
    return value if isinstance(value, list) and len(value) == 6 else None


def _agree(given: Mapping[str, Given]) -> bool:
    """Whether the heights allow the travel; they are measured apart, and the equation refuses what no lift can have."""
    if not {"v_cm", "d_cm", "destination_v_cm"} <= given.keys():
        return True
    start, end, travel = given["v_cm"], given["destination_v_cm"], given["d_cm"]
    least = max(start.low - end.high, end.low - start.high, 0.0)
    return least <= travel.high and travel.low <= max(end.high - start.low, start.high - end.low)


def _range(name: str) -> tuple[float, float]:
    ask = next(ask for ask in NIOSH.asks if ask.name == name)
    return ask.low, ask.high


def _given(measure: Measure, low: float, high: float) -> Given:
    """What was measured; of what was not observable, the range that it can have at all is assumed."""
    ends = [min(max(end, low), high) for end in (measure.low, measure.high)]
    seen = measure.status in (Status.OK, Status.BOUNDED)
    value = None if measure.value is None or not seen else min(max(measure.value, ends[0]), ends[1])
    return Given(
        ends[0], ends[1], value=value, provenance=Provenance.OBSERVED if seen else Provenance.ASSUMED,
        reason=measure.reason,
    )  # fmt: skip
