"""EN 1005-4 over the whole time: how long and how often postures are taken, and what the standard says of it."""

from __future__ import annotations

from markupsafe import Markup

from spotter.ergonomics.exposure.judgement import Verdict, judge
from spotter.ergonomics.exposure.numbers import STATIC_S
from spotter.ergonomics.methods.en1005 import HIGH_PER_MINUTE, LEVELS
from spotter.report import html as h
from spotter.report.tally import Tally
from spotter.report.words import count, figure, percent

LEAST_S = 900.0
"""Of less person-time than this no rate is told, as for lifts (METHODS 7.2)."""

_REGIONS = {
    "trunk_over_20": "Trunk forward, 20° or more",
    "trunk_over_60": "Trunk forward, 60° or more",
    "trunk_side_over_10": "Trunk sideways, 10° or more",
    "arms_over_20": "Upper arm, 20° or more",
    "arms_over_60": "Upper arm, 60° or more",
}


def en1005(whole: Tally) -> Markup | None:
    """A card with the verdicts; None where nobody was seen."""
    verdicts = judge(whole.numbers)
    if not verdicts:
        return None
    head = ("Posture", f"Held over {STATIC_S:g} s", "Taken up, proven", "EN 1005-4 says")
    return h.element(
        "div",
        h.element("h3", "EN 1005-4, working postures at machinery"),
        h.paragraph("On all of the time, region by region.", class_="note"),
        h.table("Regions of the body", head, [_row(whole, one) for one in verdicts], numeric=(1, 2)),
        h.paragraph(
            "The milder verdict rests on what is proven, the harsher one on what the view does not rule out. From "
            f"{HIGH_PER_MINUTE:g} times a minute the frequency is high. Conditional means acceptable only with full "
            "support where it is held, or for a short time. Trunk inclination is taken as forward: one camera seldom "
            "tells backward apart.",
            class_="note",
        ),
        class_="card",
    )


def _row(whole: Tally, verdict: Verdict) -> tuple[str, str, str, str]:
    edge = verdict.edge
    words = _REGIONS[edge.name]
    if whole.numbers.get(f"{edge.part}_unobservable", 0.0) > 0.995 * whole.seen:
        return words, "not observable", "not observable", f"{_says(1)} to {_says(3)}"
    taken = whole.numbers.get(f"{edge.name}_entries", 0.0)
    if not taken:
        rate = "never"
    elif whole.seen < LEAST_S:
        rate = f"{count(taken, 'time')}, too short for a rate"
    else:
        rate = f"{figure(verdict.per_minute, 2)} a minute"
    says = _says(verdict.low)
    return (
        words,
        percent(*verdict.static),
        rate,
        says if verdict.low == verdict.high else f"{says} to {_says(verdict.high)}",
    )


def _says(verdict: int) -> str:
    return LEVELS[verdict - 1].split(" ", 1)[1]
