"""What comes of one camera over its epochs: one assessor after the other, and what each leaves behind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from spotter.core.contracts import PoseFrame
from spotter.ergonomics.alerts import AlertStep, KnownAlert
from spotter.ergonomics.assessment import Assessment, CameraAssessor
from spotter.ergonomics.epochs import EpochGate, Turn
from spotter.ergonomics.exposure import ExposureMinute
from spotter.ergonomics.work import StationLift, WorkFrame

LATE_OR_DUPLICATE = "late_or_duplicate"
OLDER_EPOCH = "older_epoch"
REPLAYED = "replayed"


class StationMinute(NamedTuple):
    """One minute at one station (empty name: the whole view) that is to be written down; `start` is event time."""

    epoch: int
    start: int
    station: str
    minute: ExposureMinute


Recall = Callable[[], Sequence[KnownAlert]]
"""Looks up the alerts that the store knows of the camera; called when a history begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What one message did.

    Attributes:
        ended: steps that close the alerts of the epoch before.
        assessment: None when the message was not used.
        lifts: that ended with it, those of the epoch before included.
        refused: why it was not used: late_or_duplicate, older_epoch, or replayed (the restored state held it already).
        elapsed: event time since the frame before it in the epoch, ns; 0 for the first.
    """

    ended: tuple[AlertStep, ...] = ()
    assessment: Assessment | None = None
    lifts: tuple[StationLift, ...] = ()
    refused: str = ""
    elapsed: int = 0


class CameraStream:
    """The skeletons of one camera.

    Args:
        new_assessor: makes the assessor of an epoch, given its argument `late`.
        recall: what the store knows of the camera, for a service that others may have gone before; None: nobody has.
        late: the history is known to begin late, so others may have numbered the tracks of its first epoch before.
    """

    def __init__(
        self, new_assessor: Callable[[int], CameraAssessor], recall: Recall | None = None, *, late: bool = False
    ) -> None:
        self._new_assessor = new_assessor
        self._recall = recall
        self._late = late
        self._gate = EpochGate()
        self._epoch = 0
        self._assessor: CameraAssessor | None = None
        self._finished: list[StationMinute] = []
        self._restored = False

    @property
    def epoch(self) -> int:
        """The epoch that is followed; 0 before the first message."""
        return self._epoch

    @property
    def newest_at(self) -> int:
        """Event time of the newest frame taken in, UTC ns; 0 before the first."""
        return (self._assessor.newest_at or 0) if self._assessor is not None else 0

    def take(self, pose: PoseFrame) -> Taken:
        """Take in one message.

        Raises:
            Whatever `recall` raises; the message then has not been taken in.
        """
        known = self._recall() if self._recall is not None else None
        turn = self._gate.admit(pose.epoch, pose.captured_at)
        if turn is Turn.STALE:
            return Taken(refused=OLDER_EPOCH)
        before_it = self.end() if turn is Turn.BEGINS else WorkFrame()
        if self._assessor is None:
            self._epoch, self._assessor = pose.epoch, self._begin(pose, known)
        before = self._assessor.newest_at
        assessment = self._assessor.update(pose)
        if assessment is None:
            return Taken(refused=REPLAYED if self._restored else LATE_OR_DUPLICATE)
        self._restored = False
        lifts = (*before_it.lifts, *assessment.work.lifts)
        elapsed = pose.captured_at - before if before is not None else 0
        return Taken(before_it.alerts, assessment, lifts, elapsed=elapsed)

    def end(self) -> WorkFrame:
        """The stream is over: its open alerts are closed as ended, and lifts that have arrived are told."""
        if self._assessor is None:
            return WorkFrame()
        last = self._assessor.end()
        self._finished += [
            StationMinute(self.epoch, *key, minute) for key, minute in self._assessor.minutes.every().items()
        ]
        self._assessor = None
        return last

    def settle(self) -> None:
        """The messages that come from now on are new to the service."""
        if self._assessor is not None:
            self._assessor.settle()

    def minutes(self, *, every: bool) -> Iterator[StationMinute]:
        """The minutes not yet written down: those that are over, or also the newest."""
        yield from self._finished
        if self._assessor is not None:
            minutes = self._assessor.minutes.every() if every else self._assessor.minutes.closed()
            yield from (StationMinute(self.epoch, *key, minute) for key, minute in minutes.items())

    def written(self) -> None:
        """The minutes that are over have been written down."""
        self._finished.clear()
        if self._assessor is not None:
            self._assessor.minutes.forget(self._assessor.minutes.closed())

    def state(self) -> dict[str, Any]:
        """Everything that the next messages depend on, as plain values; minutes of ended epochs must be written."""
        assessor = self._assessor.state() if self._assessor is not None else None
        return {"gate": self._gate.state(), "assessor": assessor}

    @classmethod
    def restore(
        cls,
        new_assessor: Callable[[int], CameraAssessor],
        restore_assessor: Callable[[Mapping[str, Any]], CameraAssessor],
        state: Mapping[str, Any],
    ) -> Self:
        """The stream that `state` was taken from."""
        stream = cls(new_assessor)
        stream._gate = EpochGate.restore(state["gate"])
        stream._epoch = stream._gate.current or 0
        stream._assessor = restore_assessor(state["assessor"]) if state["assessor"] is not None else None
        stream._restored = True
        return stream

    def _begin(self, pose: PoseFrame, known: Sequence[KnownAlert] | None) -> CameraAssessor:
        assessor = self._new_assessor(pose.sequence if self._late else 0)
        if known is not None:
            assessor.seed(known, pose.captured_at)
        self._recall, self._late = None, False
        return assessor
