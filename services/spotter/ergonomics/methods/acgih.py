"""The ACGIH threshold limit value for lifting: a screening limit by zone, duration and frequency. Pure.

Source: ACGIH, TLVs and BEIs, "Lifting". Table 1 was read in the booklet's text of 2004/2007; tables 2 and 3 are
recalled (METHODS 5.3) and have to be checked against the booklet before anybody relies on them: `PROVENANCE` says which
is which, and every result carries it. For two hands within 30 degrees of the sagittal plane. A dash in the tables means
that no safe limit for repetitive lifting is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.lifting_scope import SCOPE, scope
from spotter.ergonomics.methods.numbers import draws, shares, widening

Array = npt.NDArray[np.float64]

VERTICAL = ("shoulder", "torso", "knee", "floor")
"""Hands 30 cm above to 8 cm below the shoulder; below that down to the knuckles of the hanging hand; down to the middle
of the shin; down to the floor. A border belongs to the upper zone."""

HORIZONTAL = ("close", "intermediate", "extended")
"""Hands less than 30, 30 to 60, over 60 to 80 cm from the middle between the ankles."""

_NONE = math.nan

TABLES: Array = np.array(
    [
        [[16, 7, _NONE], [32, 16, 9], [18, 14, 7], [14, _NONE, _NONE]],
        [[14, 5, _NONE], [27, 14, 7], [16, 11, 5], [9, _NONE, _NONE]],
        [[11, _NONE, _NONE], [14, 9, 5], [9, 7, 2], [_NONE, _NONE, _NONE]],
    ]
)
"""kg, by table, `VERTICAL` and `HORIZONTAL`; nan where no safe limit is known."""

PROVENANCE = ("text of 2004/2007, read", "recalled, check before use", "recalled, check before use")

ABOVE_SHOULDER, BELOW_SHOULDER = 30.0, 8.0
CLOSE, INTERMEDIATE, EXTENDED = 30.0, 60.0, 80.0
SHORT_HOURS, MOST_PER_HOUR = 2.0, 360.0
PACES = tuple(pace for step in (12.0, 30.0, 60.0) for pace in (step, float(np.nextafter(step, 1000.0))))
BORDERS = (30.0, 60.0, 80.0, 12.0, 2.0)
"""Values that are worth knowing exactly because a zone or a table ends there."""

LEVELS = ("load <= TLV", "load > TLV", "no known safe limit")

JUDGEMENT: tuple[Asked, ...] = (
    *(f for f in SCOPE if f.name in ("one_handed", "seated_or_kneeling", "restricted_space", "unstable_object")),
    Asked("asymmetric", Kind.FLAG, "It begins or ends over 30 degrees to the side.", observable=True, default="no"),
    Asked("hot", Kind.FLAG, "Heat and humidity are high.", default="no"),
    Asked("poor_grip", Kind.FLAG, "There are no handles or other good places to grip.", default="no"),
    Asked("unstable_footing", Kind.FLAG, "The feet do not stand firmly.", default="no"),
)
"""Where the booklet asks for a lower limit by professional judgement: the table is only an upper bound then."""


def limit(table: int, vertical: str, horizontal: str) -> float | None:
    """TLV in kg of table 1 to 3; None: no known safe limit.

    Raises:
        MethodError: there is no such table or zone.
    """
    if table not in (1, 2, 3) or vertical not in VERTICAL or horizontal not in HORIZONTAL:
        raise MethodError(
            f"there is no cell {vertical!r}, {horizontal!r} in table {table} of the lifting TLV",
            mend=f"Use table 1 to 3, {', '.join(VERTICAL)} and {', '.join(HORIZONTAL)}.",
        )
    cell = float(TABLES[table - 1, VERTICAL.index(vertical), HORIZONTAL.index(horizontal)])
    return None if math.isnan(cell) else cell


def table_of(hours_per_day: npt.ArrayLike, lifts_per_hour: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Number of the table, 1 to 3; above 360 lifts an hour that of 360."""
    hours, rate = np.asarray(hours_per_day, np.float64), np.asarray(lifts_per_hour, np.float64)
    short = np.where(rate <= 60, 1, 2)
    long = np.where(rate <= 12, 1, np.where(rate <= 30, 2, 3))
    return np.where(hours <= SHORT_HOURS, short, long)


def vertical_zone(v: npt.ArrayLike, shoulder: npt.ArrayLike, knuckle: npt.ArrayLike, shin: npt.ArrayLike) -> Array:
    """Index into `VERTICAL` of hands at height v, by the heights of shoulder, knuckles and mid-shin, cm; nan above."""
    height, top = np.asarray(v, np.float64), np.asarray(shoulder, np.float64)
    hip, low = np.asarray(knuckle, np.float64), np.asarray(shin, np.float64)
    below = np.where(height >= hip, 1.0, np.where(height >= low, 2.0, 3.0))
    zone: Array = np.where(height >= top - BELOW_SHOULDER, 0.0, below)
    return np.where(height > top + ABOVE_SHOULDER, np.nan, zone)


