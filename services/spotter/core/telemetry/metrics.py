"""Metrics. They live on a registry that the caller owns, so two pipelines in one process never mix.

Metric names, labels and units are part of the product: dashboards and alert rules are written against them.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from spotter.core.telemetry.bus_metrics import BusMetrics
from spotter.core.telemetry.camera_metrics import CameraMetrics
from spotter.core.telemetry.coverage_metrics import CoverageMetrics
from spotter.core.telemetry.ergonomics_metrics import ErgonomicsMetrics
from spotter.core.telemetry.notify_metrics import NotifyMetrics
from spotter.core.telemetry.pose_metrics import PoseMetrics
from spotter.core.telemetry.recovery_metrics import RecoveryMetrics
from spotter.core.telemetry.service_metrics import ServiceMetrics
from spotter.core.telemetry.store_metrics import StoreMetrics
from spotter.core.telemetry.time_metrics import TimeMetrics

_LATENCY_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """All metrics of the pipeline, hop by hop.

    Args:
        registry: where they are registered; a new one when None.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.bus = BusMetrics(self.registry)
        self.cameras = CameraMetrics(self.registry)
        self.coverage = CoverageMetrics(self.registry)
        self.ergonomics = ErgonomicsMetrics(self.registry)
        self.notify = NotifyMetrics(self.registry)
        self.pose = PoseMetrics(self.registry)
        self.recovery = RecoveryMetrics(self.registry)
        self.service = ServiceMetrics(self.registry)
        self.store = StoreMetrics(self.registry)
        self.times = TimeMetrics(self.registry)
        ProcessCollector(registry=self.registry)
        r = self.registry
        camera = ["camera"]
        self.frames_read = Counter("spotter_frames_read", "Frames read from the camera.", camera, registry=r)
        self.frames_published = Counter("spotter_frames_published", "Frames handed to the bus.", camera, registry=r)
        self.frames_dropped = Counter(
            "spotter_frames_dropped",
            "Frames let go, by reason: undecodable, over_rate, late, queue_full, no_consumer, deadline, "
            "inference_failed, shutdown, not_held (the process has the camera on lease no more); over Kafka also "
            "behind, too_large, undeliverable.",
            ["camera", "reason"],
            registry=r,
        )
        self.camera_up = Gauge("spotter_camera_up", "1 while the camera delivers frames.", camera, registry=r)
        self.camera_reconnects = Counter(
            "spotter_camera_reconnects", "Times a live camera was reopened.", camera, registry=r
        )
        self.queue_depth = Gauge("spotter_queue_depth", "Messages that wait, by topic.", ["topic"], registry=r)
        self.age_at_inference = Histogram(
            "spotter_age_at_inference_seconds",
            "Capture to start of inference.",
            camera,
            buckets=_LATENCY_BUCKETS,
            registry=r,
        )
        self.inference_seconds = Histogram(
            "spotter_inference_seconds",
            "Seconds per batch in the pose model.",
            ["model"],
            buckets=_LATENCY_BUCKETS,
            registry=r,
        )
        self.batch_size = Histogram("spotter_batch_size", "Frames per inference.", buckets=_BATCH_BUCKETS, registry=r)
        self.frames_posed = Counter(
            "spotter_frames_posed", "Frames that went through the pose model.", camera, registry=r
        )
        self.skeletons = Counter("spotter_skeletons", "Skeletons published.", camera, registry=r)
        self.people = Gauge("spotter_people", "People tracked in the newest frame.", camera, registry=r)
        self.tracks_started = Counter("spotter_tracks_started", "Tracks begun.", camera, registry=r)
        self.rule_evaluations = Counter(
            "spotter_rule_evaluations", "Times a rule looked at a person in a frame.", ["camera", "rule"], registry=r
        )
        self.rule_suppressions = Counter(
            "spotter_rule_suppressions", "Times a rule held back, by reason.", ["camera", "rule", "reason"], registry=r
        )
        self.alerts = Counter("spotter_alerts", "Alerts raised.", ["camera", "kind"], registry=r)
        self.alert_updates = Counter("spotter_alert_updates", "Updates of alerts.", ["camera", "kind"], registry=r)
        self.store_failures = Counter("spotter_store_failures", "Writes to the store that failed.", registry=r)
        self.messages_rejected = Counter(
            "spotter_messages_rejected",
            "Messages that a service could not use, by reason.",
            ["topic", "reason"],
            registry=r,
        )
        self.capture_to_skeleton = Histogram(
            "spotter_capture_to_skeleton_seconds",
            "Capture to published skeletons.",
            camera,
            buckets=_LATENCY_BUCKETS,
            registry=r,
        )
        self.end_to_end = Histogram(
            "spotter_end_to_end_seconds",
            "Capture to assessed frame, end to end.",
            camera,
            buckets=_LATENCY_BUCKETS,
            registry=r,
        )

    def count_drop(self, topic: str, key: str, reason: str) -> None:
        """An `OnDrop` for the bus: frames count by camera, everything else as a rejected message."""
        if topic == "frames":
            self.frames_dropped.labels(camera=key, reason=reason).inc()
        else:
            self.messages_rejected.labels(topic=topic, reason=reason).inc()

    def count_reject(self, topic: str, key: str, reason: str) -> None:
        """An `on_reject` for the memory bus, which has no dead letters."""
        self.messages_rejected.labels(topic=topic, reason=reason).inc()
