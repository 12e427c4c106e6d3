"""Draw docs/images/exposure-bands.svg: which band an interval of trunk inclination proves, and what a share then says.

python scripts/draw_exposure_bands.py
"""

from __future__ import annotations

import math
from pathlib import Path

from spotter.core.contracts import Angle, Status
from spotter.ergonomics.exposure import BENT_DEG, DEEP_DEG, Band, band
from spotter.evaluation.svg import AMBER, BLUE, GREEN, GREY, GRID, INK, MUTED, RED, Svg

TARGET = Path(__file__).parent.parent / "docs" / "images" / "exposure-bands.svg"

COLOURS = {Band.UPRIGHT: GREEN, Band.BENT: AMBER, Band.DEEP: RED, Band.UNPROVEN: BLUE, Band.NOT_OBSERVABLE: GREY}
WORDS = {
    Band.UPRIGHT: "upright: at most 20",
    Band.BENT: "bent: 20 or more",
    Band.DEEP: "deep: 60 or more",
    Band.UNPROVEN: "unproven: may be either",
    Band.NOT_OBSERVABLE: "not observable",
}
INTERVALS = ((2.0, 14.0), (8.0, 33.0), (24.0, 48.0), (35.0, 72.0), (63.0, 80.0))
WIDTH, HEIGHT = 830.0, 330.0
LEFT, RIGHT, TOP, ROW = 330.0, 590.0, 62.0, 34.0


def across(degrees: float) -> float:
    """Place of an angle on the axis, px."""
    return LEFT + (RIGHT - LEFT) * degrees / 90.0


def main() -> None:
    picture = Svg(WIDTH, HEIGHT)
    figure(picture, (130.0, 250.0))
    picture.text(LEFT, 28, "Trunk inclination, degrees: the interval that a frame proves", bold=True)
    bottom = TOP + ROW * len(INTERVALS)
    for edge in (0.0, BENT_DEG, DEEP_DEG, 90.0):
        strong = edge in (BENT_DEG, DEEP_DEG)
        picture.line((across(edge), TOP - 12), (across(edge), bottom), INK if strong else GRID, 1.2 if strong else 1.0)
        picture.text(across(edge), bottom + 16, f"{edge:g}", anchor="middle", colour=MUTED)
    for row, (low, high) in enumerate(INTERVALS):
        found = band(Angle((low + high) / 2, low, high, Status.BOUNDED))
        y = TOP + ROW * row
        picture.rect(across(low), y, across(high) - across(low), 14, COLOURS[found])
        picture.text(RIGHT + 14, y + 12, WORDS[found], colour=COLOURS[found], bold=True)
    share(picture, bottom + 58)
    TARGET.write_text(picture.render(), encoding="utf-8")


def figure(picture: Svg, foot: tuple[float, float]) -> None:
    """A worker who bends, with the two edges."""
    x, y = foot
    hip = (x, y - 92)
    for at, colour in ((0.0, MUTED), (BENT_DEG, AMBER), (DEEP_DEG, RED)):
        end = hip[0] + 122 * math.sin(math.radians(at)), hip[1] - 122 * math.cos(math.radians(at))
        picture.line(hip, end, colour, 1.2, "4 3")
        if at:
            picture.text(end[0] + 4, end[1] + 4, f"{at:g}", colour=colour, bold=True)
    lean = math.radians(45.0)
    shoulder = hip[0] + 74 * math.sin(lean), hip[1] - 74 * math.cos(lean)
    head = shoulder[0] + 24 * math.sin(lean), shoulder[1] - 24 * math.cos(lean)
    hand = shoulder[0] + 8, shoulder[1] + 66
    picture.path([(x, y), (x + 3, y - 46), hip, shoulder], INK, 4)
    picture.path([shoulder, (shoulder[0] + 4, shoulder[1] + 34), hand], INK, 4)
    picture.dot(head, 12, INK)
    picture.line((x - 70, y), (x + 130, y), MUTED)


def share(picture: Svg, y: float) -> None:
    """A share of time as an interval."""
    picture.text(30, y - 12, "Share of a shift with the trunk inclined by 20 degrees or more", bold=True)
    left, width = 30.0, 560.0
    for begin, end, colour in ((0.0, 0.22, AMBER), (0.22, 0.41, BLUE), (0.41, 0.88, GREEN), (0.88, 1.0, GREY)):
        picture.rect(left + width * begin, y, width * (end - begin), 16, colour)
    for at, text in ((0.11, "proven"), (0.315, "possible"), (0.645, "ruled out"), (0.94, "not seen")):
        picture.text(left + width * at, y + 32, text, anchor="middle", colour=MUTED)
    picture.text(left + width + 14, y + 13, "25 to 47 % of what was seen", bold=True)


if __name__ == "__main__":
    main()
