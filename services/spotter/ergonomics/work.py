"""The lifting work that one camera sees: lifts, exposure by station, and alerts on it. Pure and deterministic.

Hands are followed in every frame, for lifts. Angles are judged some five times a second, and scores taken once a
second: exposure adds up over minutes, and what lasts for less is not what it is about (METHODS 6.4). What comes out
belongs to stations, never to tracks: nothing that is stored or told says which of the people it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import BOUNDED
from spotter.ergonomics.angles.view import assess
from spotter.ergonomics.events.lift import LiftMachine
from spotter.ergonomics.events.lift_values import Lift, lift_id
from spotter.ergonomics.events.lift_view import lift_views
from spotter.ergonomics.events.sustained import StationSeconds
from spotter.ergonomics.exposure.bands import BANDS, Exposure
from spotter.ergonomics.exposure.minutes import COLUMNS, WHOLE_VIEW, WIDTH, ExposureMinutes, Ints, exposure_of
from spotter.ergonomics.exposure.numbers import SEEN, WATCHED
from spotter.ergonomics.exposure.scores import posture_scores
from spotter.ergonomics.exposure.tally import tally, tally_scores
from spotter.ergonomics.exposure.worst import posture_of
from spotter.ergonomics.frames import FrameLog
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.open_alert import AlertStep, KnownAlert
from spotter.ergonomics.work_alerts import WorkAlerts
from spotter.ergonomics.work_angles import bounds_alone, or_bound
from spotter.ergonomics.work_person import Seen, Worker, signals_of

_US = 1_000_000
_US_IN_NS = 1000

_EARLY = from_seconds(0.02)
"""A frame that comes this much before its time is taken for it: frame rates are not exact."""

_SCORES_EVERY = from_seconds(0.98)
"""The same for scores: once a second [D]. OWAS itself samples every 30 s (METHODS 4)."""

_COVERED = from_seconds(2.0)
"""Frames at most this far apart cover the time between them, as in the service's metrics."""

_ORDINALS_KEPT = from_seconds(600.0)
"""Lifts whose loads left their places at the same instant end within this time of each other."""

_BENT, _DEEP, _SEEN = (COLUMNS[name] for name in ("trunk_over_20_proven", "trunk_over_60_proven", SEEN))


@dataclass(frozen=True, slots=True)
class StationLift:
    """A finished lift with its id, the same on every replay, and the station where it was seen."""

    id: uuid.UUID
    station: str
    lift: Lift


@dataclass(frozen=True, slots=True)
class WorkFrame:
    """What a frame added."""

    lifts: tuple[StationLift, ...] = ()
    alerts: tuple[AlertStep, ...] = ()


