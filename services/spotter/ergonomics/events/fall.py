"""Possible falls and people down, as one state machine a person (METHODS 8.2). Pure and deterministic.

    UP ──low for settle_s──▶ GROUND ──long enough──▶ ALERTED ──up for recover_s──▶ UP
    ▲                          │
    └──not low for cancel_s────┘  (suppressed, with the reason)

Someone who comes near the ground and stays UP is suppressed as well, with the posture that was seen.

How long is long enough: `confirm_s` after a fast descent and `slow_confirm_s` after a slow one (possible fall, P1),
`down_s` when none was seen (person down, P2) or when the person was up on hands and knees for most of it. Seconds of
event time; heights in statures above the floor, from `tracking.scale`. A pose model often loses people who lie, so
being unseen does not end GROUND or ALERTED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.contracts import Evidence
from spotter.core.parameters import FallParameters
from spotter.ergonomics.events.descent import Descent, DescentWatch, descent_from, descent_state
from spotter.ergonomics.events.hold import Held
from spotter.ergonomics.events.posture import NearGround
from spotter.ergonomics.events.signals import ANYWHERE, FallSignals, Where

RULE_VERSION = "fall/3"

_FLICKER = from_seconds(0.5)
"""A posture that is interrupted for no longer than this has gone on: single frames of a pose model are noisy [D]."""

_KNELT = from_seconds(1.0)
"""Whoever falls may pass over hands and knees; this long is no passing [D]."""

_LINK = from_seconds(2.0)
"""A descent belongs to the ground contact that begins within this time after it [D]."""


class FallState(StrEnum):
    """Where a person stands in the rule. `UP` is whatever is not on the ground: standing, bending, sitting."""

    UP = "up"
    GROUND = "on_ground"
    ALERTED = "alert"


class Low(StrEnum):
    """In which way one frame shows a person to be low: by heights, by the trunk, or along the camera's view."""

    SUNK = "sunk"
    FLAT = "flat"
    END_ON = "end_on"


class FallEventKind(StrEnum):
    """What the machine reports."""

    FALL = "fall"
    DOWN = "down"
    STILL_DOWN = "still_down"
    RECOVERED = "recovered"
    LOST = "lost"
    ENDED = "ended"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class FallEvent:
    """One report. `started_at` stays the same over the life of a situation; `reason` is for suppressions.

    `zone` is the first zone in which the person is then; empty: none.
    """

    kind: FallEventKind
    started_at: int
    at: int
    evidence: dict[str, Evidence] = field(default_factory=dict)
    reason: str = ""
    zone: str = ""


