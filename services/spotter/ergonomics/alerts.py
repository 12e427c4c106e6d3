"""From what the rules report to alerts and their updates, with deterministic ids. Pure.

An alert that a rebuild meets again, because the store knew it before the state was lost, is adopted: it keeps its id
and the numbers of its updates, so that writing it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    Evidence,
    Ledger,
    PoseFrame,
    Severity,
    UpdateKind,
    alert_id,
)
from spotter.core.parameters import FallParameters
from spotter.ergonomics.alert_state import alert_from, alert_state, update_from, update_state
from spotter.ergonomics.events.fall import RULE_VERSION, FallEvent, FallEventKind
from spotter.ergonomics.flood import Flood

_RAISES = {
    FallEventKind.FALL: (AlertKind.POSSIBLE_FALL, Severity.P1),
    FallEventKind.DOWN: (AlertKind.PERSON_DOWN, Severity.P2),
}
_UPDATES = {
    FallEventKind.STILL_DOWN: UpdateKind.STILL_DOWN,
    FallEventKind.RECOVERED: UpdateKind.RECOVERED,
    FallEventKind.LOST: UpdateKind.LOST,
    FallEventKind.ENDED: UpdateKind.ENDED,
}

_SAME_START = from_seconds(2.0)
"""A stored alert of the same kind that began within this time of a new one is the same situation [D]."""

_AT_BEGINNING = from_seconds(5.0)
"""Someone who is down this soon after a history begins was down before: whoever the store says is down then [D]."""

_ORDINALS_KEPT = from_seconds(1800.0)
"""Two alerts that began at the same instant are raised within this time of each other (longest patience: 600 s)."""


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


def ended(known: KnownAlert) -> AlertStep:
    """Close an alert of a camera that has ended, and that nobody follows any more, at its newest update."""
    last = known.updates[-1]
    update = AlertUpdate(known.alert.id, last.number + 1, UpdateKind.ENDED, last.at)
    return AlertStep(replace(known.alert, ended_at=last.at), update)


@dataclass(frozen=True, slots=True)
class _Open:
    """An open alert, and the updates that the store knew of it before."""

    step: AlertStep
    told: tuple[AlertUpdate, ...] = ()


class AlertBook:
    """The open alerts of one camera epoch, by track: at most one at a time each; in a flood by group (see `flood`)."""

    def __init__(self, site: str, camera_id: str, parameters: FallParameters) -> None:
        self._flood = Flood(parameters)
        self._site = site
        self._camera_id = camera_id
        self._open: dict[str, _Open] = {}
        self._ordinals: dict[tuple[AlertKind, int], tuple[int, int]] = {}
        self._known: list[KnownAlert] = []
        self._begin = 0

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Make stored alerts known to a history that begins at event time `begin`; each is adopted at most once."""
        self._known = sorted(known, key=lambda one: (one.alert.started_at, one.alert.id))
        self._begin = begin

    def settle(self) -> None:
        """The history has reached the present: a closed alert is no longer met again."""
        self._known = [one for one in self._known if one.alert.open]

    def apply(
        self, track_id: str, event: FallEvent, pose: PoseFrame, considered: int, dropped: int
    ) -> AlertStep | None:
        """Turn one report into the next step of an alert; None when it raises and changes nothing.

        Args:
            pose: the frame at which the rule fired.
            considered, dropped: frames since `event.started_at` that were seen and missed.
        """
        if event.kind not in _RAISES:
            return self.follow(track_id, event)
        many = self._flood.count(_RAISES[event.kind][0], event.at)
        if many is not None:
            event = replace(event, evidence={**event.evidence, "grouped": many})
            track_key = self._flood.join(track_id, _RAISES[event.kind][0])
            group = self._open.get(track_key)
            if group is not None:
                return self._go_on(track_key, group, UpdateKind.GROUPED, event)
        else:
            track_key = track_id
        entry = self._raise(event, pose, track_id, considered, dropped)
        self._open[track_key] = entry
        return entry.step

    def follow(self, track_id: str, event: FallEvent) -> AlertStep | None:
        """The next step of an alert that is open, or None when there is none."""
        kind, key = _UPDATES.get(event.kind), self._flood.key(track_id)
        entry = self._open.get(key)
        if entry is None or kind is None:
            return None
        if kind.closes and self._flood.leave(track_id):
            return None
        return self._go_on(key, entry, kind, event)

    def _go_on(self, key: str, entry: _Open, kind: UpdateKind, event: FallEvent) -> AlertStep | None:
        step = _next(entry, kind, event)
        if step is None:
            return None
        if step.update.kind.closes:
            del self._open[key]
        else:
            self._open[key] = _Open(step, entry.told)
        return step

    def hand_over(self, before: str, after: str) -> None:
        """The person of one track is seen as another now; an open alert goes on as it was raised."""
        self._flood.hand_over(before, after)
        entry = self._open.pop(before, None)
        if entry is not None:
            self._open[after] = entry

    def forgotten(self, at: int, patience_s: float) -> list[AlertStep]:
        """Close stored alerts that are open and were not met again for `patience_s` seconds of event time: lost."""
        overdue = [one for one in self._known if one.alert.open and self._unseen(one, at) >= patience_s]
        return [self._close(one, UpdateKind.LOST, at, patience_s) for one in overdue]

    def end(self, at: int, patience_s: float) -> list[AlertStep]:
        """The stream is over: stored alerts that are open and were not met again are closed as ended."""
        return [self._close(one, UpdateKind.ENDED, at, patience_s) for one in self._known if one.alert.open]

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "open": [
                [track, alert_state(entry.step.alert), update_state(entry.step.update), _updates_state(entry.told)]
                for track, entry in self._open.items()
            ],
            "ordinals": [[kind.value, at, *value] for (kind, at), value in self._ordinals.items()],
            "known": [[alert_state(one.alert), _updates_state(one.updates)] for one in self._known],
            "begin": self._begin,
            "flood": self._flood.state(),
        }

    @classmethod
    def restore(cls, site: str, camera_id: str, parameters: FallParameters, state: Mapping[str, Any]) -> Self:
        """The book that `state` was taken from."""
        book = cls(site, camera_id, parameters)
        book._flood = Flood.restore(parameters, state["flood"])
        for track, alert, update, told in state["open"]:
            book._open[track] = _Open(AlertStep(alert_from(alert), update_from(update)), _updates_from(told))
        book._ordinals = {(AlertKind(kind), at): (count, raised) for kind, at, count, raised in state["ordinals"]}
        book._known = [KnownAlert(alert_from(alert), _updates_from(updates)) for alert, updates in state["known"]]
        book._begin = state["begin"]
        return book

    def _unseen(self, one: KnownAlert, at: int) -> float:
        return to_seconds(at - max(one.updates[-1].at, self._begin))

    def _close(self, one: KnownAlert, kind: UpdateKind, at: int, patience_s: float) -> AlertStep:
        self._known = [known for known in self._known if known is not one]
        unseen = round(self._unseen(one, at), 3)
        comparison = ">=" if unseen >= patience_s else "<"
        evidence = {"seconds_unseen_since_state_lost": Evidence(unseen, patience_s, "s", comparison)}
        update = AlertUpdate(one.alert.id, one.updates[-1].number + 1, kind, at, evidence)
        return AlertStep(replace(one.alert, ended_at=at), update)

    def _raise(self, event: FallEvent, pose: PoseFrame, track_id: str, considered: int, dropped: int) -> _Open:
        kind, severity = _RAISES[event.kind]
        ordinal = self._ordinal(kind, event)
        identity = alert_id(self._site, self._camera_id, kind, pose.epoch, event.started_at, ordinal)
        known = self._adopt(identity, kind, event.started_at)
        if known is not None:
            return _Open(AlertStep(known.alert, known.updates[0]), known.updates)
        alert = Alert(
            id=identity,
            site=self._site,
            camera_id=self._camera_id,
            kind=kind,
            severity=severity,
            started_at=event.started_at,
            raised_at=event.at,
            track_id=track_id,
            evidence=event.evidence,
            versions={"rule": RULE_VERSION, "model": pose.model},
            ledger=Ledger(
                captured=pose.captured_at - pose.clock_offset_ns, published=pose.published_at, posed=pose.posed_at
            ),
            frames_considered=considered,
            frames_dropped=dropped,
            zone=event.zone or None,
        )
        return _Open(AlertStep(alert, AlertUpdate(alert.id, 0, UpdateKind.RAISED, event.at, event.evidence)))

    def _ordinal(self, kind: AlertKind, event: FallEvent) -> int:
        key = (kind, event.started_at)
        ordinal = self._ordinals.get(key, (0, 0))[0]
        kept = {k: value for k, value in self._ordinals.items() if event.at - value[1] <= _ORDINALS_KEPT}
        self._ordinals = kept | {key: (ordinal + 1, event.at)}
        return ordinal

    def _adopt(self, identity: object, kind: AlertKind, started_at: int) -> KnownAlert | None:
        """The stored alert that a new one is: the same id, else the nearest start, else whoever was down already."""

        def rank(one: KnownAlert) -> tuple[int, int] | None:
            alert = one.alert
            apart = abs(alert.started_at - started_at)
            if alert.id == identity:
                return 0, 0
            if alert.kind is kind and apart <= _SAME_START:
                return 1, apart
            down_then = alert.started_at <= started_at and (alert.ended_at is None or alert.ended_at > started_at)
            return (2, apart) if down_then and started_at - self._begin <= _AT_BEGINNING else None

        ranked = [(order, index) for index, one in enumerate(self._known) if (order := rank(one)) is not None]
        return self._known.pop(min(ranked)[1]) if ranked else None


def _next(entry: _Open, kind: UpdateKind, event: FallEvent) -> AlertStep | None:
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
    update = AlertUpdate(alert.id, number + 1, kind, event.at, event.evidence)
    return AlertStep(replace(alert, ended_at=event.at) if kind.closes else alert, update)


def _updates_state(updates: Iterable[AlertUpdate]) -> list[Any]:
    return [update_state(update) for update in updates]


def _updates_from(states: Iterable[Any]) -> tuple[AlertUpdate, ...]:
    return tuple(update_from(state) for state in states)
