"""What one frame says of one person, as the rules see it. Pure values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.contracts import Angle, Status


@dataclass(frozen=True, slots=True)
class Where:
    """Where a person is, as far as rules care.

    Attributes:
        zone: name of the first zone that they are in; empty: none.
        excuse: reason for which being on the ground there is not told; empty: it is.
        factor: by which waiting before anybody is told is multiplied.
    """

    zone: str = ""
    excuse: str = ""
    factor: float = 1.0


ANYWHERE = Where()


@dataclass(frozen=True, slots=True)
class FallSignals:
    """What one frame says of one person.

    Attributes:
        hip, head: heights above the floor, statures.
        trunk: inclination interval, degrees.
        settled: True when the heights come from the person's own upright frames, False when they are a guess.
        where: the person's zones.
        knee: height of the knees as of hip and head; None where they are not seen.
        on_knees: seen from the front, up on hands and knees (`tracking.scale`).
    """

    hip: float
    head: float
    trunk: Angle
    settled: bool
    where: Where = ANYWHERE
    knee: float | None = None
    on_knees: bool = False

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        trunk, where = self.trunk, self.where
        angle = [trunk.value, trunk.low, trunk.high, trunk.status.value, trunk.reason]
        return [self.hip, self.head, angle, self.settled, [where.zone, where.excuse, where.factor], self.knee,
                self.on_knees]  # fmt: skip

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The signals that `state` was taken from."""
        hip, head, (value, low, high, status, reason), settled, where, knee, on_knees = state
        return cls(hip, head, Angle(value, low, high, Status(status), reason), settled, Where(*where), knee, on_knees)
