"""Rates and latencies of the last seconds, from the pipeline's own counters. Nothing is measured twice.

A rate is the growth of a counter over the window; a latency quantile is estimated from the growth of a histogram's
buckets, linear within a bucket, as Prometheus' `histogram_quantile` does it, and so no finer than the buckets are.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import Counter, Gauge, Histogram

from spotter.core.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    read: float
    posed: float
    dropped: Mapping[str, float]
    buckets: Mapping[float, float]


class Meter(Protocol):
    """Where the rates on the page come from."""

    def sample(self) -> None:
        """Take note now; called about once a second, on a worker thread."""

    def report(self) -> dict[str, Any]:
        """As `RateMeter.report`; None stands for what is not known."""


class RateMeter:
    """Samples the metrics and answers for the last seconds; safe between threads.

    Args:
        metrics: the pipeline's metrics.
        window_s: length of the window, seconds.
        clock: monotonic seconds.
    """

    def __init__(self, metrics: Metrics, window_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._window_s = window_s
        self._clock = clock
        self._samples: deque[_Sample] = deque()
        self._lock = threading.Lock()
        self.sample()

    def sample(self) -> None:
        """Take note of the counters now; call about once a second."""
        newest = _Sample(
            at=self._clock(),
            read=_total(self._metrics.frames_read),
            posed=_total(self._metrics.frames_posed),
            dropped=_by_label(self._metrics.frames_dropped, "reason"),
            buckets=_buckets(self._metrics.end_to_end),
        )
        with self._lock:
            self._samples.append(newest)
            # The oldest kept sample lies just outside the window, so that the window is always covered.
            while len(self._samples) > 2 and self._samples[1].at <= newest.at - self._window_s:
                self._samples.popleft()

    def report(self) -> dict[str, Any]:
        """Rates per second and latency over the window; None where nothing was observed."""
        with self._lock:
            first, last = self._samples[0], self._samples[-1]
        seconds = last.at - first.at

        def per_second(grown: float) -> float | None:
            return round(grown / seconds, 2) if seconds > 0 else None

        reasons = sorted(last.dropped)
        grown = {bound: count - first.buckets.get(bound, 0.0) for bound, count in last.buckets.items()}
        return {
            "window_s": round(seconds, 1),
            "frames_per_second": {
                "read": per_second(last.read - first.read),
                "posed": per_second(last.posed - first.posed),
                "dropped": {
                    reason: per_second(last.dropped[reason] - first.dropped.get(reason, 0.0)) for reason in reasons
                },
            },
            "frames": {
                "read": int(last.read),
                "posed": int(last.posed),
                "dropped": {reason: int(last.dropped[reason]) for reason in reasons},
            },
            "latency_s": {"p50": quantile(0.50, grown), "p95": quantile(0.95, grown)},
            "queue_depth": {
                topic: int(depth) for topic, depth in _by_label(self._metrics.queue_depth, "topic").items()
            },
            "people": int(_total(self._metrics.people)),
        }


def quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """The `q` quantile (0..1) of a histogram of cumulative counts by upper bound; None when it is empty.

    In the last bucket, which has no upper bound, the answer is its lower bound: the truth is at least that.
    """
    bounds = sorted(buckets)
    if not bounds or buckets[bounds[-1]] <= 0:
        return None
    rank = q * buckets[bounds[-1]]
    low, below = 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= rank and count > below:
            if math.isinf(bound):
                return low
            return round(low + (bound - low) * (rank - below) / (count - below), 4)
        low, below = bound, count
    return None


def _total(metric: Counter | Gauge) -> float:
    return sum(
        sample.value for family in metric.collect() for sample in family.samples if not sample.name.endswith("_created")
    )


def _by_label(metric: Counter | Gauge, label: str) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for family in metric.collect():
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                totals[sample.labels[label]] += sample.value
    return dict(totals)


def _buckets(metric: Histogram) -> dict[float, float]:
    """Cumulative counts by upper bound, summed over all labels."""
    counts: dict[float, float] = defaultdict(float)
    for family in metric.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                counts[float(sample.labels["le"])] += sample.value
    return dict(counts)
