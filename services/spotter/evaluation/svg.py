"""A few shapes as SVG text, for pictures that are opened in a browser: no drawing library, sharp at any size. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

INK, MUTED, GRID, PAPER = "#1d2733", "#66707c", "#dde2e8", "#ffffff"
RED, AMBER, GREEN, BLUE, GREY = "#c0392b", "#d68910", "#1e8449", "#2471a3", "#9aa4af"
"""Colours that stay apart for colour-blind people by their lightness, and that pictures always name in words too."""

Point = tuple[float, float]


class Svg:
    """A picture of fixed size that shapes are added to, later ones on top. Lengths are px."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, title: str = "", opacity: float = 1.0
    ) -> None:
        """A filled rectangle; `title` is shown when the pointer rests on it."""
        shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{fill}"'
        shape += f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        self._parts.append(f"{shape}><title>{escape(title)}</title></rect>" if title else f"{shape}/>")

    def line(self, a: Point, b: Point, colour: str, width: float = 1.0, dash: str = "") -> None:
        """A straight line; `dash` as in SVG, "4 3"."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke="{colour}" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def path(self, points: Sequence[Point], colour: str, width: float = 1.5) -> None:
        """A line through points."""
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>')

    def area(self, points: Sequence[Point], fill: str, opacity: float) -> None:
        """A filled outline."""
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{text}" fill="{fill}" fill-opacity="{opacity:g}"/>')

    def dot(self, at: Point, radius: float, fill: str) -> None:
        """A filled circle."""
        self._parts.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{fill}"/>')

    def text(
        self, x: float, y: float, text: str, *, size: float = 12, colour: str = INK, anchor: str = "start",
        bold: bool = False,
    ) -> None:  # fmt: skip
        """One line of text on the baseline `y`; `anchor` is start, middle or end."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" text-anchor="{anchor}"{weight}>'
            f"{escape(text)}</text>"
        )

    def picture(self, x: float, y: float, width: float, height: float, data_url: str) -> None:
        """A raster picture, scaled into a box."""
        self._parts.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" href={quoteattr(data_url)}/>'
        )

    @contextmanager
    def view(self, at: Point, size: Point, box: tuple[float, float, float, float]) -> Iterator[None]:
        """What is drawn within is in the units of `box` (left, top, width, height), which fills a part of the whole."""
        left, top, width, height = box
        self._parts.append(
            f'<svg x="{at[0]:.1f}" y="{at[1]:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" '
            f'viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}">'
        )
        yield
        self._parts.append("</svg>")

    def render(self) -> str:
        """The whole document."""
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
                f'viewBox="0 0 {self.width:g} {self.height:g}" font-family="system-ui, sans-serif">',
                f'<rect width="100%" height="100%" fill="{PAPER}"/>',
                *self._parts,
                "</svg>\n",
            )
        )


def ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round values from `low` to `high`, at most `most` + 1 of them, 1, 2 or 5 (or 15, 30 s) apart."""
    span = max(high - low, 1e-9)
    steps: Iterable[float] = (
        *(base * 10**power for power in range(-3, 2) for base in (1, 2, 5)),
        60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800,
    )  # fmt: skip
    step = next((step for step in steps if span / step <= most), span)
    first = -(-low // step)
    return [(first + index) * step for index in range(int((high - first * step) // step) + 1)]
