"""Metrics of the store."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class StoreMetrics:
    """How the database does, as this process sees it, and what retention deleted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "spotter_store_seconds",
            "Seconds per transaction, tries and pauses included, by operation and outcome (ok, failed).",
            ["operation", "outcome"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.retries = Counter(
            "spotter_store_retries", "Transactions tried again, by reason: contention, outage.", ["reason"],
            registry=registry,
        )  # fmt: skip
        self.connections = Gauge(
            "spotter_store_connections", "Connections to the database, by state: in_use, idle.", ["state"],
            registry=registry,
        )  # fmt: skip
        self.retention_deleted = Counter(
            "spotter_store_retention_deleted",
            "Rows deleted by retention, by class: alerts, messages, exposure, lifts, health, audit.",
            ["data"],
            registry=registry,
        )
        self.retention_completed = Gauge(
            "spotter_store_retention_completed_timestamp_seconds",
            "When retention last ran to its end, Unix time; 0: not yet in this process.",
            registry=registry,
        )
