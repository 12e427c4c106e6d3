"""What people entered of the work, in the words of the methods. Pure.

Lifts are not told apart by task: with several tasks at a station a value may be that of any of them, and one task of
which it is unknown makes it unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from spotter.core.store.task_records import INTERVALS, TaskRecord
from spotter.ergonomics.methods.api import Asked, Given, Method

HOURS = (("short", 1.0), ("moderate", 2.0), ("long", 8.0))
"""Duration classes of the lifting equation and the hours up to which they go (METHODS 1.2). Rest is not entered: the
breaks of an ordinary day are assumed to be enough for the class."""

_T = TypeVar("_T")

_FLAGS = {"static": "static_posture", "repeated": "repeated_motion", "rapid": "rapid_changes"}


@dataclass(frozen=True, slots=True)
class Entered:
    """What is known of the work beside what the camera saw.

    Attributes:
        task: the union of `tasks`, with `options` in the place of what they say.
        tasks: of the catalogue that held in the time of the report.
        options: names of what was given for this report alone.
    """

    task: TaskRecord
    tasks: tuple[TaskRecord, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Nothing was entered."""
        return not self.task.entered()

    def given(self, method: Method) -> dict[str, Given]:
        """Those of the inputs that `method` asks for."""
        return self.given_of(method.asks)

    def given_of(self, asks: Sequence[Asked]) -> dict[str, Given]:
        """Those of these inputs that are known."""
        task = self.task
        found: dict[str, Given] = {}
        for name, interval in (
            ("load_kg", task.load),
            ("arm_load_kg", task.load),
            ("body_load_kg", task.load),
            ("width_cm", task.container_width),
            ("f_per_min", task.frequency),
            ("body_mass_kg", task.body_mass),
            ("hours_per_day", task.hours),
        ):
            if interval is not None:
                found[name] = Given.between(*interval)
        if task.coupling:
            found["coupling"] = Given.of(*task.coupling)
        if task.hands:
            found["one_handed"] = Given.of("yes" if task.hands == "one" else "no")
        if task.significant_control is not None:
            found["significant_control"] = Given.of("yes" if task.significant_control else "no")
        if task.activity:
            for word, name in _FLAGS.items():
                found[name] = Given.of("yes" if word in task.activity else "no")
            held = Given.of("yes" if {"static", "repeated"} & set(task.activity) else "no")
            found |= {"arm_static_or_repeated": held, "body_static_or_repeated": held}
        found |= _duration(task)
        return _within(asks, found)


def entered_of(tasks: Sequence[TaskRecord], options: TaskRecord | None = None) -> Entered:
    """The union of tasks, with what the fields of `options` hold in its place."""
    union = TaskRecord("", "")
    if tasks:
        hulls = {name: _hull([getattr(task, name) for task in tasks]) for name in INTERVALS}
        union = replace(
            union.with_entered({name: hull for name, hull in hulls.items() if hull is not None}),
            coupling=_any([task.coupling for task in tasks]),
            activity=_any([task.activity for task in tasks]),
            hands=_same([task.hands for task in tasks]) or "",
            significant_control=_same([task.significant_control for task in tasks]),
        )
    given = options.entered() if options is not None else {}
    return Entered(union.with_entered(given), tuple(tasks), tuple(given))


def _duration(task: TaskRecord) -> Mapping[str, Given]:
    if task.hours is None:
        return {}
    low, high = task.hours
    classes = [name for name, _ in HOURS]
    first, last = (next((n for n, (_, most) in enumerate(HOURS) if hours <= most), 2) for hours in (low, high))
    found = {"duration": Given.of(*classes[first : last + 1])}
    if high > HOURS[-1][1]:
        found["over_eight_hours"] = Given.of(*(("yes",) if low > HOURS[-1][1] else ("yes", "no")))
    return found


def _within(asks: Sequence[Asked], found: Mapping[str, Given]) -> dict[str, Given]:
    """Only what is asked for; numbers beyond its range are cut to it, choices that it lacks are left out."""
    asked = {ask.name: ask for ask in asks}
    cut: dict[str, Given] = {}
    for name, given in found.items():
        ask = asked.get(name)
        if ask is None:
            continue
        if given.choices:
            allowed = ask.choices or ("yes", "no")
            choices = tuple(choice for choice in given.choices if choice in allowed)
            if choices:
                cut[name] = replace(given, choices=choices)
        else:
            cut[name] = replace(
                given, low=min(max(given.low, ask.low), ask.high), high=min(max(given.high, ask.low), ask.high)
            )
    return cut


def _hull(intervals: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [interval for interval in intervals if interval is not None]
    if len(known) < len(intervals):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _any(choices: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for some in choices for word in some)) if all(choices) else ()


def _same(values: Sequence[_T | None]) -> _T | None:
    return values[0] if len(set(values)) == 1 else None
