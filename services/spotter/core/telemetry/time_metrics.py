"""Metrics of the clocks behind capture times."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class TimeMetrics:
    """Registered on the registry that it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r, camera = registry, ["camera"]
        self.timed = Counter(
            "spotter_frames_timed",
            "Frames of live cameras by what their capture time rests on: sender (the camera's own clock, which agrees "
            "with this host's), shifted (the camera's pace on this host's clock), arrival.",
            ["camera", "basis"],
            registry=r,
        )
        self.offset = Gauge(
            "spotter_camera_clock_offset_seconds",
            "Camera's clock minus this host's, less the shortest way of a frame; only where the camera sends its time.",
            camera,
            registry=r,
        )
        self.jitter = Gauge(
            "spotter_camera_jitter_seconds",
            "How unevenly frames arrive, compared with how they were taken (RFC 3550); only where the camera sends its "
            "time.",
            camera,
            registry=r,
        )
        self.steps = Counter(
            "spotter_clock_steps",
            "Times a clock was set, as seen from a camera's reader: camera, host_forward, host_back.",
            ["camera", "clock"],
            registry=r,
        )
