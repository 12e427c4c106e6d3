"""The revised NIOSH lifting equation as a method: one lifting task, from intervals to intervals. Pure.

The result is the recommended weight limit, and the lifting index where a load is known. Levels are conventions: NIOSH
sets LI <= 1 as the goal of design, and says of LI > 3 that "many experts" hold it hazardous for nearly everybody; its
text and glossary disagree about exactly 1, which counts as the goal here (METHODS 1.8).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.lifting_scope import SCOPE
from spotter.ergonomics.methods.niosh import A_MOST, METRIC, US, System, lifting_index
from spotter.ergonomics.methods.niosh_bounds import Judged, Lift, judge, rwl_bounds, worst_and_best
from spotter.ergonomics.methods.niosh_inputs import Array, asks, durations, lift_of, outside, values_of
from spotter.ergonomics.methods.numbers import draws, is_open, shares, widening

GOAL, HAZARDOUS = 1.0, 3.0
"""Ends of the levels of a lifting index."""

H_MARGIN = {"cm": 5.0, "in": 2.0}
"""So near to the greatest H an error of a few centimetres makes the limit 0: a limit of range, not a number (1.9)."""

FACTORS = ("hm", "vm", "dm", "am", "fm", "cm")


class LiftingEquation:
    """RNLE, or ISO 11228-1's step 3 with a reference mass instead of the load constant; never both in one result."""

    def __init__(self, name: str, title: str, system: System, *, reference_mass: bool = False) -> None:
        self.name = name
        self.title = title
        self.version = "ISO 11228-1 reference mass, 1" if reference_mass else "RNLE 1991, 1"
        self.source = (
            "ISO 11228-1 as in the open program ErgoCalculator; check against the standard"
            if reference_mass
            else "Waters, Putz-Anderson, Garg: NIOSH 94-110 (1994, revised 2021); Waters et al. 1993"
        )
        self.system = system
        self.reference_mass = reference_mass
        self.asks = asks(system, reference_mass=reference_mass)
        self._flags = tuple(flag for flag in SCOPE if flag in self.asks)

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """RWL, or LI where a load is known, of one lifting task. See `Method.assess`."""
        entered = complete(self.name, self.asks, given)
        inputs = {**entered, "duration": replace(entered["duration"], choices=durations(entered))}
        surely, possibly = outside(inputs, self._flags)
        if surely:
            return self._result(entered, "RWL", Status.OUT_OF_SCOPE, math.nan, math.nan, reasons=surely)
        lift = lift_of(inputs, self.system, reference_mass=self.reference_mass)
        worst, best = worst_and_best(lift)
        least, most = float(worst.rwl.min()), float(best.rwl.max())
        load = inputs[f"load_{self.system.mass}"]
        loaded = load.provenance is not Provenance.UNKNOWN
        details = dict(self._details(inputs, lift, worst, best))
        reasons = (*self._reasons(inputs, lift, worst, most), *possibly)
        levels: dict[str, float] = {}
        drawn = draws(self.asks, inputs)
        limits = judge(values_of(drawn, lift), self.system).rwl
        name, low, high, figures = "RWL", least, most, limits
        if loaded:
            index = lifting_index(drawn[f"load_{self.system.mass}"], limits)
            levels = index_levels("LI", index)
            if least > 0:
                name, low, high = "LI", load.low / most, load.high / least
                figures = index
            elif most > 0:
                details["LI_at_least"] = (load.low / most, load.low / most)
        near = self._near_limit(inputs, lift)
        status = self._status(entered, low, high, near or possibly)
        silent = status is Status.NOT_OBSERVABLE or (near and self._measured(inputs))
        return self._result(
            entered,
            name,
            status,
            None if silent else middle(low, high, figures),
            low,
            high,
            levels=levels,
            widening=self._widening(inputs, name),
            details=details,
            reasons=reasons,
        )

    def _result(
        self, inputs: Mapping[str, Given], name: str, status: Status, *figures: float | None, **rest: Any
    ) -> Result:
        value, low, high = figures if len(figures) == 3 else (None, *figures)
        assert low is not None
        assert high is not None
        edition = "/".join(inputs["edition"].choices)
        return Result(
            self.name,
            self.version,
            name,
            status,
            value,
            low,
            high,
            unit="" if name == "LI" else self.system.mass,
            table_version=f"NIOSH 94-110 tables, {self.system.name} formula, recovery rule of {edition}",
            inputs=inputs,
            **rest,
        )

    def _status(self, entered: Mapping[str, Given], low: float, high: float, doubt: object) -> Status:
        numbers = [a.name for a in self.asks if a.kind is Kind.NUMBER and a.default is None]
        if all(entered[name].provenance is Provenance.UNKNOWN for name in numbers):
            return Status.NOT_OBSERVABLE
        return Status.BOUNDED if high > low or doubt else Status.OK

    def _details(
        self, inputs: Mapping[str, Given], lift: Lift, worst: Judged, best: Judged
    ) -> Iterator[tuple[str, tuple[float, float]]]:
        load = inputs[f"load_{self.system.mass}"]
        yield "RWL", (float(worst.rwl.min()), float(best.rwl.max()))
        for end in ("origin", "destination") if lift.control[1] else ("origin",):
            low, high = getattr(worst, f"rwl_{end}").min(), getattr(best, f"rwl_{end}").max()
            yield f"RWL_{end}", (float(low), float(high))
            if load.provenance is not Provenance.UNKNOWN and low > 0:
                yield f"LI_{end}", (load.low / float(high), load.high / float(low))
            for factor in FACTORS:
                low, high = (getattr(getattr(side, end), factor) for side in (worst, best))
                yield f"{factor.upper()}_{end}", (float(np.min(low)), float(np.max(high)))
            low, high = getattr(worst, end).geometry_factor.min(), getattr(best, end).geometry_factor.max()
            yield f"geometry_factor_{end}", (float(low), float(high))
        yield ("reference_mass" if self.reference_mass else "LC"), lift.constant
        yield "F", lift.f

    def _reasons(self, inputs: Mapping[str, Given], lift: Lift, worst: Judged, most: float) -> Iterator[str]:
        """Why there is no single number, and where the limit may be 0."""
        may = "is" if most == 0 else "may be"
        beyond = {
            "hm": f"H at the {{end}} {may} over {self.system.h_most:g} {self.system.length}",
            "vm": f"V at the {{end}} {may} over {self.system.v_most:g} {self.system.length}",
            "dm": f"D {may} over {self.system.d_most:g} {self.system.length}",
            "am": f"A at the {{end}} {may} over {A_MOST:g} degrees",
        }
        ends = ("origin", "destination") if lift.control[1] else ("origin",)
        zero = [
            sentence.format(end=end)
            for end in ends
            for factor, sentence in beyond.items()
            if np.min(getattr(getattr(worst, end), factor)) == 0
        ]
        yield from (f"RWL {may} 0: {sentence}" for sentence in dict.fromkeys(zero))
        if np.min(worst.origin.fm) == 0:
            yield f"RWL {may} 0: the frequency {may} above the method's range for this duration and height"
        if self._near_limit(inputs, lift):
            most_h, unit = self.system.h_most, self.system.length
            yield (
                f"H within {H_MARGIN[unit]:g} {unit} of {most_h:g} {unit}, where the limit drops to 0: "
                "at the limit of the method's range"
            )
        for name in self._needed(inputs, lift):
            if inputs[name].provenance is Provenance.UNKNOWN:
                yield f"{name} is not known: {inputs[name].reason}"

    def _needed(self, inputs: Mapping[str, Given], lift: Lift) -> Iterator[str]:
        """Inputs that this result depends on, besides the load."""
        unit = self.system.length
        yield from (f"v_{unit}", "a_deg", "f_per_min", "coupling")
        if lift.h_origin is not None:
            yield f"h_{unit}"
        if lift.d is None or lift.control[1]:
            yield f"destination_v_{unit}"
        if lift.control[1]:
            yield "destination_a_deg"
            if lift.h_destination is not None:
                yield f"destination_h_{unit}"
        if not inputs["sessions"].rows:
            yield "duration"
        if self.reference_mass:
            yield "reference_mass_kg"

    def _near_limit(self, inputs: Mapping[str, Given], lift: Lift) -> bool:
        unit = self.system.length
        ends = [(lift.h_origin, f"h_{unit}")] + [(lift.h_destination, f"destination_h_{unit}")] * int(lift.control[1])
        least = self.system.h_most - H_MARGIN[unit]
        return any(
            h is not None and h[0] <= self.system.h_most and h[1] >= least
            for h, name in ends
            if inputs[name].provenance is not Provenance.UNKNOWN
        )

    def _measured(self, inputs: Mapping[str, Given]) -> bool:
        """H comes from a camera, not from a person with a tape."""
        names = (f"h_{self.system.length}", f"destination_h_{self.system.length}")
        return any(inputs[name].provenance in (Provenance.OBSERVED, Provenance.DERIVED) for name in names)

    def _widening(self, inputs: Mapping[str, Given], name: str) -> tuple[tuple[str, float], ...]:
        load = inputs[f"load_{self.system.mass}"]

        def width(tried: Mapping[str, Given]) -> float:
            least, most = rwl_bounds(lift_of(tried, self.system, reference_mass=self.reference_mass))
            if name == "RWL":
                return most - least
            weight = tried[f"load_{self.system.mass}"]
            return weight.high / least - weight.low / most

        judged = [a for a in self.asks if a.name not in ("sessions", "edition") and a not in self._flags]
        if name == "RWL" and is_open(load):
            judged = [a for a in judged if a.name != f"load_{self.system.mass}"]
        return widening(judged, inputs, width, self.system.v_neutral, self.system.v_low)