class CameraWork:
    """The work that one camera sees, over one epoch.

    Args:
        stations: names of its stations.

    Attributes:
        minutes: exposure by minute and station, as long as nobody has written it down.
    """

    def __init__(
        self, site: str, camera_id: str, view: ViewParameters, stations: Sequence[str], rules: RuleParameters
    ) -> None:
        self._site = site
        self._camera_id = camera_id
        self._camera = view
        self._sized: tuple[tuple[int, int], Ground | None] = ((0, 0), None)
        self._stations = (WHOLE_VIEW, *stations)
        self._rules = rules
        self._every = from_seconds(rules.work.every_s) - _EARLY
        self._workers: dict[str, Worker] = {}
        self._total = np.zeros(len(BANDS), np.int64)
        self._epoch = 0
        self._begun: dict[int, int] = {}
        self._newest_at: int | None = None
        self._judged_at: int | None = None
        self._scored_at: int | None = None
        self._alerts = WorkAlerts(site, camera_id, rules.sustained)
        self.minutes = ExposureMinutes()

    @property
    def exposure(self) -> Exposure:
        """Person-seconds by trunk band since the epoch began."""
        return exposure_of(self._total)

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Before the first frame, at event time `begin`: alerts that the store knows of this camera from before."""
        self._alerts.seed(known, begin)

    def update(self, pose: PoseFrame, people: Sequence[Seen], alive: Collection[str], frames: FrameLog) -> WorkFrame:
        """Take in one frame.

        Args:
            alive: tracks that go on; the others are over.
            frames: of the last minutes, for the evidence of alerts.
        """
        at, self._epoch = pose.captured_at, pose.epoch
        step = at - self._newest_at if self._newest_at is not None else 0
        covered = step // _US_IN_NS if step <= _COVERED else 0
        for station in self._stations:
            minute = self.minutes.minute(at, station)
            minute.frames += 1
            minute.values[COLUMNS[WATCHED]] += covered
        self._newest_at = at
        for person in people:
            if person.track_id not in self._workers:
                self._workers[person.track_id] = Worker(LiftMachine(self._rules.lift))
            self._workers[person.track_id].stations = person.stations
        steps: list[AlertStep] = []
        if self._judged_at is None or at - self._judged_at >= self._every:
            sums = self._judge(pose, people)
            watched = list(sums) if len(sums) == 1 else list(sums)[1:]
            seconds = {station: _seconds(sums[station]) for station in watched}
            steps = self._alerts.update(pose, seconds, *frames.counts(0))
        lifts = self._lift(pose, people)
        gone = [track for track in self._workers if track not in alive]
        lifts += self._last(at, [self._workers.pop(track) for track in gone])
        return WorkFrame(tuple(lifts), tuple(steps))

    def end(self, at: int) -> WorkFrame:
        """The stream is over: open alerts are closed as ended, and lifts that have arrived are told."""
        return WorkFrame(tuple(self._last(at, self._workers.values())), tuple(self._alerts.end(at)))

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "workers": [[track, worker.state()] for track, worker in self._workers.items()],
            "total": self._total.tolist(),
            "epoch": self._epoch,
            "begun": [[started_at, count] for started_at, count in self._begun.items()],
            "newest_at": self._newest_at,
            "judged_at": self._judged_at,
            "scored_at": self._scored_at,
            "alerts": self._alerts.state(),
            "minutes": self.minutes.state(),
        }

    @classmethod
    def restore(
        cls,
        site: str,
        camera_id: str,
        view: ViewParameters,
        stations: Sequence[str],
        rules: RuleParameters,
        state: Mapping[str, Any],
    ) -> Self:
        """The work that `state` was taken from; the parameters must be those that it had."""
        work = cls(site, camera_id, view, stations, rules)
        work._workers = {track: Worker.restore(rules.lift, worker) for track, worker in state["workers"]}
        work._total = np.array(state["total"], np.int64)
        work._epoch, work._begun = state["epoch"], dict(state["begun"])
        work._newest_at, work._judged_at = state["newest_at"], state["judged_at"]
        work._scored_at = state["scored_at"]
        work._alerts = WorkAlerts.restore(site, camera_id, rules.sustained, state["alerts"])
        work.minutes = ExposureMinutes.restore(state["minutes"])
        return work

    def _judge(self, pose: PoseFrame, people: Sequence[Seen]) -> dict[str, Ints]:
        """Judge the people's angles and count them; what that adds to each station."""
        at, workers = pose.captured_at, [self._workers[person.track_id] for person in people]
        step = at - self._judged_at if self._judged_at is not None else 0
        self._judged_at = at
        if not people:
            return {station: np.zeros(WIDTH, np.int64) for station in self._stations}
        elapsed = _since(at, [worker.judged_at for worker in workers])
        low = np.array([person.low for person in people], np.bool_)
        body = self._body(pose, people, workers)
        added = tally(at, elapsed, step, body, low, [worker.holds for worker in workers])
        for worker in workers:
            worker.judged_at = at
        values = added.values
        due = self._scored_at is None or at - self._scored_at >= _SCORES_EVERY
        if due and self._rules.work.angles:
            self._scored_at = at
            values = values + self._score(pose, people, workers, body, low)
        sums: dict[str, Ints] = {}
        for station, rows in self._by_station(people):
            minute = self.minutes.minute(at, station)
            sums[station] = values[rows].sum(axis=0)
            minute.values += sums[station]
            for row in rows:
                if added.unscored[row]:
                    minute.leave_out(str(added.reasons[row]), int(added.unscored[row]))
        self._total += sums[WHOLE_VIEW][: len(BANDS)]
        return sums

    def _body(self, pose: PoseFrame, people: Sequence[Seen], workers: Sequence[Worker]) -> BodyAngles:
        """Angles of the people, in their order."""
        if not self._rules.work.angles:
            return bounds_alone([person.trunk for person in people])
        rows = [person.index for person in people]
        ground = self._ground(pose)
        stature = np.array([person.scale.stature if person.scale and person.settled else np.nan for person in people])
        deviations = pose.deviations[rows] if pose.deviations is not None else None
        context, body = assess(
            [worker.angles for worker in workers], pose.captured_at, pose.keypoints[rows], pose.confidences[rows],
            deviations, stature, ground,
        )  # fmt: skip
        mounted = self._camera.lens is not None and self._camera.mount is not None
        for worker, view in zip(workers, lift_views(context, ground, mounted=mounted), strict=True):
            worker.view = view
        return or_bound(body, [person.trunk for person in people])

    def _ground(self, pose: PoseFrame) -> Ground:
        """The camera, as far as it is known; made once for each size of its pictures."""
        size, ground = self._sized
        if ground is None or size != (pose.width, pose.height):
            ground = Ground.of(self._camera, pose.width, pose.height)
            self._sized = (pose.width, pose.height), ground
        return ground

    def _score(
        self,
        pose: PoseFrame,
        people: Sequence[Seen],
        workers: Sequence[Worker],
        body: BodyAngles,
        low: npt.NDArray[np.bool_],
    ) -> Ints:
        """Score the postures, keep the worst ones; the person-time that adds."""
        at = pose.captured_at
        scores = posture_scores(body)
        elapsed = _since(at, [worker.scored_at for worker in workers])
        for worker in workers:
            worker.scored_at = at
        trunk = body.trunk_inclination
        known = (trunk.status <= BOUNDED) & ~low
        rank = np.round(scores["reba"][0] + np.clip(trunk.low, 0.0, 179.0) / 180.0, 4)
        for station, rows in self._by_station(people):
            best = max((row for row in rows if known[row]), key=lambda row: rank[row], default=None)
            minute = self.minutes.minute(at, station)
            if best is not None and (minute.worst is None or rank[best] > minute.worst.rank):
                shown = {name: (float(ends[0][best]), float(ends[1][best])) for name, ends in scores.items()}
                minute.show(posture_of(pose, people[best].index, body, best, float(rank[best]), shown))
        us = np.where(elapsed <= 2 * _SCORES_EVERY, elapsed // _US_IN_NS, 0)
        return tally_scores(us, {name: ends[0] for name, ends in scores.items()}, low)

    def _by_station(self, people: Sequence[Seen]) -> Iterator[tuple[str, list[int]]]:
        """(station, rows of the people at it), the whole view first."""
        counted = [row for row, person in enumerate(people) if person.stations is not None]
        yield WHOLE_VIEW, counted
        for number, station in enumerate(self._stations[1:]):
            yield station, [row for row in counted if number in (people[row].stations or ())]

    def _lift(self, pose: PoseFrame, people: Sequence[Seen]) -> list[StationLift]:
        """Lifts that have ended with this frame."""
        parameters = self._rules.lift
        if not parameters.enabled:
            return []
        here = {person.track_id: person for person in people}
        found: list[StationLift] = []
        for track_id, worker in self._workers.items():
            person = here.get(track_id)
            signals = signals_of(pose, person, worker, parameters) if person is not None else None
            lift = worker.lifts.update(pose.captured_at, signals)
            if lift is not None:
                found += self._finish(pose.captured_at, worker, lift)
        return found

    def _last(self, at: int, workers: Iterable[Worker]) -> list[StationLift]:
        """Lifts of people of whom nothing more will be seen."""
        ended = ((worker, worker.lifts.end()) for worker in workers)
        return [one for worker, lift in ended if lift is not None for one in self._finish(at, worker, lift)]

    def _finish(self, at: int, worker: Worker, lift: Lift) -> list[StationLift]:
        if worker.stations is None:
            return []
        ordinal = self._begun.get(lift.origin_at, 0)
        self._begun = {begun: count for begun, count in self._begun.items() if begun >= at - _ORDINALS_KEPT}
        self._begun[lift.origin_at] = ordinal + 1
        names = [self._stations[number + 1] for number in worker.stations]
        for station in (WHOLE_VIEW, *names):
            values = self.minutes.minute(at, station).values
            values[COLUMNS["lifts"]] += 1
            values[COLUMNS["lifts_up"]] += lift.direction == "up"
            values[COLUMNS["lifts_out_of_scope"]] += bool(lift.out_of_scope)
            values[COLUMNS["lift_time"]] += (lift.destination_at - lift.origin_at) // _US_IN_NS
        one = lift_id(self._site, self._camera_id, self._epoch, lift.origin_at, ordinal)
        return [StationLift(one, names[0] if names else WHOLE_VIEW, lift)]


def _since(at: int, before: Sequence[int | None]) -> Ints:
    """ns since each of these moments; 0 where there was none."""
    return np.array([0 if moment is None else at - moment for moment in before], np.int64)


def _seconds(us: Ints) -> StationSeconds:
    return StationSeconds(float(us[_BENT]) / _US, float(us[_DEEP]) / _US, float(us[_SEEN]) / _US)
