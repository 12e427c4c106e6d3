"""Metrics of a service that runs as a process of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Info


class ServiceMetrics:
    """What each `spotter serve` process tells of itself.

    Args:
        registry: where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ready = Gauge(
            "spotter_ready",
            "1 while a part that the service needs is ready, as on /readyz; a degraded part counts as ready.",
            ["part"],
            registry=registry,
        )
        self.degraded = Gauge(
            "spotter_degraded",
            "1 while a part is degraded: the service works, with less.",
            ["part"],
            registry=registry,
        )
        self.build = Info("spotter_build", "Role and version of the process.", registry=registry)
        self.trace_spans = Counter(
            "spotter_trace_spans",
            "Spans of traces, by outcome: exported, failed (the collector did not take them), dropped (too many wait).",
            ["outcome"],
            registry=registry,
        )
