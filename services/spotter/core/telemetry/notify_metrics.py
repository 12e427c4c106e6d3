"""Metrics of notifications, by channel. `channel="-"` counts messages that no channel took.

Backlogs are read from the database, which all notify processes share: take the maximum over processes, not the sum.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0)
_SEND_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class NotifyMetrics:
    """What the notify service does.

    Args:
        registry: where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        channel = ["channel"]
        self.deliveries = Counter(
            "spotter_notify_deliveries",
            "Steps of deliveries, by outcome: delivered, retried (a try failed), dead (given up), withheld (rate limit "
            "or quiet hours), summaries (made of withheld ones), expired (too old when first seen), no_channel.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.latency = Histogram(
            "spotter_notify_latency_seconds",
            "From the alert's update in the database to its delivery.",
            channel,
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.send_seconds = Histogram(
            "spotter_notify_send_seconds",
            "One try, successful or not.",
            channel,
            buckets=_SEND_BUCKETS,
            registry=registry,
        )
        self.breaker_state = Gauge(
            "spotter_notify_breaker_state", "0 closed, 1 half-open, 2 open.", channel, registry=registry
        )
        self.pending = Gauge("spotter_notify_pending", "Deliveries that wait.", channel, registry=registry)
        self.dead = Gauge("spotter_notify_dead", "Deliveries that were given up.", channel, registry=registry)
        self.withheld = Gauge(
            "spotter_notify_withheld", "Deliveries held back that no summary tells of yet.", channel, registry=registry
        )
        self.queue_age = Gauge(
            "spotter_notify_queue_age_seconds",
            "Age of the oldest pending delivery; 0: none.",
            channel,
            registry=registry,
        )
        self.outbox_age = Gauge(
            "spotter_notify_outbox_age_seconds",
            "Age of the oldest message that has no deliveries yet; 0: none.",
            registry=registry,
        )
