"""The lifting work that one camera sees: lifts, exposure by station, and alerts on it. Pure and deterministic.

Each track has a memory of its own (`Worker`), which ends with it. What comes out belongs to stations, never to tracks:
nothing that is stored or told says which of the people it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.parameters import LiftParameters, RuleParameters
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import BOUNDED
from spotter.ergonomics.events.lift import LiftMachine
from spotter.ergonomics.events.lift_signals import LiftSignals
from spotter.ergonomics.events.lift_values import Lift, lift_id
from spotter.ergonomics.events.sustained import StationSeconds
from spotter.ergonomics.exposure.bands import BANDS, Exposure
from spotter.ergonomics.exposure.holds import Holds
from spotter.ergonomics.exposure.minutes import COLUMNS, WHOLE_VIEW, ExposureMinutes, Ints, exposure_of
from spotter.ergonomics.exposure.numbers import SEEN
from spotter.ergonomics.exposure.tally import Floats, Tally, tally
from spotter.ergonomics.exposure.worst import posture_of
from spotter.ergonomics.open_alert import AlertStep, KnownAlert
from spotter.ergonomics.work_alerts import WorkAlerts

_US = 1_000_000
_US_IN_NS = 1000

_ORDINALS_KEPT = from_seconds(600.0)
"""Lifts that began at the same instant end within this time of each other."""

_BENT, _DEEP, _SEEN = (COLUMNS[name] for name in ("trunk_over_20_proven", "trunk_over_60_proven", SEEN))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One person of a frame, as the rest of the assessment knows them.

    Attributes:
        index: row in the PoseFrame.
        elapsed: ns since they were last seen; 0 for whoever is new.
        stations: numbers of the stations that they are at; None: they are where nobody is to be counted.
        low: on the ground, as the fall rule has it.
        signals: for the lift rule; None where it cannot judge.
    """

    track_id: str
    index: int
    elapsed: int
    stations: Collection[int] | None
    low: bool
    signals: LiftSignals | None


@dataclass(frozen=True, slots=True)
class StationLift:
    """A finished lift with its id, the same on every replay, and the station where it was seen."""

    id: uuid.UUID
    station: str
    lift: Lift


@dataclass(frozen=True, slots=True, eq=False)
class WorkFrame:
    """What a frame added.

    Attributes:
        tally: of the people, in their order.
        body: their angles.
    """

    lifts: tuple[StationLift, ...]
    alerts: tuple[AlertStep, ...]
    tally: Tally
    body: BodyAngles


@dataclass(slots=True)
class Worker:
    """What the work's rules remember of one track."""

    lifts: LiftMachine
    holds: Holds

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [self.lifts.state_values(), self.holds.state()]

    @classmethod
    def restore(cls, parameters: LiftParameters, state: Sequence[Any]) -> Self:
        """The worker that `state` was taken from."""
        lifts, holds = state
        return cls(LiftMachine.restore(parameters, lifts), Holds.restore(holds))


