"""The whole pipeline in one process: memory bus, SQLite, live state, dashboard, and one thread per service.

Promises:
- What would stop the run (port in use, database, model) is found in `start`, before any camera is opened.
- Finite sources end the run by themselves, and the stages drain in order: ingest, pose, ergonomics. With
  `ingest.speed: max` the reader is held back instead of losing frames, and the pose deadline is off.
- A camera that fails leaves the others alone. A service that dies stops the run with an error; nothing hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter import __version__
from spotter.cli.camera_reload import CameraReload
from spotter.cli.embedded_notify import EmbeddedNotify
from spotter.cli.embedded_record import EmbeddedRecorder
from spotter.core.bus.api import FRAMES, HEALTH, SKELETONS, Overflow, Topic
from spotter.core.bus.memory import MemoryBus
from spotter.core.clock import now
from spotter.core.contracts import Alert, AlertUpdate, CameraState, UpdateKind
from spotter.core.errors import SourceError, SpotterError, StoreError
from spotter.core.settings import CameraSettings, Settings
from spotter.core.state.memory import MemoryState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.tracing import NO_TRACER, Tracer, open_tracer
from spotter.dashboard.api import DashboardServer, create_app
from spotter.ergonomics.worker import ErgonomicsWorker
from spotter.ingest.worker import Changes, IngestWorker
from spotter.pose.factory import model_of
from spotter.pose.worker import PoseWorker

if TYPE_CHECKING:
    from spotter.pose.models import PoseModel

DRAIN_S = 5.0
"""Longest wait for frames in flight once a stop is asked for."""

_POLL_S = 0.05
_FAILED_FOR_S = 10.0
"""A write to the store that failed counts this long; the ergonomics service tries again at least every 5 s."""

OnUpdate = Callable[[Alert, AlertUpdate], None]


class EmbeddedPipeline:
    """Cameras to alerts in this process.

    Args:
        settings: with at least one camera.
        on_update: told of each step of an alert after it is stored, on the ergonomics thread.
        rounds: times that finite sources are played, each with an epoch of its own; 0: until stopped.
        record: folder for a recording of the skeletons; None: they are not recorded.
    """

    def __init__(
        self, settings: Settings, on_update: OnUpdate | None = None, *, rounds: int = 1, record: Path | None = None
    ) -> None:
        self.settings = settings
        self._rounds = rounds
        self._record = record
        self.metrics = Metrics()
        self.state = MemoryState()
        self.dashboard_port: int | None = None
        self.reload: CameraReload | None = None
        lossless = settings.ingest.speed == "max"
        self._bus = MemoryBus(
            on_drop=self.metrics.count_drop,
            overflow={FRAMES.name: Overflow.BLOCK} if lossless else None,
            on_reject=self.metrics.count_reject,
        )
        self._lossless = lossless
        self._on_update = on_update
        self._log = get_logger("spotter.embedded")
        self._store: Store | None = None
        self._tracer: Tracer = NO_TRACER
        self._server: DashboardServer | None = None
        self._ingest: IngestWorker | None = None
        self._cameras: tuple[CameraSettings, ...] = settings.cameras
        self._pose: PoseWorker | None = None
        self._stages: list[_Stage] = []
        self._notify: EmbeddedNotify | None = None
        self._stop_ingest = threading.Event()
        self._stop_now = threading.Event()
        self._failure: SpotterError | None = None
        self._store_failures = 0.0
        self._store_failed_at = float("-inf")
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open everything, then start the cameras. On an error nothing is left open.

        Raises:
            PortError, StoreError, ModelError: see `core.errors`.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def wait(self, timeout: float | None = None) -> bool:
        """True once every stage has ended, False after `timeout` seconds.

        Raises:
            SpotterError: a service died.
            SourceError: the run has ended and not one camera delivered to its end.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for stage in self._stages:
            stage.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        if self._failure is not None:
            raise self._failure
        if any(stage.is_alive() for stage in self._stages):
            return False
        failures = self.failures
        if failures and len(failures) == len(self._cameras):
            raise _all_failed(failures)
        return True

    def stop(self) -> None:
        """Stop the cameras, let frames in flight drain for at most `DRAIN_S`, release all. Safe to call twice."""
        self._stop_ingest.set()
        deadline = time.monotonic() + DRAIN_S
        for stage in self._started():
            stage.join(max(0.0, deadline - time.monotonic()))
        self._stop_now.set()
        self._bus.close()
        for stage in self._started():
            stage.join(DRAIN_S)
        if self._notify is not None:  # After the last alert is stored.
            self._notify.stop()
            self._notify = None
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._store is not None:
            self._store.close()
            self._store = None
        self._tracer.close()

    def apply(self, cameras: Sequence[CameraSettings]) -> Changes:
        """Read these cameras from now on, see `IngestWorker.apply`.

        Raises:
            ConfigError: two cameras have one name.
        """
        self._cameras = tuple(cameras)
        return self._ingest.apply(cameras) if self._ingest is not None else Changes()

    @property
    def cameras(self) -> Sequence[CameraSettings]:
        """The cameras that are read now."""
        return self._cameras

    @property
    def failures(self) -> Mapping[str, str]:
        """What went wrong for good, by camera."""
        return dict(self._ingest.failures) if self._ingest is not None else {}

    @property
    def dashboard_url(self) -> str | None:
        """Where the dashboard is, or None without one."""
        if self.dashboard_port is None:
            return None
        host = self.settings.dashboard.host
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"http://{shown}:{self.dashboard_port}/"

    def readiness(self) -> dict[str, str]:
        """What /readyz reports, by part: "ok" or the reason why not."""
        return {
            "model": "ok" if self._pose is not None and self._pose.ready.is_set() else "not loaded",
            "store": self._store_state(),
            "cameras": self._cameras_state(),
            **({"settings": self.reload.status()} if self.reload is not None else {}),
            **({"notify": notify.state()} if (notify := self._notify) is not None else {}),
        }

    def _started(self) -> list[_Stage]:
        return [stage for stage in self._stages if stage.ident is not None]

    def _store_state(self) -> str:
        """Whether the store can be read, and whether a write failed of late: a failed write is tried again."""
        failures = self.metrics.registry.get_sample_value("spotter_store_failures_total") or 0.0
        if failures > self._store_failures:
            self._store_failures = failures
            self._store_failed_at = time.monotonic()
        if time.monotonic() - self._store_failed_at < _FAILED_FOR_S:
            return "a write failed and is tried again"
        if self._store is None:
            return "not open"
        try:
            self._store.ping()
        except StoreError as error:
            return error.message
        return "ok"

    def _cameras_state(self) -> str:
        states = [health.state for health in self.state.health().values()]
        if any(state.delivers or state is CameraState.ENDED for state in states):
            return "ok"
        return "no camera delivers frames"

    def _start(self) -> None:
        settings = self.settings
        self._store = Store.connect(settings.store, metrics=self.metrics.store)
        self._tracer = open_tracer(
            settings.trace.endpoint, settings.trace.ratio, "run", settings.site, self.metrics.service.trace_spans
        )
        model = self._model()
        if settings.notify.channels:
            self._notify = EmbeddedNotify(settings, self._store, self.metrics, self._died)
        if settings.dashboard.enabled:
            self._server = self._dashboard(self._store, model.name)
            self.dashboard_port = self._server.start()
        self._pose = PoseWorker(
            self._bus,
            model,
            settings.pose,
            self.metrics,
            deadline_s=None if self._lossless else settings.pose.deadline_s,
            tracer=self._tracer,
        )
        ergonomics = ErgonomicsWorker(
            settings, self._bus, self._store, self.state, self.metrics, self._updated, tracer=self._tracer
        )
        for topic in (FRAMES, SKELETONS, HEALTH):
            self._watch_depth(topic)
        ingest = _Stage("ingest", self._play, self._stop_ingest, self._end(FRAMES, HEALTH), self._died)
        pose = _Stage("pose", self._pose.run, self._stop_now, self._end(SKELETONS), self._died)
        self._stages = [ingest, pose, _Stage("ergonomics", ergonomics.run, self._stop_now, self._end(), self._died)]
        if self._record is not None:
            recorder = EmbeddedRecorder(settings, self._bus, self._record)
            self._stages.append(_Stage("recorder", recorder.run, self._stop_now, self._end(), self._died))
        for stage in self._stages[1:]:
            stage.start()
        # The model is loaded on the pose thread; no camera opens before it is warm.
        while not self._pose.ready.wait(_POLL_S) and pose.is_alive():
            pass
        if self._failure is not None:
            raise self._failure
        ingest.start()

    def _play(self, stop: threading.Event) -> None:
        """The ingest stage: the cameras, as many rounds as were asked for."""
        done = 0
        while not stop.is_set() and (done < self._rounds or not self._rounds):
            self._ingest = IngestWorker(
                self._cameras,
                self.settings.ingest,
                self._bus,
                self.state,
                self.metrics,
                background=self.settings.dashboard.background == "blurred",
                tracer=self._tracer,
            )
            self._ingest.run(stop)
            done += 1
            if len(self.failures) == len(self._cameras):
                return

    def _updated(self, alert: Alert, update: AlertUpdate) -> None:
        if update.kind is UpdateKind.RAISED:
            self._tracer.alert(alert, now())
        if self._on_update is not None:
            self._on_update(alert, update)

    def _dashboard(self, store: Store, model: str) -> DashboardServer:
        settings = self.settings.dashboard
        app = create_app(
            self.state,
            store,
            self.metrics,
            site=self.settings.site,
            ready=self.readiness,
            version=__version__,
            host=settings.host,
            hosts=settings.hosts,
            versions={"model": model},
            token=settings.token,
            cameras_file=self.settings.cameras_file,
        )
        return DashboardServer(app, settings.host, settings.port, allow_remote=settings.allow_remote)

    def _model(self) -> PoseModel:
        return model_of(self.settings.pose)

    def _watch_depth(self, topic: Topic[Any]) -> None:
        self.metrics.queue_depth.labels(topic=topic.name).set_function(lambda: self._bus.depth(topic))

    def _end(self, *topics: Topic[Any]) -> Callable[[], None]:
        def end() -> None:
            for topic in topics:
                self._bus.end(topic)

        return end

    def _died(self, name: str, error: BaseException) -> None:
        """A service raised: keep the first error, let the others go."""
        with self._lock:
            if self._failure is None:
                self._failure = _as_spotter_error(name, error)
        if self._ingest is not None:  # Before that, `start` raises it.
            self._log.error("service_died", service=name, error=f"{type(error).__name__}: {error}")
        self._stop_ingest.set()
        self._stop_now.set()
        self._bus.close()


class _Stage(threading.Thread):
    """One service on its thread: runs, then says that its topics have ended; an exception goes to `died`."""

    def __init__(
        self,
        name: str,
        work: Callable[[threading.Event], None],
        stop: threading.Event,
        end: Callable[[], None],
        died: Callable[[str, BaseException], None],
    ) -> None:
        super().__init__(name=f"spotter-{name}", daemon=True)
        self._service = name
        self._work = work
        self._stop_event = stop
        self._end = end
        self._died = died

    def run(self) -> None:
        try:
            self._work(self._stop_event)
        except BaseException as error:
            self._died(self._service, error)
        finally:
            self._end()


def _as_spotter_error(name: str, error: BaseException) -> SpotterError:
    if isinstance(error, SpotterError):
        return error
    wrapped = SpotterError(
        f"the {name} service stopped: {type(error).__name__}: {error}",
        mend="Please report it; set SPOTTER_DEBUG=1 to see where it came from",
    )
    wrapped.__cause__ = error
    return wrapped


def _all_failed(failures: Mapping[str, str]) -> SourceError:
    if len(failures) == 1:
        return SourceError(next(iter(failures.values())))
    return SourceError(f"all {len(failures)} cameras failed: {'; '.join(failures.values())}")
