"""Lifts and lowerings, as one state machine a person (METHODS 7.2). Pure and deterministic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift_signals import LiftSignals
from spotter.ergonomics.events.lift_values import Lift


class LiftMachine:
    """The state machine of one track."""

    def __init__(self, parameters: LiftParameters) -> None:
        self._p = parameters

    def update(self, at: int, signals: LiftSignals | None) -> Lift | None:
        """One frame of the camera at event time `at`; `signals` is None while the person is not seen.

        Returns:
            A lift that has just finished.
        """
        return None

    def state_values(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {}

    @classmethod
    def restore(cls, parameters: LiftParameters, values: Mapping[str, Any]) -> Self:
        """The machine that `values` were taken from."""
        return cls(parameters)
