"""The ingest service: one thread per camera, until every camera is over or a stop is asked for.

Cameras may be added, changed and taken out while it runs, and may come from and go to other processes; each such change
touches only its own camera. A camera that hangs in a driver never holds up the others or the stop: its thread is left
behind and publishes nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spotter.core.bus.api import Bus
from spotter.core.contracts import CameraState
from spotter.core.errors import ConfigError
from spotter.core.parameters import ViewParameters
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.state.api import LiveState
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.tracing import NO_TRACER, Tracer
from spotter.ingest.background import BlurredBackground
from spotter.ingest.camera import CameraReader
from spotter.ingest.post import Post
from spotter.ingest.sharing import FixedSharing, Permit, Sharing

HEALTH_INTERVAL_S = 2.0
"""Health of each camera goes out at least this often."""

STOP_S = 0.8
"""Longest wait for the cameras' threads once a stop is asked for."""

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Changes:
    """What `IngestWorker.apply` found, by camera id in the order of the list."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class IngestWorker:
    """Reads cameras and publishes frames on `FRAMES` and health on `HEALTH`.

    Ending the two topics is left to the caller, who alone knows whether other cameras will use them.

    Args:
        cameras: what to read, each on a thread of its own.
        settings: pace, timeouts and pauses.
        bus: where frames and health go.
        state: takes blurred pictures, where `background` is set.
        metrics: counters of the pipeline.
        background: whether blurred pictures are made at all.
        tracer: makes the trace of each frame.
        sharing: which of the cameras are for this process; all of them by default.
        stay: `run` goes on when every camera is over, because others may come.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        settings: IngestSettings,
        bus: Bus,
        state: LiveState,
        metrics: Metrics,
        background: bool = False,
        tracer: Tracer = NO_TRACER,
        *,
        sharing: Sharing | None = None,
        stay: bool = False,
    ) -> None:
        self._log = get_logger("spotter.ingest")
        self._settings = settings
        self._bus = bus
        self._state = state
        self._metrics = metrics
        self._background = background
        self._tracer = tracer
        self._sharing = sharing or FixedSharing()
        self._stay = stay
        self._lock = threading.Lock()
        self._wanted = {camera.id: camera for camera in cameras}
        self._posts: dict[str, Post] = {}
        self._leaving: list[Post] = []

    def apply(self, cameras: Sequence[CameraSettings]) -> Changes:
        """Read these cameras from now on; those that stay as they are go on untouched. Takes effect within moments.

        A camera whose `view` alone has changed stays as it is: views are read by the ergonomics service.

        Returns:
            What is new, by camera.

        Raises:
            ConfigError: two cameras have one name; nothing was changed.
        """
        wanted = {camera.id: camera for camera in cameras}
        if len(wanted) < len(cameras):
            raise ConfigError("two cameras have one name", mend="Give each camera a name of its own")
        with self._lock:
            before, self._wanted = self._wanted, wanted
        changes = Changes(
            added=tuple(name for name in wanted if name not in before),
            changed=tuple(name for name in wanted if name in before and not _same(wanted[name], before[name])),
            removed=tuple(name for name in before if name not in wanted),
        )
        for change, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
            self._metrics.cameras.changes.labels(change=change).inc(len(names))
            if names:
                self._log.info(f"cameras_{change}", cameras=list(names))
        return changes

    @property
    def states(self) -> Mapping[str, CameraState]:
        """Where each camera of this process stands, by id."""
        return {post.monitor.camera_id: post.monitor.state for post in self._at_work()}

    @property
    def details(self) -> Mapping[str, str]:
        """What people should know of each camera's state, by id; may be empty; holds no secret."""
        return {post.monitor.camera_id: post.monitor.detail for post in self._at_work()}

    @property
    def any_live(self) -> bool:
        """True while at least one camera delivers frames."""
        return any(state.delivers for state in self.states.values())

    @property
    def failures(self) -> Mapping[str, str]:
        """One line for people for each camera that failed for good, by id."""
        monitors = [post.monitor for post in self._at_work()]
        return {m.camera_id: f"camera '{m.camera_id}': {m.detail}" for m in monitors if m.state is CameraState.FAILED}

    def run(self, stop: threading.Event) -> None:
        """Read all cameras; returns when each has ended or failed (unless `stay`), or within a second of `stop`."""
        health_due = time.monotonic() + HEALTH_INTERVAL_S
        while not stop.is_set():
            waiting = self._reconcile()
            posts = self._at_work()
            for post in posts:
                post.monitor.watch()
            if time.monotonic() >= health_due:
                health_due += HEALTH_INTERVAL_S
                for post in posts:
                    post.monitor.publish_health()
            if not (self._stay or waiting or any(post.alive for post in posts)):
                break
            stop.wait(_POLL_S)
        self._end()

    def _at_work(self) -> list[Post]:
        with self._lock:
            return list(self._posts.values())

    def _reconcile(self) -> bool:
        """Leave what is not for this process any more, start what is; True while a camera waits for its turn."""
        with self._lock:
            wanted = self._wanted
        permits = self._sharing.permits(tuple(wanted.values()))
        for name, post in list(self._posts.items()):
            camera = wanted.get(name)
            if camera is None:
                self._leave(post, CameraState.ENDED, "taken out of the settings")
            elif permits.get(name) is not post.permit or not _same(camera, post.camera):
                self._leave(post)
        self._leaving = [post for post in self._leaving if post.alive]
        occupied = {post.camera.id for post in self._leaving if post.in_the_way}
        waiting = False
        for name, camera in wanted.items():
            if name in permits and name not in self._posts:
                waiting |= name in occupied
                if name not in occupied:
                    self._start(camera, permits[name])
        return waiting

    def _start(self, camera: CameraSettings, permit: Permit) -> None:
        background = BlurredBackground(camera.id, self._state) if self._background else None
        reader = CameraReader(camera, self._settings, self._bus, self._metrics, background, self._tracer, permit)
        with self._lock:
            self._posts[camera.id] = Post(camera, permit, reader)

    def _leave(self, post: Post, state: CameraState | None = None, detail: str = "") -> None:
        with self._lock:
            del self._posts[post.camera.id]
        post.leave(state, detail)
        self._leaving.append(post)

    def _end(self) -> None:
        """Every reader ends and says so, unless another process goes on with its camera."""
        posts = self._at_work()
        for post in posts:
            if self._sharing.others:
                post.leave()
            else:
                post.stop()
        deadline = time.monotonic() + STOP_S
        for post in posts:
            post.join(max(0.0, deadline - time.monotonic()))
            if post.alive:
                self._metrics.cameras.left_behind.inc()
                self._log.warning("camera_left_behind", camera=post.camera.id)
        self._sharing.close()


def _same(one: CameraSettings, other: CameraSettings) -> bool:
    """Whether a reader need not care for the difference."""
    plain = {"view": ViewParameters()}
    return one.model_copy(update=plain) == other.model_copy(update=plain)
