"""Which messages of a camera belong to the run of it that is followed now. Pure.

A newer epoch takes the place of the one before. Messages of an older one are late or delivered again, and never end
the current one. But a host whose clock was set back names its next epoch with a smaller number: an older epoch that was
never seen before, and goes on while the current one is silent, is taken for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

from spotter.core.clock import from_seconds

_SEEN_KEPT = 16
"""Epochs remembered, so that none of them begins a second time."""

_CLOCK_SET_BACK = from_seconds(5.0)
"""An older epoch has to go on for this long without the current one before it is believed [D]."""


class Turn(Enum):
    """What one message means."""

    GOES_ON = "goes_on"
    BEGINS = "begins"
    STALE = "stale"


class EpochGate:
    """The epochs of one camera. `current` is the one that is followed, None before the first message."""

    def __init__(self) -> None:
        self.current: int | None = None
        self._seen: list[int] = []
        self._candidate: tuple[int, int] | None = None

    def admit(self, epoch: int, captured_at: int) -> Turn:
        """Judge one message by its epoch and event time."""
        if epoch == self.current:
            self._candidate = None
            return Turn.GOES_ON
        if epoch in self._seen:
            return Turn.STALE
        if self.current is not None and epoch < self.current:
            if self._candidate is None or self._candidate[0] != epoch:
                self._candidate = epoch, captured_at
            if captured_at - self._candidate[1] < _CLOCK_SET_BACK:
                return Turn.STALE
        self.current, self._candidate = epoch, None
        self._seen = [*self._seen[1 - _SEEN_KEPT :], epoch]
        return Turn.BEGINS

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        candidate = None if self._candidate is None else list(self._candidate)
        return {"current": self.current, "seen": list(self._seen), "candidate": candidate}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The gate that `state` was taken from."""
        gate = cls()
        gate.current, gate._seen = state["current"], list(state["seen"])
        gate._candidate = None if state["candidate"] is None else tuple(state["candidate"])
        return gate
