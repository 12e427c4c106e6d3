"""What the rules of the lifting work know of one person: in this frame, and from before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from spotter.core.contracts import Angle, PoseFrame
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.angles.memory import AngleMemory
from spotter.ergonomics.events.lift import LiftMachine
from spotter.ergonomics.events.lift_measure import lift_signals
from spotter.ergonomics.events.lift_signals import LiftSignals, LiftView
from spotter.ergonomics.exposure.holds import Holds
from spotter.ergonomics.gates import gates_of
from spotter.ergonomics.tracking.scale import Scale


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One person of a frame, as the rest of the assessment knows them.

    Attributes:
        index: row in the PoseFrame.
        stations: numbers of the stations that they are at; None: they are where nobody is to be counted.
        low: on the ground, as the fall rule has it.
        confirmed: the track is more than a flicker.
        scale: size and floor in the picture, `settled` when they come from the person's own upright frames.
        trunk: inclination as the fall rule has it.
    """

    track_id: str
    index: int
    stations: tuple[int, ...] | None
    low: bool
    confirmed: bool
    scale: Scale | None
    settled: bool
    trunk: Angle


@dataclass(slots=True)
class Worker:
    """What is remembered of one track.

    Attributes:
        view: how the person stood to the camera when their angles were judged last.
        stations: where they were last, as in `Seen`.
        judged_at, scored_at: event times at which angles and scores were taken last, UTC ns; None before the first.
    """

    lifts: LiftMachine
    holds: Holds = field(default_factory=Holds)
    angles: AngleMemory = field(default_factory=AngleMemory)
    view: LiftView = field(default_factory=LiftView)
    stations: tuple[int, ...] | None = ()
    judged_at: int | None = None
    scored_at: int | None = None

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [
            self.lifts.state_values(), self.holds.state(), self.angles.state(), self.view.state(),
            None if self.stations is None else list(self.stations), self.judged_at, self.scored_at,
        ]  # fmt: skip

    @classmethod
    def restore(cls, parameters: LiftParameters, state: Sequence[Any]) -> Self:
        """The worker that `state` was taken from."""
        lifts, holds, angles, view, stations, judged_at, scored_at = state
        return cls(
            LiftMachine.restore(parameters, lifts), Holds.restore(holds), AngleMemory.restore(angles),
            LiftView.restore(view), None if stations is None else tuple(stations), judged_at, scored_at,
        )  # fmt: skip


def signals_of(pose: PoseFrame, person: Seen, worker: Worker, parameters: LiftParameters) -> LiftSignals | None:
    """What the lift rule sees; None where it cannot judge."""
    if person.scale is None or not person.confirmed:
        return None
    deviations = pose.deviations[person.index] if pose.deviations is not None else None
    return lift_signals(
        pose.keypoints[person.index], pose.confidences[person.index], deviations, person.scale, parameters,
        worker.view, settled=person.settled, gates=gates_of(pose),
    )  # fmt: skip
