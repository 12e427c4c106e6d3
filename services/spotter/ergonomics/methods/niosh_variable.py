"""The variable lifting index (VLI) as a method: one job of many different lifts, from a sample of them. Pure.

The cut into categories moves with the values, so bounds from intervals are not proven: they are the range over all
draws and over the corners where every FILI and the frequency are at their least or greatest, and the result says so.
Where lifts begin on both sides of 75 cm either column of FM may be right [D], and the result holds both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.lifting_scope import SCOPE
from spotter.ergonomics.methods.niosh import METRIC
from spotter.ergonomics.methods.niosh_bounds import Interval
from spotter.ergonomics.methods.niosh_inputs import DURATION, EDITION, FREQUENCY, SESSIONS, durations, outside
from spotter.ergonomics.methods.niosh_multitask import GROUPINGS, variable_index
from spotter.ergonomics.methods.niosh_rows import Answer, Array, Draws, Row, columns
from spotter.ergonomics.methods.numbers import is_open

LIFTS = Asked(
    "lifts",
    Kind.TABLE,
    "A sample of the lifts, one a row, all equally frequent: their FILI, or load and place.",
    columns=(
        Asked("fili", Kind.NUMBER, "FILI of the lift where it is known; only v_cm counts beside it.", high=100.0),
        *(column for column in columns(METRIC) if column.name not in ("load_max_kg", "f_per_min")),
    ),
    observable=True,
)
TOTAL = replace(FREQUENCY, help="Lifts per minute of the whole job.")
GROUPING = Asked(
    "grouping",
    Kind.CHOICE,
    "How FILI are cut into six categories: equal_width between least and greatest, or sextile (sixths of the lifts).",
    choices=GROUPINGS,
    default="equal_width",
)


class VariableIndex:
    """VLI, metric."""

    name = "vli"
    title = "Variable lifting index of many different lifts, metric"
    version = "VLI 2016, 1"
    source = "Waters, Occhipinti, Colombini, Alvarez-Casado, Fox 2016, Human Factors 58:695-711"
    asks: tuple[Asked, ...] = (LIFTS, TOTAL, DURATION, SESSIONS, EDITION, GROUPING, *SCOPE)

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """VLI of one job. See `Method.assess`."""
        inputs = complete(self.name, self.asks, given)
        surely, possibly = outside(inputs)
        rows = [Row(row, METRIC) for row in inputs["lifts"].rows]
        duration = replace(inputs["duration"], choices=durations(inputs))
        rule, edition = "/".join(inputs["grouping"].choices), "/".join(inputs["edition"].choices)
        table = f"NIOSH 94-110 tables, metric formula, recovery rule of {edition}, categories by {rule}"
        answer = Answer(self.name, self.version, "VLI", inputs, table)
        if surely:
            return answer.nothing(Status.OUT_OF_SCOPE, *surely)
        if not rows:
            return answer.nothing(Status.NOT_OBSERVABLE, "no lift is given")
        unknown = [str(n) for n, row in enumerate(rows, 1) if _entered(row) is None and not row.loaded]
        if unknown:
            which = ", ".join(unknown[:10])
            return answer.nothing(Status.NOT_OBSERVABLE, f"neither FILI nor load is known of lift {which}")
        heights = _heights(rows)
        rules = inputs["grouping"].choices
        corners = {each: _corners(rows, inputs[TOTAL.name], duration.choices, each, heights) for each in GROUPINGS}
        figures = _figures(rows, inputs, duration, heights)
        every = np.concatenate([figures, *(corners[rule] for rule in rules)])
        bounds = np.where(np.isnan(every), np.inf, every)
        sampled = any(
            is_open(g) and g.provenance is not Provenance.UNKNOWN for row in rows for g in row.inputs.values()
        )
        reasons = ("the bounds are the range of a sample, not proven",) if sampled else ()
        details = {
            f"VLI_{each}": (float(found.min()), float(found.max()))
            for each, found in corners.items()
            if not np.isnan(found).any()
        }
        return answer.between(float(bounds.min()), float(bounds.max()), figures, (*reasons, *possibly), details)


def _figures(rows: Sequence[Row], inputs: Mapping[str, Given], duration: Given, heights: Sequence[float]) -> Array:
    """VLI of every draw, with both columns of FM where both may be right."""
    job = {TOTAL: inputs[TOTAL.name], DURATION: duration, GROUPING: inputs[GROUPING.name]}
    drawn = Draws.of(rows, LIFTS.columns, job)
    fili = np.stack(
        np.broadcast_arrays(
            *(
                drawn.index(n, row, "load_kg") if _entered(row) is None else drawn.of_rows[n]["fili"]
                for n, row in enumerate(rows)
            )
        ),
        axis=-1,
    )
    f, term = drawn.job[TOTAL.name], drawn.job["duration"].astype(np.int64)
    by_rule = drawn.job["grouping"]
    figures = []
    for height in heights:
        each = [variable_index(fili, f, term, rule, height) for rule in GROUPINGS]
        figures.append(np.where(by_rule == 0, *np.broadcast_arrays(*each)))
    return np.concatenate([np.broadcast_to(figure, np.broadcast_shapes(f.shape, figure.shape)) for figure in figures])


def _corners(
    rows: Sequence[Row], total: Given, classes: Sequence[str], grouping: str, heights: Sequence[float]
) -> Array:
    """VLI with every FILI and the frequency at their least, and at their greatest."""
    fili = np.array([_entered(row) or row.fili for row in rows])
    fili[np.isinf(fili)] = np.nan
    return np.array(
        [
            float(variable_index(fili[:, end], rate, duration, grouping, height))
            for (end, rate), duration, height in product(enumerate((total.low, total.high)), classes, heights)
        ]
    )


def _entered(row: Row) -> Interval | None:
    """FILI as it was given."""
    given = row.inputs["fili"]
    return None if given.provenance is Provenance.UNKNOWN else (given.low, given.high)


def _heights(rows: Sequence[Row]) -> list[float]:
    """A height for each column of FM that the lifts may need."""
    neutral = METRIC.v_neutral
    below = any(row.lift.v_origin[0] < neutral for row in rows)
    above = any(row.lift.v_origin[1] >= neutral for row in rows)
    return [0.0] * below + [neutral] * above


VLI = VariableIndex()
