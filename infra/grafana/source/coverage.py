"""Coverage: how much of the time each camera was really watched. Silence is not safety."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, bars, dashboard, series, stacked, stat

C = 'site=~"$site", camera=~"$camera"'
SHARE = ((None, RED), (0.8, YELLOW), (0.95, GREEN))

DASHBOARD = dashboard(
    "spotter-coverage",
    "Spotter: coverage",
    "How much of the time each camera was really watched. A quiet camera says something only for the time that it was.",
    [
        stat(
            "Camera up, 1 h", "Share of the last hour that cameras delivered; the worst camera.",
            f"min(spotter:camera_up:avg1h{{{C}}})", unit="percentunit", width=6, high=1, steps=SHARE,
        ),
        stat(
            "Assessed, 1 h", "Of the time in which a camera ran, the share without gaps above 2 s; the worst camera.",
            f"min(spotter:coverage:ratio1h{{{C}}})", unit="percentunit", width=6, high=1, steps=SHARE,
        ),
        stat(
            "Hours assessed, 24 h", "Event time that the rules saw, all cameras together.",
            f"sum(increase(spotter_coverage_seconds_total{{{C}, state=\"assessed\"}}[24h]))", unit="s", width=6,
        ),
        stat(
            "Hours missing, 24 h", "Gaps of more than 2 s while a camera ran, all cameras together.",
            f"sum(increase(spotter_coverage_seconds_total{{{C}, state=\"missing\"}}[24h]))", unit="s", width=6,
            steps=((None, GREEN), (3600, YELLOW)),
        ),
        bars(
            "Camera up, by camera, 1 h", "Share of the last hour.",
            f"spotter:camera_up:avg1h{{{C}}}", unit="percentunit", legend="{{site}} {{camera}}", high=1, steps=SHARE,
        ),
        bars(
            "Assessed, by camera, 1 h", "Share of the time in which the camera ran.",
            f"spotter:coverage:ratio1h{{{C}}}", unit="percentunit", legend="{{site}} {{camera}}", high=1, steps=SHARE,
        ),
        series(
            "Assessed over time", "By camera, over the hour before.",
            (f"spotter:coverage:ratio1h{{{C}}}", "{{site}} {{camera}}"), unit="percentunit", high=1,
        ),
        series(
            "Frames that the rules saw", "Of the frames published, by camera.",
            (f"spotter:frames_assessed:ratio5m{{{C}}}", "{{site}} {{camera}}"), unit="percentunit", high=1,
        ),
        stacked(
            "Seconds a second", "Event time assessed and missing; one for each camera that runs.",
            (f"sum by (state) (rate(spotter_coverage_seconds_total{{{C}}}[$__rate_interval]))", "{{state}}"),
            unit="none",
        ),
        series(
            "Frames a second, by camera", "Assessed.",
            (f"spotter:frames_assessed:rate5m{{{C}}}", "{{site}} {{camera}}"), unit="hertz",
        ),
    ],
    cameras=True,
)  # fmt: skip
