"""EN 1005-4 over the whole time: what is proven of each region, held and moved, and what the standard says of it."""

from __future__ import annotations

from markupsafe import Markup

from spotter.ergonomics.exposure.numbers import EDGES, STATIC_S
from spotter.ergonomics.methods.en1005 import HIGH_PER_MINUTE, LEVELS, MOVEMENTS, ZONES
from spotter.report import html as h
from spotter.report.tally import Tally
from spotter.report.words import count, duration, figure, percent

REGIONS = {
    "trunk_over_20": ("trunk", 2, "Trunk forward, 20° or more"),
    "trunk_over_60": ("trunk", 3, "Trunk forward, 60° or more"),
    "trunk_side_over_10": ("turned", 1, "Trunk sideways, 10° or more"),
    "arms_over_20": ("arm", 1, "Upper arm, 20° or more"),
    "arms_over_60": ("arm", 2, "Upper arm, 60° or more"),
}
"""Region and zone in `en1005.ZONES` in which an edge of the exposure begins; the zones beyond it are no better."""

LEAST_S = 900.0
"""Less person-time than this is not extrapolated to a frequency, as for lifts (METHODS 7.2)."""


def en1005(whole: Tally) -> Markup | None:
    """A card with what the standard says at least; None where nobody was seen."""
    rows = [row for edge in EDGES if (row := _row(whole, edge.name, edge.part)) is not None]
    if not rows:
        return None
    head = ("Region", f"Held over {STATIC_S:g} s, proven", "Says at least", "Taken up, proven", "Says at least")
    return h.element(
        "div",
        h.element("h3", "EN 1005-4, working postures at machinery"),
        h.paragraph("On all of the time, by what is proven.", class_="note"),
        h.table("Regions of the body", head, rows, numeric=(1, 3)),
        h.paragraph(
            f"From {HIGH_PER_MINUTE:g} times a minute the frequency is high. Conditional means acceptable only with "
            "full support where it is held, or for a short time. What the view hides may make it worse, not better. "
            "Trunk inclination is taken as forward: one camera seldom tells backward apart.",
            class_="note",
        ),
        class_="card",
    )


def _row(whole: Tally, name: str, part: str) -> tuple[str, str, str, str, str] | None:
    share, held = whole.share(name, part), whole.static(name, part)
    if name not in REGIONS or share is None or held is None:
        return None
    region, zone, words = REGIONS[name]
    if share.unobservable > 0.995:
        return words, "not observable", "-", "not observable", "-"
    static, low, high = (ZONES[region][zone][MOVEMENTS.index(kind)] for kind in MOVEMENTS)
    taken = whole.numbers.get(f"{name}_entries", 0.0)
    often = taken / (whole.seen / 60)
    short = whole.seen < LEAST_S
    rate = f"{count(taken, 'time')}, too short for a rate" if short else f"{figure(often, 2)} a minute"
    return (
        words,
        f"{duration(held.proven * whole.seen)} ({percent(held.proven, held.proven)})" if held.proven else "never",
        _says(static) if held.proven else "-",
        rate if taken else "never",
        _says(high if often >= HIGH_PER_MINUTE and not short else low) if taken else "-",
    )


def _says(verdict: int) -> str:
    return LEVELS[verdict - 1].split(" ", 1)[1]