class CameraWork:
    """The work that one camera sees, over one epoch.

    Args:
        stations: names of its stations.

    Attributes:
        minutes: exposure by minute and station, as long as nobody has written it down.
    """

    def __init__(self, site: str, camera_id: str, stations: Sequence[str], rules: RuleParameters) -> None:
        self._site = site
        self._camera_id = camera_id
        self._stations = (WHOLE_VIEW, *stations)
        self._rules = rules
        self._workers: dict[str, Worker] = {}
        self._total = np.zeros(len(BANDS), np.int64)
        self._begun: dict[int, int] = {}
        self._alerts = WorkAlerts(site, camera_id, rules.sustained)
        self.minutes = ExposureMinutes()

    @property
    def exposure(self) -> Exposure:
        """Person-seconds by trunk band since the epoch began."""
        return exposure_of(self._total)

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Before the first frame, at event time `begin`: alerts that the store knows of this camera from before."""
        self._alerts.seed(known, begin)

    def update(
        self,
        pose: PoseFrame,
        people: Sequence[Seen],
        body: BodyAngles,
        step: int,
        counts: tuple[int, int],
        scores: Mapping[str, Floats] | None = None,
    ) -> WorkFrame:
        """Take in one frame.

        Args:
            body: angles of the people, in their order.
            step: ns since the camera's frame before.
            counts: frames of the last minutes that were seen and missed, for the evidence of alerts.
            scores: see `tally`.
        """
        at = pose.captured_at
        workers = [self._worker(person.track_id) for person in people]
        elapsed = np.array([person.elapsed for person in people], np.int64)
        low = np.array([person.low for person in people], np.bool_)
        added = tally(at, elapsed, step, body, low, [worker.holds for worker in workers], scores)
        sums = self._count(pose, people, body, added, scores)
        lifts = self._lift(pose, people)
        watched = list(sums) if len(sums) == 1 else list(sums)[1:]
        seconds = {station: _seconds(sums[station]) for station in watched}
        steps = self._alerts.update(pose, seconds, *counts)
        return WorkFrame(tuple(lifts), tuple(steps), added, body)

    def end(self, at: int) -> list[AlertStep]:
        """The stream is over: open alerts are closed as ended."""
        return self._alerts.end(at)

    def keep(self, alive: Collection[str]) -> None:
        """Only these tracks go on."""
        self._workers = {track: worker for track, worker in self._workers.items() if track in alive}

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "workers": [[track, worker.state()] for track, worker in self._workers.items()],
            "total": self._total.tolist(),
            "begun": [[started_at, count] for started_at, count in self._begun.items()],
            "alerts": self._alerts.state(),
            "minutes": self.minutes.state(),
        }

    @classmethod
    def restore(
        cls, site: str, camera_id: str, stations: Sequence[str], rules: RuleParameters, state: Mapping[str, Any]
    ) -> Self:
        """The work that `state` was taken from; the parameters must be those that it had."""
        work = cls(site, camera_id, stations, rules)
        work._workers = {track: Worker.restore(rules.lift, worker) for track, worker in state["workers"]}
        work._total = np.array(state["total"], np.int64)
        work._begun = dict(state["begun"])
        work._alerts = WorkAlerts.restore(site, camera_id, rules.sustained, state["alerts"])
        work.minutes = ExposureMinutes.restore(state["minutes"])
        return work

    def _worker(self, track_id: str) -> Worker:
        known = self._workers.get(track_id)
        if known is None:
            known = self._workers[track_id] = Worker(LiftMachine(self._rules.lift), Holds())
        return known

    def _count(
        self,
        pose: PoseFrame,
        people: Sequence[Seen],
        body: BodyAngles,
        added: Tally,
        scores: Mapping[str, Floats] | None,
    ) -> dict[str, Ints]:
        """Add the frame to the minute of each station; what it adds to each."""
        sums: dict[str, Ints] = {}
        for number, station in enumerate(self._stations):
            rows = [row for row, person in enumerate(people) if _counts(person, number - 1)]
            minute = self.minutes.minute(pose.captured_at, station)
            minute.frames += 1
            sums[station] = added.values[rows].sum(axis=0)
            minute.values += sums[station]
            for row in rows:
                if added.unscored[row]:
                    minute.leave_out(str(added.reasons[row]), int(added.unscored[row]))
        self._total += sums[WHOLE_VIEW][: len(BANDS)]
        self._show(pose, people, body, scores)
        return sums

    def _show(
        self, pose: PoseFrame, people: Sequence[Seen], body: BodyAngles, scores: Mapping[str, Floats] | None
    ) -> None:
        """Keep the worst posture of the minute at each station."""
        reba = scores["reba"] if scores is not None else np.zeros(len(people))
        trunk = body.trunk_inclination
        low = np.array([person.low for person in people], np.bool_)
        rank = np.where((trunk.status <= BOUNDED) & ~low, reba + np.clip(trunk.low, 0.0, 179.0) / 180.0, -1.0).round(4)
        for number, station in enumerate(self._stations):
            rows = [row for row, person in enumerate(people) if rank[row] >= 0 and _counts(person, number - 1)]
            if not rows:
                continue
            row = max(rows, key=lambda row: rank[row])
            minute = self.minutes.minute(pose.captured_at, station)
            if minute.worst is None or rank[row] > minute.worst.rank:
                lowest = {name: (float(values[row]), float(values[row])) for name, values in (scores or {}).items()}
                minute.show(posture_of(pose, people[row].index, body, row, float(rank[row]), lowest))

    def _lift(self, pose: PoseFrame, people: Sequence[Seen]) -> list[StationLift]:
        """Lifts that have ended with this frame."""
        if not self._rules.lift.enabled:
            return []
        here = {person.track_id: person for person in people}
        found: list[StationLift] = []
        for track_id, worker in self._workers.items():
            person = here.get(track_id)
            lift = worker.lifts.update(pose.captured_at, person.signals if person is not None else None)
            if lift is not None:
                found.append(self._finish(pose, person, lift))
        return found

    def _finish(self, pose: PoseFrame, person: Seen | None, lift: Lift) -> StationLift:
        ordinal = self._begun.get(lift.started_at, 0)
        oldest = pose.captured_at - _ORDINALS_KEPT
        self._begun = {at: count for at, count in self._begun.items() if at >= oldest} | {lift.started_at: ordinal + 1}
        stations = sorted(person.stations or ()) if person is not None else []
        names = [self._stations[number + 1] for number in stations]
        for station in (WHOLE_VIEW, *names):
            values = self.minutes.minute(pose.captured_at, station).values
            values[COLUMNS["lifts"]] += 1
            values[COLUMNS["lifts_up"]] += lift.direction == "up"
            values[COLUMNS["lifts_out_of_scope"]] += bool(lift.out_of_scope)
            values[COLUMNS["lift_time"]] += (lift.destination_at - lift.origin_at) // _US_IN_NS
        name = names[0] if names else WHOLE_VIEW
        return StationLift(
            lift_id(self._site, self._camera_id, pose.epoch, lift.started_at, ordinal), name, lift
        )  # fmt: skip


def _counts(person: Seen, station: int) -> bool:
    """Whether a person counts for a station; -1 is the whole view."""
    return person.stations is not None and (station < 0 or station in person.stations)


def _seconds(us: Ints) -> StationSeconds:
    return StationSeconds(float(us[_BENT]) / _US, float(us[_DEEP]) / _US, float(us[_SEEN]) / _US)
