"""Charts of the report: shares over time with what is proven and what is possible, and intervals on a scale. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spotter.report.drawing import Drawing
from spotter.report.words import interval

WIDTH = 900.0
_LEFT, _RIGHT = 172.0, 12.0
_ROW, _GAP = 46.0, 14.0
_POSSIBLE = 0.32
"""Opacity of what is possible and not proven."""


@dataclass(frozen=True, slots=True)
class Band:
    """One row of the timeline.

    Attributes:
        name: what it shows; `note`: a second line, small.
        values: (proven, possible, not seen) of each bin, in the unit of `most`; None where nobody was seen.
        most: upper end of its axis.
        unit: of the axis: "%", "lifts".
    """

    name: str
    note: str
    colour: str
    values: Sequence[tuple[float, float, float] | None]
    most: float
    unit: str


def timeline(bands: Sequence[Band], labels: Sequence[tuple[int, str]], titles: Sequence[str], about: str) -> Markup:
    """Rows of bars on one time axis: solid is proven, pale is possible beyond that, grey was not seen; a dash is a bin
    in which nobody was.

    Args:
        labels: (bin, text) below the axis.
        titles: of each bin, for the pointer.
        about: what the picture says, in words.
    """
    count = max(len(titles), 1)
    height = len(bands) * (_ROW + _GAP) + 34
    drawing = Drawing(WIDTH, height, about)
    step = (WIDTH - _LEFT - _RIGHT) / count
    bar = max(step * 0.82, step - 3) if step > 2 else step
    bottom = len(bands) * (_ROW + _GAP) + 2
    for place, text in labels:
        x = _LEFT + place * step
        drawing.line((x, 6), (x, bottom), "grid")
        drawing.text(min(x, WIDTH - 20), bottom + 16, text, anchor="middle" if 0 < place < count else "start")
    for row, band in enumerate(bands):
        _band(drawing, band, titles, _GAP + row * (_ROW + _GAP), step, bar)
    return drawing.render()


def _band(drawing: Drawing, band: Band, titles: Sequence[str], top: float, step: float, bar: float) -> None:
    drawing.text(0, top + 13, band.name, size=12, colour="ink", bold=True)
    drawing.text(0, top + 28, band.note, size=10)
    drawing.text(_LEFT - 6, top + 8, f"{band.most:g}", size=9, anchor="end")
    drawing.text(_LEFT - 6, top + _ROW, f"0 {band.unit}", size=9, anchor="end")
    drawing.line((_LEFT, top), (WIDTH - _RIGHT, top), "grid")
    for index, values in enumerate(band.values):
        x = _LEFT + index * step
        if values is None:
            drawing.rect(x, top + _ROW - 1.5, bar, 1.5, "unknown", opacity=0.5)
            continue
        proven, possible, hidden = values
        low, high, all_ = (
            min(max(value / band.most, 0.0), 1.0) * _ROW for value in (proven, possible, possible + hidden)
        )
        title = f"{titles[index]}: {range_text(proven, possible)} {band.unit}".rstrip()
        title += f", {hidden:.0f} {band.unit} not seen" if hidden >= 0.5 else ""
        if all_ > high:
            drawing.rect(x, top + _ROW - all_, bar, all_ - high, "unknown", opacity=0.25, title=title)
        if high > low:
            drawing.rect(x, top + _ROW - high, bar, high - low, band.colour, opacity=_POSSIBLE, title=title)
        if low > 0:
            drawing.rect(x, top + _ROW - low, bar, low, band.colour, title=title)
    drawing.line((_LEFT, top + _ROW), (WIDTH - _RIGHT, top + _ROW), "muted")


def range_text(low: float, high: float, digits: int = 0) -> str:
    """ "12", or "12 to 30"."""
    texts = [f"{value:.{digits}f}" for value in (low, high)]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"


@dataclass(frozen=True, slots=True)
class Span:
    """One interval on a scale: its name, ends, and whether it is drawn solid."""

    name: str
    low: float
    high: float
    solid: bool


def scale(
    spans: Sequence[Span], low: float, high: float, marks: Sequence[tuple[float, str]], about: str, *, unit: str = ""
) -> Markup:
    """Intervals as bars on one axis.

    Args:
        marks: (value, text) of lines across the axis, such as the beginnings of action levels.
        about: what the picture says, in words.
    """
    left, right, row = 178.0, 116.0, 24.0
    width = 640.0
    drawing = Drawing(width, len(spans) * row + 40, about)
    extent = max(high - low, 1e-9)

    def x(value: float) -> float:
        return left + (min(max(value, low), high) - low) / extent * (width - left - right)

    bottom = 8 + len(spans) * row
    for number, (value, text) in enumerate(marks):
        drawing.line((x(value), 4), (x(value), bottom + 4), "muted", dash="3 3")
        drawing.text(x(value), bottom + 15 + 11 * (number % 2), text, size=9, anchor="middle")
    drawing.line((left, bottom), (width - right, bottom), "muted")
    for number, span in enumerate(spans):
        y = 8 + number * row
        drawing.text(0, y + 14, span.name, colour="ink", bold=span.solid)
        wide = max(x(span.high) - x(span.low), 4.0)
        drawing.rect(x(span.low), y + 3, wide, 14, "arms", opacity=1.0 if span.solid else _POSSIBLE)
        drawing.text(width - right + 8, y + 14, interval(span.low, span.high, unit), colour="ink")
    return drawing.render()
