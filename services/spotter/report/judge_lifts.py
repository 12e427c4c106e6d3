"""The lifting methods on what was seen of the lifts, and on what was entered of the loads. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from spotter.core.contracts import Measure, Status
from spotter.core.store import LiftRecord
from spotter.ergonomics.events.lift_rates import frequency
from spotter.ergonomics.methods.api import Given, Provenance
from spotter.ergonomics.methods.registry import methods
from spotter.report.catalogue import interval_text
from spotter.report.data import Record
from spotter.report.entered import Entered
from spotter.report.judge import Judged, judge
from spotter.report.lifts import Busiest, demanding, given_of, scope_of

VARIABLE_LEAST, VARIABLE_MOST = 30, 60
"""Lifts that a variable lifting index is made from: below the first it says little [D], above the second a sample of
them, evenly over the time, stands for all."""


DAMAGE_MOST = 20
"""Lifts that stand for all in the cumulative damage; the interval hardly changes with more."""

BEHIND_CM = (-5.0, 30.0)
"""How far L5/S1 may be behind the middle of the ankles: upright about above it, in a stoop or squat the hips go back to
keep the balance. [D]"""


def judge_lifts(record: Record, entered: Entered, peak: Busiest | None, watched_s: float) -> list[Judged]:
    """Every lifting method that something can be said by.

    Args:
        watched_s: seconds that the lifts were counted in.
    """
    hardest = demanding(record.lifts, 1)
    if not hardest:
        return []
    known = methods()
    rate = None if peak is None else peak.rate
    found = [judge(known["niosh"], given_of(hardest[0], rate), entered, _about(record, hardest[0], rate))]
    further = (
        _variable(record, entered, rate),
        _damage(record, entered, watched_s),
        _compression(record, hardest[0], entered),
    )
    return [*found, *(one for one in further if one is not None)]


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


def _damage(record: Record, entered: Entered, watched_s: float) -> Judged | None:
    """Cumulative damage of a day, where load and hours are known: the camera counts and bounds the lever."""
    method = methods().get("lifft")
    task = entered.task
    inside = [lift for lift in record.lifts if not scope_of(lift)]
    if method is None or task.load is None or task.hours is None or not inside:
        return None
    rate = frequency(len(inside), watched_s)
    if task.frequency is None and rate.status not in (Status.OK, Status.BOUNDED):
        return None
    least, most = task.frequency or (rate.low, rate.high)
    sample = evenly(inside, DAMAGE_MOST)
    minutes = tuple(60 * hours for hours in task.hours)
    each = Given.between(least * minutes[0] / len(sample), most * minutes[1] / len(sample))
    rows = tuple(
        {"load_kg": Given.between(*task.load), "lever_cm": _lever(lift, 200.0), "lifts_per_day": each}
        for lift in sample
    )
    result = method.assess({"lifts": Given(rows=rows)})
    often = "entered" if task.frequency else "counted"
    about = (
        f"On a day of {interval_text(task.hours)} h with {interval_text((round(least, 2), round(most, 2)))} lifts a "
        f"minute ({often}); the lever is reach H and how far the hips may be behind the ankles."
    )
    return Judged(method, about, None, result)


def _compression(record: Record, lift: LiftRecord, entered: Entered) -> Judged | None:
    """Newtons only where both load and body mass are known (METHODS 5.4)."""
    method = methods().get("l5s1")
    if method is None or entered.task.load is None or entered.task.body_mass is None:
        return None
    when = record.scope.when(lift.started_at, day=True, seconds=True)
    result = method.assess({"lever_cm": _lever(lift, 150.0), **entered.given(method)})
    return Judged(method, f"On the movement that the lifting equation allows the least for, {when}.", None, result)


def _lever(lift: LiftRecord, most: float) -> Given:
    """From L5/S1 to the load: reach H before the ankles, and how far the hips may be behind them."""
    reach = given_of(lift, None).get("h_cm", Given(0.0, most))
    low, high = max(reach.low + BEHIND_CM[0], 0.0), min(reach.high + BEHIND_CM[1], most)
    return Given(low, high, provenance=Provenance.ASSUMED, reason="from H and the place of the hips")


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
