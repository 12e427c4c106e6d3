"""Error and coverage against yaw as an SVG picture. Part of angles.py."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from spotter.evaluation.svg import AMBER, BLUE, GREEN, GREY, GRID, INK, MUTED, PAPER, RED, Svg

SHOWN = (
    ("trunk_flexion", "trunk flexion", RED), ("upper_arm_gravity", "upper arm, gravity", BLUE),
    ("elbow_flexion", "elbow", AMBER), ("hip_flexion", "hip", GREY), ("knee_flexion", "knee", GREEN),
)  # fmt: skip

EDGES = tuple(range(0, 91, 15))
_LEFT, _TOP, _WIDTH, _HEIGHT, _APART = 56.0, 44.0, 300.0, 200.0, 80.0


def picture(groups: dict[str, np.ndarray], title: str) -> str:
    """Two charts over yaw: mean error of the middle of the interval, and the interval's half width."""
    svg = Svg(2 * _WIDTH + _APART + _LEFT + 24, _HEIGHT + 130)
    svg.rect(0, 0, svg.width, svg.height, PAPER)
    svg.text(_LEFT, 18, title, size=13, bold=True)
    for number, (words, column) in enumerate((("mean error, degrees", 0), ("half width of the interval, degrees", 1))):
        left = _LEFT + number * (_WIDTH + _APART)
        rows = {name: _curve(groups[name])[column] for name, _, _ in SHOWN if name in groups}
        top = 10.0 * np.ceil(max(float(np.nanmax(row)) for row in rows.values()) / 10.0)
        _axes(svg, left, top, words)
        for name, _, colour in SHOWN:
            if name in rows:
                middles = [(low + high) / 2 for low, high in pairwise(EDGES)]
                points = [
                    (left + at / 90 * _WIDTH, _TOP + _HEIGHT * (1 - value / top))
                    for at, value in zip(middles, rows[name], strict=True)
                    if np.isfinite(value)
                ]
                svg.path(points, colour, 2.0)
                for point in points:
                    svg.dot(point, 2.5, colour)
    for index, (_, words, colour) in enumerate(SHOWN):
        x = _LEFT + index * 146
        svg.line((x, svg.height - 18), (x + 22, svg.height - 18), colour, 2.5)
        svg.text(x + 28, svg.height - 14, words, size=11)
    return svg.render()


def _curve(table: np.ndarray) -> tuple[list[float], list[float]]:
    """(error, half width) by bin of yaw, over everything that is not `not_observable`."""
    error, half = [], []
    for low, high in pairwise(EDGES):
        part = table[(table[:, 5] >= low) & (table[:, 5] < high) & np.isfinite(table[:, 1])]
        error.append(float(np.abs(part[:, 1] - part[:, 0]).mean()) if len(part) else float("nan"))
        half.append(float((part[:, 3] - part[:, 2]).mean() / 2) if len(part) else float("nan"))
    return error, half


def _axes(svg: Svg, left: float, top: float, words: str) -> None:
    svg.text(left, _TOP - 8, words, size=11, colour=MUTED)
    for value in np.arange(0.0, top + 1.0, 10.0):
        y = _TOP + _HEIGHT * (1 - value / top)
        svg.line((left, y), (left + _WIDTH, y), GRID)
        svg.text(left - 6, y + 4, f"{value:g}", size=10, colour=MUTED, anchor="end")
    for yaw in range(0, 91, 30):
        x = left + yaw / 90 * _WIDTH
        svg.line((x, _TOP + _HEIGHT), (x, _TOP + _HEIGHT + 4), INK)
        svg.text(x, _TOP + _HEIGHT + 18, f"{yaw}", size=10, colour=MUTED, anchor="middle")
    svg.text(left + _WIDTH / 2, _TOP + _HEIGHT + 36, "yaw, degrees: 0 side view, 90 frontal", size=11, anchor="middle")
