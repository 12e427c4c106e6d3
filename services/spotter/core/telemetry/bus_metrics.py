"""Metrics of the bus over Kafka: connection, publishing, groups with their lag, dead letters."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_AGE_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0)


class BusMetrics:
    """All metrics of the bus. Topics and groups go by Spotter's names, without the prefix that they have in Kafka."""

    def __init__(self, registry: CollectorRegistry) -> None:
        group = ["topic", "group"]
        self.connected = Gauge("spotter_bus_connected", "1 while Kafka answers.", registry=registry)
        self.disconnects = Counter("spotter_bus_disconnects", "Times that Kafka stopped answering.", registry=registry)
        self.published = Counter(
            "spotter_bus_published", "Messages that Kafka has acknowledged.", ["topic"], registry=registry
        )
        self.unacknowledged = Gauge(
            "spotter_bus_unacknowledged", "Messages that wait in this process for Kafka.", ["topic"], registry=registry
        )
        self.held_back = Counter(
            "spotter_bus_held_back_seconds", "Seconds that publishers waited for Kafka.", ["topic"], registry=registry
        )
        self.resent = Counter(
            "spotter_bus_resent",
            "Messages sent again by a new client after the old one failed; some may be duplicates.",
            ["topic"],
            registry=registry,
        )
        self.taken = Counter("spotter_bus_taken", "Messages handed to a consumer.", group, registry=registry)
        self.age = Histogram(
            "spotter_bus_age_seconds",
            "From publishing a message to handing it to a consumer.",
            group,
            buckets=_AGE_BUCKETS,
            registry=registry,
        )
        self.lag = Gauge(
            "spotter_bus_lag",
            "Messages in Kafka that this member of the group has not taken yet, by partition that it holds.",
            [*group, "partition"],
            registry=registry,
        )
        self.skipped = Counter(
            "spotter_bus_skipped",
            "Messages passed over unread, by reason: behind (older than bus.kafka.max_behind_s), retention (Kafka had "
            "deleted them before they were read).",
            [*group, "reason"],
            registry=registry,
        )
        self.parts = Gauge("spotter_bus_parts", "Partitions that this member holds.", group, registry=registry)
        self.paused = Gauge(
            "spotter_bus_paused", "Partitions not fetched because the consumer is slower.", group, registry=registry
        )
        self.rebalances = Counter(
            "spotter_bus_rebalances", "Times that partitions came to or left this member.", group, registry=registry
        )
        self.lost = Counter(
            "spotter_bus_parts_lost", "Partitions taken away because this member seemed dead.", group, registry=registry
        )
        self.stalls = Counter(
            "spotter_bus_stalls",
            "Times that a consumer took nothing for bus.kafka.max_processing_s and had to give its partitions up.",
            group,
            registry=registry,
        )
        self.commit_failures = Counter(
            "spotter_bus_commit_failures",
            "Commits of offsets that failed and are tried again.",
            group,
            registry=registry,
        )
        self.dead_letters = Counter(
            "spotter_bus_dead_letters",
            "Messages put on the dead-letter topic, by reason: undecodable, schema, too_large, refused.",
            ["topic", "reason"],
            registry=registry,
        )
