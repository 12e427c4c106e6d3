"""SVG pictures within the page. Pure.

Each shape has the colour of the light theme as an attribute and a class: the page's style sheet colours it anew in the
dark, and a printer of PDF that reads no style sheet within pictures still gets the light one.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from spotter.report.html import element

COLOURS = {
    "ink": "#1c2733",
    "muted": "#55616e",
    "grid": "#d7dde4",
    "soft": "#eef1f4",
    "upright": "#2f7d5b",
    "bent": "#b4690e",
    "deep": "#b3261e",
    "arms": "#1f5fa8",
    "static": "#6a3d9a",
    "lifts": "#1c2733",
    "unknown": "#8b96a2",
    "left": "#1f5fa8",
    "right": "#b4690e",
}
"""By class; apart from each other in lightness too, and always named in words."""

Point = tuple[float, float]


class Drawing:
    """A picture of fixed size, px, with what it says in words for whoever cannot see it."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self._parts: list[Markup] = []

    def rect(
        self, x: float, y: float, width: float, height: float, colour: str, *, opacity: float = 1.0, title: str = ""
    ) -> None:
        """A filled rectangle; `title` is shown when the pointer rests on it."""
        self._add(
            "rect", element("title", title) if title else None,
            x=_n(x), y=_n(y), width=_n(max(width, 0.0)), height=_n(max(height, 0.0)), class_=f"f-{colour}",
            fill=COLOURS[colour], fill_opacity=_n(opacity) if opacity < 1 else None,
        )  # fmt: skip

    def line(
        self, a: Point, b: Point, colour: str, *, width: float = 1.0, dash: str | None = None, round_: bool = False
    ) -> None:
        """A straight line."""
        self._add(
            "line", x1=_n(a[0]), y1=_n(a[1]), x2=_n(b[0]), y2=_n(b[1]), class_=f"s-{colour}", stroke=COLOURS[colour],
            stroke_width=_n(width), stroke_dasharray=dash, stroke_linecap="round" if round_ else None,
        )  # fmt: skip

    def path(self, points: Sequence[Point], colour: str, *, width: float = 1.5, dash: str | None = None) -> None:
        """A line through points."""
        self._add(
            "polyline", points=" ".join(f"{_n(x)},{_n(y)}" for x, y in points), class_=f"s-{colour}", fill="none",
            stroke=COLOURS[colour], stroke_width=_n(width), stroke_dasharray=dash, stroke_linejoin="round",
        )  # fmt: skip

    def dot(self, at: Point, radius: float, colour: str) -> None:
        """A filled circle."""
        self._add("circle", cx=_n(at[0]), cy=_n(at[1]), r=_n(radius), class_=f"f-{colour}", fill=COLOURS[colour])

    def ring(self, at: Point, radius: float, colour: str, *, width: float = 1.5) -> None:
        """A circle that is not filled."""
        self._add(
            "circle", cx=_n(at[0]), cy=_n(at[1]), r=_n(radius), class_=f"s-{colour}", fill="none",
            stroke=COLOURS[colour], stroke_width=_n(width),
        )  # fmt: skip

    def text(
        self, x: float, y: float, text: str, *, size: float = 11, colour: str = "muted", anchor: str = "start",
        bold: bool = False,
    ) -> None:  # fmt: skip
        """One line on the baseline `y`; `anchor` is start, middle or end."""
        self._add(
            "text", text, x=_n(x), y=_n(y), font_size=_n(size), class_=f"f-{colour}", fill=COLOURS[colour],
            text_anchor=None if anchor == "start" else anchor, font_weight="600" if bold else None,
        )  # fmt: skip

    def render(self) -> Markup:
        """The `svg` element."""
        return element(
            "svg", element("title", self.label), self._parts,
            xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_n(self.width)} {_n(self.height)}",
            width=_n(self.width), height=_n(self.height), role="img", aria_label=self.label,
            font_family="system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', sans-serif",
        )  # fmt: skip

    def _add(self, name: str, content: Markup | str | None = None, **attributes: str | None) -> None:
        self._parts.append(element(name, content, **attributes))


def _n(value: float) -> str:
    """At most one decimal, without a trailing zero and without a negative nought."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
