"""The ergonomics service: skeletons in, assessments to live state, alerts, lifts and exposure to the store.

Promises:
- Skeletons are committed only after everything that they gave rise to is in the store; while the store refuses, the
  service waits and tries again, holding its queue back, so no alert is lost.
- With snapshots: every few seconds, and before a part goes to another member, (1) alerts, lifts and exposure are
  stored, (2) the states of the cameras are saved, (3) offsets are committed. Whoever takes over goes on from there, bit
  for bit. Without them, or when they are lost, a part is rebuilt from its last minutes; ids make what was told before
  invisible.
- Skeletons of one camera are taken in order; a duplicate or late frame is counted and changes nothing.
- The alerts of an epoch end with its stream. A member that only leaves (`AtStop.HAND_OVER`) ends nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from enum import Enum

from spotter.core.bus import HEALTH, SKELETONS, Bus
from spotter.core.bus.api import Claim, Resume
from spotter.core.clock import from_seconds, now, to_seconds
from spotter.core.contracts import PoseFrame, UpdateKind
from spotter.core.errors import BusError
from spotter.core.settings import Settings
from spotter.core.state import CameraView, LiveState, PersonView, PostureSeconds, Snapshots
from spotter.core.store import LiftRecord, Store
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.spans import ERGONOMICS
from spotter.core.telemetry.tracing import NO_TRACER, Attributes, Tracer
from spotter.ergonomics.alerts import AlertStep, ended
from spotter.ergonomics.assessment import Assessment
from spotter.ergonomics.coverage_book import CoverageBook
from spotter.ergonomics.exposure import WHOLE_VIEW
from spotter.ergonomics.exposure.numbers import PARTS, SEEN
from spotter.ergonomics.history import bucket_of, lift_record, posture_of
from spotter.ergonomics.parts import Parts
from spotter.ergonomics.recorder import GivenUpError, OnUpdate, Recorder
from spotter.ergonomics.stream import StationMinute
from spotter.ergonomics.work import StationLift

GROUP = "ergonomics"

_BATCH = 16
_POLL_S = 0.1

_SAVING_PAUSES = 9
"""The pause after saving is at least this many times as long as the saving: with hundreds of cameras the service must
not spend its time on snapshots."""

_SWEEP_S = 30.0
"""Pause between looks for alerts whose cameras have ended."""

_LEAVING_S = 10.0
"""Longest wait for the store while a part waits to go to another member; then that member replays."""

_NEARLY_THERE = from_seconds(10.0)
"""A rebuild notices that it has caught up at most this much event time late: a batch of skeletons."""

_WATCHED = from_seconds(2.0)
"""Frames at most this far apart cover the time between them; a longer gap was not watched."""


class AtStop(Enum):
    """What a stop means for open alerts: the end of their streams, or a hand-over to whoever comes next."""

    END = "end"
    HAND_OVER = "hand_over"


class ErgonomicsWorker:
    """Follows people and judges what they do.

    Args:
        settings: site, cameras (for their view) and rules.
        on_update: told of each step of an alert once it is stored, on this worker's thread.
        snapshots: where states are kept for whoever takes over; None in a process of its own.
        at_stop: what a stop means. The end of the topic always ends the streams.
        tracer: told of each assessed frame that is traced.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        store: Store,
        state: LiveState,
        metrics: Metrics,
        on_update: OnUpdate | None = None,
        *,
        snapshots: Snapshots | None = None,
        at_stop: AtStop = AtStop.END,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._site = settings.site
        self._every_s = settings.ergonomics.snapshot_s
        self._keeps_snapshots = snapshots is not None
        self._state = state
        self._metrics = metrics
        self._at_stop = at_stop
        self._tracer = tracer
        self._recorder = Recorder(settings, store, metrics, on_update)
        self._parts = Parts(settings, snapshots, self._recorder, metrics.recovery)
        self._coverage = CoverageBook(settings.site, state, metrics.coverage, self._recorder.coverage, self._owns)
        self._claims = False
        self._silent_s = settings.ergonomics.fall.lost_s
        self._gave_up = False
        self._lifts: list[LiftRecord] = []
        self._held: dict[int, list[LiftRecord]] = {}
        self._log = get_logger("spotter.ergonomics")
        self._skeletons = bus.subscribe(SKELETONS, GROUP, handover=self)
        self._health = bus.subscribe(HEALTH, GROUP)

    def run(self, stop: threading.Event) -> None:
        """Work until the skeletons have ended or `stop` is set."""
        self._recorder.stop = stop
        try:
            self._work(stop)
            if self._at_stop is AtStop.END or not stop.is_set():
                self._end()
            self._flush(every=True)
            self._take_health()
            self._coverage.close(now())
        except GivenUpError as error:
            # Nothing was committed, so it comes again; where nothing can come again, this is the last trace of it.
            self._gave_up = True
            self._log.critical("given_up_at_stop", wanted=str(error), replayed=self._keeps_snapshots)
        finally:
            self._skeletons.close()
            self._health.close()

    def gained(self, claims: Sequence[Claim]) -> Mapping[int, Resume]:
        """See `bus.api.Handover`."""
        self._claims = True
        return self._parts.gained(claims, self._skeletons.part_of)

    def losing(self, parts: Collection[int]) -> None:
        """See `bus.api.Handover`: the last chance to save these parts. If the store refuses, they are replayed."""
        self._recorder.deadline = time.monotonic() + _LEAVING_S
        try:
            if not self._gave_up:
                self._flush(parts, every=True)
        except GivenUpError as error:
            self._log.error("part_left_to_replay", parts=sorted(parts), wanted=str(error))
        finally:
            self._recorder.deadline = None
            self._drop(parts)

    def lost(self, parts: Collection[int]) -> None:
        """See `bus.api.Handover`: others have these parts already."""
        self._metrics.recovery.parts_lost.inc(len(parts))
        self._drop(parts)

    def _drop(self, parts: Collection[int]) -> None:
        self._parts.drop(parts)
        for part in parts:
            self._held.pop(part, None)

    def _owns(self, camera: str) -> bool:
        """Whether the frames of a camera come to this worker; on a bus that shares nothing out, all do."""
        try:
            return not self._claims or self._parts.holds(self._skeletons.part_of(camera))
        except BusError:  # The topic is not known yet.
            return False

    def _work(self, stop: threading.Event) -> None:
        due = time.monotonic() + self._every_s
        sweep = time.monotonic() + _SWEEP_S
        while not stop.is_set() and not self._skeletons.ended:
            self._take_health()
            for pose in self._skeletons.take(_BATCH, timeout=_POLL_S):
                self._assess(pose)
            self._recorder.steps(self._parts.caught_up(self._skeletons.positions()))
            self._release()
            self._coverage.tick(now())
            if (began := time.monotonic()) >= due:
                self._flush()
                took = time.monotonic() - began
                due = time.monotonic() + max(self._every_s, _SAVING_PAUSES * took)
            elif not self._keeps_snapshots:
                self._skeletons.commit()
            if self._keeps_snapshots and time.monotonic() >= sweep:
                self._close_left_open()
                sweep = time.monotonic() + _SWEEP_S

    def _assess(self, pose: PoseFrame) -> None:
        began, camera = now(), pose.camera_id
        part = self._skeletons.part_of(camera)
        taken = self._parts.take(part, pose)
        metrics, assessment = self._metrics, taken.assessment
        if assessment is None:
            metrics.messages_rejected.labels(topic=SKELETONS.name, reason=taken.refused).inc()
            return
        steps = (*taken.ended, *(_ruled(step, pose) for step in assessment.alerts))
        self._recorder.steps(self._parts.sift(part, steps))
        if self._parts.rebuilding(part):
            self._held.setdefault(part, []).extend(lift_record(self._site, camera, lift) for lift in taken.lifts)
        else:
            self._keep(camera, taken.lifts)
        self._count(camera, assessment, taken.elapsed)
        self._coverage.frame(camera, pose.captured_at - pose.clock_offset_ns)
        latency = max(to_seconds(pose.age(now())), 0.0)
        metrics.end_to_end.labels(camera=camera).observe(latency)
        self._state.put_view(_view(pose, assessment, latency))
        if pose.trace:
            attributes: Attributes = {"spotter.camera": camera, "spotter.sequence": pose.sequence}
            self._tracer.span(ERGONOMICS, pose.trace, began, now(), attributes)

    def _count(self, camera: str, assessment: Assessment, elapsed: int) -> None:
        metrics = self._metrics
        metrics.people.labels(camera=camera).set(len(assessment.people))
        metrics.tracks_started.labels(camera=camera).inc(assessment.tracks_started)
        metrics.rule_evaluations.labels(camera=camera, rule="fall").inc(len(assessment.people))
        for _, event in assessment.suppressed:
            metrics.rule_suppressions.labels(camera=camera, rule="fall", reason=event.reason).inc()
            self._log.info("rule_suppressed", camera=camera, rule="fall", reason=event.reason, zone=event.zone)
        watched = "assessed" if elapsed <= _WATCHED else "missing"
        metrics.recovery.coverage_seconds.labels(camera=camera, state=watched).inc(to_seconds(elapsed))

    def _end(self) -> None:
        """The streams are over: what is open is closed as ended. Each camera has its try, whatever befell another."""
        failure: GivenUpError | None = None
        for camera, stream in self._parts.streams():
            try:
                last = stream.end()
                self._keep(camera, last.lifts)
                self._recorder.steps(last.alerts)
            except GivenUpError as error:
                failure = error
        if failure is not None:
            raise failure

    def _close_left_open(self) -> None:
        """A camera that has ended or failed sends no frame that could close its alerts; whoever has its part does."""
        for known in self._recorder.left_open():
            camera = known.alert.camera_id
            try:
                part = self._skeletons.part_of(camera)
            except BusError:  # The topic is not known yet.
                return
            last = self._parts.end(part, camera, self._silent_s)
            if last is not None:
                self._keep(camera, last.lifts)
                followed = any(step.alert.id == known.alert.id for step in last.alerts)
                self._recorder.steps(last.alerts if followed else [*last.alerts, ended(known)])

    def _keep(self, camera: str, lifts: Iterable[StationLift]) -> None:
        """Lifts go to the store with the next flush."""
        for lift in lifts:
            self._lifts.append(lift_record(self._site, camera, lift))
            self._metrics.ergonomics.lifts.labels(camera=camera, station=lift.station).inc()

    def _release(self) -> None:
        """Of the lifts that a rebuild saw, those near its end may be new; earlier ones were stored by whoever committed
        them."""
        for part in [part for part in self._held if not self._parts.rebuilding(part)]:
            newest = {camera: stream.newest_at for camera, stream in self._parts.streams({part})}
            held = self._held.pop(part)
            self._lifts += self._recorder.unknown(
                [lift for lift in held if lift.ended_at >= newest.get(lift.camera_id, 0) - _NEARLY_THERE]
            )

    def _flush(self, parts: Collection[int] | None = None, *, every: bool = False) -> None:
        """Lifts and exposure to the store, where alerts are already; states to the snapshots, offsets to the bus."""
        chosen = list(self._parts.streams(parts))
        self._recorder.lifts(self._lifts)
        self._lifts = []
        minutes = [(camera, one) for camera, stream in chosen for one in stream.minutes(every=every)]
        postures = [posture_of(self._site, camera, one) for camera, one in minutes]
        self._recorder.exposure(
            [bucket_of(self._site, camera, one) for camera, one in minutes],
            [one for one in postures if one is not None],
        )
        for camera, stream in chosen:
            self._count_minutes(camera, stream.minutes(every=False))
            stream.written()
        self._parts.save(self._skeletons.positions(), parts)
        self._skeletons.commit()

    def _count_minutes(self, camera: str, minutes: Iterable[StationMinute]) -> None:
        """Person-time of the minutes that are over, of the whole view."""
        metrics = self._metrics.ergonomics
        for _, _, station, minute in minutes:
            if station != WHOLE_VIEW:
                continue
            for band, seconds in asdict(minute.bands).items():
                metrics.posture_seconds.labels(camera=camera, band=band).inc(seconds)
            numbers = minute.numbers
            for part in PARTS:
                unseen = numbers.get(f"{part}_unobservable", 0.0)
                metrics.angle_seconds.labels(part=part, status="not_observable").inc(unseen)
                metrics.angle_seconds.labels(part=part, status="observable").inc(numbers.get(SEEN, 0.0) - unseen)
            for reason, seconds in minute.unscored_s.items():
                metrics.unscored_seconds.labels(camera=camera, reason=reason).inc(seconds)

    def _take_health(self) -> None:
        """Newest health to live state, and now and then to the store."""
        while messages := self._health.take(64, timeout=0.0):
            for health in messages:
                self._state.put_health(health)
                self._recorder.health(health)
                self._coverage.health(health, now())
            self._health.commit()


def _ruled(step: AlertStep, pose: PoseFrame) -> AlertStep:
    """A step with the moment at which the rule fired; a new alert also with the trace of its frame."""
    alert = replace(step.alert, ledger=replace(step.alert.ledger, ruled=now()))
    if step.update.kind is UpdateKind.RAISED and pose.trace:
        alert = replace(alert, versions={**alert.versions, "traceparent": pose.trace})
    return replace(step, alert=alert)


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
