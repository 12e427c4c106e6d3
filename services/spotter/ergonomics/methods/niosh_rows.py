"""Tables of lifting tasks: what a row holds, its limits and draws, and the common form of the results. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Asked, Given, Provenance, Result
from spotter.ergonomics.methods.lifting_scope import SCOPE
from spotter.ergonomics.methods.niosh import DURATIONS, System, lifting_index
from spotter.ergonomics.methods.niosh_bounds import Interval, Lift, judge, rwl_bounds
from spotter.ergonomics.methods.niosh_inputs import asks, lift_of, values_of
from spotter.ergonomics.methods.niosh_method import index_levels, middle
from spotter.ergonomics.methods.numbers import draws

Array = npt.NDArray[np.float64]

OF_THE_JOB = ("duration", "sessions", "edition", "work_min_of_15")

FREQUENCY_FREE = {
    "f_per_min": Given(0.2, 0.2),
    "work_min_of_15": Given(15.0, 15.0),
    "duration": Given(choices=("short",)),
}
"""At 0.2 lifts a minute for up to an hour FM is 1 at every height, which makes an RWL the FIRWL."""


def columns(system: System) -> tuple[Asked, ...]:
    """The inputs of a single lift, and the greatest load of a task."""
    flags = {flag.name for flag in SCOPE}
    load, *others = (ask for ask in asks(system) if ask.name not in flags and ask.name not in OF_THE_JOB)
    most = replace(load, name=f"load_max_{system.mass}", help="Greatest load of the task; left out it is the average.")
    return (replace(load, help="Average load of the task."), most, *others)


@dataclass(frozen=True)
class Row:
    """One task or sampled lift, from completed inputs."""

    inputs: Mapping[str, Given]
    system: System

    @property
    def load(self) -> Given:
        return self.inputs[f"load_{self.system.mass}"]

    @property
    def load_max(self) -> Given:
        given = self.inputs.get(f"load_max_{self.system.mass}", self.load)
        return self.load if given.provenance is Provenance.UNKNOWN else given

    @property
    def loaded(self) -> bool:
        return self.load.provenance is not Provenance.UNKNOWN

    @cached_property
    def lift(self) -> Lift:
        """Without frequency and duration: its limit is the FIRWL, of the worse end where control is needed."""
        return lift_of({**self.inputs, **FREQUENCY_FREE}, self.system)

    @cached_property
    def firwl(self) -> Interval:
        return rwl_bounds(self.lift)

    @cached_property
    def fili(self) -> Interval:
        return over(self.load_max, self.firwl)

    @cached_property
    def stli(self) -> Mapping[str, Interval]:
        """Of the average load at the task's own frequency, by duration."""
        f = self.inputs["f_per_min"]
        return {
            duration: over(self.load, rwl_bounds(replace(self.lift, f=(f.low, f.high), duration=(place, place))))
            for place, duration in enumerate(DURATIONS)
        }


def over(load: Given, limit: Interval) -> Interval:
    """Load over limit; infinite where the limit is 0."""
    return (
        load.low / limit[1] if limit[1] > 0 else math.inf,
        load.high / limit[0] if limit[0] > 0 else math.inf,
    )


@dataclass(frozen=True)
class Draws:
    """Draws of all rows and of the job, from one lattice."""

    of_rows: tuple[Mapping[str, Array], ...]
    job: Mapping[str, Array]

    @classmethod
    def of(cls, rows: Sequence[Row], row_asks: Sequence[Asked], job: Mapping[Asked, Given]) -> Draws:
        asked = [replace(ask, name=row_name(n, ask.name)) for n in range(1, len(rows) + 1) for ask in row_asks]
        given = {row_name(n, name): g for n, row in enumerate(rows, 1) for name, g in row.inputs.items()}
        drawn = draws([*job, *asked], {**given, **{ask.name: g for ask, g in job.items()}})
        of_rows = tuple({ask.name: drawn[row_name(n, ask.name)] for ask in row_asks} for n in range(1, len(rows) + 1))
        return cls(of_rows, {ask.name: drawn[ask.name] for ask in job})

    def firwl(self, number: int, row: Row) -> Array:
        """FIRWL of the row at `number`, counted from 0."""
        free = {"f_per_min": np.array([0.2]), "work_min_of_15": np.array([15.0]), "duration": np.array([0.0])}
        return judge(values_of({**self.of_rows[number], **free}, row.lift), row.system).rwl

    def index(self, number: int, row: Row, load: str) -> Array:
        """A load of the row over its FIRWL; nan where that is 0."""
        weight, limit = np.broadcast_arrays(self.of_rows[number][load], self.firwl(number, row))
        return lifting_index(weight, limit)


def row_name(number: int, name: str) -> str:
    """Name of an input of the row at `number`, counted from 1."""
    return f"row_{number}_{name}"


@dataclass(frozen=True)
class Answer:
    """Results of one job in the common form."""

    method: str
    version: str
    name: str
    inputs: Mapping[str, Given]
    table: str

    def nothing(self, status: Status, *reasons: str) -> Result:
        """No number, and why."""
        return Result(
            self.method,
            self.version,
            self.name,
            status,
            None,
            math.nan,
            math.nan,
            table_version=self.table,
            inputs=self.inputs,
            reasons=reasons,
        )

    def between(
        self, low: float, high: float, figures: Array, reasons: tuple[str, ...], details: Mapping[str, Interval]
    ) -> Result:
        """From bounds, infinite where the equation has no answer, and draws, nan there."""
        levels = index_levels(self.name, figures)
        if math.isinf(high):
            may = "is" if math.isinf(low) else "may be"
            why = f"no {self.name}: the frequency {may} above the method's range, or the RWL of a task {may} 0"
            status = Status.OUT_OF_SCOPE if math.isinf(low) else Status.NOT_OBSERVABLE
            least = {} if math.isinf(low) else {f"{self.name}_at_least": (low, low)}
            return replace(self.nothing(status, why, *reasons), details={**details, **least}, levels=levels)
        status = Status.BOUNDED if high > low or reasons else Status.OK
        return replace(
            self.nothing(status, *reasons),
            value=middle(low, high, figures),
            low=low,
            high=high,
            levels=levels,
            details=details,
        )
