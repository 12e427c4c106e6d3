"""What the methods say: intervals before and after what was entered, probabilities of levels, and what widens most."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Provenance, Result
from spotter.ergonomics.methods.inputs import sides_of
from spotter.report import html as h
from spotter.report.charts import Span, scale
from spotter.report.judge import Judged, unknowns
from spotter.report.words import STATUS, figure, interval, percent, plain

_SCALES = {"reba": (1.0, 15.0), "rula": (1.0, 7.0), "owas": (1.0, 4.0), "iso11226": (1.0, 3.0)}
"""Lowest and highest score of each; the axis of the others ends with their intervals."""

_MARKS = {
    "reba": ((2.0, "may be needed"), (4.0, "necessary"), (8.0, "soon"), (11.0, "now")),
    "rula": ((3.0, "investigate"), (5.0, "change soon"), (7.0, "now")),
}
"""Where the action levels begin (METHODS 2.2, 3.2)."""

_ONLY = {"reba": ("posture_only_reba", "posture-only REBA")}
"""Figures on the way that are shown under their own name: what the posture alone gives at its best case."""

_NEEDED = {"reba": ("load_kg", "coupling", "static_posture", "repeated_motion")}
"""Inputs that a person must have entered before a method's levels are told (METHODS 2.3)."""

_SAMPLED = ("vli", "lifft")
"""Methods over many lifts. One unknown load stands behind all of them, but they are drawn one by one: the interval
holds, while probabilities would look surer than they are and are not told."""


def judged(found: Sequence[Judged], *cards: Markup | None) -> Markup:
    """The section.

    Args:
        cards: of methods that judge all of the time, shown first.
    """
    if not found and not any(cards):
        return h.section(
            "What the methods say",
            h.paragraph("Nothing was seen that a method could judge."),
            id_="methods",
        )
    return h.section(
        "What the methods say",
        cards,
        [_card(one) for one in found],
        id_="methods",
        lead="Each bar is the interval of a score: pale from the camera alone, solid with what was entered. "
        "Probabilities say what is not known, not how often something happens.",
    )


def _card(one: Judged) -> Markup:
    result = one.best
    content: list[h.Content] = [h.element("h3", one.method.title), h.paragraph(one.about, class_="note")]
    if result.status is Status.OUT_OF_SCOPE:
        content.append(h.paragraph("Out of scope: " + "; ".join(result.reasons)))
        return h.element("div", content, class_="card")
    content += [
        _bars(one),
        _open_end(result),
        _before_after(one),
        _levels(one),
        _widening(one),
        h.paragraph(
            f"Status: {STATUS[result.status]}. Tables: {result.table_version or '-'}; version {result.method_version}.",
            class_="note",
        ),
    ]
    return h.element("div", content, class_="card")


def _bars(one: Judged) -> Markup | None:
    name = one.method.name
    key, words = _ONLY.get(name, ("", ""))
    of_posture = {} if one.alone is None else one.alone.details
    drawn = [(words, of_posture[key], False)] if key in of_posture else []
    for label, result, solid in (("camera alone", one.alone, False), ("with what was entered", one.full, True)):
        found = None if result is None else one.interval(result)
        if found is not None:
            drawn.append((label, found, solid))
    spans = [Span(label, *ends, solid) for label, ends, solid in drawn if all(math.isfinite(end) for end in ends)]
    if not spans:
        return None
    low, high = _SCALES.get(name, (0.0, max((span.high for span in spans), default=1.0) * 1.05))
    about = f"{one.method.title}: " + "; ".join(f"{span.name} {interval(span.low, span.high)}" for span in spans)
    unit = (one.alone or one.best).unit
    drawing = scale(spans, low, high, _marks(name, high), about, unit=unit)
    called = one.best.name if one.alone is None else one.alone.name
    caption = h.element("figcaption", f"{called}{f', {unit}' if unit else ''}") if name not in _SCALES else None
    return h.element("figure", drawing, caption)


def _open_end(result: Result) -> Markup | None:
    """What is known of a result that has no upper end: at least so much, and why."""
    least = [(name, ends[0]) for name, ends in result.details.items() if name.endswith("_at_least")]
    if math.isfinite(result.high) and not least:
        return None
    said = "; ".join(
        f"{name.removesuffix('_at_least').replace('_', ' ')} is at least {figure(end)}" for name, end in least
    )
    why = "; ".join(result.reasons[:3])
    return h.paragraph(f"There is no upper end{f': {said}' if said else ''}. {why}.")


def _marks(name: str, high: float) -> Sequence[tuple[float, str]]:
    return tuple((value, text) for value, text in _MARKS.get(name, ()) if value <= high)


def _before_after(one: Judged) -> Markup | None:
    if one.full is None or one.alone is None:
        return None
    lines = []
    if one.full.name == "LI":
        lines.append(f"LI {interval(one.full.low, one.full.high)} with the load that was entered.")
    before, after = one.interval(one.alone), one.interval(one.full)
    if before is not None and after is not None:
        widths = before[1] - before[0], after[1] - after[0]
        if widths[0] > 0:
            change = f"{percent(1 - widths[1] / widths[0], 1 - widths[1] / widths[0])} narrower"
            if widths[1] >= widths[0]:
                change = "no narrower: what was entered is not what makes it wide"
            lines.append(
                f"What was entered takes the width of the interval from {figure(widths[0])} to {figure(widths[1])}: "
                f"{change}."
            )
    return h.paragraph(" ".join(lines)) if lines else None


def _levels(one: Judged) -> Markup | None:
    result = one.best
    if result.status is Status.NOT_OBSERVABLE or one.method.name in _SAMPLED:
        return None
    missing = [
        plain(name) for name in _NEEDED.get(one.method.name, ())
        if result.inputs[name].provenance is not Provenance.ENTERED
    ]  # fmt: skip
    if missing:
        return h.paragraph(
            f"A full {result.name} needs {', '.join(missing)}, which nobody has entered: so there is an interval, the "
            "posture-only figure, and no probability of its levels.",
        )
    shown = [(name, share) for name, share in result.levels.items() if share > 0]
    if not shown:
        return None
    rows = [(name, _meter(share), percent(share, share)) for name, share in shown]
    return h.table("Probability of each level", ("Level", "", "Probability"), rows, numeric=(2,), class_="levels")


def _meter(share: float) -> Markup:
    bar = h.element("span", class_="bar", style=f"width:{100 * share:.1f}%")
    return h.element("span", bar, class_="meter", aria_hidden="true")


def _widening(one: Judged) -> Markup | None:
    result = one.best
    shown = () if one.method.name in _SAMPLED else unknowns(result)
    if not shown:
        return None
    parts = []
    for name, taken in shown:
        provenance = result.inputs[next(iter(sides_of(name, result.inputs)), name)].provenance
        why = {
            Provenance.UNKNOWN: "not known",
            Provenance.ENTERED: "entered as an interval",
            Provenance.ASSUMED: "assumed",
        }.get(provenance, "seen only as an interval")
        parts.append(f"{plain(name)} ({why}): {figure(taken)} {result.unit}".rstrip())
    return h.paragraph(h.element("strong", "What would narrow it most, if it were known: "), "; ".join(parts), ".")