def horizontal_zone(h: npt.ArrayLike) -> Array:
    """Index into `HORIZONTAL` of hands h cm in front of the ankles; nan beyond 80 cm."""
    reach = np.asarray(h, np.float64)
    zone = np.where(reach < CLOSE, 0.0, np.where(reach <= INTERMEDIATE, 1.0, 2.0))
    return np.where(reach > EXTENDED, np.nan, zone)


def _height(name: str, text: str, low: float, high: float) -> Asked:
    return Asked(name, Kind.NUMBER, text, unit="cm", low=low, high=high, observable=True)


class LiftingTlv:
    """TLV in kg of one lifting task, and what a known load is against it."""

    name = "acgih_tlv"
    title = "ACGIH threshold limit value for lifting (screening)"
    version = "TLV 2004/2007, 1"
    source = "ACGIH TLVs and BEIs, lifting; tables 2 and 3 recalled"
    asks: tuple[Asked, ...] = (
        Asked("load_kg", Kind.NUMBER, "Weight of the object.", unit="kg", high=500.0),
        Asked(
            "vertical_zone",
            Kind.CHOICE,
            "Zone of the hands: shoulder (30 cm above to 8 below), torso (to the knuckles), knee (to mid-shin), floor.",
            choices=VERTICAL,
            observable=True,
        ),
        Asked(
            "horizontal_zone",
            Kind.CHOICE,
            "Distance of the hands: close (under 30 cm), intermediate (to 60), extended (to 80).",
            choices=HORIZONTAL,
            observable=True,
        ),
        _height(
            "v_cm", "Instead of vertical_zone: height of the hands, with the three heights of the body below.", 0, 250
        ),
        _height("shoulder_cm", "Height of the shoulder, standing.", 100, 180),
        _height("knuckle_cm", "Height of the knuckles with hanging arms, standing.", 50, 95),
        _height("mid_shin_cm", "Height of the middle of the shin.", 15, 45),
        _height("h_cm", "Instead of horizontal_zone: from the middle between the ankles to the hands.", 0, 250),
        Asked("hours_per_day", Kind.NUMBER, "Hours a day with lifting.", unit="h", high=24.0, observable=True),
        Asked("lifts_per_hour", Kind.NUMBER, "Lifts an hour.", unit="/h", high=3600.0, observable=True),
        *JUDGEMENT,
    )

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """TLV of one job. See `Method.assess`."""
        inputs = complete(self.name, self.asks, given)
        cells, outside, tables = _cells(inputs)
        provenance = "; ".join(f"table {n}: {PROVENANCE[n - 1]}" for n in tables)
        nothing = Result(
            self.name, self.version, "TLV", Status.OUT_OF_SCOPE, None, math.nan, math.nan, "kg",
            table_version=provenance, inputs=inputs, reasons=("the hands are outside the zones of the method",),
        )  # fmt: skip
        if not cells:
            return nothing
        lower = _judgement(inputs)
        known = [0.0 if math.isnan(cell) else cell for cell in cells]
        low, high = 0.0 if lower or outside else min(known), max(known)
        unsafe = sum(map(math.isnan, cells))
        reasons = [*lower]
        if outside:
            reasons.append("the hands may be outside the zones of the method")
        if unsafe:
            reasons.append(f"no safe limit for repetitive lifting {'is' if unsafe == len(cells) else 'may be'} known")
        reasons += _unknown(inputs)
        figures = self._figures(inputs)
        details = {"no_known_safe_limit": (float(unsafe == len(cells)), float(bool(unsafe or outside)))}
        load = inputs["load_kg"]
        if _known(inputs, "load_kg") and low > 0:
            details["load_per_TLV"] = (load.low / high, load.high / low)
        blind = not any(_known(inputs, ask.name) for ask in self.asks if ask not in JUDGEMENT)
        status = Status.NOT_OBSERVABLE if blind else Status.BOUNDED if high > low else Status.OK
        middle = float(np.clip(np.median(np.nan_to_num(figures)), low, high))
        return replace(
            nothing,
            status=status,
            value=None if blind or lower or unsafe == len(cells) else middle,
            low=low,
            high=high,
            levels=self._levels(inputs, figures) if _known(inputs, "load_kg") else {},
            widening=widening([a for a in self.asks if a not in JUDGEMENT], inputs, _width, *BORDERS),
            details=details,
            reasons=tuple(reasons),
        )

    def _figures(self, inputs: Mapping[str, Given]) -> Array:
        """TLV of every draw; nan where none is known or the hands are outside."""
        drawn = draws(self.asks, inputs)
        vertical, horizontal = drawn["vertical_zone"], drawn["horizontal_zone"]
        if inputs["vertical_zone"].provenance is Provenance.UNKNOWN and _known(inputs, "v_cm"):
            vertical = vertical_zone(drawn["v_cm"], drawn["shoulder_cm"], drawn["knuckle_cm"], drawn["mid_shin_cm"])
        if inputs["horizontal_zone"].provenance is Provenance.UNKNOWN and _known(inputs, "h_cm"):
            horizontal = horizontal_zone(drawn["h_cm"])
        table = table_of(drawn["hours_per_day"], drawn["lifts_per_hour"]) - 1
        table, vertical, horizontal = np.broadcast_arrays(table, vertical, horizontal)
        outside = np.isnan(vertical) | np.isnan(horizontal)
        rows, columns = (np.nan_to_num(zone).astype(np.int64) for zone in (vertical, horizontal))
        return np.where(outside, np.nan, TABLES[table, rows, columns])

    def _levels(self, inputs: Mapping[str, Given], figures: Array) -> dict[str, float]:
        load = draws(self.asks, inputs)["load_kg"]
        weight, tlv = np.broadcast_arrays(load, figures)
        none = np.isnan(tlv)
        safe = np.where(none, 0.0, tlv)
        return shares(dict(zip(LEVELS, (~none & (weight <= safe), ~none & (weight > safe), none), strict=True)))