class FallMachine:
    """The state machine of one track."""

    def __init__(self, parameters: FallParameters) -> None:
        self._p = parameters
        self.state = FallState.UP
        self._descents = DescentWatch(parameters)
        self._low = Held(_FLICKER)
        self._not_low = Held(0)
        self._up = Held(_FLICKER)
        self._watched = self._on_knees = 0
        self._seen_at = 0
        self._gap = (0, 0)
        self._last: FallSignals | None = None
        self._lowest: tuple[Low, FallSignals] | None = None
        self._ground_since = 0
        self._cause: Descent | None = None
        self._started_at = 0
        self._told = 0
        self._excused = ""
        self._near = NearGround(parameters)
        self._dropped: Descent | None = None

    @property
    def busy(self) -> bool:
        """True while someone is on the ground: the machine must live on even if its track is lost."""
        return self.state is not FallState.UP

    def update(self, at: int, signals: FallSignals | None) -> list[FallEvent]:
        """One frame of the camera at event time `at`; `signals` is None while the person is not seen."""
        if signals is not None:
            self._observe(at, signals)
        if self.state is FallState.UP:
            return self._not_down(at) or self._near_ground(at)
        self._near.explained()
        return self._ground(at) if self.state is FallState.GROUND else self._alerted(at)

    def fell_to(self, at: int, hip: float, head: float) -> bool:
        """Whether a fast descent has just led to these heights, which may be far below the floor that was learned."""
        found = self._descents.beyond(at, hip, head)
        before = self._dropped if self.dropping(at) else None
        self._dropped = found if before is None or (found is not None and found.hip_drop > before.hip_drop) else before
        return self._dropped is not None

    def dropping(self, at: int) -> bool:
        """Whether such a descent ended just now; the person may be coming down still."""
        return self._dropped is not None and at - self._dropped.ended <= _LINK

    def landed(self) -> None:
        """It was to a lower floor: heights are measured from there from now on, and what led there is kept."""
        self._descents.latest = self._dropped

    def end(self, at: int) -> list[FallEvent]:
        """The camera's stream has ended; an open alert is closed as ended, not as recovered."""
        return self._close(FallEventKind.ENDED, at) if self.state is FallState.ALERTED else []

    def state_values(self) -> dict[str, Any]:
        """Everything, as plain values (`state` is where the person stands)."""
        return {
            "state": self.state.value,
            "descents": self._descents.state(),
            "low": self._low.state(),
            "not_low": self._not_low.state(),
            "up": self._up.state(),
            "on_knees": [self._watched, self._on_knees],
            "seen_at": self._seen_at,
            "gap": list(self._gap),
            "last": self._last.state() if self._last is not None else None,
            "lowest": [self._lowest[0].value, self._lowest[1].state()] if self._lowest is not None else None,
            "ground_since": self._ground_since,
            "cause": descent_state(self._cause),
            "started_at": self._started_at,
            "told": self._told,
            "excused": self._excused,
            "near": self._near.state(),
            "dropped": descent_state(self._dropped),
        }

    @classmethod
    def restore(cls, parameters: FallParameters, values: Mapping[str, Any]) -> Self:
        """The machine that `values` were taken from."""
        machine = cls(parameters)
        machine.state = FallState(values["state"])
        machine._descents = DescentWatch.restore(parameters, values["descents"])
        machine._low = Held.restore(values["low"])
        machine._not_low = Held.restore(values["not_low"])
        machine._up = Held.restore(values["up"])
        machine._watched, machine._on_knees = values["on_knees"]
        machine._seen_at = values["seen_at"]
        gone, back = values["gap"]
        machine._gap = gone, back
        machine._last = FallSignals.restore(values["last"]) if values["last"] is not None else None
        if values["lowest"] is not None:
            way, signals = values["lowest"]
            machine._lowest = Low(way), FallSignals.restore(signals)
        machine._ground_since = values["ground_since"]
        machine._cause = descent_from(values["cause"])
        machine._started_at = values["started_at"]
        machine._told = values["told"]
        machine._excused = values["excused"]
        machine._near = NearGround.restore(parameters, values["near"])
        machine._dropped = descent_from(values["dropped"])
        return machine

    def _observe(self, at: int, signals: FallSignals) -> None:
        p = self._p
        if self._last is not None and at - self._seen_at > _FLICKER:
            self._gap = self._seen_at, at
        if signals.hip < p.lowest_hip:
            self.fell_to(at, signals.hip, signals.head)
            self._descents.forget()
        elif signals.settled and self.state is not FallState.ALERTED:
            self._descents.observe(at, signals.hip, signals.head)
        low = self._way_down(at, signals)
        if low is not None:
            self._lowest = low, signals
        if self.state is FallState.UP and self._low.since is None:
            self._watched = self._on_knees = 0
        else:
            step = min(at - self._seen_at, _FLICKER)
            self._watched += step
            self._on_knees += step if signals.on_knees else 0
        self._low.observe(at, low is not None)
        self._not_low.observe(at, low is None)
        self._up.observe(at, signals.hip >= p.up_hip and signals.head >= p.up_head)
        self._near.observe(at, signals)
        self._seen_at, self._last = at, signals

    def _way_down(self, at: int, signals: FallSignals) -> Low | None:
        """On the ground as far as one frame can tell, and in which way.

        A camera that looks down shows a body that lies along its view higher above the feet than it is; that much is
        believed only right after a fast descent, or it would be said of people who crouch.
        """
        p, hip, head = self._p, signals.hip, signals.head
        rise = head - hip
        if hip < p.lowest_hip:
            return None
        if hip <= p.ground_hip:
            if head <= p.ground_head and rise <= p.ground_rise:
                return Low.SUNK
            if signals.trunk.proves_at_least(p.ground_trunk_deg):
                return Low.FLAT
        if hip > p.end_on_hip or head > p.end_on_head or rise > p.end_on_rise:
            return None
        descent = self._descents.latest
        if descent is None or descent.speed < p.end_on_speed or descent.head_drop < p.descent_head_drop:
            return None
        return Low.END_ON if self._low.since is not None or at - descent.ended <= _LINK else None

    def _not_down(self, at: int) -> list[FallEvent]:
        if self._low.since is None:
            return []
        settled = self._low.duration(self._seen_at) >= from_seconds(self._p.settle_s)
        if not settled and not self._vanished(at, self._recent(self._low.since)):
            return []
        self.state = FallState.GROUND
        self._begin(self._low.since)
        return self._ground(at)

    def _begin(self, since: int) -> None:
        """The time on the ground counts from event time `since`; a descent that ended just before has led there."""
        self._ground_since, self._cause = since, self._recent(since)
        self._started_at = self._cause.began if self._cause else since

    def _recent(self, since: int) -> Descent | None:
        """The descent that led to ground contact at `since`; time in which nobody saw the person does not part them."""
        descent, (gone, back) = self._descents.latest, self._gap
        if descent is None:
            return None
        unseen = min(back - gone, from_seconds(self._p.handover_s)) if descent.ended <= gone and back <= since else 0
        return descent if since - descent.ended - unseen <= _LINK else None

    def _near_ground(self, at: int) -> list[FallEvent]:
        """Why someone near the ground has not fallen: told when a fall would have been."""
        last = self._last
        if last is None or self._seen_at != at or (posture := self._near.reason(at)) is None:
            return []
        p, since = self._p, self._near.since
        numbers = {"seconds_near_ground": Evidence(round(to_seconds(at - since), 3), p.confirm_s, "s")}
        for name, value, limit in (
            ("hip_height", last.hip, p.ground_hip),
            ("head_height", last.head, p.ground_head),
            ("head_above_hip", last.head - last.hip, p.ground_rise),
        ):
            numbers[name] = Evidence(round(value, 3), limit, "statures", ">" if value > limit else "<=")
        return [FallEvent(FallEventKind.SUPPRESSED, since, at, numbers, posture.value, self._where.zone)]

    def _vanished(self, at: int, cause: Descent | None) -> bool:
        """Last seen low in a fast descent and unseen since: pose models often lose people at the moment of impact."""
        if cause is None or not cause.fast or cause.head_drop < self._p.descent_head_drop:
            return False
        return self._low.last_true == self._seen_at and at - self._seen_at >= from_seconds(self._p.settle_s)

    def _ground(self, at: int) -> list[FallEvent]:
        cancel = from_seconds(self._p.cancel_s)
        left_upright = self._up.last_true == self._seen_at and self._up.duration(at) >= cancel
        if left_upright or self._not_low.duration(self._seen_at) >= cancel:
            return self._cancel(at, "got_up" if self._up.since is not None else "sat_up")
        excuse = self._where.excuse
        if self._excused and not excuse:
            self._excused = ""
            self._begin(at)
        if to_seconds(at - self._ground_since) < self._patience():
            return []
        if excuse:
            return self._hold_back(at, excuse)
        self.state = FallState.ALERTED
        # What led here is in `_cause`; someone may stay down unseen for minutes, and memory must not wait with them.
        self._descents.forget()
        self._told = 0
        self._up.clear()
        kind = FallEventKind.FALL if self._cause else FallEventKind.DOWN
        return [self._event(kind, at, self._evidence(at))]

    def _patience(self) -> float:
        """Seconds on the ground before anybody is told."""
        factor = self._where.factor
        if self._cause is None or self._kneels:
            return self._p.down_s * factor
        return (self._p.confirm_s if self._cause.fast else self._p.slow_confirm_s) * factor

    @property
    def _kneels(self) -> bool:
        """Up on hands and knees for most of the time since the person became low, and for longer than in a fall."""
        return self._on_knees >= _KNELT and 2 * self._on_knees > self._watched

    @property
    def _where(self) -> Where:
        return self._last.where if self._last is not None else ANYWHERE

    def _hold_back(self, at: int, excuse: str) -> list[FallEvent]:
        """Told once; the person is followed on, and the clock begins anew when they leave the zone."""
        if to_seconds(at - self._seen_at) >= self._p.lost_s:
            self._reset()
            return []
        if self._excused:
            return []
        self._excused = excuse
        return [self._event(FallEventKind.SUPPRESSED, at, self._evidence(at), excuse)]

    def _event(self, kind: FallEventKind, at: int, evidence: dict[str, Evidence], reason: str = "") -> FallEvent:
        return FallEvent(kind, self._started_at, at, evidence, reason, self._where.zone)

    def _alerted(self, at: int) -> list[FallEvent]:
        if self._up.duration(self._seen_at) >= from_seconds(self._p.recover_s):
            return self._close(FallEventKind.RECOVERED, at)
        if to_seconds(at - self._seen_at) >= self._p.lost_s:
            return self._close(FallEventKind.LOST, at)
        steps = self._p.escalate_s
        if self._told < len(steps) and to_seconds(at - self._ground_since) >= steps[self._told]:
            self._told += 1
            return [self._event(FallEventKind.STILL_DOWN, at, self._evidence(at))]
        return []

    def _close(self, kind: FallEventKind, at: int) -> list[FallEvent]:
        recovered = kind is FallEventKind.RECOVERED
        event = self._event(kind, at, self._up_evidence(at) if recovered else self._evidence(at))
        self._reset()
        return [event]

    def _cancel(self, at: int, reason: str) -> list[FallEvent]:
        """Nothing comes of it; that is told unless a reason was told before."""
        events = [] if self._excused else [self._event(FallEventKind.SUPPRESSED, at, self._evidence(at), reason)]
        self._reset()
        return events

    def _reset(self) -> None:
        self.state = FallState.UP
        self._cause = None
        self._excused = ""
        self._dropped = None
        self._descents.forget()
        self._low.clear()

    def _evidence(self, at: int) -> dict[str, Evidence]:
        """What holds the person to be on the ground, each number with the threshold that it passed."""
        cause = self._cause
        numbers = {"seconds_on_ground": Evidence(round(to_seconds(at - self._ground_since), 3), self._patience(), "s")}
        if self._lowest is not None:
            numbers |= _low_evidence(*self._lowest, self._p)
        if cause is not None:
            if cause.fast:
                numbers["descent_speed"] = Evidence(round(cause.speed, 3), self._p.descent_speed, "statures/s")
            if cause.hip_drop >= self._p.descent_drop:
                numbers["hip_drop"] = Evidence(round(cause.hip_drop, 3), self._p.descent_drop, "statures")
            if cause.head_drop >= self._p.descent_head_drop:
                numbers["head_drop"] = Evidence(round(cause.head_drop, 3), self._p.descent_head_drop, "statures")
        return numbers | self._unseen(at)

    def _up_evidence(self, at: int) -> dict[str, Evidence]:
        """What holds the person to be up again."""
        p, last = self._p, self._last
        numbers = {"seconds_up": Evidence(round(to_seconds(self._up.duration(at)), 3), p.recover_s, "s")}
        if last is not None:
            numbers["hip_height"] = Evidence(round(last.hip, 3), p.up_hip, "statures")
            numbers["head_height"] = Evidence(round(last.head, 3), p.up_head, "statures")
        return numbers

    def _unseen(self, at: int) -> dict[str, Evidence]:
        seconds, limit = round(to_seconds(at - self._seen_at), 3), self._p.lost_s
        return {"seconds_unseen": Evidence(seconds, limit, "s", "<" if seconds < limit else ">=")}


def _low_evidence(way: Low, signals: FallSignals, p: FallParameters) -> dict[str, Evidence]:
    """The numbers of one frame that is low in this way."""
    along = way is Low.END_ON
    hip = Evidence(round(signals.hip, 3), p.end_on_hip if along else p.ground_hip, "statures", "<=")
    if way is Low.FLAT:
        return {"hip_height": hip, "trunk_inclination": Evidence(signals.trunk.low, p.ground_trunk_deg, "degrees")}
    head = Evidence(round(signals.head, 3), p.end_on_head if along else p.ground_head, "statures", "<=")
    return {"hip_height": hip, "head_height": head}
