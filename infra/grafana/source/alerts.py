"""Alert quality: what was raised, what was held back and why, and whether it reached people in time."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, bars, dashboard, series, stacked, stat, states

S = 'site=~"$site"'
C = 'site=~"$site", camera=~"$camera"'

DASHBOARD = dashboard(
    "spotter-alerts",
    "Spotter: alert quality",
    "What was raised, what was held back and why, and whether it reached people in time. Whether an alert was right is "
    "not measured here: that takes people who look.",
    [
        stat(
            "Alerts, 24 h", "Raised, of all kinds.", f"sum(increase(spotter_alerts_total{{{C}}}[24h]))", unit="none",
        ),
        stat(
            "Alerts a camera and day", "Many a day on one camera point at a view that the rule misjudges.",
            f"max(sum by (site, camera) (increase(spotter_alerts_total{{{C}}}[24h])))", unit="none",
            steps=((None, GREEN), (5, YELLOW), (20, RED)),
        ),
        stat(
            "Update to delivery, p95", "From the database to the channel, over the last hour.",
            f"histogram_quantile(0.95, sum by (le) (rate(spotter_notify_latency_seconds_bucket{{{S}}}[1h])))",
            unit="s", steps=((None, GREEN), (5, YELLOW), (30, RED)),
        ),
        stat(
            "Waiting", "Deliveries that wait.", f"sum(max by (site, channel) (spotter_notify_pending{{{S}}}))",
            unit="none",
        ),
        stat(
            "Given up", "Deliveries that were never made and are not tried again.",
            f"sum(max by (site, channel) (spotter_notify_dead{{{S}}}))", unit="none",
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Withheld", "Held back by rate limits and quiet hours, and not told in a summary yet.",
            f"sum(max by (site, channel) (spotter_notify_withheld{{{S}}}))", unit="none",
        ),
        stacked(
            "Alerts by kind", "Raised in each hour.",
            (f"sum by (kind) (increase(spotter_alerts_total{{{C}}}[1h]))", "{{kind}}"), unit="none",
        ),
        bars(
            "Alerts by camera and kind, 7 days", "Compare cameras before you trust a rule on them.",
            f"sum by (site, camera, kind) (increase(spotter_alerts_total{{{C}}}[7d])) > 0", unit="none",
            legend="{{site}} {{camera}} {{kind}}",
        ),
        stacked(
            "Why rules held back", "Times that a rule looked at a person and could not, or would not, raise.",
            (f"sum by (rule, reason) (rate(spotter_rule_suppressions_total{{{C}}}[$__rate_interval]))",
             "{{rule}} {{reason}}"),
            unit="ops",
        ),
        series(
            "Looks at people", "Times a rule looked at a person in a frame.",
            (f"sum by (rule) (rate(spotter_rule_evaluations_total{{{C}}}[$__rate_interval]))", "{{rule}}"), unit="ops",
        ),
        series(
            "Tracks begun a minute", "Many tracks for few people mean that people are lost and found again.",
            (f"sum by (camera) (rate(spotter_tracks_started_total{{{C}}}[$__rate_interval])) * 60", "{{camera}}"),
            unit="none",
        ),
        series(
            "Updates of alerts", "Reminders, endings and corrections.",
            (f"sum by (kind) (increase(spotter_alert_updates_total{{{C}}}[$__rate_interval]))", "{{kind}}"),
            unit="none",
        ),
        series(
            "Deliveries by outcome", "Steps of deliveries.",
            (f"sum by (channel, outcome) (increase(spotter_notify_deliveries_total{{{S}}}[$__rate_interval]))",
             "{{channel}} {{outcome}}"),
            unit="none",
        ),
        series(
            "Oldest waiting delivery", "By channel.",
            (f"max by (site, channel) (spotter_notify_queue_age_seconds{{{S}}})", "{{site}} {{channel}}"), unit="s",
        ),
        states(
            "Circuit breakers", "A channel whose breaker is open is only probed now and then.",
            f"max by (site, channel) (spotter_notify_breaker_state{{{S}}})", legend="{{site}} {{channel}}",
            names=((0, "closed", GREEN), (1, "half-open", YELLOW), (2, "open", RED)),
        ),
    ],
    cameras=True,
)  # fmt: skip
