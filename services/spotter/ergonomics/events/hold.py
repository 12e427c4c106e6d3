"""A condition with a memory: true since when, tolerant of short interruptions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(slots=True)
class Held:
    """Since when a condition has held without an interruption longer than `tolerance` ns."""

    tolerance: int
    since: int | None = None
    last_true: int | None = None

    def observe(self, at: int, value: bool) -> None:
        """Feed the condition at event time `at`."""
        if value:
            if self.since is None:
                self.since = at
            self.last_true = at
        elif self.last_true is not None and at - self.last_true > self.tolerance:
            self.clear()

    def duration(self, at: int) -> int:
        """Nanoseconds for which it has held at time `at`; 0 when it does not."""
        return 0 if self.since is None else at - self.since

    def clear(self) -> None:
        self.since = self.last_true = None

    def state(self) -> list[int | None]:
        """Everything, as plain values."""
        return [self.tolerance, self.since, self.last_true]

    @classmethod
    def restore(cls, state: Sequence[int | None]) -> Self:
        """The condition that `state` was taken from."""
        tolerance, since, last_true = state
        return cls(tolerance or 0, since, last_true)
