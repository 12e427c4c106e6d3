"""One lift as a camera saw it: when, from where to where, how, and why an equation may not apply. Pure values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from spotter.core.clock import to_seconds
from spotter.core.contracts import Measure, Status

LIFT_VERSION = "lift/1"

UNNAMED = "lift-like movement"
"""What a lift is called while nobody has said that there was a load: bending to pick up a pen is the same skeleton as
bending to pick up 20 kg (METHODS 7.2)."""

_NAMESPACE = uuid.UUID("0d7cf1f4-3c55-5d0e-9c5e-51b6a3a0f2c9")
"""Namespace of all lift ids (a random constant of this project)."""


class LiftStyle(StrEnum):
    """The posture at the origin, by name (METHODS 7.3). A description, not a judgement: the index says more."""

    STOOP = "stoop"
    SEMI_SQUAT = "semi_squat"
    SQUAT = "squat"
    UNKNOWN = "unknown"


class LiftFlag(StrEnum):
    """What takes a lift out of the scope of the lifting equation (METHODS 1.7), as far as a camera can tell; and
    RETURNED, which does not: the hands went down again to where they came from, so the load was put back or the hands
    went for the next one."""

    CARRY = "carry"
    ONE_HAND = "one_hand"
    HIGH_SPEED = "high_speed"
    SEATED = "seated"
    KNEELING = "kneeling"
    RETURNED = "returned"

    @property
    def scope(self) -> bool:
        """Whether the lifting equation does not hold for such a lift."""
        return self is not LiftFlag.RETURNED


@dataclass(frozen=True, slots=True)
class Lift:
    """One finished lift or lowering. Times are event time, UTC ns.

    Attributes:
        started_at: the hands begin to go to the load (REACH).
        origin_at: the load leaves its place (end of GRASP).
        destination_at: it has come to its new place, or to the highest one if it was put back.
        ended_at: the hands let go, turn back or come to rest; of one that was put back, when it was down again.
        vertical_origin, vertical_destination: height of the hands above the floor, cm.
        travel: vertical way between the two, cm.
        horizontal_origin, horizontal_destination: from mid-ankle to mid-hand on the floor, cm.
        asymmetry: at the origin, degrees, 0 to 135 and more.
        speed: mean vertical speed of the hands between the two, m/s.
        direction: of the load.
        style, style_index: posture at the origin by name, and the continuous index behind it (0 stoop, 1 full squat).
        flags: see `LiftFlag`, in its order.
        steps: that the feet took between origin and destination.
        entered: "load" or "object" once somebody or a detector said that there was one.
    """

    started_at: int
    origin_at: int
    destination_at: int
    ended_at: int
    vertical_origin: Measure
    vertical_destination: Measure
    travel: Measure
    horizontal_origin: Measure
    horizontal_destination: Measure
    asymmetry: Measure
    speed: Measure
    direction: Literal["up", "down"]
    style: LiftStyle
    style_index: Measure
    flags: tuple[LiftFlag, ...] = ()
    steps: int = 0
    entered: Literal["", "load", "object"] = ""

    @property
    def name(self) -> str:
        """What to call it."""
        if not self.entered:
            return UNNAMED
        return "lift" if self.direction == "up" else "lowering"

    @property
    def duration_s(self) -> float:
        """From origin to destination."""
        return to_seconds(self.destination_at - self.origin_at)

    @property
    def out_of_scope(self) -> tuple[LiftFlag, ...]:
        """Why the lifting equation does not hold for it, as far as a camera can tell."""
        return tuple(flag for flag in self.flags if flag.scope)

    def numbers(self) -> dict[str, Any]:
        """Everything, JSON-ready, for `LiftRecord.numbers`: measures as [value, low, high, unit, status, reason]."""
        measures = {name: measure_values(getattr(self, name)) for name in MEASURES}
        return {
            "version": LIFT_VERSION,
            "name": self.name,
            "reached_at": self.started_at,
            "origin_at": self.origin_at,
            "destination_at": self.destination_at,
            "duration_s": round(self.duration_s, 3),
            "direction": self.direction,
            "style": self.style.value,
            "flags": [flag.value for flag in self.flags],
            "steps": self.steps,
            "entered": self.entered,
            **measures,
        }


MEASURES = (
    "vertical_origin", "vertical_destination", "travel", "horizontal_origin", "horizontal_destination", "asymmetry",
    "speed", "style_index",
)  # fmt: skip
"""The measures of a lift, by field name, in the order of `numbers`."""


def lift_of(ended_at: int, numbers: dict[str, Any]) -> Lift:
    """The lift that `numbers` came from, with the end of its record."""
    return Lift(
        started_at=numbers["reached_at"],
        origin_at=numbers["origin_at"],
        destination_at=numbers["destination_at"],
        ended_at=ended_at,
        direction=numbers["direction"],
        style=LiftStyle(numbers["style"]),
        flags=tuple(LiftFlag(flag) for flag in numbers["flags"]),
        steps=numbers["steps"],
        entered=numbers["entered"],
        **{name: measure_of(numbers[name]) for name in MEASURES},
    )


def lift_id(site: str, camera_id: str, epoch: int, origin_at: int, ordinal: int = 0) -> uuid.UUID:
    """UUIDv5 of what makes a lift itself, so that a replay finds the row that the first run wrote.

    No track id goes in, as for `core.contracts.alert_id`.

    Args:
        origin_at: when the load left its place: what came before it may not be seen by a replay that begins later.
        ordinal: tells apart lifts that began at the same instant on one camera, in the order of their end.
    """
    return uuid.uuid5(_NAMESPACE, "\x1f".join((site, camera_id, str(epoch), str(origin_at), str(ordinal))))


def measure_values(measure: Measure) -> list[Any]:
    """A measure as plain values, rounded as people read it."""
    value = None if measure.value is None else round(measure.value, 3)
    low, high = round(measure.low, 3), round(measure.high, 3)
    return [value, low, high, measure.unit, measure.status.value, measure.reason]


def measure_of(values: list[Any]) -> Measure:
    """The measure that `measure_values` was given."""
    value, low, high, unit, status, reason = values
    return Measure(value, low, high, unit, Status(status), reason)
