"""From stored minutes to the exposure of a station over a shift, a day or an hour. Pure.

Sums are exact: in whatever order the buckets come, and however they are split, the result is the same to the last bit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from spotter.core.clock import from_seconds
from spotter.core.contracts import Measure, Status
from spotter.ergonomics.events.lift_rates import WINDOW_S, frequency
from spotter.ergonomics.exposure.judgement import Verdict, judge
from spotter.ergonomics.exposure.numbers import EDGES, PARTS, SEEN, WATCHED
from spotter.ergonomics.exposure.shifts import Period

WORST_MINUTES = 5


class Bucket(Protocol):
    """What is read of `core.store.records.ExposureBucket`."""

    @property
    def camera_id(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def seconds(self) -> int: ...
    @property
    def upright(self) -> float: ...
    @property
    def bent(self) -> float: ...
    @property
    def deep(self) -> float: ...
    @property
    def unproven(self) -> float: ...
    @property
    def not_observable(self) -> float: ...
    @property
    def frames(self) -> int: ...
    @property
    def numbers(self) -> Mapping[str, float]: ...
    @property
    def unscored(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class StationExposure:
    """What the work at one station asked of whoever did it in one period.

    Attributes:
        station: its name; empty for the whole view of the cameras.
        period: see `shifts.periods`.
        watched_s: time that was watched; of several cameras together.
        numbers: sums by name, see `numbers.NUMBERS`.
        unscored: person-seconds in which the trunk could not be judged, by reason, most first.
        coverage: share of the person-time in which the trunk could be judged; nan where nobody was there.
        worst: beginnings of the minutes with the most proven bent time, worst first, UTC ns, with those seconds.
    """

    station: str
    period: Period
    watched_s: float
    numbers: Mapping[str, float]
    unscored: Mapping[str, float]
    coverage: float
    worst: tuple[tuple[int, float], ...]

    @property
    def person_s(self) -> float:
        """Person-seconds of everybody there."""
        return self.numbers.get(SEEN, 0.0)

    def share(self, edge: str) -> Measure:
        """Share of the observable person-time in a posture of `EDGES`, by name: from proven to not ruled out; the
        value is weighted by probability. How much was observable is `observable`."""
        return self._share(f"{edge}_proven", f"{edge}_possible", f"{edge}_mass", edge)

    def static(self, edge: str) -> Measure:
        """Share of it in which that posture was held for longer than 4 s."""
        return self._share(f"{edge}_static_proven", f"{edge}_static_possible", "", edge)

    def observable(self, part: str) -> float:
        """Share of the person-time in which a part of the body could be judged; nan where nobody was there."""
        if self.person_s <= 0:
            return math.nan
        return max(0.0, 1.0 - self.numbers.get(f"{part}_unobservable", 0.0) / self.person_s)

    @property
    def lifts_per_minute(self) -> Measure:
        """Lift-like movements a minute over the time that was watched, with its Poisson interval."""
        return frequency(round(self.numbers.get("lifts", 0.0)), self.watched_s)

    @property
    def verdicts(self) -> list[Verdict]:
        """EN 1005-4, posture by posture."""
        return judge(self.numbers)

    def _share(self, proven: str, possible: str, likely: str, edge: str) -> Measure:
        part = next(one.part for one in EDGES if one.name == edge)
        observed = self.person_s * self.observable(part) if self.person_s > 0 else 0.0
        if observed <= 0:
            return Measure.not_observable("nobody there" if self.person_s <= 0 else f"{part} never seen", 0.0, 1.0, "")
        low = min(self.numbers.get(proven, 0.0) / observed, 1.0)
        high = min(max(self.numbers.get(possible, 0.0) / observed, low), 1.0)
        value = min(max(self.numbers.get(likely, 0.0) / observed, low), high) if likely else (low + high) / 2
        return Measure(value, low, high, "", Status.OK if high - low < 1e-9 else Status.BOUNDED)


def aggregate(buckets: Iterable[Bucket], spans: Sequence[Period]) -> list[StationExposure]:
    """Exposure of each station in each period in which it has a bucket, by period and station.

    A bucket counts for the period that its beginning lies in; where shifts overlap, for each of them.
    """
    found: dict[tuple[int, str], list[Bucket]] = defaultdict(list)
    ordered = sorted(buckets, key=lambda one: (one.start, one.camera_id, one.zone))
    for bucket in ordered:
        for number, span in enumerate(spans):
            if span.start <= bucket.start < span.end:
                found[number, bucket.zone].append(bucket)
    return [_sum(station, spans[number], rows) for (number, station), rows in sorted(found.items())]


def numbers_of(bucket: Bucket) -> Mapping[str, float]:
    """Numbers of a bucket; of one that was written before there were any, what its bands say."""
    if SEEN in bucket.numbers or not (
        bucket.upright + bucket.bent + bucket.deep + bucket.unproven + bucket.not_observable
    ):
        return bucket.numbers
    leaning, known = bucket.bent + bucket.deep, bucket.upright + bucket.bent + bucket.deep + bucket.unproven
    return {
        SEEN: known + bucket.not_observable,
        "trunk_over_20_proven": leaning,
        "trunk_over_20_possible": leaning + bucket.unproven,
        "trunk_over_60_proven": bucket.deep,
        "trunk_over_60_possible": leaning + bucket.unproven,
        **{f"{part}_unobservable": known + bucket.not_observable for part in PARTS},
        "trunk_unobservable": bucket.not_observable,
    }


def watched_s(bucket: Bucket) -> float:
    """Time that its camera watched in it; of one that was written before that was counted, all of it."""
    return bucket.numbers.get(WATCHED, float(bucket.seconds) if bucket.frames else 0.0)


def _sum(station: str, period: Period, rows: Sequence[Bucket]) -> StationExposure:
    parts: dict[str, list[float]] = defaultdict(list)
    missed: dict[str, list[float]] = defaultdict(list)
    bent: dict[int, list[float]] = defaultdict(list)
    watched: list[float] = []
    for bucket in rows:
        for name, value in numbers_of(bucket).items():
            parts[name].append(value)
        for reason, value in bucket.unscored.items():
            missed[reason].append(value)
        bent[bucket.start].append(bucket.bent + bucket.deep)
        watched.append(watched_s(bucket))
    numbers = {name: math.fsum(values) for name, values in sorted(parts.items())}
    unscored = {reason: math.fsum(values) for reason, values in missed.items()}
    seen = numbers.get(SEEN, 0.0)
    worst = sorted(((at, math.fsum(values)) for at, values in bent.items()), key=lambda one: (-one[1], one[0]))
    return StationExposure(
        station,
        period,
        math.fsum(watched),
        numbers,
        dict(sorted(unscored.items(), key=lambda one: (-one[1], one[0]))),
        1.0 - numbers.get("trunk_unobservable", 0.0) / seen if seen else math.nan,
        tuple((at, value) for at, value in worst[:WORST_MINUTES] if value > 0),
    )


def busiest(buckets: Iterable[Bucket]) -> tuple[int, Measure] | None:
    """The quarter of an hour with the most lifts: its beginning (UTC ns) and its lifts a minute; None without any."""
    counts: dict[int, list[float]] = defaultdict(list)
    watched: dict[int, list[float]] = defaultdict(list)
    for bucket in buckets:
        window = bucket.start - bucket.start % from_seconds(WINDOW_S)
        counts[window].append(bucket.numbers.get("lifts", 0.0))
        watched[window].append(watched_s(bucket))
    if not any(math.fsum(values) for values in counts.values()):
        return None
    best = min(counts, key=lambda window: (-math.fsum(counts[window]), window))
    return best, frequency(round(math.fsum(counts[best])), math.fsum(watched[best]))
