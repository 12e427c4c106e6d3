"""What people entered of the work at a station, which no camera sees: loads, grips, hours. Pure.

A task describes a job, never who does it. What was not entered is None or empty: unknown, and so an interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Interval = tuple[float, float]
"""Lowest and highest, both included; equal where one value is known."""

ALWAYS = 0
"""`valid_from` of a task that holds since ever."""

INTERVALS = ("load", "container_width", "hours", "frequency", "body_mass")
"""Fields of a task that are intervals."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task. (site, camera_id, station, name, valid_from) names it; a later one of the same name follows it.

    Attributes:
        camera_id: empty: at every camera that sees the station.
        station: name of the station's zone; empty: the whole view.
        load: kg, of what is lifted.
        coupling: grips that it may have: "good", "fair", "poor".
        container_width: cm, in the sagittal plane (METHODS 1.4).
        hands: "one", "two", or empty.
        hours: of this work in a day.
        frequency: lifts per minute, where it is known better than the camera counts it.
        significant_control: whether the load is placed with care at the destination (METHODS 1.4).
        body_mass: kg, of the population that the job is judged for; never of one person.
        activity: what REBA asks of the work beside the posture: "static", "repeated", "rapid"; ("none",) where none
            of them holds; empty: unknown.
        valid_from, valid_to: UTC ns; None: still.
        entered_by: a role, not a person. entered_at: wall clock, UTC ns.
    """

    site: str
    name: str
    camera_id: str = ""
    station: str = ""
    load: Interval | None = None
    coupling: tuple[str, ...] = ()
    container_width: Interval | None = None
    hands: str = ""
    hours: Interval | None = None
    frequency: Interval | None = None
    significant_control: bool | None = None
    body_mass: Interval | None = None
    activity: tuple[str, ...] = ()
    valid_from: int = ALWAYS
    valid_to: int | None = None
    entered_by: str = ""
    entered_at: int = 0

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it in the store."""
        return (self.site, self.camera_id, self.station, self.name, self.valid_from)

    @property
    def series(self) -> tuple[str, str, str, str]:
        """What it shares with the tasks that it follows and that follow it."""
        return self.key[:4]

    def entered(self) -> dict[str, Any]:
        """What was entered, JSON-ready; what is unknown is left out."""
        values: dict[str, Any] = {name: list(getattr(self, name)) for name in INTERVALS if getattr(self, name)}
        values |= {name: list(getattr(self, name)) for name in ("coupling", "activity") if getattr(self, name)}
        if self.hands:
            values["hands"] = self.hands
        if self.significant_control is not None:
            values["significant_control"] = self.significant_control
        return values

    def with_entered(self, values: Mapping[str, Any]) -> TaskRecord:
        """The same task with what `entered` gave."""
        known: dict[str, Any] = {
            name: (float(values[name][0]), float(values[name][1])) for name in INTERVALS if name in values
        }
        known |= {name: tuple(values[name]) for name in ("coupling", "activity") if name in values}
        known |= {name: values[name] for name in ("hands", "significant_control") if name in values}
        return replace(self, **known)

    def holds(self, since: int, until: int) -> bool:
        """Whether it held at some moment of `since` <= t < `until`, UTC ns."""
        return self.valid_from < until and (self.valid_to is None or self.valid_to > since)
