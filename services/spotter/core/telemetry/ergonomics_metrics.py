"""Metrics of the lifting work: what was counted, and how much of it could be judged."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class ErgonomicsMetrics:
    """Registered on the registry that it is given. Person-time is counted when its minute is written down."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        self.lifts = Counter(
            "spotter_lifts",
            "Lift-like movements, by camera and station (empty: none of its stations).",
            ["camera", "station"],
            registry=r,
        )
        self.posture_seconds = Counter(
            "spotter_posture_person_seconds",
            "Person-time by what the trunk inclination proves: upright, bent (20 degrees), deep (60), unproven, "
            "not_observable.",
            ["camera", "band"],
            registry=r,
        )
        self.angle_seconds = Counter(
            "spotter_angle_person_seconds",
            "Person-time by part of the body (trunk, trunk_side, arms, neck) and by whether its angle could be judged: "
            "observable, not_observable.",
            ["part", "status"],
            registry=r,
        )
        self.unscored_seconds = Counter(
            "spotter_unscored_person_seconds",
            "Person-time in which the trunk could not be judged, by reason.",
            ["camera", "reason"],
            registry=r,
        )
