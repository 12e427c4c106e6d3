"""The page: one HTML file that holds everything it shows. No script, no network, no pixel, nothing of one person. Pure.

The same record gives the same bytes.
"""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from spotter.core.contracts import Status
from spotter.ergonomics.methods.registry import methods
from spotter.report import html as h
from spotter.report.data import Record
from spotter.report.entered import Entered
from spotter.report.judge import Judged, judge_posture
from spotter.report.judge_lifts import judge_lifts
from spotter.report.lifts import Busiest, busiest
from spotter.report.sections import coverage, exposure, lifts, notes, postures
from spotter.report.sections import methods as method_cards
from spotter.report.sections.en1005 import en1005
from spotter.report.tally import Tally, bins, total

_WORDS = {
    "horizontal_origin": "Reach H at the origin",
    "asymmetry": "Asymmetry A",
    "vertical_origin": "Height V at the origin",
}


def page(record: Record, given: Entered) -> str:
    """The report as HTML.

    Args:
        record: what was seen.
        given: what people entered of the work.
    """
    scope = record.scope
    whole = total(record.buckets)
    peak = busiest(record.lifts, scope.windows)
    worst = postures.chosen(scope, record.postures)
    body = h.element(
        "main",
        notes.head(record, whole),
        notes.several(record.cameras),
        _in_short(record, whole, peak),
        notes.how_to_read(),
        exposure.exposure(record, whole, bins(scope, record.buckets)),
        postures.postures(scope, worst),
        lifts.lifts(record, whole, peak, given),
        method_cards.judged(_judged(record, given, peak, whole.watched_s), en1005(whole)),
        notes.entered(scope, given),
        notes.hidden(whole, _reasons(record)),
        coverage.coverage(record),
        notes.versions({**record.about, "Methods": _versions()}),
        notes.foot(record),
    )
    name = scope.station or "everything in view"
    head = h.element(
        "head",
        h.element("meta", charset="utf-8"),
        h.element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h.element("meta", name="color-scheme", content="light dark"),
        h.element("title", f"{name}: lifting work and postures, {notes.period(scope)}"),
        h.element("style", Markup(files("spotter.report").joinpath("style.css").read_text("utf-8"))),  # noqa: S704
    )
    return "<!DOCTYPE html>\n" + str(h.element("html", head, h.element("body", body), lang="en")) + "\n"


def _in_short(record: Record, tally: Tally, peak: Busiest | None) -> Markup:
    if tally.seen <= 0 and not record.lifts:
        watched = "The camera watched, and nobody was there." if tally.watched_s else "Nothing was recorded."
        return h.section("In short", h.paragraph(f"{watched} That is no statement about the work."), id_="short")
    return h.section("In short", h.points([*exposure.lines(tally), lifts.headline(record, peak)]), id_="short")


def _judged(record: Record, given: Entered, peak: Busiest | None, watched_s: float) -> list[Judged]:
    """The posture methods on the worst posture, the lifting methods on the most demanding lift."""
    found: list[Judged] = []
    worst = postures.chosen(record.scope, record.postures, 1)
    if worst:
        about = f"On the worst posture, {record.scope.when(worst[0].at, day=True, seconds=True)} (picture 1)."
        found += judge_posture(worst[0], given, about)
    return [*found, *judge_lifts(record, given, peak, watched_s)]


def _reasons(record: Record) -> list[str]:
    """Why measures of lifts were not observable, most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for lift in record.lifts:
        for name in _WORDS:
            row = lift.numbers.get(name)
            if isinstance(row, list) and row[4] == Status.NOT_OBSERVABLE.value:
                counts[name, str(row[5])] = counts.get((name, str(row[5])), 0) + 1
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:6]
    return [
        f"{_WORDS[name]} in {number} of {len(record.lifts)} movements: {reason or 'no reason given'}."
        for (name, reason), number in order
    ]


def _versions() -> str:
    return "; ".join(f"{name}: {method.version}" for name, method in methods().items())
