"""The figures of a run, read from its metrics: frames by fate, alerts, latency. Nothing is counted twice elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spotter.core.telemetry import Metrics


@dataclass(frozen=True)
class CameraFigures:
    """Frames of one camera by fate, and its alerts by kind.

    Once a run has ended, read = posed + the sum of dropped.
    """

    read: int = 0
    posed: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    skeletons: int = 0
    people: int = 0
    alerts: Mapping[str, int] = field(default_factory=dict)


def figures_by_camera(metrics: Metrics) -> dict[str, CameraFigures]:
    """Figures by camera id."""
    read = _by_camera(metrics.frames_read)
    posed = _by_camera(metrics.frames_posed)
    skeletons = _by_camera(metrics.skeletons)
    people = _by_camera(metrics.people)
    dropped = _by_camera_and(metrics.frames_dropped, "reason")
    alerts = _by_camera_and(metrics.alerts, "kind")
    return {
        camera: CameraFigures(
            read.get(camera, 0),
            posed.get(camera, 0),
            dropped.get(camera, {}),
            skeletons.get(camera, 0),
            people.get(camera, 0),
            alerts.get(camera, {}),
        )
        for camera in sorted({*read, *posed, *dropped, *alerts})
    }


def latency_quantile(metrics: Metrics, quantile: float) -> float | None:
    """Seconds from capture to assessed frame that the share `quantile` of all frames stays within; None without any.

    Interpolated within the histogram's buckets, as Prometheus' histogram_quantile does.
    """
    counts: dict[float, float] = defaultdict(float)
    for family in metrics.end_to_end.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                counts[float(sample.labels["le"])] += sample.value
    edges = sorted(counts)
    if not edges or counts[edges[-1]] == 0:
        return None
    wanted = quantile * counts[edges[-1]]
    low_edge = low_count = 0.0
    for edge in edges:
        if counts[edge] >= wanted:
            if edge == float("inf"):
                return low_edge
            share = (wanted - low_count) / max(counts[edge] - low_count, 1e-9)
            return low_edge + share * (edge - low_edge)
        low_edge, low_count = edge, counts[edge]
    return low_edge


def summary_lines(metrics: Metrics, seconds: float) -> list[str]:
    """What a run prints at its end, one line per camera and one for the whole."""
    lines = []
    for camera, figures in figures_by_camera(metrics).items():
        dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(figures.dropped.items()) if count)
        alerts = ", ".join(
            f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(figures.alerts.items()) if count
        )
        lines.append(
            f"{camera}: {figures.read} frames read, {figures.posed} posed, dropped: {dropped or 'none'}; "
            f"alerts: {alerts or 'none'}"
        )
    middle, high = latency_quantile(metrics, 0.5), latency_quantile(metrics, 0.95)
    latency = "" if middle is None or high is None else f"; latency p50 {middle:.2f} s, p95 {high:.2f} s"
    return [*lines, f"ran {seconds:.1f} s{latency}"]


def _samples(metric: Any) -> list[tuple[dict[str, str], int]]:
    return [
        (sample.labels, round(sample.value))
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


def _by_camera(metric: Any) -> dict[str, int]:
    return {labels["camera"]: value for labels, value in _samples(metric)}


def _by_camera_and(metric: Any, label: str) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = defaultdict(dict)
    for labels, value in _samples(metric):
        nested[labels["camera"]][labels[label]] = value
    return dict(nested)
