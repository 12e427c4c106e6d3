"""An alert that is open, and how it goes on: what the store was told before is told again in the same words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from spotter.core.contracts import Alert, AlertUpdate, Evidence, UpdateKind
from spotter.ergonomics.alert_state import alert_from, alert_state, update_from, update_state


@dataclass(frozen=True, slots=True)
class AlertStep:
    """An alert as it stands after `update`."""

    alert: Alert
    update: AlertUpdate


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert that was there before this history began, with its updates in the order of their numbers."""

    alert: Alert
    updates: tuple[AlertUpdate, ...]

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [alert_state(self.alert), _updates_state(self.updates)]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """What `state` was taken from."""
        alert, updates = state
        return cls(alert_from(alert), _updates_from(updates))


def ended(known: KnownAlert) -> AlertStep:
    """Close an alert of a camera that has ended, and that nobody follows any more, at its newest update."""
    last = known.updates[-1]
    update = AlertUpdate(known.alert.id, last.number + 1, UpdateKind.ENDED, last.at)
    return AlertStep(replace(known.alert, ended_at=last.at), update)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An open alert, and the updates that the store knew of it before."""

    step: AlertStep
    told: tuple[AlertUpdate, ...] = ()

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [alert_state(self.step.alert), update_state(self.step.update), _updates_state(self.told)]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """What `state` was taken from."""
        alert, update, told = state
        return cls(AlertStep(alert_from(alert), update_from(update)), _updates_from(told))


def next_step(entry: OpenAlert, kind: UpdateKind, at: int, evidence: Mapping[str, Evidence]) -> AlertStep | None:
    """The step that follows; what the store was told before is told again in the same words."""
    alert, number = entry.step.alert, entry.step.update.number
    ahead = [update for update in entry.told if update.number > number]
    same = next((update for update in ahead if update.kind is kind), None)
    if same is None and not alert.open:
        # Closed in the store for another reason: that stays so.
        same = ahead[-1] if kind.closes and ahead else None
        if same is None:
            return None
    if same is not None:
        return AlertStep(alert, same)
    number = max([number, *(update.number for update in ahead)])
    update = AlertUpdate(alert.id, number + 1, kind, at, evidence)
    return AlertStep(replace(alert, ended_at=at) if kind.closes else alert, update)


def _updates_state(updates: Iterable[AlertUpdate]) -> list[Any]:
    return [update_state(update) for update in updates]


def _updates_from(states: Iterable[Any]) -> tuple[AlertUpdate, ...]:
    return tuple(update_from(state) for state in states)
