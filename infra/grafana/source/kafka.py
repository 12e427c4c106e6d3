"""Kafka as the services see it: lag, age, hand-overs, dead letters."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, bars, dashboard, series, stat

S = 'site=~"$site"'
OVER = "[$__rate_interval]"

DASHBOARD = dashboard(
    "spotter-kafka",
    "Spotter: Kafka lag",
    "Kafka as the services see it. Lag is told by the members that hold the partitions: no member, no lag.",
    [
        stat(
            "Skeletons waiting", "Messages that no member of the group has taken yet.",
            f"sum(spotter:bus_lag:sum{{{S}, topic=\"skeletons\"}})", unit="none", width=6,
            steps=((None, GREEN), (1000, YELLOW), (10000, RED)),
        ),
        stat(
            "Age of skeletons, p95", "From publishing to taking, over 5 minutes.",
            f"max(spotter:bus_age:p95_5m{{{S}, topic=\"skeletons\"}})", unit="s", width=6,
            steps=((None, GREEN), (1, YELLOW), (10, RED)),
        ),
        stat(
            "Dead letters, 24 h", "Messages put on the dead-letter topic.",
            f"sum(increase(spotter_bus_dead_letters_total{{{S}}}[24h])) or vector(0)", unit="none", width=6,
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Members without a broker", "Services that use Kafka and do not reach it now.",
            f"sum(1 - spotter_bus_connected{{{S}, component=~\"ingest|pose|ergonomics\"}})", unit="none", width=6,
            steps=((None, GREEN), (1, RED)),
        ),
        series(
            "Lag by topic and group", "Messages.",
            (f"spotter:bus_lag:sum{{{S}}}", "{{site}} {{topic}} {{group}}"), unit="none",
        ),
        series(
            "Age by topic and group", "From publishing to taking, 95th percentile over 5 minutes.",
            (f"spotter:bus_age:p95_5m{{{S}}}", "{{site}} {{topic}} {{group}}"), unit="s",
        ),
        bars(
            "Lag by partition", "The 20 partitions with most messages waiting.",
            f"topk(20, sum by (topic, group, partition) (spotter_bus_lag{{{S}}}))", unit="none",
            legend="{{topic}} {{partition}}",
        ),
        series(
            "Messages a second", "Acknowledged by Kafka, and taken by groups.",
            (f"sum by (topic) (rate(spotter_bus_published_total{{{S}}}{OVER}))", "published {{topic}}"),
            (f"sum by (topic, group) (rate(spotter_bus_taken_total{{{S}}}{OVER}))", "taken {{topic}} {{group}}"),
            unit="ops",
        ),
        series(
            "Passed over unread", "behind: frames too old to be worth it; retention: deleted before they were read.",
            (f"sum by (topic, group, reason) (rate(spotter_bus_skipped_total{{{S}}}{OVER}))",
             "{{topic}} {{group}} {{reason}}"),
            unit="ops",
        ),
        series(
            "Dead letters", "By topic and reason.",
            (f"sum by (topic, reason) (increase(spotter_bus_dead_letters_total{{{S}}}{OVER}))", "{{topic}} {{reason}}"),
            unit="none",
        ),
        series(
            "Messages not used", "replayed, late_or_duplicate and older_epoch are normal after a hand-over.",
            (f"sum by (topic, reason) (rate(spotter_messages_rejected_total{{{S}}}{OVER}))", "{{topic}} {{reason}}"),
            unit="ops",
        ),
        series(
            "Partitions held", "By member.",
            (f"sum by (instance, topic, group) (spotter_bus_parts{{{S}}})", "{{instance}} {{topic}} {{group}}"),
            unit="none",
        ),
        series(
            "Hand-overs", "Partitions that came or went, and those taken from a member that seemed dead.",
            (f"sum by (topic, group) (increase(spotter_bus_rebalances_total{{{S}}}{OVER}))",
             "rebalances {{topic}} {{group}}"),
            (f"sum by (topic, group) (increase(spotter_bus_parts_lost_total{{{S}}}{OVER}))",
             "lost {{topic}} {{group}}"),
            unit="none",
        ),
        series(
            "How ergonomics took cameras up", "restored from a snapshot, rebuilt from skeletons, or begun anew.",
            (f"sum by (how) (increase(spotter_parts_gained_total{{{S}}}{OVER}))", "{{how}}"), unit="none",
        ),
        series(
            "Publishers that wait", "Seconds of waiting for Kafka in each second; and messages that wait.",
            (f"sum by (component, topic) (rate(spotter_bus_held_back_seconds_total{{{S}}}{OVER}))",
             "{{component}} {{topic}}"),
            unit="s",
        ),
    ],
)  # fmt: skip
