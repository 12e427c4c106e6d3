"""What a run left behind, and how it differs from the undisturbed run. Pure: facts in, lines of text out.

The promises that every scenario is held to:
- the same alerts (ids) with the same updates (number, kind, time), no more and no fewer;
- every update reached the receiver at least once, and after the idempotency key is honoured exactly once;
- the first arrivals of one alert's updates are in order;
- nothing waits in the outbox, nothing is dead, and every signature was right.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotter.core.contracts import Alert, AlertUpdate
from spotter.core.store import AlertRecord


@dataclass(frozen=True, slots=True)
class UpdateFacts:
    """One update of an alert, without what may differ between runs (times on the wall clock)."""

    number: int
    kind: str
    at: int
    evidence: tuple[tuple[str, float, float], ...] = ()

    def __str__(self) -> str:
        return f"{self.number} {self.kind} at {self.at}"


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert as all runs must agree on it."""

    camera: str
    kind: str
    severity: str
    started_at: int
    raised_at: int
    ended_at: int | None
    updates: tuple[UpdateFacts, ...]

    def __str__(self) -> str:
        return f"{self.kind} at {self.camera} started {self.started_at}"


Alerts = Mapping[uuid.UUID, AlertFacts]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that the receiver took. `key` is the idempotency key that it came with."""

    key: str
    alert_id: uuid.UUID
    number: int
    signed: bool


def facts(records: Iterable[AlertRecord], *, evidence: bool = True) -> dict[uuid.UUID, AlertFacts]:
    """The facts of stored alerts by id."""
    return {record.alert.id: _facts(record.alert, record.updates, evidence) for record in records}


def compare_alerts(expected: Alerts, found: Alerts) -> list[str]:
    """How the alerts found differ from those expected; empty when they do not."""
    problems = [f"alert lost: {expected[key]}" for key in expected.keys() - found.keys()]
    problems += [f"alert too many: {found[key]}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        problems += _compare_alert(expected[key], found[key])
    return sorted(problems)


def compare_deliveries(expected: Alerts, deliveries: Sequence[Delivery]) -> list[str]:
    """How what was received differs from every update exactly once, repeats of a key set aside."""
    problems = [f"wrong signature on {each.key}" for each in deliveries if not each.signed]
    keys: dict[tuple[uuid.UUID, int], str] = {}
    order: dict[uuid.UUID, list[int]] = {}
    seen: set[str] = set()
    for each in deliveries:
        place = (each.alert_id, each.number)
        if each.key in seen:
            if keys.get(place) != each.key:
                problems.append(f"key {each.key} stands for two updates")
            continue
        seen.add(each.key)
        if place in keys:
            problems.append(f"update {each.number} of alert {each.alert_id} came under two keys")
            continue
        keys[place] = each.key
        order.setdefault(each.alert_id, []).append(each.number)
    due = {(alert_id, update.number) for alert_id, alert in expected.items() for update in alert.updates}
    problems += [f"not delivered: update {number} of {expected[key]}" for key, number in due - keys.keys()]
    problems += [f"delivered without cause: update {number} of alert {key}" for key, number in keys.keys() - due]
    problems += [f"out of order: alert {key} came as {came}" for key, came in order.items() if came != sorted(came)]
    return sorted(problems)


def repeats(deliveries: Sequence[Delivery]) -> int:
    """Requests beyond the first of their key: what at-least-once costs."""
    return sum(count - 1 for count in Counter(each.key for each in deliveries).values())


def _compare_alert(expected: AlertFacts, found: AlertFacts) -> list[str]:
    problems = []
    for name in ("camera", "kind", "severity", "started_at", "raised_at", "ended_at"):
        wanted, got = getattr(expected, name), getattr(found, name)
        if wanted != got:
            problems.append(f"{expected}: {name} is {got}, not {wanted}")
    wanted_updates = {update.number: update for update in expected.updates}
    got_updates = {update.number: update for update in found.updates}
    for number in sorted(wanted_updates.keys() | got_updates.keys()):
        if number not in got_updates:
            problems.append(f"{expected}: update lost: {wanted_updates[number]}")
        elif number not in wanted_updates:
            problems.append(f"{expected}: update too many: {got_updates[number]}")
        elif got_updates[number] != wanted_updates[number]:
            got, wanted = got_updates[number], wanted_updates[number]
            problems.append(f"{expected}: update is {got}, not {wanted} (or its numbers differ)")
    return problems


def _facts(alert: Alert, updates: Iterable[AlertUpdate], evidence: bool) -> AlertFacts:
    return AlertFacts(
        camera=alert.camera_id,
        kind=alert.kind.value,
        severity=alert.severity.value,
        started_at=alert.started_at,
        raised_at=alert.raised_at,
        ended_at=alert.ended_at,
        updates=tuple(
            UpdateFacts(
                number=update.number,
                kind=update.kind.value,
                at=update.at,
                evidence=tuple(sorted((name, one.value, one.threshold) for name, one in update.evidence.items()))
                if evidence
                else (),
            )
            for update in updates
        ),
    )
