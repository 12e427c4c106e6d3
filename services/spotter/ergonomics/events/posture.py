"""Why someone who came near the ground raised nothing: what they were seen to do there. Pure and deterministic.

Postures are told apart by heights alone, so they are words for people who read logs, not measurements.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.parameters import FallParameters
from spotter.ergonomics.events.hold import Held
from spotter.ergonomics.events.signals import FallSignals

_FLICKER = from_seconds(0.5)
"""Someone who stands for no longer than this has not stood up; as in the fall rule."""

_FLOOR_HIP = 0.12
"""Hips this low are on the floor: half the breadth of the pelvis and what it is sat on, statures [D]."""

_FLOOR_KNEE = 0.15
"""Knees this low are on the floor; they are at 0.285 over a foot that stands (Winter 2009, fig. 4.1) [D]."""

_LEVEL = 0.05
"""Hips and knees within this of each other: a thigh that lies on a seat, statures [D]."""


class Posture(StrEnum):
    """What keeps someone near the ground; CROUCHING where the legs are not seen."""

    BENDING = "bending"
    SITTING = "sitting"
    KNEELING = "kneeling"
    SQUATTING = "squatting"
    CROUCHING = "crouching"


def posture(signals: FallSignals, p: FallParameters) -> Posture | None:
    """The posture in one frame; None for whoever stands or only leans."""
    hip, knee = signals.hip, signals.knee
    if hip >= p.up_hip:
        return Posture.BENDING if signals.head <= p.near_head else None
    if hip <= _FLOOR_HIP:
        return Posture.SITTING
    if knee is None:
        return Posture.CROUCHING
    if knee <= _FLOOR_KNEE:
        return Posture.KNEELING
    return Posture.SITTING if abs(hip - knee) <= _LEVEL else Posture.SQUATTING


class NearGround:
    """One person's time near the ground, told at most once from going down to standing up."""

    def __init__(self, parameters: FallParameters) -> None:
        self._p = parameters
        self._near = Held(_FLICKER)
        self._counts: dict[Posture, int] = {}
        self._told = False

    @property
    def since(self) -> int:
        """Event time at which it began; 0 while the person stands."""
        return self._near.since or 0

    def observe(self, at: int, signals: FallSignals) -> None:
        """One frame. Heights that are a guess say nothing."""
        seen = posture(signals, self._p) if signals.settled else None
        self._near.observe(at, seen is not None)
        if self._near.since is None:
            self._counts.clear()
            self._told = False
        elif seen is not None:
            self._counts[seen] = self._counts.get(seen, 0) + 1

    def explained(self) -> None:
        """Something else is told of this time near the ground."""
        self._told = True

    def reason(self, at: int) -> Posture | None:
        """The posture seen most, once: as soon as a fall would have been told."""
        if self._told or self._near.duration(at) < from_seconds(self._p.confirm_s):
            return None
        self._told = True
        return max(self._counts, key=lambda one: (self._counts[one], one))

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [self._near.state(), [[one.value, count] for one, count in self._counts.items()], self._told]

    @classmethod
    def restore(cls, parameters: FallParameters, state: Any) -> Self:
        """The time near the ground that `state` was taken from."""
        near, counts, told = state
        one = cls(parameters)
        one._near = Held.restore(near)
        one._counts = {Posture(name): count for name, count in counts}
        one._told = told
        return one
