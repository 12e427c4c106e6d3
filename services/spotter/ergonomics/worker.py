"""The ergonomics service: skeletons in, assessments to live state, alerts to the store.

Promises: skeletons are committed only after their alerts are in the store; while the store refuses, the service waits
and tries again, holding its queue back, so no alert is lost. Skeletons of one camera are taken in order; a duplicate or
late frame is counted and changes nothing. When the stream of a camera epoch ends, its open alerts are closed as ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, replace

from spotter.core.bus import HEALTH, SKELETONS, Bus
from spotter.core.clock import now, to_seconds
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState, PoseFrame, UpdateKind
from spotter.core.errors import StoreError
from spotter.core.parameters import ViewParameters
from spotter.core.settings import Settings, redact_url
from spotter.core.state import CameraView, LiveState, PersonView, PostureSeconds
from spotter.core.store import Store
from spotter.core.telemetry import Metrics, get_logger
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import Assessment, CameraAssessor

GROUP = "ergonomics"

_RETRY_MIN_S, _RETRY_MAX_S = 0.2, 5.0

OnUpdate = Callable[[Alert, AlertUpdate], None]


class ErgonomicsWorker:
    """Follows people and judges what they do.

    Args:
        settings: site, cameras (for their view) and rules.
        on_update: told of each step of an alert once it is stored, on this worker's thread.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        store: Store,
        state: LiveState,
        metrics: Metrics,
        on_update: OnUpdate | None = None,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._store = store
        self._state = state
        self._metrics = metrics
        self._on_update = on_update
        self._cameras = {camera.id: camera for camera in settings.cameras}
        self._assessors: dict[str, tuple[int, CameraAssessor]] = {}
        self._camera_states: dict[str, CameraState] = {}
        self._skeletons = bus.subscribe(SKELETONS, GROUP)
        self._health = bus.subscribe(HEALTH, GROUP)
        self._log = get_logger("spotter.ergonomics")

    def run(self, stop: threading.Event) -> None:
        """Work until the skeletons have ended or `stop` is set."""
        while not stop.is_set() and not self._skeletons.ended:
            self._take_health(stop)
            for pose in self._skeletons.take(16, timeout=0.1):
                self._assess(pose, stop)
            self._skeletons.commit()
        for _, assessor in self._assessors.values():
            self._record(assessor.end(), stop)
        self._take_health(stop)
        self._skeletons.close()
        self._health.close()

    def _assess(self, pose: PoseFrame, stop: threading.Event) -> None:
        assessment = self._assessor(pose, stop).update(pose)
        metrics, camera = self._metrics, pose.camera_id
        if assessment is None:
            metrics.messages_rejected.labels(topic=SKELETONS.name, reason="late_or_duplicate").inc()
            return
        ruled_at = now()
        self._record([_ruled(step, ruled_at) for step in assessment.alerts], stop)
        metrics.people.labels(camera=camera).set(len(assessment.people))
        metrics.tracks_started.labels(camera=camera).inc(assessment.tracks_started)
        metrics.rule_evaluations.labels(camera=camera, rule="fall").inc(len(assessment.people))
        for _, event in assessment.suppressed:
            metrics.rule_suppressions.labels(camera=camera, rule="fall", reason=event.reason).inc()
            self._log.info("rule_suppressed", camera=camera, rule="fall", reason=event.reason)
        latency = max(to_seconds(pose.age(now())), 0.0)
        metrics.end_to_end.labels(camera=camera).observe(latency)
        self._state.put_view(_view(pose, assessment, latency))

    def _assessor(self, pose: PoseFrame, stop: threading.Event) -> CameraAssessor:
        known = self._assessors.get(pose.camera_id)
        if known is not None and known[0] == pose.epoch:
            return known[1]
        if known is not None:
            self._record(known[1].end(), stop)
        camera = self._cameras.get(pose.camera_id)
        rules = self._settings.ergonomics
        view = camera.view if camera is not None else ViewParameters()
        assessor = CameraAssessor(self._settings.site, pose.camera_id, view, rules.tracker, rules.fall)
        self._assessors[pose.camera_id] = (pose.epoch, assessor)
        return assessor

    def _record(self, steps: list[AlertStep] | tuple[AlertStep, ...], stop: threading.Event) -> None:
        for step in steps:
            new = self._store_surely(step, stop)
            if not new:
                continue
            camera, alert, update = step.alert.camera_id, step.alert, step.update
            if update.kind is UpdateKind.RAISED:
                self._metrics.alerts.labels(camera=camera, kind=alert.kind.value).inc()
            self._metrics.alert_updates.labels(camera=camera, kind=update.kind.value).inc()
            self._log.info(
                "alert", camera=camera, kind=alert.kind.value, update=update.kind.value, alert=str(alert.id),
                track=alert.track_id,
            )  # fmt: skip
            if self._on_update is not None:
                self._on_update(alert, update)

    def _store_surely(self, step: AlertStep, stop: threading.Event) -> bool:
        """Write until it is written; only a stop ends the tries, and then the alert is in the log."""
        pause = _RETRY_MIN_S
        while True:
            try:
                return self._store.record(step.alert, step.update)
            except StoreError as error:
                self._metrics.store_failures.inc()
                self._log.error("alert_not_stored", alert=str(step.alert.id), error=str(error), retry_in_s=pause)
            if stop.wait(pause):
                self._log.critical("alert_given_up_at_stop", alert=str(step.alert.id), kind=step.alert.kind.value)
                return False
            pause = min(2 * pause, _RETRY_MAX_S)

    def _take_health(self, stop: threading.Event) -> None:
        """Newest health to live state; changes of state also to the cameras table."""
        while messages := self._health.take(64, timeout=0.0):
            for health in messages:
                self._state.put_health(health)
                if self._camera_states.get(health.camera_id) != health.state and not stop.is_set():
                    self._put_camera(health)
            self._health.commit()

    def _put_camera(self, health: CameraHealth) -> None:
        camera = self._cameras.get(health.camera_id)
        source = redact_url(camera.source.get_secret_value()) if camera is not None else ""
        try:
            self._store.put_camera(health, self._settings.site, source)
        except StoreError as error:
            self._metrics.store_failures.inc()
            self._log.warning("camera_not_stored", camera=health.camera_id, error=str(error))
        else:
            self._camera_states[health.camera_id] = health.state


def _ruled(step: AlertStep, at: int) -> AlertStep:
    return replace(step, alert=replace(step.alert, ledger=replace(step.alert.ledger, ruled=at)))


def _view(pose: PoseFrame, assessment: Assessment, latency_s: float) -> CameraView:
    people = tuple(
        PersonView(
            track_id=person.track_id,
            keypoints=pose.keypoints[person.index],
            confidences=pose.confidences[person.index],
            box=pose.boxes[person.index],
            trunk_inclination=person.trunk_inclination,
            posture=person.posture.value,
        )
        for person in assessment.people
    )
    return CameraView(
        camera_id=pose.camera_id,
        sequence=pose.sequence,
        captured_at=pose.captured_at,
        width=pose.width,
        height=pose.height,
        people=people,
        posture_seconds=PostureSeconds(**asdict(assessment.exposure)),
        latency_s=latency_s,
    )
