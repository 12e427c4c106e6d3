"""Alerts on sustained exposure at the stations of one camera epoch. Pure and deterministic.

An alert that the store knew before the state was lost is met again by its station and posture, and goes on under its
own id. As long as the seconds that a rebuild counts do not suffice to judge anew, it stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    Ledger,
    PoseFrame,
    Severity,
    UpdateKind,
    alert_id,
)
from spotter.core.parameters import SustainedParameters
from spotter.ergonomics.events.sustained import (
    EDGES_DEG,
    RULE_VERSION,
    StationSeconds,
    SustainedEvent,
    SustainedPostures,
)
from spotter.ergonomics.open_alert import AlertStep, KnownAlert, OpenAlert, next_step

_KIND = AlertKind.SUSTAINED_POSTURE


class WorkAlerts:
    """What is told of the stations of a camera: for each station and posture at most one open alert at a time."""

    def __init__(self, site: str, camera_id: str, parameters: SustainedParameters) -> None:
        self._site = site
        self._camera_id = camera_id
        self._p = parameters
        self._postures = SustainedPostures(parameters)
        self._open: dict[str, OpenAlert] = {}
        self._known: list[KnownAlert] = []
        self._begin = 0

    def seed(self, known: Iterable[KnownAlert], begin: int) -> None:
        """Make stored alerts known to a history that begins at event time `begin`; each is met at most once."""
        ours = [one for one in known if one.alert.kind is _KIND]
        self._known = sorted(ours, key=lambda one: (one.alert.started_at, one.alert.id))
        self._begin = begin

    def update(
        self, pose: PoseFrame, seconds: Mapping[str, StationSeconds], considered: int, dropped: int
    ) -> list[AlertStep]:
        """Count what a frame adds to each station (empty name: the whole view).

        Args:
            considered, dropped: frames of the window that were seen and missed.
        """
        steps: list[AlertStep] = []
        for event in self._postures.update(pose.captured_at, seconds):
            key = f"{event.station}\x1f{event.posture}"
            if event.begins:
                self._open[key] = entry = self._raise(event, pose, considered, dropped)
                steps.append(entry.step)
            elif key in self._open:
                step = next_step(self._open.pop(key), UpdateKind.EASED, event.at, event.evidence)
                steps += [] if step is None else [step]
        return steps + self._forgotten(pose.captured_at)

    def end(self, at: int) -> list[AlertStep]:
        """The stream is over: everything that is open is closed as ended at event time `at`."""
        entries = [*self._open.values(), *(_as_open(one) for one in self._known if one.alert.open)]
        self._open, self._known = {}, []
        steps = [next_step(entry, UpdateKind.ENDED, at, {}) for entry in entries]
        return [step for step in steps if step is not None]

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "postures": self._postures.state(),
            "open": [[key, *entry.state()] for key, entry in self._open.items()],
            "known": [one.state() for one in self._known],
            "begin": self._begin,
        }

    @classmethod
    def restore(cls, site: str, camera_id: str, parameters: SustainedParameters, state: Mapping[str, Any]) -> Self:
        """The object that `state` was taken from."""
        alerts = cls(site, camera_id, parameters)
        alerts._postures = SustainedPostures.restore(parameters, state["postures"])
        alerts._open = {key: OpenAlert.restore(entry) for key, *entry in state["open"]}
        alerts._known = [KnownAlert.restore(one) for one in state["known"]]
        alerts._begin = state["begin"]
        return alerts

    def _raise(self, event: SustainedEvent, pose: PoseFrame, considered: int, dropped: int) -> OpenAlert:
        known = self._meet(event)
        if known is not None:
            return OpenAlert(AlertStep(known.alert, known.updates[0]), known.updates)
        ordinal = sum(entry.step.alert.started_at == event.started_at for entry in self._open.values())
        alert = Alert(
            id=alert_id(self._site, self._camera_id, _KIND, pose.epoch, event.started_at, ordinal),
            site=self._site,
            camera_id=self._camera_id,
            kind=_KIND,
            severity=Severity.P3,
            started_at=event.started_at,
            raised_at=event.at,
            track_id="",
            evidence=event.evidence,
            versions={"rule": RULE_VERSION, "model": pose.model},
            ledger=Ledger(
                captured=pose.captured_at - pose.clock_offset_ns, published=pose.published_at, posed=pose.posed_at
            ),
            frames_considered=considered,
            frames_dropped=dropped,
            zone=event.station or None,
        )
        return OpenAlert(AlertStep(alert, AlertUpdate(alert.id, 0, UpdateKind.RAISED, event.at, event.evidence)))

    def _meet(self, event: SustainedEvent) -> KnownAlert | None:
        """The stored alert of the same station and posture that was open at the time of the event, or is."""
        for index, one in enumerate(self._known):
            alert = one.alert
            told = [item.threshold for name, item in alert.evidence.items() if name == "trunk_inclination_low"]
            same = alert.zone == (event.station or None) and told == [EDGES_DEG[event.posture]]
            if same and alert.started_at <= event.at and (alert.open or (alert.ended_at or 0) >= event.at):
                return self._known.pop(index)
        return None

    def _forgotten(self, at: int) -> list[AlertStep]:
        """Stored alerts that are open and were not met again within two windows: how it went on is not known."""
        if at - self._begin < from_seconds(2 * self._p.window_s):
            return []
        gone = [one for one in self._known if one.alert.open]
        self._known = []
        steps = [next_step(_as_open(one), UpdateKind.LOST, at, {}) for one in gone]
        return [step for step in steps if step is not None]


def _as_open(one: KnownAlert) -> OpenAlert:
    """A stored alert after the newest update that was told of it."""
    return OpenAlert(AlertStep(one.alert, one.updates[-1]), one.updates)
