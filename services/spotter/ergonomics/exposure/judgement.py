"""What EN 1005-4 says of the postures that work at a station takes, with how long and how often they are taken. Pure.

Verdicts are ranges: the lower end rests on what is proven, the upper end on what was not ruled out, held or repeated.
See `methods.en1005` for the zones and their sources; a competent person judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spotter.ergonomics.events.lift_rates import poisson_interval
from spotter.ergonomics.exposure.numbers import EDGES, SEEN, Edge
from spotter.ergonomics.methods.en1005 import (
    ACCEPTABLE,
    HIGH_PER_MINUTE,
    arm_verdict,
    trunk_verdict,
    turned_verdict,
)

MIDST = {
    "trunk_over_20": 40.0,
    "trunk_over_60": 90.0,
    "trunk_side_over_10": 30.0,
    "arms_over_20": 40.0,
    "arms_over_60": 90.0,
}
"""An angle in the midst of each zone of EN 1005-4 that begins at an edge, degrees."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one posture of a region of the body.

    Attributes:
        edge: where the posture begins.
        low, high: 1 acceptable, 2 conditional, 3 not acceptable.
        per_minute: how often it was taken up in a minute of a person's time that could be judged, proven. High only
            where the count is enough to say so (the low end of its Poisson interval).
        static: share of that time in which it was held for more than 4 s: (proven, not ruled out).
    """

    edge: Edge
    low: int
    high: int
    per_minute: float
    static: tuple[float, float]


def judge(numbers: Mapping[str, float]) -> list[Verdict]:
    """The verdict on each posture of EN 1005-4 that the numbers of a station know; none without person-time."""
    seen = numbers.get(SEEN, 0.0)
    if seen <= 0:
        return []
    return [_judge(numbers, edge, seen) for edge in EDGES if edge.name in MIDST]


def _judge(numbers: Mapping[str, float], edge: Edge, seen: float) -> Verdict:
    hidden = numbers.get(f"{edge.part}_unobservable", 0.0)
    observed = max(seen - hidden, 0.0)
    entries = numbers.get(f"{edge.name}_entries", 0.0)
    rate = 60.0 * entries / observed if observed else 0.0
    held = numbers.get(f"{edge.name}_static_proven", 0.0), numbers.get(f"{edge.name}_static_possible", 0.0)
    least = 60.0 * poisson_interval(round(entries))[0] / observed if observed else 0.0
    often = "high_frequency" if least >= HIGH_PER_MINUTE else "low_frequency"
    low, high = ACCEPTABLE, ACCEPTABLE
    if numbers.get(f"{edge.name}_proven", 0.0) > 0:
        low = max(_verdict(edge, often), _verdict(edge, "static") if held[0] > 0 else ACCEPTABLE)
    if numbers.get(f"{edge.name}_possible", 0.0) > 0 or hidden > 0:
        high = max(_verdict(edge, "high_frequency"), _verdict(edge, "static") if held[1] + hidden > 0 else ACCEPTABLE)
    static = (held[0] / observed, held[1] / observed) if observed else (0.0, 0.0)
    return Verdict(edge, low, max(low, high), round(rate, 3), static)


def _verdict(edge: Edge, moving: str) -> int:
    angle = MIDST[edge.name]
    if edge.part == "arms":
        return int(arm_verdict(angle, moving))
    return int(turned_verdict(angle, 0.0, moving) if edge.part == "trunk_side" else trunk_verdict(angle, moving))
