"""Lifts: how many and how often, how far, and for the most demanding ones what the lifting equation allows."""

from __future__ import annotations

import math

from markupsafe import Markup

from spotter.core.contracts import Status
from spotter.core.store import LiftRecord
from spotter.ergonomics.events.lift_values import UNNAMED
from spotter.ergonomics.methods.api import Given
from spotter.ergonomics.methods.niosh_method import NIOSH
from spotter.report import html as h
from spotter.report.data import Record, Scope
from spotter.report.entered import Entered
from spotter.report.lifts import Busiest, Spread, counted, demanding, given_of, limits, scope_of, spreads
from spotter.report.tally import Tally
from spotter.report.words import count, figure, interval, percent

SHOWN = 15

_NAMES = {
    "vertical_origin": "V, hands above the floor at the origin",
    "vertical_destination": "V at the destination",
    "travel": "D, vertical travel",
    "horizontal_origin": "H, hands before the ankles at the origin",
    "horizontal_destination": "H at the destination",
    "asymmetry": "A, asymmetry at the origin",
    "speed": "vertical speed of the hands",
    "style_index": "postural index (0 stoop, 1 full squat)",
    "duration_s": "duration, origin to destination",
}


def lifts(record: Record, whole: Tally, peak: Busiest | None, given: Entered) -> Markup:
    """The section."""
    if not record.lifts:
        return h.section("Lifts", h.paragraph("No lift-like movement was seen in this time."), id_="lifts")
    named = {str(lift.numbers.get("name", UNNAMED)) for lift in record.lifts}
    careful = (
        "A camera sees the movement and not the load: bending for a pen and bending for a crate are the same skeleton. "
        "So these are lift-like movements, unless a load or an object is known."
        if UNNAMED in named
        else None
    )
    return h.section(
        "Lifts",
        h.points(_counts(record, whole, peak)),
        _spread(spreads(record.lifts), len(record.lifts)),
        _table(record.scope, demanding(record.lifts, SHOWN), peak, given, len(record.lifts)),
        id_="lifts",
        lead=careful,
    )


def headline(record: Record, peak: Busiest | None) -> str:
    """One sentence for the top of the page."""
    if not record.lifts or peak is None:
        return "No lift-like movement was seen."
    return f"{count(len(record.lifts), 'lift-like movement')}; {_peak(record.scope, peak)}."


def _counts(record: Record, whole: Tally, peak: Busiest | None) -> list[str]:
    lifts_ = record.lifts
    ups = sum(lift.numbers.get("direction") == "up" for lift in lifts_)
    lines = [f"{count(len(lifts_), 'lift-like movement')}: {ups} upwards, {len(lifts_) - ups} downwards."]
    if peak is not None:
        lines.append(f"{_peak(record.scope, peak).capitalize()}.")
    if whole.watched_s >= 900:
        lines.append(f"On average {figure(len(lifts_) / (whole.watched_s / 60))} a minute while the camera watched.")
    styles = ", ".join(f"{number} {word.replace('_', '-')}" for word, number in counted(lifts_, "style"))
    lines.append(f"Posture at the origin: {styles}. This describes, it does not judge.")
    outside = [lift for lift in lifts_ if scope_of(lift)]
    if outside:
        why = ", ".join(f"{word.replace('_', ' ')} {number}" for word, number in counted(outside, "flags"))
        share = len(outside) / len(lifts_)
        lines.append(
            f"Out of the lifting equation's scope: {len(outside)} ({percent(share, share)}), because of {why}."
        )
    return lines


def _peak(scope: Scope, peak: Busiest) -> str:
    when = scope.when(peak.start, day=True)
    if peak.rate.status not in (Status.OK, Status.BOUNDED):
        return "watched for less than 15 minutes, which is too short to tell a frequency"
    rate = interval(peak.rate.low, peak.rate.high, digits=2)
    return f"most in 15 minutes: {peak.count} from {when}, {rate} a minute (95 % interval of a count)"


def _spread(found: list[Spread], total: int) -> Markup:
    rows = [
        (
            _named(one), f"{one.count} of {total}", figure(one.median), figure(one.tenth),
            figure(one.ninetieth), interval(one.low, one.high),
        )
        for one in found
    ]  # fmt: skip
    head = ("Measure", "Observable in", "Median", "10th percentile", "90th percentile", "All intervals within")
    return h.table("What was measured of the movements", head, rows, numeric=range(1, 6), class_="wrapped")


def _named(one: Spread) -> str:
    return f"{_NAMES.get(one.name, one.name)}{f', {one.unit}' if one.unit else ''}"


def _table(scope: Scope, shown: list[LiftRecord], peak: Busiest | None, given: Entered, total: int) -> Markup | None:
    if not shown:
        return h.paragraph("None of them is within the scope of the lifting equation, so it gives no limit.")
    extra = given.given(NIOSH)
    days = len({scope.local(window.start).date() for window in scope.windows}) > 1
    rows = [_row(scope, lift, peak, extra, days=days) for lift in shown]
    head = (
        "When", "V origin", "V destination", "D", "H", "A", "Style", "Geometry factor", "RWL, kg",
        "LI" if "load_kg" in extra else "LI (no load known)",
    )  # fmt: skip
    caption = f"The {len(shown)} of {total} movements that the lifting equation allows the least for; cm and degrees"
    note = (
        "The geometry factor is the product of the equation's factors but the load constant (23 kg) and the grip. "
        "Limits are those of the origin; where it was entered that a load is placed with care, of the destination too. "
        "A dash was not observable. Intervals reach down to 0 where the reach may be over 63 cm, or where frequency "
        "and hours are not known well enough to rule out that nothing may be lifted."
    )
    return h.joined(h.table(caption, head, rows, numeric=(1, 2, 3, 4, 5, 7, 8, 9)), h.paragraph(note, class_="note"))


def _row(scope: Scope, lift: LiftRecord, peak: Busiest | None, extra: dict[str, Given], *, days: bool) -> list[str]:
    found = limits({**given_of(lift, None if peak is None else peak.rate), **extra})
    numbers = lift.numbers
    measures = [
        _measure(numbers.get(name))
        for name in ("vertical_origin", "vertical_destination", "travel", "horizontal_origin", "asymmetry")
    ]
    return [
        scope.when(lift.started_at, day=days, seconds=True),
        *measures,
        str(numbers.get("style", "-")).replace("_", "-"),
        interval(*found.geometry, digits=2),
        interval(*found.limit),
        _index(found.index),
    ]


def _index(index: tuple[float, float] | None) -> str:
    if index is None:
        return "-"
    return interval(*index, digits=2) if math.isfinite(index[1]) else f"{figure(index[0], 2)} or more"


def _measure(row: object) -> str:
    if not isinstance(row, list) or row[4] not in (Status.OK.value, Status.BOUNDED.value):
        return "-"
    return f"{row[1]:.0f}–{row[2]:.0f}" if round(row[1]) != round(row[2]) else f"{row[1]:.0f}"
