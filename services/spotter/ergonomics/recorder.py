"""What the ergonomics service writes to the store and reads from it, again and again until it is done.

Alerts, lifts and exposure hold everything back until the store has them; the health of cameras does not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from spotter.core.clock import from_seconds, now
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState, UpdateKind
from spotter.core.errors import StoreError
from spotter.core.settings import Settings
from spotter.core.store import (
    AlertQuery,
    CoverageRecord,
    ExposureBucket,
    HealthSample,
    LiftRecord,
    PostureRecord,
    Store,
)
from spotter.core.telemetry import Metrics, get_logger
from spotter.ergonomics.alerts import AlertStep, KnownAlert

T = TypeVar("T")

_RETRY_MIN_S, _RETRY_MAX_S = 0.2, 5.0

_HEALTH_PAUSE_S = 5.0
"""Health is not worth a wait: after a failure it is left out for this long."""

_RECALLED = 50
"""Alerts of one camera that are looked up: of those, a history of minutes can meet a few again."""

_REACHED = 1000
"""Alerts of a site that are looked at to find how far back a rebuild has to begin."""

_SAME_LIFT = from_seconds(1.0)
"""Two lifts at one camera whose loads left their places this close together are one, seen by two histories [D]."""

OnUpdate = Callable[[Alert, AlertUpdate], None]


class GivenUpError(Exception):
    """The store refused until the wait had to end: what was to be written is not there."""


class Recorder:
    """The store, for one worker thread.

    Args:
        on_update: told of each step of an alert once it is stored.

    Attributes:
        stop: ends every wait once it is set.
        deadline: monotonic time that ends every wait; None: no such time.
    """

    def __init__(self, settings: Settings, store: Store, metrics: Metrics, on_update: OnUpdate | None = None) -> None:
        self._site = settings.site
        self._cameras = {camera.id: camera for camera in settings.cameras}
        self._store = store
        self._metrics = metrics
        self._on_update = on_update
        self._states: dict[str, tuple[object, ...]] = {}
        self._coverage_from = 0.0
        self._health_from = 0.0
        self._reach = from_seconds(settings.ergonomics.rebuild_max_s)
        self._remembered: list[KnownAlert] | None = None
        self._remembered_all = False
        self._log = get_logger("spotter.ergonomics")
        self.stop = threading.Event()
        self.deadline: float | None = None

    def steps(self, steps: Iterable[AlertStep]) -> None:
        """Write steps of alerts, each until it is written.

        Raises:
            GivenUpError: the wait had to end.
        """
        for step in steps:
            alert, update = step.alert, step.update
            if not self._surely(lambda: self._store.record(alert, update), f"alert {alert.id}"):  # noqa: B023
                continue
            if update.kind is UpdateKind.RAISED:
                self._metrics.alerts.labels(camera=alert.camera_id, kind=alert.kind.value).inc()
            self._metrics.alert_updates.labels(camera=alert.camera_id, kind=update.kind.value).inc()
            self._log.info(
                "alert", camera=alert.camera_id, kind=alert.kind.value, update=update.kind.value, alert=str(alert.id),
                track=alert.track_id,
            )  # fmt: skip
            if self._on_update is not None:
                self._on_update(alert, update)

    def exposure(self, buckets: Sequence[ExposureBucket], postures: Sequence[PostureRecord]) -> None:
        """Write minutes of exposure with their worst postures until they are written.

        Raises:
            GivenUpError: the wait had to end.
        """
        if buckets:
            self._surely(lambda: self._store.put_exposure(buckets), "exposure")
        if postures:
            self._surely(lambda: self._store.put_postures(postures), "postures")

    def lifts(self, lifts: Sequence[LiftRecord]) -> None:
        """Write lifts until they are written.

        Raises:
            GivenUpError: the wait had to end.
        """
        if lifts:
            self._surely(lambda: self._store.put_lifts(lifts), "lifts")

    def unknown(self, lifts: Sequence[LiftRecord]) -> list[LiftRecord]:
        """Those of some lifts that the store does not have yet: none of the camera began within a second of it.

        Raises:
            GivenUpError: the wait had to end.
        """
        found: list[LiftRecord] = []
        for lift in lifts:
            around = {"since": lift.started_at - _SAME_LIFT, "until": lift.started_at + _SAME_LIFT}
            stored = self._surely(
                lambda: self._store.lifts(site=self._site, camera_id=lift.camera_id, **around),  # noqa: B023
                "lifts to compare",
            )
            if not stored:
                found.append(lift)
        return found

    def recall(self, camera_id: str) -> list[KnownAlert]:
        """What the store knows of a camera: its newest alerts, and all that are open.

        The newest alerts of the whole site are read once for all cameras that begin; only when they do not reach back
        far enough is the store asked for each camera.

        Raises:
            GivenUpError: the wait had to end.
        """
        if self._remembered is None:
            self._remembered = self._surely(lambda: self._known(None, _REACHED), "alerts to recall")
            # Old alerts that are open may be among them; how far back all of them go is what counts.
            newest = sorted((known.alert.raised_at for known in self._remembered), reverse=True)[:_REACHED]
            self._remembered_all = len(newest) < _REACHED or newest[-1] < now() - 2 * self._reach
        if not self._remembered_all:
            return self._surely(lambda: self._known(camera_id, _RECALLED), "alerts to recall")
        return [known for known in self._remembered if known.alert.camera_id == camera_id]

    def read_again(self) -> None:
        """Other members may have written alerts since: `recall` asks the store again."""
        self._remembered = None

    def left_open(self) -> list[KnownAlert]:
        """Open alerts of cameras that ended, failed or were switched off; none when the store does not answer now."""
        over = (CameraState.ENDED, CameraState.FAILED, CameraState.DISABLED)
        try:
            cameras = {row.id for row in self._store.cameras() if row.site == self._site and row.state in over}
            records = self._store.records(AlertQuery(site=self._site, open=True, limit=_REACHED)) if cameras else []
        except StoreError as error:
            self._metrics.store_failures.inc()
            self._log.warning("alerts_not_read", error=str(error))
            return []
        return [KnownAlert(r.alert, r.updates) for r in records if r.alert.camera_id in cameras and r.updates]

    def recent(self) -> list[Alert] | None:
        """The newest alerts of the site and all that are open; None when the store does not answer now."""
        try:
            queries = [AlertQuery(site=self._site, open=only, limit=_REACHED) for only in (None, True)]
            found = {alert.id: alert for query in queries for alert in self._store.alerts(query)}
        except StoreError as error:
            self._metrics.store_failures.inc()
            self._log.warning("alerts_not_read", error=str(error))
            return None
        return list(found.values())

    def health(self, health: CameraHealth) -> None:
        """Keep the health of a camera once a minute and at each change of its state or trust; one try each."""
        sample = HealthSample.of(health, self._site)
        key = health.state, health.trusted, health.problems, sample.minute
        if self._states.get(health.camera_id) == key or self.stop.is_set() or time.monotonic() < self._health_from:
            return
        camera = self._cameras.get(health.camera_id)
        source = camera.shown if camera is not None else ""
        try:
            self._store.put_camera(health, self._site, source)
            self._store.put_health([sample])
        except StoreError as error:
            self._metrics.store_failures.inc()
            self._health_from = time.monotonic() + _HEALTH_PAUSE_S
            self._log.warning("camera_not_stored", camera=health.camera_id, error=str(error))
        else:
            self._states[health.camera_id] = key

    def coverage(self, records: Sequence[CoverageRecord]) -> bool:
        """Write what became of some minutes; one try, and none soon after a failure. False: not written."""
        if time.monotonic() < self._coverage_from:
            return False
        try:
            self._store.put_coverage(records)
        except StoreError as error:
            self._metrics.store_failures.inc()
            self._coverage_from = time.monotonic() + _HEALTH_PAUSE_S
            self._log.warning("coverage_not_stored", error=str(error))
            return False
        return True

    def _known(self, camera_id: str | None, limit: int) -> list[KnownAlert]:
        """The newest alerts, and all that are open; of one camera or of all."""
        queries = [AlertQuery(site=self._site, camera_id=camera_id, open=only, limit=limit) for only in (None, True)]
        records = [record for query in queries for record in self._store.records(query)]
        known = {record.alert.id: KnownAlert(record.alert, record.updates) for record in records if record.updates}
        return list(known.values())

    def _surely(self, work: Callable[[], T], what: str) -> T:
        pause = _RETRY_MIN_S
        while True:
            try:
                return work()
            except StoreError as error:
                self._metrics.store_failures.inc()
                self._log.error("store_refuses", wanted=what, error=str(error), retry_in_s=pause)
            if self.deadline is not None and time.monotonic() + pause > self.deadline:
                raise GivenUpError(what)
            if self.stop.wait(pause):
                raise GivenUpError(what)
            pause = min(2 * pause, _RETRY_MAX_S)
