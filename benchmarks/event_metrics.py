"""Match alerts to true events and state what that is worth: METHODS 8.3. Pure; checked against the worked cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z95 = 1.959964
"""Two-sided 95 % of a normal distribution."""


@dataclass(frozen=True)
class EventScore:
    """Counts and latencies (seconds from impact to alert) of one or more recordings."""

    true_positives: int
    false_negatives: int
    false_positives: int
    latencies: tuple[float, ...]

    def __add__(self, other: EventScore) -> EventScore:
        return EventScore(
            self.true_positives + other.true_positives,
            self.false_negatives + other.false_negatives,
            self.false_positives + other.false_positives,
            self.latencies + other.latencies,
        )

    @property
    def sensitivity(self) -> float | None:
        total = self.true_positives + self.false_negatives
        return self.true_positives / total if total else None

    @property
    def precision(self) -> float | None:
        total = self.true_positives + self.false_positives
        return self.true_positives / total if total else None


def match(impacts: Sequence[float], alerts: Sequence[float], window: tuple[float, float] = (-1.0, 10.0)) -> EventScore:
    """One-to-one: truths in time order, each takes the earliest unused alert in its window; the rest are false."""
    unused = sorted(alerts)
    latencies = []
    for impact in sorted(impacts):
        taken = next((alert for alert in unused if window[0] <= alert - impact <= window[1]), None)
        if taken is not None:
            unused.remove(taken)
            latencies.append(taken - impact)
    return EventScore(len(latencies), len(impacts) - len(latencies), len(unused), tuple(latencies))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a share."""
    if not total:
        return 0.0, 1.0
    share, z2 = hits / total, Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values stay within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
