"""Metrics of the cameras' states, of changes at run time, and of how ingest processes share the cameras."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class CameraMetrics:
    """Registered on the registry that it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        self.state = Gauge(
            "spotter_camera_state",
            "1 for the state that the camera is in, 0 for the others: connecting, live, degraded, stalled, "
            "backing_off, disabled, ended, failed.",
            ["camera", "state"],
            registry=r,
        )
        self.state_changes = Counter(
            "spotter_camera_state_changes", "Times the camera came into a state.", ["camera", "state"], registry=r
        )
        self.usual_fps = Gauge(
            "spotter_camera_usual_fps",
            "Frames a second that the camera usually delivers, or should; 0 while not known.",
            ["camera"],
            registry=r,
        )
        self.trusted = Gauge(
            "spotter_camera_trusted",
            "1 while the camera delivers and its pictures show what they should.",
            ["camera"],
            registry=r,
        )
        self.problem = Gauge(
            "spotter_camera_problem",
            "1 for each problem of the camera's pictures, 0 for the others: dark, over_exposed, blocked, blurred, "
            "frozen, moved, slow, clock.",
            ["camera", "problem"],
            registry=r,
        )
        self.look_seconds = Counter(
            "spotter_camera_look_seconds", "Time spent on looking whether pictures can be trusted.", registry=r
        )
        self.view_failures = Counter(
            "spotter_camera_view_failures",
            "Usual views of cameras that could not be used or kept: read, damaged, write. They are learned anew.",
            ["reason"],
            registry=r,
        )
        self.changes = Counter(
            "spotter_camera_changes",
            "Cameras of this process at run time, by change: added, changed, removed.",
            ["change"],
            registry=r,
        )
        self.reloads = Counter(
            "spotter_settings_reloads",
            "Times the settings file had changed, by outcome: applied, no_camera_changed, rejected.",
            ["outcome"],
            registry=r,
        )
        # There from the start, so that the first of each shows as an increase.
        for outcome in ("applied", "no_camera_changed", "rejected"):
            self.reloads.labels(outcome=outcome)
        self.left_behind = Counter(
            "spotter_camera_readers_left_behind",
            "Readers that hung in a driver when they had to end; they publish nothing more.",
            registry=r,
        )
        self.leases = Gauge("spotter_ingest_leases", "Cameras that this process has on lease.", registry=r)
        self.workers = Gauge("spotter_ingest_workers", "Ingest processes that share the cameras.", registry=r)
        self.lease_changes = Counter(
            "spotter_ingest_lease_changes",
            "Leases by change: taken, given_back (to even out the shares, or at the end), lost (another process has "
            "it), ended (not renewed in time).",
            ["change"],
            registry=r,
        )
        self.lease_failures = Counter(
            "spotter_ingest_lease_failures", "Times Redis did not answer when leases were renewed.", registry=r
        )
