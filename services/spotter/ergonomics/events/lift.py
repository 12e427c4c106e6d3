"""Lifts and lowerings, as one state machine a person (METHODS 7.2). Pure and deterministic.

    IDLE ──hands go down──▶ REACH ──they stay──▶ GRASP ──they rise──▶ MOVE ──they stop──▶ PLACE ──over──▶ a lift
     ▲                        │                    │                    │
     └────────────────────────┴── not a load ──────┴────────────────────┘

States follow from where the hands turn (`lift_turns`): a lowest place is an origin when hands may be on a load there
(`lift_way`, `lift_origin`), the highest place after it is the destination. The lift is over when the hands rest again,
or have stayed at the destination for `hold_s`. Hands that go down again to where they came from have put the load back
or have gone for the next one: one lift all the same, with the flag `returned`. A load that is brought down is a
lowering. Without an object detector nobody knows what is in the hands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events import lift_origin as posture
from spotter.ergonomics.events.lift_features import lift_from
from spotter.ergonomics.events.lift_hands import HandFilter
from spotter.ergonomics.events.lift_signals import LiftSignals
from spotter.ergonomics.events.lift_turns import Level, Still, Turns, sample
from spotter.ergonomics.events.lift_values import Lift
from spotter.ergonomics.events.lift_way import Way

_UNSEEN = from_seconds(2.0)
"""A person who is not seen for longer may have done anything: what was under way is forgotten. As `max_gap_s` of the
tracker."""

_LEAP = 1.0
"""Statures that the hips never move between two frames; it is somebody else [D]."""

_STEADY_S, _GUESS_S = 1.0, 5.0
"""Seconds over which a person's size and floor are smoothed, so that a better guess is no movement; and the floor as
long as it is a guess, because ankles that are hidden by a load wander [D]."""

_BACK_M, _BACK_SHARE = 0.15, 0.25
"""Hands are back at the origin within so many metres, or this share of the way [D]."""

_RESTED = 2
"""Times `rest_s` that hands must rest after a lift for it to be over [D]."""


class LiftState(StrEnum):
    """Where a person stands in the rule."""

    IDLE = "idle"
    REACH = "reach"
    GRASP = "grasp"
    MOVE = "move"
    PLACE = "place"


class LiftMachine:
    """The state machine of one track."""

    def __init__(self, parameters: LiftParameters) -> None:
        self._p = parameters
        self._rest = from_seconds(parameters.rest_s)
        self._reset()

    def _reset(self) -> None:
        self._hands = HandFilter()
        self._turns = Turns(self._p.least_rise_m)
        self._way: Way | None = None
        self._reached_at: int | None = None
        self._seen_at: int | None = None
        self._place = (0.0, 0.0)
        self._floor, self._offset, self._px = 0.0, 0.0, 1.0
        self._settled = self._lying = self._turned_once = False

    @property
    def state(self) -> LiftState:
        """Where the person stands."""
        if self._way is not None:
            return LiftState.MOVE if self._way.destination is None else LiftState.PLACE
        low = self._turns.low
        if low is None or not posture.down(low.still()):
            return LiftState.IDLE
        return LiftState.GRASP if low.stayed >= self._rest else LiftState.REACH

    def update(self, at: int, signals: LiftSignals | None) -> Lift | None:
        """One frame of the camera at event time `at`; `signals` is None while the person is not seen.

        Returns:
            A lift that has just finished.
        """
        if not self._p.enabled:
            return None
        if signals is None:
            return self.end() if self._seen_at is not None and at - self._seen_at > _UNSEEN else None
        lost = self.end() if self._another(at, signals) else None
        hands = self._hands.update(at, signals.left, signals.right, signals.stature)
        if hands is None:
            return lost
        self._learn(at, signals)
        frame = sample(signals, hands)
        self._watch_ground(Still(frame, signals.settled, signals.view))
        height = (self._floor - hands.middle[1]) / self._px
        if self._way is not None:
            slow = abs(hands.rising) <= self._p.rest_speed * self._px
            self._way.accompany(at, height, slow, signals, hands)
        turn = self._turns.update(at, height, frame, signals.view, signals.settled)
        self._pause()
        found = self._turned(turn) if turn is not None else None
        return lost or found or self._stayed(at)

    def end(self) -> Lift | None:
        """The person is gone or the stream is over: a lift that has arrived is told, the rest forgotten."""
        way, high = self._way, self._turns.high
        if way is not None and way.sign > 0 and way.destination is None and high is not None:
            way.arrive(high, self._turns)
        found = self._told(way, way.destination_at) if way is not None and way.sign > 0 else None
        self._reset()
        return found

    def state_values(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "hands": self._hands.state(),
            "turns": self._turns.state(),
            "way": None if self._way is None else self._way.state(),
            "reached_at": self._reached_at,
            "seen_at": self._seen_at,
            "place": list(self._place),
            "floor": [self._floor, self._offset, self._px],
            "settled": self._settled,
            "lying": self._lying,
            "turned_once": self._turned_once,
        }

    @classmethod
    def restore(cls, parameters: LiftParameters, values: Mapping[str, Any]) -> Self:
        """The machine that `values` were taken from."""
        machine = cls(parameters)
        machine._hands = HandFilter.restore(values["hands"])
        machine._turns = Turns.restore(parameters.least_rise_m, values["turns"])
        machine._way = None if values["way"] is None else Way.restore(values["way"])
        machine._reached_at, machine._seen_at = values["reached_at"], values["seen_at"]
        x, y = values["place"]
        machine._place = x, y
        machine._floor, machine._offset, machine._px = values["floor"]
        machine._settled, machine._lying = values["settled"], values["lying"]
        machine._turned_once = values["turned_once"]
        return machine

    def _another(self, at: int, signals: LiftSignals) -> bool:
        """The track has gone over to somebody else, or was away for too long."""
        if self._seen_at is None:
            return False
        (x, y), (before_x, before_y) = signals.hips, self._place
        leapt = abs(x - before_x) + abs(y - before_y) > _LEAP * signals.stature
        return leapt or at - self._seen_at > _UNSEEN

    def _learn(self, at: int, signals: LiftSignals) -> None:
        """The size and the floor by which the hands' height is followed."""
        px = signals.px_per_m[0]
        if self._seen_at is None:
            self._floor, self._px, self._settled = signals.floor, px, signals.settled
        else:
            share = 1 - math.exp(-to_seconds(at - self._seen_at) / _STEADY_S)
            self._px += share * (px - self._px)
            if signals.settled:
                self._offset = (1 - share) * (self._offset if self._settled else self._floor - signals.floor)
                self._floor, self._settled = signals.floor + self._offset, True
            elif not self._settled:
                share = 1 - math.exp(-to_seconds(at - self._seen_at) / _GUESS_S)
                self._floor += share * (signals.floor - self._floor)
        self._seen_at, self._place = at, signals.hips

    def _watch_ground(self, now: Still) -> None:
        """Someone who lies, and until they stand again, lifts nothing: hands on the floor are there with the body."""
        self._lying = posture.lying(now) or (self._lying and not posture.upright(now))
        if self._lying:
            self._way = None

    def _pause(self) -> None:
        """Hands that come up from the sides, rest and go on take their load where they rested."""
        paused, way = self._turns.paused, self._way
        if paused is None or paused.sign < 0 or paused.stayed < _RESTED * self._rest:
            return
        if way is None or way.sign < 0 or way.destination is not None or posture.bent(way.origin):
            return
        if paused.since < way.origin_at:
            return
        tried = Way.restore(way.state())
        tried.arrive(paused, self._turns)
        if not tried.is_lift(self._p):
            self._way = self._begin(paused, 1, way.reached_at)

    def _turned(self, turn: Level) -> Lift | None:
        """The hands go the other way now."""
        if turn.sign < 0:
            found = self._over(turn)
            self._way = None if turn.spent else self._begin(turn, 1, self._reached_at)
            self._turned_once = True
            return found
        way = self._way
        if way is not None:
            way.arrive(turn, self._turns)
        if way is None or not way.is_lift(self._p):
            # Hands that were there when the person came into view may be on their way from anywhere.
            lowers = self._turned_once and not posture.down(turn.still())
            way = self._begin(turn, -1, turn.since) if lowers else None
        self._way, self._reached_at = way, turn.until
        return None

    def _begin(self, level: Level, sign: int, reached_at: int | None) -> Way | None:
        if self._lying:
            return None
        return Way.begin(level, sign, reached_at, self._turns, self._p.rest_speed)

    def _stayed(self, at: int) -> Lift | None:
        """The hands have been where they are for long enough."""
        way, low, high = self._way, self._turns.low, self._turns.high
        if way is None:
            return None
        hold = from_seconds(self._p.hold_s)
        if way.sign > 0 and way.destination is None and high is not None and high.stayed >= hold:
            way.arrive(high, self._turns)
            return self._close(way, way.destination_at)
        if low is not None and high is None and low.stayed >= _RESTED * self._rest:
            return self._over(low)
        if way.destination is not None and at - way.destination_at >= from_seconds(self._p.longest_s):
            return self._close(way, way.destination_at)
        if way.destination is None and at - way.origin_at >= from_seconds(self._p.longest_s):
            self._way = None
        return None

    def _over(self, low: Level) -> Lift | None:
        """The hands are down again, after a lift, or with a load that was brought down."""
        way = self._way
        if way is None:
            return None
        if way.sign < 0:
            way.arrive(low, self._turns)
            found = self._close(way, low.since)
            low.spent = found is not None
            return found
        if posture.sunk(way.origin, low.still()):
            self._way = None
            return None
        back = max(_BACK_M, _BACK_SHARE * abs(way.top - way.height))
        returned = abs(low.height - way.height) <= back and posture.down(low.still())
        return self._close(way, low.since if returned else way.destination_at, returned=returned)

    def _close(self, way: Way, ended_at: int, *, returned: bool = False) -> Lift | None:
        self._way = None
        return self._told(way, ended_at, returned=returned)

    def _told(self, way: Way, ended_at: int, *, returned: bool = False) -> Lift | None:
        if not way.is_lift(self._p):
            return None
        return lift_from(way, max(ended_at, way.destination_at), self._p, returned=returned)
