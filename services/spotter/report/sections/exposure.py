"""How people stood over time: shares of person-time with what is proven, what is possible and what was not seen."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from spotter.ergonomics.exposure.numbers import EDGES, STATIC_S, Edge
from spotter.ergonomics.exposure.shifts import Period
from spotter.ergonomics.exposure.station import aggregate
from spotter.report import html as h
from spotter.report.charts import Band, timeline
from spotter.report.data import Record, Scope
from spotter.report.tally import Bins, Share, Tally
from spotter.report.words import duration, percent

_COLOUR = {"trunk_over_20": "bent", "trunk_over_60": "deep"}
_SHORT = {
    "trunk_over_20": "Trunk 20° or more",
    "trunk_over_60": "Trunk 60° or more",
    "trunk_side_over_10": "Sideways 10° or more",
    "arms_over_20": "Arm 20° or more",
    "arms_over_60": "Arm 60° or more",
    "neck_over_20": "Neck 20° or more",
}
_DRAWN = ("trunk_over_20", "trunk_over_60", "arms_over_60", "neck_over_20")


def exposure(record: Record, whole: Tally, cut: Bins) -> Markup:
    """The section: chart over time, and the shares of the whole time as a table."""
    scope = record.scope
    if whole.seen <= 0:
        return h.section(
            "Postures over time",
            h.paragraph("Nobody was seen at this station in this time, so there is nothing to show."),
            id_="exposure",
        )
    return h.section(
        "Postures over time",
        _key(),
        _chart(scope, cut),
        _shares(whole),
        _static(whole),
        _worst_minutes(record),
        id_="exposure",
        lead=f"Shares of the person-time seen ({duration(whole.seen)}). Two people for a minute are two minutes.",
    )


def _key() -> Markup:
    return h.element(
        "ul",
        h.element("li", _swatch("bent", 1.0), "solid: proven, whatever the view hides"),
        h.element("li", _swatch("bent", 0.32), "pale: possible, not ruled out by the view"),
        h.element("li", _swatch("unknown", 0.3), "grey: that part of the body was not seen"),
        h.element("li", "a short dash: nobody was seen"),
        class_="key",
    )


def _swatch(colour: str, opacity: float) -> Markup:
    return h.element("span", class_="swatch", style=f"background:var(--{colour});opacity:{opacity:g}")


def _chart(scope: Scope, cut: Bins) -> Markup:
    titles = [scope.when(start, day=True) for start, _ in cut.edges]
    edges = {edge.name: edge for edge in EDGES}
    bands = [
        Band(
            _SHORT[name],
            "% of person-time",
            _COLOUR.get(name, "arms" if edges[name].part == "arms" else "bent"),
            [_percents(tally, edges[name]) for tally in cut.tallies],
            100,
            "%",
        )
        for name in _DRAWN
    ]
    static = edges["trunk_over_20"]
    bands.append(
        Band(
            f"Bent over {STATIC_S:g} s",
            "trunk 20° held, %",
            "static",
            [_percents(tally, static, static=True) for tally in cut.tallies],
            100,
            "%",
        )
    )
    lifts = [(tally.numbers.get("lifts", 0.0), tally.seen) for tally in cut.tallies]
    most = max((number for number, _ in lifts), default=0.0)
    if most:
        values = [(number, number, 0.0) if seen > 0 or number else None for number, seen in lifts]
        bands.append(Band("Lift-like moves", f"in {cut.words}", "lifts", values, _round_up(most), ""))
    about = (
        "Bars over time: shares of person-time with the trunk at 20 degrees or more, at 60 or more, an upper arm at 60 "
        "or more, the neck at 20 or more, and bent postures that were held. The table below gives the totals."
    )
    return h.element(
        "figure",
        h.element("div", timeline(bands, _labels(scope, cut), titles, about), class_="wide", tabindex="0",
                  role="region", aria_label="Chart of postures over time"),
        h.element("figcaption", f"Each bar is {cut.words}. Times are {_zone(scope)}."),
    )  # fmt: skip


def _percents(tally: Tally, edge: Edge, *, static: bool = False) -> tuple[float, float, float] | None:
    share = tally.static(edge.name, edge.part) if static else tally.share(edge.name, edge.part)
    return None if share is None else (100 * share.proven, 100 * share.possible, 100 * share.unobservable)


def _shares(whole: Tally) -> Markup:
    rows = []
    for edge in EDGES:
        share = whole.share(edge.name, edge.part)
        if share is None:
            continue
        if share.unobservable > 0.995:
            rows.append((_SHORT[edge.name], "-", "not observable", "-", percent(1, 1), "-", "-"))
            continue
        mass = whole.numbers.get(f"{edge.name}_mass", 0.0) / whole.seen
        rows.append((
            _SHORT[edge.name], _time(share.proven, whole), percent(share.proven, share.possible), percent(mass, mass),
            percent(share.unobservable, share.unobservable), percent(share.proven, share.most),
            f"{whole.numbers.get(f'{edge.name}_entries', 0.0):.0f}",
        ))  # fmt: skip
    head = (
        "Posture", "Proven time", "Proven to possible", "By probability", "Not seen", "At least, at most",
        "Times taken up",
    )  # fmt: skip
    return h.table("Postures, share of person-time", head, rows, numeric=range(1, 7))


def _static(whole: Tally) -> Markup:
    rows = []
    for edge in EDGES:
        share = whole.static(edge.name, edge.part)
        if share is not None and share.unobservable <= 0.995:
            rows.append((
                _SHORT[edge.name], _time(share.proven, whole), percent(share.proven, share.possible),
                percent(share.unobservable, share.unobservable),
            ))  # fmt: skip
    return h.table(
        f"Held for longer than {STATIC_S:g} s (static in EN 1005-4), share of person-time",
        ("Posture", "Proven time", "Proven to possible", "Not seen"), rows, numeric=range(1, 4),
    )  # fmt: skip


def _worst_minutes(record: Record) -> Markup | None:
    """The minutes with the most time that is proven to be bent; a clip is too short for them."""
    scope = record.scope
    if not scope.clock:
        return None
    period = Period("", scope.local(scope.start).date(), scope.start, scope.end)
    found = [worst for one in aggregate(record.buckets, [period]) for worst in one.worst]
    rows = [(scope.when(at, day=True), duration(seconds)) for at, seconds in found]
    if not rows:
        return None
    return h.table("Worst minutes: the most time with the trunk proven at 20° or more", ("Minute", "Person-time"), rows,
                   numeric=(1,), class_="levels")  # fmt: skip


def _time(share: float, whole: Tally) -> str:
    return duration(share * whole.seen)


def _labels(scope: Scope, cut: Bins) -> list[tuple[int, str]]:
    """Some eight labels on the axis, at whole bins; the day where it begins a new one."""
    count = len(cut.edges)
    step = max(-(-count // 8), 1)
    labels, before = [], None
    days = len({scope.local(start).date() for start, _ in cut.edges}) > 1
    for index in range(0, count, step):
        start = cut.edges[index][0]
        day = scope.local(start).date()
        text = scope.when(start)
        if days and scope.clock and day != before:
            text = scope.local(start).strftime("%d %b" if cut.seconds >= 86_400 else "%d %b %H:%M")
        before = day
        labels.append((index, text))
    return labels


def _zone(scope: Scope) -> str:
    return f"in {scope.zone.key}" if scope.clock else "minutes and seconds from the beginning of the file"


def _round_up(value: float) -> float:
    steps = (step * 10.0**power for power in range(7) for step in (1, 2, 5))
    return next((step for step in steps if step >= value), value)


def lines(whole: Tally) -> Sequence[str]:
    """The same in short, for the top of the page."""
    found = []
    for edge in EDGES:
        share: Share | None = whole.share(edge.name, edge.part)
        if share is None or edge.name not in _DRAWN:
            continue
        if share.unobservable > 0.95:
            found.append(f"{_SHORT[edge.name]}: not observable.")
            continue
        hidden = share.unobservable
        rest = f"; in {percent(hidden, hidden)} the part was not seen" if hidden >= 0.005 else ""
        found.append(f"{_SHORT[edge.name]}: {percent(share.proven, share.possible)} of the person-time{rest}.")
    return found
