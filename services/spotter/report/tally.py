"""Sums of exposure buckets, as shares that say what is proven, what is possible and what was not seen. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spotter.core.clock import SECOND
from spotter.core.store import ExposureBucket
from spotter.ergonomics.exposure.numbers import SEEN
from spotter.ergonomics.exposure.station import numbers_of, watched_s
from spotter.report.data import Scope

NOT_SEEN = "trunk not visible"
"""Why a minute of an older Spotter, which kept no reasons, was not judged."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of person-time, 0 to 1.

    Attributes:
        proven: the posture was taken, whatever the view hides.
        possible: it is not ruled out where the part could be seen; at least `proven`.
        unobservable: the part could not be seen.
    """

    proven: float
    possible: float
    unobservable: float

    @property
    def most(self) -> float:
        """It cannot have been more than this."""
        return min(self.possible + self.unobservable, 1.0)


@dataclass(slots=True)
class Tally:
    """Sums over some time. `numbers` are those of `ergonomics.exposure.numbers`, `unscored` person-seconds by reason.

    Attributes:
        watched_s: seconds watched, by all cameras together.
    """

    numbers: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    unscored: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    watched_s: float = 0.0

    def add(self, bucket: ExposureBucket) -> None:
        """Take in one bucket."""
        for name, value in numbers_of(bucket).items():
            self.numbers[name] += value
        unscored = bucket.unscored if SEEN in bucket.numbers else {NOT_SEEN: bucket.not_observable}
        for reason, value in unscored.items():
            self.unscored[reason] += value
        self.watched_s += watched_s(bucket)

    @property
    def seen(self) -> float:
        """Person-seconds of everybody there."""
        return self.numbers.get(SEEN, 0.0)

    def share(self, edge: str, part: str) -> Share | None:
        """Of person-time, for an edge of `exposure.numbers`; None where nobody was seen."""
        seen = self.seen
        names = (f"{edge}_proven", f"{edge}_possible", f"{part}_unobservable")
        if seen <= 0:
            return None
        proven, possible, hidden = (min(self.numbers.get(name, 0.0) / seen, 1.0) for name in names)
        return Share(proven, max(possible, proven), hidden)

    def static(self, edge: str, part: str) -> Share | None:
        """Of person-time in which that posture was held for over 4 s."""
        return self.share(f"{edge}_static", part)

    @property
    def scored(self) -> float | None:
        """Share of person-time in which the trunk could be judged."""
        return None if self.seen <= 0 else 1.0 - min(sum(self.unscored.values()) / self.seen, 1.0)


def total(buckets: Iterable[ExposureBucket]) -> Tally:
    """Sum of all."""
    tally = Tally()
    for bucket in buckets:
        tally.add(bucket)
    return tally


@dataclass(frozen=True, slots=True)
class Bins:
    """The windows of a scope cut into bins of equal length; a bin ends where its window does.

    Attributes:
        edges: (start, end) of each, UTC ns.
        tallies: sum of each.
    """

    edges: Sequence[tuple[int, int]]
    tallies: Sequence[Tally]
    seconds: int

    @property
    def words(self) -> str:
        """ "15 minutes", "2 hours", "a day"."""
        if self.seconds < 60:
            return "a second" if self.seconds == 1 else f"{self.seconds} seconds"
        if self.seconds < 3600:
            count = self.seconds // 60
            return "a minute" if count == 1 else f"{count} minutes"
        hours = self.seconds // 3600
        return "an hour" if hours == 1 else "a day" if hours == 24 else f"{hours} hours"


LENGTHS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
MOST_BINS = 120


def bins(scope: Scope, buckets: Sequence[ExposureBucket]) -> Bins:
    """Bins of the shortest of `LENGTHS` that needs at most `MOST_BINS`; longer than a day beyond 120 days."""
    least = max((bucket.seconds for bucket in buckets), default=60)
    fit = (one for one in LENGTHS if one >= least and _count(scope, one) <= MOST_BINS)
    seconds = next(fit, LENGTHS[-1])
    edges = _edges(scope, seconds)
    while len(edges) > MOST_BINS:
        edges = [(a[0], b[1]) for a, b in zip(edges[::2], [*edges[1::2], edges[-1]], strict=False)]
        seconds *= 2
    tallies = [Tally() for _ in edges]
    row = 0
    for bucket in buckets:
        while row < len(edges) - 1 and bucket.start >= edges[row][1]:
            row += 1
        if edges[row][0] <= bucket.start < edges[row][1]:
            tallies[row].add(bucket)
    return Bins(edges, tallies, seconds)


def _count(scope: Scope, seconds: int) -> int:
    return sum(-(-(window.end - window.start) // (seconds * SECOND)) for window in scope.windows)


def _edges(scope: Scope, seconds: int) -> list[tuple[int, int]]:
    step = seconds * SECOND
    return [
        (start, min(start + step, window.end))
        for window in scope.windows
        for start in range(window.start, window.end, step)
    ]
