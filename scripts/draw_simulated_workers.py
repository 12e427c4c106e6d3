"""Draw docs/images/simulated-workers.svg: motions of simulated workers as strips of stick figures.

python scripts/draw_simulated_workers.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spotter.evaluation.svg import AMBER, BLUE, GRID, INK, RED, Svg
from spotter.simulate.workers import Take, Viewpoint, simulate_motion

OUT = Path(__file__).parents[1] / "docs" / "images" / "simulated-workers.svg"

ROWS = (
    ("walk", "walk", 0.6, 2.4), ("stoop lift", "stoop_lift", 0.8, 4.2), ("squat lift", "squat_lift", 0.6, 4.6),
    ("twisted lift", "twisted_lift", 0.9, 7.5), ("overhead", "overhead_place", 1.2, 6.6), ("kneel", "kneel", 0.9, 6.0),
    ("sit", "sit", 0.9, 3.4), ("fall forward", "fall_forward", 1.9, 3.3), ("fall to a side", "fall_left", 2.1, 3.8),
    ("from a ladder", "fall_from_ladder", 5.0, 9.0), ("get up", "get_up", 9.0, 15.0),
)  # fmt: skip
FIGURES, WIDTH, HEIGHT, LABEL = 7, 92, 104, 96
LEFT = ((5, 7), (7, 9), (11, 13), (13, 15), (5, 11))
MIDDLE = ((5, 6), (11, 12), (3, 4))


def main() -> None:
    svg = Svg(LABEL + FIGURES * WIDTH, len(ROWS) * HEIGHT + 6)
    for number, (title, name, begin, end) in enumerate(ROWS):
        take = simulate_motion(name, 0, fps=50, stature=1.75)
        top = number * HEIGHT
        svg.text(4, top + HEIGHT / 2, title)
        for figure, seconds in enumerate(np.linspace(begin, end, FIGURES)):
            draw(svg, take, min(round(seconds * 50), len(take) - 1), LABEL + figure * WIDTH, top, tall=name)
    OUT.write_text(svg.render(), encoding="utf-8")
    print(f"wrote {OUT}: {OUT.stat().st_size / 1000:.0f} KB")


def draw(svg: Svg, take: Take, row: int, left: float, top: float, *, tall: str) -> None:
    """One posture, seen from the worker's left a little from the front; the camera goes along."""
    hips = take.joints[row, 11:13].mean(axis=0)
    high = 1.45 if "ladder" in tall else 0.95
    view = Viewpoint.around(
        (float(hips[0]), float(hips[1]), high), azimuth=62, distance=6, above=1.7, hfov=31 if "ladder" in tall else 22,
        width=WIDTH, height=HEIGHT,
    )  # fmt: skip
    origin = np.array([left, top])
    points = view.project(take.joints[row]) + origin
    balls = view.project(take.balls[row]) + origin
    floor = view.project(np.array([[hips[0] - 0.6, hips[1], 0.0], [hips[0] + 0.6, hips[1], 0.0]])) + origin
    svg.line(pair(floor[0]), pair(floor[1]), GRID, 1.5)
    for load in take.loads:
        turn = np.radians(load.yaw[row])
        half = np.array([-np.sin(turn), np.cos(turn), 0.0]) * load.box.size[1] / 2
        ends = view.project(np.array([load.centre[row] - half, load.centre[row] + half])) + origin
        svg.line(pair(ends[0]), pair(ends[1]), AMBER, 9)
    for shift, colour, ball in ((1, RED, balls[1]), (0, BLUE, balls[0])):
        for first, second in LEFT:
            svg.line(pair(points[first + shift]), pair(points[second + shift]), colour, 2.2)
        svg.line(pair(points[15 + shift]), pair(ball), colour, 2.2)
    for first, second in MIDDLE:
        svg.line(pair(points[first]), pair(points[second]), INK, 2.2)
    svg.line(pair(points[[5, 6]].mean(axis=0)), pair(points[0]), INK, 1.6)


def pair(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])


if __name__ == "__main__":
    main()
