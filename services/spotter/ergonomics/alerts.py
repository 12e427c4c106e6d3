"""From what the rules report to alerts and their updates, with deterministic ids. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from spotter.ergonomics.events.fall import RULE_VERSION, FallEvent, FallEventKind

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


@dataclass(frozen=True, slots=True)
class AlertStep:
    """An alert as it stands after `update`."""

    alert: Alert
    update: AlertUpdate


class AlertBook:
    """The open alerts of one camera, by track: at most one at a time each."""

    def __init__(self, site: str, camera_id: str) -> None:
        self._site = site
        self._camera_id = camera_id
        self._open: dict[str, AlertStep] = {}

    def apply(
        self, track_id: str, event: FallEvent, pose: PoseFrame, considered: int, dropped: int
    ) -> AlertStep | None:
        """Turn one report into the next step of an alert; None when it raises and changes nothing.

        Args:
            pose: the frame at which the rule fired.
            considered, dropped: frames since `event.started_at` that were seen and missed.
        """
        if event.kind in _RAISES:
            step = self._raise(track_id, event, pose, considered, dropped)
        elif event.kind in _UPDATES and track_id in self._open:
            step = self._continue(self._open[track_id], event)
        else:
            return None
        if step.update.kind.closes:
            del self._open[track_id]
        else:
            self._open[track_id] = step
        return step

    def _raise(self, track_id: str, event: FallEvent, pose: PoseFrame, considered: int, dropped: int) -> AlertStep:
        kind, severity = _RAISES[event.kind]
        alert = Alert(
            id=alert_id(self._site, self._camera_id, kind, track_id, pose.epoch, event.started_at),
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
        )
        return AlertStep(alert, AlertUpdate(alert.id, 0, UpdateKind.RAISED, event.at, event.evidence))

    def _continue(self, step: AlertStep, event: FallEvent) -> AlertStep:
        kind = _UPDATES[event.kind]
        update = AlertUpdate(step.alert.id, step.update.number + 1, kind, event.at, event.evidence)
        alert = replace(step.alert, ended_at=event.at) if kind.closes else step.alert
        return AlertStep(alert, update)
