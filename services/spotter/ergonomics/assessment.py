"""Everything that is known of one camera: tracks, sizes, angles, rules, exposure. Pure and deterministic.

The same skeletons give the same assessment, bit for bit; the service and `spotter analyze` both stand on this. So does
an assessment that goes on from the state of another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import Angle, FloatArray, PoseFrame
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.ergonomics.alerts import AlertBook, AlertStep, KnownAlert
from spotter.ergonomics.angles import TrunkView, trunk_inclination, trunk_view
from spotter.ergonomics.events.fall import FallEvent, FallEventKind, FallMachine, FallState
from spotter.ergonomics.events.signals import FallSignals
from spotter.ergonomics.exposure import Exposure, ExposureMinutes
from spotter.ergonomics.frames import FrameLog
from spotter.ergonomics.gates import Gates, gates_of
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.handover import Come, Lost, heirs
from spotter.ergonomics.person import Person, hips, longer_side
from spotter.ergonomics.tracking import TrackedPerson, Tracker
from spotter.ergonomics.tracking.scale import Scale, feet, guess_scale, heights, upright
from spotter.ergonomics.work import CameraWork, WorkFrame
from spotter.ergonomics.work_person import Seen
from spotter.ergonomics.zones import STAIRS, Zones

TRACKS_PER_FRAME = 500
"""More tracks than this never begin in one frame (the greatest `pose.max_people`)."""


_BELOW = 0.25
"""Someone whose feet are at least this many statures below the learned floor has come down to another one [D]; less is
a body that lies towards the camera."""


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
    """What one frame added; `exposure` is all of the epoch so far."""

    people: tuple[PersonAssessment, ...]
    alerts: tuple[AlertStep, ...]
    suppressed: tuple[tuple[str, FallEvent], ...]
    exposure: Exposure
    tracks_started: int
    work: WorkFrame


class CameraAssessor:
    """The running assessment of one camera epoch.

    Args:
        late: sequence number of the first frame that it will see, when others of the epoch came before: its tracks
            then have numbers that no track before can have had.

    Attributes:
        newest_at: event time of the newest frame, UTC ns; None before the first.
    """

    def __init__(
        self,
        site: str,
        camera_id: str,
        view: ViewParameters,
        rules: RuleParameters,
        *,
        late: int = 0,
    ) -> None:
        self._view = view
        self._zones = Zones(view.zones)
        self._sized: tuple[tuple[int, int], Ground | None] = ((0, 0), None)
        self._fall = rules.fall
        self._tracker = Tracker(rules.tracker, TRACKS_PER_FRAME * late)
        self._people: dict[str, Person] = {}
        self._book = AlertBook(site, camera_id, rules.fall)
        self._frames = FrameLog()
        self._work = CameraWork(site, camera_id, view, self._zones.stations, rules)
        self.newest_at: int | None = None

    @property
    def exposure(self) -> Exposure:
        """Person-seconds by trunk band since the epoch began."""
        return self._work.exposure

    @property
    def minutes(self) -> ExposureMinutes:
        """Exposure by minute and station, as long as nobody has written it down."""
        return self._work.minutes

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Before the first frame, at event time `begin`: alerts that the store knows of this camera from before."""
        known = list(known)
        self._book.seed(known, begin)
        self._work.seed(known, begin)

    def settle(self) -> None:
        """The frames that are taken in from now on are new to the service."""
        self._book.settle()

    def update(self, pose: PoseFrame) -> Assessment | None:
        """Take in one frame; None when it is not newer than the last one (duplicate or late)."""
        started = self._tracker.started
        busy = {track_id for track_id, person in self._people.items() if person.machine.busy}
        tracked = self._tracker.update(pose, keep=busy)
        if tracked is None:
            return None
        self.newest_at = pose.captured_at
        self._frames.add(pose.captured_at, pose.sequence)
        self._hand_over(pose, tracked)
        self._place(pose, tracked)
        trunk = trunk_view(pose.keypoints, pose.confidences, pose.deviations)
        signals: dict[str, FallSignals] = {}
        people: list[PersonAssessment] = []
        workers: list[Seen] = []
        angles = self._angles(pose, tracked, trunk)
        for person, angle in zip(tracked, angles, strict=True):
            people.append(self._assess(pose, person, angle, signals, workers))
        steps, suppressed = self._judge(pose, signals)
        steps += self._book.forgotten(pose.captured_at, self._fall.lost_s)
        work = self._work.update(pose, workers, self._tracker.alive(), self._frames)
        self._forget()
        return Assessment(
            people=tuple(people),
            alerts=(*steps, *work.alerts),
            suppressed=tuple(suppressed),
            exposure=self.exposure,
            tracks_started=self._tracker.started - started,
            work=work,
        )

    def end(self) -> WorkFrame:
        """The stream is over: open alerts are closed as ended, and lifts that have arrived are told."""
        if self.newest_at is None:
            return WorkFrame()
        steps: list[AlertStep] = []
        for track_id, person in self._people.items():
            for event in person.machine.end(self.newest_at):
                step = self._book.follow(track_id, event)
                if step is not None:
                    steps.append(step)
        steps += self._book.end(self.newest_at, self._fall.lost_s)
        last = self._work.end(self.newest_at)
        return WorkFrame(last.lifts, (*steps, *last.alerts))

    def state(self) -> dict[str, Any]:
        """Everything that the next frames depend on, as plain values."""
        return {
            "tracker": self._tracker.state(),
            "people": [[track_id, *person.state()] for track_id, person in self._people.items()],
            "book": self._book.state(),
            "frames": self._frames.state(),
            "newest_at": self.newest_at,
            "work": self._work.state(),
        }

    @classmethod
    def restore(
        cls,
        site: str,
        camera_id: str,
        view: ViewParameters,
        rules: RuleParameters,
        state: Mapping[str, Any],
    ) -> Self:
        """The assessor that `state` was taken from; the parameters must be those that it had."""
        assessor = cls(site, camera_id, view, rules)
        assessor._tracker = Tracker.restore(rules.tracker, state["tracker"])
        assessor._people = {track_id: Person.restore(rules.fall, person) for track_id, *person in state["people"]}
        assessor._book = AlertBook.restore(site, camera_id, rules.fall, state["book"])
        assessor._frames = FrameLog.restore(state["frames"])
        assessor.newest_at = state["newest_at"]
        assessor._work = CameraWork.restore(site, camera_id, view, assessor._zones.stations, rules, state["work"])
        return assessor

    def _hand_over(self, pose: PoseFrame, tracked: Sequence[TrackedPerson]) -> None:
        """Ids of people near the ground take over from ids that were lost there."""
        seen = {person.track_id for person in tracked}
        lost = [
            Lost(track_id, person.seen_at, person.place, person.size, person.machine.busy)
            for track_id, person in self._people.items()
            if track_id not in seen
            and person.seen_at is not None
            and (person.machine.busy or person.scale.current() is not None)
        ]
        come = [one for person in tracked if lost and (one := self._come(pose, person)) is not None]
        for before, after in heirs(pose.captured_at, lost, come, self._fall):
            old, new = self._people.pop(before), self._people[after]
            new.machine = old.machine
            if old.scale.current() is not None:
                new.scale = old.scale
            self._book.hand_over(before, after)

    def _come(self, pose: PoseFrame, person: TrackedPerson) -> Come | None:
        known = self._people.get(person.track_id)
        if known is None or not person.confirmed or known.told or known.scale.current() is not None:
            return None
        keypoints, confidences = pose.keypoints[person.index], pose.confidences[person.index]
        if upright(keypoints, confidences, gates_of(pose)):
            return None
        return Come(person.track_id, person.first_seen, hips(keypoints), longer_side(pose.boxes[person.index]))

    def _place(self, pose: PoseFrame, tracked: Sequence[TrackedPerson]) -> None:
        """In which zones the people of this frame are."""
        if not self._zones or not tracked:
            return
        gates, people = gates_of(pose), []
        for person in tracked:
            people.append(self._people.setdefault(person.track_id, Person(FallMachine(self._fall))))
        rows = [(pose.keypoints[one.index], pose.confidences[one.index], pose.boxes[one.index]) for one in tracked]
        places = [self._spot(known, *row, gates) for known, row in zip(people, rows, strict=True)]
        sizes = [max(known.size, longer_side(box)) for known, (_, _, box) in zip(people, rows, strict=True)]
        inside = self._zones.inside(
            np.array(places), np.array(sizes), [known.zones for known in people], (pose.width, pose.height),
            self._ground(pose),
        )  # fmt: skip
        for known, zones in zip(people, inside, strict=True):
            known.zones = zones
            if self._zones.climbing(zones):
                known.climbed_at = pose.captured_at

    def _spot(
        self, known: Person, keypoints: FloatArray, confidences: FloatArray, box: FloatArray, gates: Gates
    ) -> tuple[float, float]:
        """Where a person is, px: the middle of the hips of whoever is low, else the floor under the feet."""
        scale = known.scale.current()
        if known.machine.busy or (
            scale is not None and heights(keypoints, confidences, scale, gates).hip <= self._fall.ground_hip
        ):
            return hips(keypoints)
        return feet(keypoints, confidences, scale, gates) or (hips(keypoints)[0], float(box[3]))

    def _angles(self, pose: PoseFrame, tracked: list[TrackedPerson], trunk: TrunkView) -> list[Angle]:
        """Trunk inclination by tracked person; sizes are learned from this frame first."""
        usual = np.full(len(pose), np.nan)
        gates = gates_of(pose)
        for person in tracked:
            known = self._people.setdefault(person.track_id, Person(FallMachine(self._fall)))
            if not known.machine.busy and not known.climbing(pose.captured_at):
                keypoints, confidences = pose.keypoints[person.index], pose.confidences[person.index]
                known.scale.observe(pose.captured_at, keypoints, confidences, gates)
            usual[person.index] = known.scale.torso()
        angles = trunk_inclination(trunk, self._view, usual, self._ground(pose))
        return [angles[person.index] for person in tracked]

    def _ground(self, pose: PoseFrame) -> Ground | None:
        """The camera, where its mount is known; made once for each size of its pictures."""
        if self._view.mount is None:
            return None
        size = (pose.width, pose.height)
        if size != self._sized[0]:
            self._sized = (size, Ground.of(self._view, *size))
        return self._sized[1]

    def _assess(
        self,
        pose: PoseFrame,
        person: TrackedPerson,
        angle: Angle,
        signals: dict[str, FallSignals],
        workers: list[Seen],
    ) -> PersonAssessment:
        known = self._people[person.track_id]
        keypoints, confidences = pose.keypoints[person.index], pose.confidences[person.index]
        gates = gates_of(pose)
        self._land(pose.captured_at, known, keypoints, confidences, gates)
        settled = known.scale.current()
        scale = settled or guess_scale(keypoints, confidences, gates)
        body = heights(keypoints, confidences, scale, gates) if scale is not None else None
        if body is not None and person.confirmed:
            where = self._zones.where(known.zones)
            if where.excuse == STAIRS and self._low_over_feet(keypoints, confidences, settled, gates):
                where = replace(where, excuse="")
            signals[person.track_id] = FallSignals(
                body.hip, body.head, angle, settled is not None, where, body.knee, body.on_knees
            )
        workers.append(
            Seen(
                person.track_id,
                person.index,
                self._zones.at_stations(known.zones),
                known.machine.busy,
                person.confirmed,
                scale,
                settled is not None,
                angle,
            )
        )
        known.seen(pose.captured_at, keypoints, pose.boxes[person.index])
        return PersonAssessment(
            person.track_id,
            person.index,
            angle,
            known.machine.state,
            body.hip if body else None,
            body.head if body else None,
        )

    def _land(self, at: int, known: Person, keypoints: FloatArray, confidences: FloatArray, gates: Gates) -> None:
        """Someone who fell from a ladder, a platform or a dock lies below the floor that they stood on."""
        usual = known.scale.last()
        if usual is None or known.machine.busy:
            return
        least = 0.0 if known.machine.dropping(at) else _BELOW
        if (usual.floor - hips(keypoints)[1]) / usual.stature > self._fall.ground_hip - least:
            return
        own = guess_scale(keypoints, confidences, gates)
        if own is None or own.floor <= usual.floor + least * usual.stature:
            return
        body = heights(keypoints, confidences, usual, gates)
        low = self._low_over_feet(keypoints, confidences, usual, gates)
        if low and known.machine.fell_to(at, body.hip, body.head):
            known.scale.land(own.floor)
            known.machine.landed()

    def _low_over_feet(self, keypoints: FloatArray, confidences: FloatArray, usual: Scale | None, gates: Gates) -> bool:
        """The floor of stairs changes with each step, so it is where the feet of the frame are, if they are seen."""
        own = guess_scale(keypoints, confidences, gates)
        if own is None:
            return True
        body = heights(keypoints, confidences, Scale((usual or own).stature, own.floor), gates)
        return body.hip <= self._fall.ground_hip and body.head <= self._fall.ground_head

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
                step = self._book.apply(track_id, event, pose, *self._frames.counts(event.started_at))
                if step is not None:
                    steps.append(step)
        return steps, suppressed

    def _forget(self) -> None:
        alive = self._tracker.alive()
        self._people = {key: person for key, person in self._people.items() if key in alive or self._missed(person)}

    def _missed(self, person: Person) -> bool:
        """Their track has ended, but someone who lies there may yet take over from them."""
        if person.seen_at is None or self.newest_at is None or person.scale.current() is None:
            return False
        return self.newest_at - person.seen_at <= from_seconds(self._fall.handover_s)
