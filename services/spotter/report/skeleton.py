"""A posture as a drawn skeleton: sticks and a ring for the head, so that nobody can be known by it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from spotter.report.drawing import Drawing, Point

SIZE = (190.0, 220.0)
"""Of one picture, px."""

SEEN = 0.25
"""Least confidence of a keypoint that is drawn. [D]"""

_MARGIN = 26.0
_TEXT = 56.0
"""Room for "100–125°", px."""

_HEAD = 0.085
"""Radius of the head by stature: half the height of a head of 0.13 statures, less the neck (Winter 2009, fig. 4.1)."""

_LEFT = ((5, 7), (7, 9), (11, 13), (13, 15))
_RIGHT = ((6, 8), (8, 10), (12, 14), (14, 16))

Keypoints = Sequence[Sequence[float]]


def skeleton(keypoints: Keypoints, label: str, *, trunk: tuple[float, float] | None = None) -> Markup:
    """The picture of one posture.

    Args:
        keypoints: 17 of (x, y, confidence), px of any picture, COCO-17.
        label: what it shows, in words.
        trunk: interval of the trunk inclination, degrees, written beside the trunk; None: not known.
    """
    drawing = Drawing(*SIZE, label)
    seen = [index for index, point in enumerate(keypoints) if point[2] >= SEEN]
    if len(seen) < 2:
        drawing.text(SIZE[0] / 2, SIZE[1] / 2, "too little was seen", anchor="middle")
        return drawing.render()
    place, scale = _fit([(keypoints[index][0], keypoints[index][1]) for index in seen])
    at = {index: place(keypoints[index][0], keypoints[index][1]) for index in seen}
    for limbs, colour in ((_LEFT, "left"), (_RIGHT, "right")):
        for a, b in limbs:
            if a in at and b in at:
                drawing.line(at[a], at[b], colour, width=4, round_=True)
    for a, b in ((5, 6), (11, 12)):
        if a in at and b in at:
            drawing.line(at[a], at[b], "ink", width=3, round_=True)
    shoulders, hips = _middle(at, 5, 6), _middle(at, 11, 12)
    if shoulders and hips:
        _trunk(drawing, shoulders, hips, trunk)
    head = _head(at)
    if head:
        radius = max(_HEAD * scale, 6.0)
        if shoulders:
            drawing.line(shoulders, head, "ink", width=3, round_=True)
        drawing.dot(head, radius, "soft")
        drawing.ring(head, radius, "ink", width=2.5)
    return drawing.render()


def _trunk(drawing: Drawing, shoulders: Point, hips: Point, interval: tuple[float, float] | None) -> None:
    length = math.dist(shoulders, hips)
    drawing.line(hips, (hips[0], hips[1] - 1.15 * length), "muted", width=1.2, dash="4 3")
    drawing.line(hips, shoulders, "deep" if interval and interval[0] >= 60 else "ink", width=5, round_=True)
    if interval is not None:
        # On the side that the trunk does not lean to, unless the edge is too near.
        right = hips[0] + 8 + _TEXT <= SIZE[0] if shoulders[0] < hips[0] else hips[0] - 8 < _TEXT
        drawing.text(
            hips[0] + (8 if right else -8), max(hips[1] - 1.15 * length, 14), degrees(interval), colour="ink",
            bold=True, anchor="start" if right else "end",
        )  # fmt: skip


def degrees(interval: tuple[float, float]) -> str:
    """ "43–67°", "-11 to 18°"."""
    low, high = round(interval[0]), round(interval[1])
    if low == high:
        return f"{low}°"
    return f"{low} to {high}°" if low < 0 else f"{low}–{high}°"


def _fit(points: Sequence[Point]) -> tuple[_Place, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width, height = max(max(xs) - min(xs), 1.0), max(max(ys) - min(ys), 1.0)
    # The head rises above the highest keypoint, which is an eye or an ear.
    factor = min((SIZE[0] - 2 * _MARGIN) / width, (SIZE[1] - 2 * _MARGIN) / height)
    place = _Place(factor, min(xs) + width / 2, min(ys) + height / 2)
    return place, max(width, height) * factor


class _Place:
    def __init__(self, factor: float, x: float, y: float) -> None:
        self._factor, self._x, self._y = factor, x, y

    def __call__(self, x: float, y: float) -> Point:
        return SIZE[0] / 2 + (x - self._x) * self._factor, SIZE[1] / 2 + (y - self._y) * self._factor


def _middle(at: dict[int, Point], a: int, b: int) -> Point | None:
    both = [at[index] for index in (a, b) if index in at]
    return (sum(x for x, _ in both) / len(both), sum(y for _, y in both) / len(both)) if both else None


def _head(at: dict[int, Point]) -> Point | None:
    """The middle of the ears; of whatever else is seen of the head, where no ear is."""
    for group in ((3, 4), (0, 1, 2)):
        points = [at[index] for index in group if index in at]
        if points:
            return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    return None