def index_levels(name: str, index: Array) -> dict[str, float]:
    """Share of the draws in each level; nan is a level of its own, named only where it occurs."""
    undefined = np.isnan(index)
    safe = np.where(undefined, 0.0, index)
    found = {
        f"{name} <= {GOAL:g}": ~undefined & (safe <= GOAL),
        f"{GOAL:g} < {name} <= {HAZARDOUS:g}": ~undefined & (safe > GOAL) & (safe <= HAZARDOUS),
        f"{name} > {HAZARDOUS:g}": ~undefined & (safe > HAZARDOUS),
    }
    return shares({**found, f"{name} undefined": undefined} if undefined.any() else found)


def middle(low: float, high: float, figures: Array) -> float | None:
    """The one value, or the median of the draws."""
    if low == high:
        return low
    return float(np.clip(np.median(np.where(np.isnan(figures), np.inf, figures)), low, high))


NIOSH = LiftingEquation("niosh", "Revised NIOSH lifting equation, metric", METRIC)
NIOSH_US = LiftingEquation("niosh_us", "Revised NIOSH lifting equation, US formula (inches, pounds)", US)
ISO_11228_1 = LiftingEquation("iso_11228_1", "Lifting with an ISO 11228-1 reference mass", METRIC, reference_mass=True)
