"""Pipeline: where time goes between the picture and the assessment, and where frames are lost."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, bars, dashboard, series, stacked, stat

S = 'site=~"$site"'
C = 'site=~"$site", camera=~"$camera"'


def quantiles(metric: str, selector: str) -> list[tuple[str, str]]:
    """Median, 95th and 99th percentile of a histogram, all series together."""
    rate = f"sum by (le) (rate({metric}_bucket{{{selector}}}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {rate})", name) for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


DASHBOARD = dashboard(
    "spotter-pipeline",
    "Spotter: latency and loss",
    "Where time goes between the picture and the assessment, and where frames are lost.",
    [
        stat(
            "Late frames, 1 h", "Share of frames assessed more than 2 s after capture; the objective is 1 %.",
            f"max(spotter:end_to_end_slow:ratio1h{{{S}}})", unit="percentunit", width=6,
            steps=((None, GREEN), (0.01, YELLOW), (0.144, RED)),
        ),
        stat(
            "Capture to assessed, p95", "Over 5 minutes, the slowest site.",
            f"max(spotter:end_to_end:p95_5m{{{S}}})", unit="s", width=6, steps=((None, GREEN), (1, YELLOW), (2, RED)),
        ),
        stat(
            "Capture to skeleton, p95", "Over 5 minutes, the slowest site.",
            f"max(spotter:capture_to_skeleton:p95_5m{{{S}}})", unit="s", width=6,
            steps=((None, GREEN), (0.75, YELLOW), (1, RED)),
        ),
        stat(
            "Frames assessed", "Of the frames published, the share that the rules saw; the worst camera.",
            f"min(spotter:frames_assessed:ratio5m{{{C}}})", unit="percentunit", width=6, high=1,
            steps=((None, RED), (0.5, YELLOW), (0.9, GREEN)),
        ),
        series(
            "Capture to assessed", "End to end, without the database and notification.",
            *quantiles("spotter_end_to_end_seconds", C), unit="s",
        ),
        series(
            "Capture to skeleton", "Ingest, bus, waiting for a batch, and inference.",
            *quantiles("spotter_capture_to_skeleton_seconds", C), unit="s",
        ),
        series(
            "Age at inference", "Capture to the start of inference: transport and waiting.",
            *quantiles("spotter_age_at_inference_seconds", C), unit="s",
        ),
        series(
            "Inference", "Seconds a batch in the pose model.", *quantiles("spotter_inference_seconds", S), unit="s",
        ),
        stacked(
            "Frames let go, by reason", "over_rate is asked for by cameras.max_fps; every other reason is a loss.",
            (f"sum by (reason) (rate(spotter_frames_dropped_total{{{C}}}[$__rate_interval]))", "{{reason}}"),
            unit="hertz",
        ),
        bars(
            "Share of frames lost, by camera and reason", "Over 5 minutes, without over_rate.",
            f"spotter:frames_dropped:ratio5m{{{C}, reason!=\"over_rate\"}} > 0.001", unit="percentunit",
            legend="{{camera}} {{reason}}", high=1, steps=((None, GREEN), (0.1, YELLOW), (0.3, RED)),
        ),
        series(
            "Frames assessed, by camera", "Of the frames published, the share that the rules saw.",
            (f"spotter:frames_assessed:ratio5m{{{C}}}", "{{camera}}"), unit="percentunit", high=1,
        ),
        series(
            "Camera reconnects", "Times a live camera was reopened.",
            (f"sum by (camera) (increase(spotter_camera_reconnects_total{{{C}}}[$__rate_interval]))", "{{camera}}"),
            unit="none",
        ),
        series(
            "Database", "Seconds a transaction, 95th percentile, tries and pauses included.",
            ("histogram_quantile(0.95, sum by (operation, le) "
             f"(rate(spotter_store_seconds_bucket{{{S}}}[$__rate_interval])))", "{{operation}}"),
            unit="s",
        ),
        series(
            "Failed and repeated transactions", "Failures are tried again; nothing is lost.",
            (f"sum(rate(spotter_store_failures_total{{{S}}}[$__rate_interval]))", "failed writes"),
            (f"sum by (reason) (rate(spotter_store_retries_total{{{S}}}[$__rate_interval]))", "retried: {{reason}}"),
            unit="ops",
        ),
    ],
    cameras=True,
)  # fmt: skip
