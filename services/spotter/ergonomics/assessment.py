"""Everything that is known of one camera: tracks, sizes, angles, rules, exposure. Pure and deterministic.

The same skeletons give the same assessment, bit for bit; the service and `spotter analyze` both stand on this.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import Angle, PoseFrame
from spotter.core.parameters import FallParameters, TrackerParameters, ViewParameters
from spotter.ergonomics.alerts import AlertBook, AlertStep
from spotter.ergonomics.angles import TrunkView, trunk_inclination, trunk_view
from spotter.ergonomics.events.fall import FallEvent, FallEventKind, FallMachine, FallSignals, FallState
from spotter.ergonomics.exposure import Exposure
from spotter.ergonomics.tracking import TrackedPerson, Tracker
from spotter.ergonomics.tracking.scale import PersonScale, guess_scale, heights

_FRAME_MEMORY = from_seconds(150.0)
"""Frames are counted for the alerts' ledgers over this long."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonAssessment:
    """One person in one frame; `index` is the row in the PoseFrame. Heights in statures, None while not known."""

    track_id: str
    index: int
    trunk_inclination: Angle
    posture: FallState
    hip_height: float | None
    head_height: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What one frame added."""

    people: tuple[PersonAssessment, ...]
    alerts: tuple[AlertStep, ...]
    suppressed: tuple[tuple[str, FallEvent], ...]
    exposure: Exposure
    tracks_started: int


@dataclass(slots=True)
class _Person:
    machine: FallMachine
    scale: PersonScale = field(default_factory=PersonScale)
    seen_at: int | None = None


class CameraAssessor:
    """The running assessment of one camera epoch."""

    def __init__(
        self, site: str, camera_id: str, view: ViewParameters, tracker: TrackerParameters, fall: FallParameters
    ) -> None:
        self._view = view
        self._fall = fall
        self._tracker = Tracker(tracker)
        self._people: dict[str, _Person] = {}
        self._book = AlertBook(site, camera_id)
        self._frames: deque[tuple[int, int]] = deque()
        self._newest: PoseFrame | None = None
        self.exposure = Exposure()

    def update(self, pose: PoseFrame) -> Assessment | None:
        """Take in one frame; None when it is not newer than the last one (duplicate or late)."""
        started = self._tracker.started
        busy = {track_id for track_id, person in self._people.items() if person.machine.busy}
        tracked = self._tracker.update(pose, keep=busy)
        if tracked is None:
            return None
        self._remember(pose)
        trunk = trunk_view(pose.keypoints, pose.confidences)
        signals: dict[str, FallSignals] = {}
        people: list[PersonAssessment] = []
        for person, angle in zip(tracked, self._angles(pose, tracked, trunk), strict=True):
            people.append(self._assess(pose, person, angle, signals))
        steps, suppressed = self._judge(pose, signals)
        self._forget()
        return Assessment(
            people=tuple(people),
            alerts=tuple(steps),
            suppressed=tuple(suppressed),
            exposure=self.exposure,
            tracks_started=self._tracker.started - started,
        )

    def end(self) -> tuple[AlertStep, ...]:
        """The stream is over: open alerts are closed as ended."""
        if self._newest is None:
            return ()
        steps: list[AlertStep] = []
        for track_id, person in self._people.items():
            for event in person.machine.end(self._newest.captured_at):
                step = self._book.apply(track_id, event, self._newest, 0, 0)
                if step is not None:
                    steps.append(step)
        return tuple(steps)

    def _angles(self, pose: PoseFrame, tracked: list[TrackedPerson], trunk: TrunkView) -> list[Angle]:
        """Trunk inclination by tracked person; sizes are learned from this frame first."""
        usual = np.full(len(pose), np.nan)
        for person in tracked:
            known = self._people.setdefault(person.track_id, _Person(FallMachine(self._fall)))
            if not known.machine.busy:
                known.scale.observe(pose.captured_at, pose.keypoints[person.index], pose.confidences[person.index])
            usual[person.index] = known.scale.torso()
        angles = trunk_inclination(trunk, self._view, usual)
        return [angles[person.index] for person in tracked]

    def _assess(
        self, pose: PoseFrame, person: TrackedPerson, angle: Angle, signals: dict[str, FallSignals]
    ) -> PersonAssessment:
        known = self._people[person.track_id]
        keypoints, confidences = pose.keypoints[person.index], pose.confidences[person.index]
        settled = known.scale.current()
        scale = settled or guess_scale(keypoints, confidences)
        body = heights(keypoints, confidences, scale) if scale is not None else None
        if body is not None and person.confirmed:
            signals[person.track_id] = FallSignals(body.hip, body.head, angle, settled is not None)
        if known.seen_at is not None:
            self.exposure.add(angle, pose.captured_at - known.seen_at)
        known.seen_at = pose.captured_at
        return PersonAssessment(
            person.track_id,
            person.index,
            angle,
            known.machine.state,
            body.hip if body else None,
            body.head if body else None,
        )

    def _judge(
        self, pose: PoseFrame, signals: dict[str, FallSignals]
    ) -> tuple[list[AlertStep], list[tuple[str, FallEvent]]]:
        steps: list[AlertStep] = []
        suppressed: list[tuple[str, FallEvent]] = []
        if not self._fall.enabled:
            return steps, suppressed
        for track_id, person in self._people.items():
            for event in person.machine.update(pose.captured_at, signals.get(track_id)):
                if event.kind is FallEventKind.SUPPRESSED:
                    suppressed.append((track_id, event))
                step = self._book.apply(track_id, event, pose, *self._counts(event.started_at))
                if step is not None:
                    steps.append(step)
        return steps, suppressed

    def _remember(self, pose: PoseFrame) -> None:
        self._newest = pose
        while self._frames and pose.captured_at - self._frames[0][0] > _FRAME_MEMORY:
            self._frames.popleft()
        self._frames.append((pose.captured_at, pose.sequence))

    def _counts(self, since: int) -> tuple[int, int]:
        """(frames seen, frames missed) since an event time, from the gaps in the sequence."""
        sequences = [sequence for at, sequence in self._frames if at >= since]
        return len(sequences), (sequences[-1] - sequences[0] + 1 - len(sequences)) if sequences else 0

    def _forget(self) -> None:
        alive = self._tracker.alive()
        self._people = {key: person for key, person in self._people.items() if key in alive}
