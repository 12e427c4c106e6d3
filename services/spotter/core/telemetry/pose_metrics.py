"""Metrics of the pose service that are not a frame's own: memory, batches, decoding, the minimum rate."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DECODE_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class PoseMetrics:
    """What the pose service does.

    Args:
        registry: where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.out_of_memory = Counter(
            "spotter_pose_out_of_memory",
            "Times that a batch did not fit into memory: it was halved and tried again; a single frame was let go.",
            ["model"],
            registry=registry,
        )
        self.batch_limit = Gauge(
            "spotter_pose_batch_limit",
            "Frames per inference at most now; below pose.max_batch after memory ran out.",
            registry=registry,
        )
        self.decode_seconds = Histogram(
            "spotter_pose_decode_seconds",
            "Seconds to check and decode the pictures of a batch.",
            buckets=_DECODE_BUCKETS,
            registry=registry,
        )
        self.cameras_behind = Gauge(
            "spotter_pose_cameras_behind",
            "Cameras that offer frames and get fewer of them posed than pose.min_fps.",
            registry=registry,
        )
