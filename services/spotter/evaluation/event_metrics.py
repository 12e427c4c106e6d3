"""Match alerts to true events and state what that is worth (METHODS 8.3). Pure; checked against the worked cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Z95 = 1.959964
"""Two-sided 95 % of a normal distribution."""

WINDOW = (-1.0, 10.0)
"""An alert belongs to an impact from so many seconds before it to so many after it (METHODS 8.3)."""

DAY_S = 86_400.0


@dataclass(frozen=True)
class Matching:
    """Which alerts stand for which truths, by index into what was given.

    Attributes:
        pairs: (truth, alert).
        missed: truths without an alert.
        false: alerts without a truth; duplicates are among them.
        duplicates: false alerts in the window of a truth that another alert already stands for.
    """

    pairs: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]
    duplicates: tuple[int, ...]


@dataclass(frozen=True)
class EventScore:
    """Counts and latencies (seconds from impact to alert) of one or more recordings."""

    true_positives: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    latencies: tuple[float, ...] = ()
    duplicates: int = 0

    def __add__(self, other: EventScore) -> EventScore:
        return EventScore(
            self.true_positives + other.true_positives,
            self.false_negatives + other.false_negatives,
            self.false_positives + other.false_positives,
            self.latencies + other.latencies,
            self.duplicates + other.duplicates,
        )

    @property
    def events(self) -> int:
        """True events."""
        return self.true_positives + self.false_negatives

    @property
    def sensitivity(self) -> float | None:
        return self.true_positives / self.events if self.events else None

    @property
    def precision(self) -> float | None:
        total = self.true_positives + self.false_positives
        return self.true_positives / total if total else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of sensitivity and precision."""
        total = 2 * self.true_positives + self.false_negatives + self.false_positives
        return 2 * self.true_positives / total if total else None


def pair(impacts: Sequence[float], alerts: Sequence[float], window: tuple[float, float] = WINDOW) -> Matching:
    """One-to-one: truths in time order, each takes the earliest unused alert in its window; the rest are false."""
    unused = sorted(range(len(alerts)), key=lambda index: (alerts[index], index))
    pairs, missed = [], []
    for truth in sorted(range(len(impacts)), key=lambda index: (impacts[index], index)):
        taken = next((alert for alert in unused if _within(alerts[alert] - impacts[truth], window)), None)
        if taken is None:
            missed.append(truth)
        else:
            unused.remove(taken)
            pairs.append((truth, taken))
    again = [alert for alert in unused if any(_within(alerts[alert] - impact, window) for impact in impacts)]
    return Matching(tuple(pairs), tuple(missed), tuple(unused), tuple(again))


def match(impacts: Sequence[float], alerts: Sequence[float], window: tuple[float, float] = WINDOW) -> EventScore:
    """The score of `pair`."""
    found = pair(impacts, alerts, window)
    waits = tuple(alerts[alert] - impacts[truth] for truth, alert in found.pairs)
    return EventScore(len(found.pairs), len(found.missed), len(found.false), waits, len(found.duplicates))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a share."""
    if not total:
        return 0.0, 1.0
    share, z2 = hits / total, Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def poisson(count: int) -> tuple[float, float]:
    """Exact 95 % interval of the mean of a Poisson count (Garwood 1936, Biometrika 28:437-442).

    For no event at all the interval is one-sided, up to -ln 0.05 = 2.996: the rule of three of METHODS 8.3.
    """
    if count == 0:
        return 0.0, -math.log(0.05)
    low = _solve(lambda mean: 1.0 - _at_most(count - 1, mean), 0.025, float(count))
    high = _solve(lambda mean: 1.0 - _at_most(count, mean), 0.975, count + 10 * math.sqrt(count) + 10)
    return low, high


def per_day(count: int, seconds: float) -> tuple[float, float, float] | None:
    """(rate, low, high) of events in a camera-day, from a count over `seconds`; None for no time at all."""
    if seconds <= 0:
        return None
    days = seconds / DAY_S
    low, high = poisson(count)
    return count / days, low / days, high / days


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values stay within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def _within(later: float, window: tuple[float, float]) -> bool:
    return window[0] <= later <= window[1]


def _at_most(count: int, mean: float) -> float:
    """Probability of at most `count` events; each term by logarithms, so that a large mean does not underflow."""
    if mean == 0:
        return 1.0
    terms = (math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
    return min(1.0, math.fsum(terms))


def _solve(rising: Callable[[float], float], wanted: float, high: float) -> float:
    """Where a rising function of a mean in 0..`high` reaches `wanted`, by halving."""
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