def _known(inputs: Mapping[str, Given], name: str) -> bool:
    return inputs[name].provenance is not Provenance.UNKNOWN


def _unknown(inputs: Mapping[str, Given]) -> list[str]:
    """Sentences about what is open because nobody entered or saw it."""
    height = ("v_cm", "shoulder_cm", "knuckle_cm", "mid_shin_cm") if _known(inputs, "v_cm") else ("vertical_zone",)
    names = () if _known(inputs, "vertical_zone") else height
    if not _known(inputs, "horizontal_zone") and not _known(inputs, "h_cm"):
        names = (*names, "horizontal_zone")
    names = (*names, "hours_per_day", "lifts_per_hour")
    return [f"{name} is not known: {inputs[name].reason}" for name in names if not _known(inputs, name)]


def _cells(inputs: Mapping[str, Given]) -> tuple[list[float], bool, list[int]]:
    """Every cell that may apply, whether the hands may be outside all zones, and the numbers of the tables."""
    hours, rate = inputs["hours_per_day"], inputs["lifts_per_hour"]
    day = {hours.low, hours.high, *([2.0] if hours.low <= 2.0 < hours.high else [])}
    pace = {rate.low, rate.high, *(step for step in PACES if rate.low < step < rate.high)}
    tables = sorted({int(table_of(h, r)) for h, r in product(day, pace)})
    rows, high_up = _rows(inputs)
    columns, far = _columns(inputs)
    cells = [float(TABLES[t - 1, r, c]) for t, r, c in product(tables, rows, columns)]
    return cells, high_up or far, tables


def _rows(inputs: Mapping[str, Given]) -> tuple[list[int], bool]:
    """Vertical zones that may apply, and whether the hands may be above all of them."""
    entered = inputs["vertical_zone"]
    if entered.provenance is not Provenance.UNKNOWN or not _known(inputs, "v_cm"):
        return [VERTICAL.index(zone) for zone in entered.choices], False
    v, top = inputs["v_cm"], inputs["shoulder_cm"]
    knuckle, shin = inputs["knuckle_cm"], inputs["mid_shin_cm"]
    may = (
        v.high >= top.low - BELOW_SHOULDER and v.low <= top.high + ABOVE_SHOULDER,
        v.high >= knuckle.low and v.low < top.high - BELOW_SHOULDER,
        v.high >= shin.low and v.low < knuckle.high,
        v.low < shin.high,
    )
    return [row for row, possible in enumerate(may) if possible], v.high > top.low + ABOVE_SHOULDER


def _columns(inputs: Mapping[str, Given]) -> tuple[list[int], bool]:
    entered = inputs["horizontal_zone"]
    if entered.provenance is not Provenance.UNKNOWN or not _known(inputs, "h_cm"):
        return [HORIZONTAL.index(zone) for zone in entered.choices], False
    h = inputs["h_cm"]
    may = (h.low < CLOSE, h.high >= CLOSE and h.low <= INTERMEDIATE, h.high > INTERMEDIATE and h.low <= EXTENDED)
    return [column for column, possible in enumerate(may) if possible], h.high > EXTENDED


def _width(inputs: Mapping[str, Given]) -> float:
    cells, outside, _ = _cells(inputs)
    if not cells:
        return 0.0
    low = 0.0 if outside else min(0.0 if math.isnan(cell) else cell for cell in cells)
    return max(0.0 if math.isnan(cell) else cell for cell in cells) - low


def _judgement(inputs: Mapping[str, Given]) -> tuple[str, ...]:
    """Why the limit of the table is too high by an amount that only a person can judge."""
    surely, possibly = scope(inputs, JUDGEMENT)
    text = [sentence.replace("out of scope", "the limit is lower, by judgement") for sentence in (*surely, *possibly)]
    if _known(inputs, "lifts_per_hour") and inputs["lifts_per_hour"].high > MOST_PER_HOUR:
        text.append("the limit is lower, by judgement: over 360 lifts an hour")
    if _known(inputs, "hours_per_day") and inputs["hours_per_day"].high > 8.0:
        text.append("the limit is lower, by judgement: over 8 hours a day")
    return tuple(text)


ACGIH_TLV = LiftingTlv()
