"""Metrics of what was truly watched."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class CoverageMetrics:
    """Registered on the registry that it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Counter(
            "spotter_watch_seconds",
            "Wall-clock time of a camera by what became of it: watched (live, trusted, frames assessed in time), or "
            "the reason for the gap; all together are the time since the account began.",
            ["camera", "what"],
            registry=registry,
        )
        self.dropped = Counter(
            "spotter_coverage_records_dropped",
            "Minutes of coverage that were given up, because the store had refused them for too long.",
            registry=registry,
        )
