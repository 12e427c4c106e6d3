"""The lifting methods on what was seen of the lifts, and on what was entered of the loads. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spotter.core.contracts import Measure, Status
from spotter.core.store import LiftRecord
from spotter.ergonomics.methods.api import Given
from spotter.ergonomics.methods.registry import methods
from spotter.report.data import Record
from spotter.report.entered import Entered
from spotter.report.judge import Judged, judge
from spotter.report.lifts import Busiest, demanding, given_of, scope_of

VARIABLE_LEAST, VARIABLE_MOST = 30, 60
"""Lifts that a variable lifting index is made from: below the first it says little [D], above the second a sample of
them, evenly over the time, stands for all."""


def judge_lifts(record: Record, entered: Entered, peak: Busiest | None) -> list[Judged]:
    """Every lifting method that something can be said by."""
    hardest = demanding(record.lifts, 1)
    if not hardest:
        return []
    known = methods()
    rate = None if peak is None else peak.rate
    found = [judge(known["niosh"], given_of(hardest[0], rate), entered, _about(record, hardest[0], rate))]
    variable = _variable(record, entered, rate)
    return [*found, variable] if variable is not None else found


def _variable(record: Record, entered: Entered, rate: Measure | None) -> Judged | None:
    """VLI over all lifts in scope; it has no answer without a load."""
    method = methods().get("vli")
    inside = [lift for lift in record.lifts if not scope_of(lift)]
    if method is None or entered.task.load is None or len(inside) < VARIABLE_LEAST:
        return None
    sample = evenly(inside, VARIABLE_MOST)
    job = dict(entered.given(method))
    if rate is not None and "f_per_min" not in job and rate.status in (Status.OK, Status.BOUNDED):
        job["f_per_min"] = given_of(sample[0], rate)["f_per_min"]
    table = next(ask for ask in method.asks if ask.name == "lifts")
    columns = {ask.name for ask in table.columns}
    of_each = entered.given_of(table.columns)
    rows = tuple(
        {**{name: given for name, given in given_of(lift, None).items() if name in columns}, **of_each}
        for lift in sample
    )
    result = method.assess({**job, "lifts": Given(rows=rows)})
    often = "as entered" if entered.task.frequency else "as often as in the busiest 15 minutes"
    about = f"On {len(sample)} of {len(inside)} movements in its scope, evenly over the time; {often}."
    return Judged(method, about, None, result)


def evenly(lifts: Sequence[LiftRecord], most: int) -> list[LiftRecord]:
    """At most so many, evenly over their order."""
    if len(lifts) <= most:
        return list(lifts)
    return [lifts[(2 * place + 1) * len(lifts) // (2 * most)] for place in range(most)]


def _about(record: Record, lift: LiftRecord, rate: Measure | None) -> str:
    when = record.scope.when(lift.started_at, day=True, seconds=True)
    often = (
        "how often it is done is not known"
        if rate is None or rate.status not in (Status.OK, Status.BOUNDED)
        else "as often as in the busiest 15 minutes, unless it was entered"
    )
    return f"On the movement that it allows the least for, {when}; {often}."
