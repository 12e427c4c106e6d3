"""Metrics of the live state, of the snapshots, and of what a hand-over or a loss of state cost."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class RecoveryMetrics:
    """Registered on the registry that it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        self.state_up = Gauge("spotter_state_up", "1 while the live state (Redis) answers.", registry=r)
        self.state_writes_dropped = Counter(
            "spotter_state_writes_dropped",
            "Writes to the live state that were let go, by kind (view, background, health) and reason: unreachable, "
            "overtaken (a newer one came before it was sent), too_large.",
            ["kind", "reason"],
            registry=r,
        )
        self.state_unreadable = Counter(
            "spotter_state_unreadable", "Entries of the live state that this version cannot read.", registry=r
        )
        self.snapshots_saved = Counter("spotter_snapshots_saved", "Snapshots of cameras saved.", registry=r)
        self.snapshot_bytes = Counter("spotter_snapshot_bytes", "Bytes of the snapshots saved.", registry=r)
        self.snapshot_failures = Counter(
            "spotter_snapshot_failures", "Saves and loads of snapshots that failed.", ["operation"], registry=r
        )
        self.snapshots_rejected = Counter(
            "spotter_snapshots_rejected",
            "Snapshots that could not be used: damaged, other_version, other_parameters.",
            ["reason"],
            registry=r,
        )
        self.parts_gained = Counter(
            "spotter_parts_gained",
            "Parts of the skeletons topic that came to this worker, by how it began: restored, rebuilt, begun.",
            ["how"],
            registry=r,
        )
        self.parts_lost = Counter(
            "spotter_parts_lost", "Parts that went without a chance to save their state.", registry=r
        )
        self.alerts_adopted = Counter(
            "spotter_alerts_adopted", "Stored alerts that a rebuild was given to meet again.", registry=r
        )
        self.alerts_withheld = Counter(
            "spotter_alerts_withheld",
            "Alerts of a rebuild that were over in history that the service had judged before: not told.",
            registry=r,
        )
        self.coverage_seconds = Counter(
            "spotter_coverage_seconds",
            "Event time by state: assessed (frames at most 2 s apart), missing (longer gaps within an epoch).",
            ["camera", "state"],
            registry=r,
        )
