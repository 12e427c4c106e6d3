"""Site overview: is everything watched, does everything run, is anybody told."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, bars, dashboard, series, stat, states

S = 'site=~"$site"'

DASHBOARD = dashboard(
    "spotter-site",
    "Spotter: site overview",
    "Is everything watched, does everything run, is anybody told.",
    [
        stat(
            "Cameras live", "Cameras that deliver frames now.",
            f"sum(max by (site, camera) (spotter_camera_up{{{S}}}))", unit="none", steps=((None, RED), (1, GREEN)),
        ),
        stat(
            "Cameras down", "Cameras that are set up and deliver nothing.",
            f"sum(1 - max by (site, camera) (spotter_camera_up{{{S}}}))", unit="none", steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Parts not ready", "Parts of services that /readyz reports as not ready.",
            f"sum(1 - spotter_ready{{{S}}}) or vector(0)", unit="none", steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Late frames", "Share of the frames of the last 5 minutes that were assessed more than 2 s after capture.",
            f"max(spotter:end_to_end_slow:ratio5m{{{S}}})", unit="percentunit",
            steps=((None, GREEN), (0.01, YELLOW), (0.144, RED)),
        ),
        stat(
            "Alerts, last 24 h", "Alerts raised, of all kinds.",
            f"sum(increase(spotter_alerts_total{{{S}}}[24h]))", unit="none",
        ),
        stat(
            "Oldest message not taken up", "Age of the oldest outbox message that has no deliveries yet.",
            f"max(spotter_notify_outbox_age_seconds{{{S}}})", unit="s",
            steps=((None, GREEN), (10, YELLOW), (60, RED)),
        ),
        states(
            "Cameras", "Live or down, by camera. A camera that no service exports has no band.",
            f"max by (site, camera) (spotter_camera_up{{{S}}})", legend="{{site}} {{camera}}",
            names=((1, "live", GREEN), (0, "down", RED)),
        ),
        states(
            "Readiness", "Parts of services, the worst process of each.",
            f"min by (site, component, part) (spotter_ready{{{S}}})", legend="{{site}} {{component}} {{part}}",
            names=((1, "ready", GREEN), (0, "not ready", RED)),
        ),
        series(
            "Frames a second", "Frames on their way, all cameras together.",
            (f"sum(rate(spotter_frames_read_total{{{S}}}[$__rate_interval]))", "read"),
            (f"sum(rate(spotter_frames_published_total{{{S}}}[$__rate_interval]))", "published"),
            (f"sum(rate(spotter_frames_posed_total{{{S}}}[$__rate_interval]))", "posed"),
            (f"sum(rate(spotter_end_to_end_seconds_count{{{S}}}[$__rate_interval]))", "assessed"),
            unit="hertz",
        ),
        series(
            "People in view", "People tracked in the newest frames.",
            (f"sum by (site) (spotter_people{{{S}}})", "{{site}}"), unit="none",
        ),
        bars(
            "Alerts by camera and kind, last 24 h", "Alerts raised.",
            f"sum by (site, camera, kind) (increase(spotter_alerts_total{{{S}}}[24h])) > 0", unit="none",
            legend="{{site}} {{camera}} {{kind}}",
        ),
        series(
            "Restarts", "Starts of processes within 30 minutes.",
            (f"sum by (site, component) (changes(process_start_time_seconds{{job=\"spotter\", {S}}}[30m]))",
             "{{site}} {{component}}"),
            unit="none",
        ),
        series(
            "CPU by service", "Cores in use.",
            (f"sum by (component) (rate(process_cpu_seconds_total{{job=\"spotter\", {S}}}[$__rate_interval]))",
             "{{component}}"),
            unit="none",
        ),
        series(
            "Memory by service", "Resident memory, all processes of a service together.",
            (f"sum by (component) (process_resident_memory_bytes{{job=\"spotter\", {S}}})", "{{component}}"),
            unit="bytes",
        ),
    ],
)  # fmt: skip
