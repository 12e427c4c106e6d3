"""The composite lifting index (CLI) as a method: one job of several tasks, from intervals to intervals. Pure.

Levels are those of the single lifting index (see `niosh_method`) and conventions like them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.lifting_scope import SCOPE
from spotter.ergonomics.methods.niosh import METRIC, US, System
from spotter.ergonomics.methods.niosh_bounds import Interval
from spotter.ergonomics.methods.niosh_inputs import DURATION, EDITION, SESSIONS, durations, outside
from spotter.ergonomics.methods.niosh_multitask import composite_index
from spotter.ergonomics.methods.niosh_multitask_bounds import OrderTooOpenError, Task, composite_bounds, ranks
from spotter.ergonomics.methods.niosh_rows import Answer, Array, Draws, Row, columns, row_name
from spotter.ergonomics.methods.numbers import widening


class CompositeIndex:
    """CLI in one system of units."""

    version = "CLI of NIOSH 94-110, 1"
    source = "Waters, Putz-Anderson, Garg: NIOSH 94-110 (1994, revised 2021), procedure for several tasks"

    def __init__(self, name: str, title: str, system: System) -> None:
        self.name, self.title, self.system = name, title, system
        self._columns = columns(system)
        tasks = Asked("tasks", Kind.TABLE, "The tasks of the job, one a row.", columns=self._columns, observable=True)
        self.asks: tuple[Asked, ...] = (tasks, DURATION, SESSIONS, EDITION, *SCOPE)

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """CLI of one job. See `Method.assess`."""
        inputs = complete(self.name, self.asks, given)
        surely, possibly = outside(inputs)
        rows = [Row(row, self.system) for row in inputs["tasks"].rows]
        duration = replace(inputs["duration"], choices=durations(inputs))
        rule = "/".join(inputs["edition"].choices)
        table = f"NIOSH 94-110 tables, {self.system.name} formula, recovery rule of {rule}"
        answer = Answer(self.name, self.version, "CLI", inputs, table)
        if surely:
            return answer.nothing(Status.OUT_OF_SCOPE, *surely)
        if not rows:
            return answer.nothing(Status.NOT_OBSERVABLE, "no task is given")
        details = dict(self._details(rows, duration.choices))
        unknown = [str(n) for n, row in enumerate(rows, 1) if not row.loaded]
        if unknown:
            reason = f"the load of task {', '.join(unknown)} is not known: a CLI needs all loads"
            return replace(answer.nothing(Status.NOT_OBSERVABLE, reason), details=details)
        try:
            low, high = self._bounds(rows, duration.choices)
            result = answer.between(low, high, self._figures(rows, duration), possibly, details)
            open_ = result.status is Status.BOUNDED and high > low
            return replace(result, widening=self._widening(rows, duration)) if open_ else result
        except OrderTooOpenError:
            reason = "the intervals leave the order of too many tasks open: enter narrower ones, or fewer tasks"
            return replace(answer.nothing(Status.NOT_OBSERVABLE, reason), details=details)

    def _bounds(self, rows: Sequence[Row], classes: Sequence[str]) -> Interval:
        each = [composite_bounds(_tasks(rows, duration), duration, self.system) for duration in classes]
        return min(low for low, _ in each), max(high for _, high in each)

    def _figures(self, rows: Sequence[Row], duration: Given) -> Array:
        """CLI of every draw."""
        drawn = Draws.of(rows, self._columns, {DURATION: duration})
        average, most = f"load_{self.system.mass}", f"load_max_{self.system.mass}"
        of_tasks: list[tuple[Array, ...]] = []
        for n, row in enumerate(rows):
            varies = row.inputs[most].provenance is not Provenance.UNKNOWN
            usual = drawn.index(n, row, average)
            fili = drawn.index(n, row, most) if varies else usual
            of_tasks.append((fili, usual, drawn.of_rows[n]["f_per_min"], drawn.of_rows[n][f"v_{self.system.length}"]))
        fili, usual, f, v = (np.stack(np.broadcast_arrays(*column), axis=-1) for column in zip(*of_tasks, strict=True))
        term = drawn.job["duration"].astype(np.int64)
        return composite_index(fili=fili, usual=usual, f=f, v=v, duration=term, system=self.system).index

    def _widening(self, rows: Sequence[Row], duration: Given) -> tuple[tuple[str, float], ...]:
        flat = {row_name(n, name): given for n, row in enumerate(rows, 1) for name, given in row.inputs.items()}
        asked = [replace(ask, name=row_name(n, ask.name)) for n in range(1, len(rows) + 1) for ask in self._columns]

        def width(tried: Mapping[str, Given]) -> float:
            changed = []
            for n, row in enumerate(rows, 1):
                now = {name: tried[row_name(n, name)] for name in row.inputs}
                changed.append(row if now == row.inputs else Row(now, self.system))
            low, high = self._bounds(changed, tried["duration"].choices)
            return high - low

        return widening([*asked, DURATION], {**flat, "duration": duration}, width)

    def _details(self, rows: Sequence[Row], classes: Sequence[str]) -> Iterator[tuple[str, Interval]]:
        by_class = [_tasks(rows, duration) for duration in classes]
        loaded = all(row.loaded for row in rows)
        places = [ranks(tasks) for tasks in by_class]
        for n, row in enumerate(rows):
            prefix = f"row_{n + 1}_"
            yield prefix + "FIRWL", row.firwl
            if not loaded:
                continue
            if math.isfinite(row.fili[1]):
                yield prefix + "FILI", row.fili
            stli = [tasks[n].stli for tasks in by_class]
            if all(math.isfinite(high) for _, high in stli):
                yield prefix + "STLI", (min(low for low, _ in stli), max(high for _, high in stli))
            first, last = min(place[n][0] for place in places), max(place[n][1] for place in places)
            yield prefix + "rank", (float(first), float(last))
        yield "F_total", (sum(r.inputs["f_per_min"].low for r in rows), sum(r.inputs["f_per_min"].high for r in rows))


def _tasks(rows: Sequence[Row], duration: str) -> list[Task]:
    return [
        Task(
            row.fili, row.stli[duration], (row.inputs["f_per_min"].low, row.inputs["f_per_min"].high), row.lift.v_origin
        )
        for row in rows
    ]


CLI = CompositeIndex("cli", "Composite lifting index of several tasks, metric", METRIC)
CLI_US = CompositeIndex("cli_us", "Composite lifting index of several tasks, US formula (inches, pounds)", US)
