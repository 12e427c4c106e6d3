"""A synthetic site for the dashboard's tests: people who move, alerts that are raised, a running server."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from spotter.core.clock import from_seconds, now
from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    Angle,
    CameraHealth,
    CameraState,
    Evidence,
    Ledger,
    Severity,
    Status,
    UpdateKind,
    alert_id,
)
from spotter.core.state import CameraView, MemoryState, PersonView, PostureSeconds
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.dashboard.api import DashboardServer, create_app

SITE = "north-hall"
# A standing person, COCO-17, hip at the origin, one unit tall, y down.
_STANDING = np.array(
    [(0, -.62), (-.02, -.64), (.02, -.64), (-.045, -.63), (.045, -.63), (-.11, -.48), (.11, -.48), (-.15, -.3),
     (.15, -.3), (-.14, -.14), (.16, -.14), (-.07, 0), (.07, 0), (-.08, .22), (.08, .22), (-.08, .43), (.09, .43)],
    dtype=np.float32,
)  # fmt: skip
_UPPER = 11


@dataclass
class Site:
    """All parts that the dashboard reads, and the server itself."""

    state: MemoryState
    store: Store
    metrics: Metrics
    server: DashboardServer
    components: dict[str, str]
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A site with a SQLite store in `folder`, served on a free port."""
    state, metrics, components = MemoryState(), Metrics(), {"model": "ok", "store": "ok", "cameras": "ok"}
    ready: Callable[[], Mapping[str, str]] = lambda: components  # noqa: E731
    with Store.open(folder / "spotter.db") as store:
        app = create_app(
            state, store, metrics, site=SITE, ready=ready, version="0.1.0", versions={"model": "movenet/1"}
        )
        site = Site(state, store, metrics, DashboardServer(app, "127.0.0.1", 0), components)
        site.port = site.server.start()
        try:
            yield site
        finally:
            site.server.stop()


def person(
    track_id: str,
    x: float,
    y: float,
    tall: float,
    bend_deg: float = 0.0,
    posture: str = "up",
    turn_deg: float = 0.0,
) -> PersonView:
    """Someone whose hip is at (x, y) px; the trunk bends by `bend_deg`, or the whole body turns by `turn_deg`."""
    points = _STANDING.copy()
    points[:_UPPER] = points[:_UPPER] @ _rotation(bend_deg)
    points = points @ _rotation(turn_deg) * tall + (x, y)
    confidences = np.linspace(0.95, 0.35, 17, dtype=np.float32)
    lean = bend_deg + turn_deg
    trunk = Angle(lean, max(0.0, lean - 9), min(180.0, lean + 12), Status.BOUNDED, "single camera, unknown heading")
    box = np.array([*points.min(axis=0), *points.max(axis=0)], dtype=np.float32)
    return PersonView(track_id, points.astype(np.float32), confidences, box, trunk, posture)


def unseen(track_id: str, x: float, y: float, tall: float) -> PersonView:
    """Someone of whom too little shows to tell the trunk."""
    seen = person(track_id, x, y, tall)
    faint = np.where(np.arange(17) < _UPPER, 0.6, 0.05).astype(np.float32)
    return PersonView(track_id, seen.keypoints, faint, seen.box, Angle.not_observable("hips not seen"), "up")


def put_scene(site: Site, step: int, backgrounds: bool = False) -> None:
    """Three cameras at moment `step` (a tenth of a second each), a fourth that cannot be reached."""
    swing = math.sin(step / 6)
    bend = 30 + 25 * swing
    down = person("aisle-2", 420, 360, 230, turn_deg=82, posture="alert")
    scenes = {
        "dock": (person("dock-1", 240 + 20 * swing, 290, 260, bend), person("dock-4", 450, 270, 230, 6)),
        "packing": (
            person("packing-7", 330 + 30 * swing, 285, 270, 14 + 8 * swing),
            unseen("packing-9", 520, 300, 240),
        ),
        "aisle": (down, person("aisle-3", 160 + 2 * step % 90, 250, 220, 4)),
    }
    for index, (camera, people) in enumerate(scenes.items()):
        if backgrounds and step % 20 == 0:
            site.state.put_background(camera, _background(index))
        seconds = PostureSeconds(310 + step, 74.0 + index * 30, 12.0 + index * 9, 96.0, 41.0 + 20 * index)
        view = CameraView(camera, step, now(), 640, 480, people, seconds, 0.08 + 0.01 * index)
        site.state.put_view(view)
        site.state.put_health(CameraHealth(camera, CameraState.LIVE, now(), step, 0, 15.0, 640, 480))
        site.metrics.frames_read.labels(camera=camera).inc(2)
        site.metrics.frames_posed.labels(camera=camera).inc(2)
        site.metrics.people.labels(camera=camera).set(len(people))
        site.metrics.end_to_end.labels(camera=camera).observe(0.08 + 0.01 * (step % 7))
    if step % 9 == 0:
        site.metrics.frames_dropped.labels(camera="dock", reason="queue_full").inc()
    site.metrics.queue_depth.labels(topic="frames").set(1)
    detail = "no answer from rtsp://***@10.0.0.7/stream within 10 s; next try in 4 s"
    site.state.put_health(CameraHealth("gate", CameraState.BACKING_OFF, now(), detail=detail))


def make_alert(
    camera: str = "aisle",
    kind: AlertKind = AlertKind.POSSIBLE_FALL,
    severity: Severity = Severity.P1,
    ago_s: float = 8.0,
    track: str = "2",
) -> Alert:
    """An open alert that was raised `ago_s` seconds ago."""
    raised = now() - from_seconds(ago_s)
    started = raised - from_seconds(3.4)
    evidence = {
        "seconds_on_ground": Evidence(3.02, 3.0, "s"),
        "seconds_unseen": Evidence(0.0, 2.0, "s", "<"),
        "hip_height": Evidence(0.11, 0.25, "statures", "<="),
        "trunk_inclination_low": Evidence(61.5, 45.0, "deg"),
        "hip_drop": Evidence(0.42, 0.2, "statures"),
    }
    return Alert(
        id=alert_id(SITE, camera, kind, 1, started, int(track)),
        site=SITE,
        camera_id=camera,
        kind=kind,
        severity=severity,
        started_at=started,
        raised_at=raised,
        track_id=f"{camera}-{track}",
        evidence=evidence,
        versions={"rule": "fall/1", "model": "movenet-multipose/1"},
        ledger=Ledger(raised - from_seconds(0.11)),
        frames_considered=49,
        frames_dropped=2,
    )


def record(store: Store, alert: Alert, *kinds: UpdateKind) -> None:
    """Raise `alert` in the store, then let `kinds` happen to it, ten seconds apart."""
    for number, kind in enumerate((UpdateKind.RAISED, *kinds)):
        step = AlertUpdate(alert.id, number, kind, alert.raised_at + number * from_seconds(10), alert.evidence)
        store.record(alert, step)


def _rotation(degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], dtype=np.float32)


def _background(index: int) -> bytes:
    picture = np.full((60, 80, 3), 70 + 10 * index, np.uint8)
    cv2.rectangle(picture, (0, 42), (80, 60), (96, 104, 110), -1)
    cv2.rectangle(picture, (8 + 20 * index, 8), (30 + 20 * index, 44), (60, 96, 130), -1)
    done, jpeg = cv2.imencode(".jpg", cv2.GaussianBlur(picture, (0, 0), 5))
    assert done
    return jpeg.tobytes()
