"""Rates and quantiles from the pipeline's counters, with a clock that the test turns."""

from __future__ import annotations

import math

import pytest

from spotter.core.telemetry import Metrics
from spotter.dashboard.api.rates import RateMeter, quantile


@pytest.mark.parametrize(
    ("q", "buckets", "expected"),
    [
        (0.5, {}, None),
        (0.5, {0.1: 0, math.inf: 0}, None),
        (0.5, {0.1: 10, 0.2: 10, math.inf: 10}, 0.05),
        (0.5, {0.1: 0, 0.2: 10, math.inf: 10}, 0.15),
        (0.95, {0.1: 50, 0.2: 100, math.inf: 100}, 0.19),
        (0.95, {0.1: 50, 0.2: 50, math.inf: 100}, 0.2),
    ],
)
def test_quantile(q: float, buckets: dict[float, float], expected: float | None) -> None:
    assert quantile(q, buckets) == (expected if expected is None else pytest.approx(expected))


def test_rates_are_of_the_window_and_totals_of_the_run() -> None:
    metrics, at = Metrics(), 0.0
    meter = RateMeter(metrics, window_s=10, clock=lambda: at)
    empty = meter.report()
    assert empty["frames_per_second"]["read"] is None
    assert empty["latency_s"] == {"p50": None, "p95": None}
    for second in range(1, 31):
        at = float(second)
        for camera in ("a", "b"):
            metrics.frames_read.labels(camera=camera).inc(10 if second <= 15 else 20)
            metrics.frames_posed.labels(camera=camera).inc(8)
            metrics.end_to_end.labels(camera=camera).observe(5.0 if second <= 15 else 0.12)
        metrics.frames_dropped.labels(camera="a", reason="deadline").inc(3 if second <= 15 else 0)
        metrics.frames_dropped.labels(camera="b", reason="queue_full").inc(1)
        meter.sample()
    report = meter.report()
    assert report["window_s"] == 10
    assert report["frames_per_second"] == {
        "read": 40.0, "posed": 16.0, "dropped": {"deadline": 0.0, "queue_full": 1.0}
    }  # fmt: skip
    assert report["frames"] == {"read": 900, "posed": 480, "dropped": {"deadline": 45, "queue_full": 30}}
    assert 0.1 < report["latency_s"]["p50"] <= report["latency_s"]["p95"] <= 0.15
