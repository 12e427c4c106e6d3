"""From what the rules report to alerts and their updates, with deterministic ids. Pure.

An alert that a rebuild meets again, because the store knew it before the state was lost, is adopted: it keeps its id
and the numbers of its updates, so that writing it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
from spotter.ergonomics.events.fall import RULE_VERSION, FallEvent, FallEventKind
from spotter.ergonomics.flood import Flood
from spotter.ergonomics.open_alert import AlertStep, KnownAlert, OpenAlert, ended, next_step

__all__ = ["AlertBook", "AlertStep", "KnownAlert", "ended"]

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


class AlertBook:
    """The open alerts of one camera epoch, by track: at most one at a time each; in a flood by group (see `flood`)."""

    def __init__(self, site: str, camera_id: str, parameters: FallParameters) -> None:
        self._flood = Flood(parameters)
        self._site = site
        self._camera_id = camera_id
        self._open: dict[str, OpenAlert] = {}
        self._ordinals: dict[tuple[AlertKind, int], tuple[int, int]] = {}
        self._known: list[KnownAlert] = []
        self._begin = 0

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Make stored alerts known to a history that begins at event time `begin`; each is adopted at most once."""
        known = [one for one in known if one.alert.kind.is_emergency]
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

    def _go_on(self, key: str, entry: OpenAlert, kind: UpdateKind, event: FallEvent) -> AlertStep | None:
        step = next_step(entry, kind, event.at, event.evidence)
        if step is None:
            return None
        if step.update.kind.closes:
            del self._open[key]
        else:
            self._open[key] = OpenAlert(step, entry.told)
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
            "open": [[track, *entry.state()] for track, entry in self._open.items()],
            "ordinals": [[kind.value, at, *value] for (kind, at), value in self._ordinals.items()],
            "known": [one.state() for one in self._known],
            "begin": self._begin,
            "flood": self._flood.state(),
        }

    @classmethod
    def restore(cls, site: str, camera_id: str, parameters: FallParameters, state: Mapping[str, Any]) -> Self:
        """The book that `state` was taken from."""
        book = cls(site, camera_id, parameters)
        book._flood = Flood.restore(parameters, state["flood"])
        book._open = {track: OpenAlert.restore(entry) for track, *entry in state["open"]}
        book._ordinals = {(AlertKind(kind), at): (count, raised) for kind, at, count, raised in state["ordinals"]}
        book._known = [KnownAlert.restore(one) for one in state["known"]]
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

    def _raise(self, event: FallEvent, pose: PoseFrame, track_id: str, considered: int, dropped: int) -> OpenAlert:
        kind, severity = _RAISES[event.kind]
        ordinal = self._ordinal(kind, event)
        identity = alert_id(self._site, self._camera_id, kind, pose.epoch, event.started_at, ordinal)
        known = self._adopt(identity, kind, event.started_at)
        if known is not None:
            return OpenAlert(AlertStep(known.alert, known.updates[0]), known.updates)
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
        return OpenAlert(AlertStep(alert, AlertUpdate(alert.id, 0, UpdateKind.RAISED, event.at, event.evidence)))

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
