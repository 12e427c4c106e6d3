"""Inputs of a method, checked and completed: every error of a person at a form ends here, with its mend. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance

YES_NO = ("yes", "no")
NOT_ENTERED = "not entered"
NOT_SEEN = "not entered, and a camera does not see it"
"""Why an input is unknown when nobody says more."""

UNKNOWN_WORDS = ("", "unknown", "?")

SIDES = (("left_", "right_"), ("arm_", "body_"))
"""Pairs of inputs that one name without the prefix sets together: `wrist_flexion` is both wrists."""


def complete(method: str, asks: Sequence[Asked], given: Mapping[str, Given]) -> dict[str, Given]:
    """Every input that is asked for, in the order of `asks`: given, else its default, else unknown over its range.

    Raises:
        MethodError: a name that is not asked for, a value out of range, an unknown choice, an empty interval.
    """
    known = {ask.name for ask in asks}
    for name in given:
        if name not in known:
            raise _not_asked(method, name, known)
    return {ask.name: _completed(method, ask, given.get(ask.name)) for ask in asks}


def choices_of(ask: Asked) -> tuple[str, ...]:
    """What a choice or a flag may be."""
    return YES_NO if ask.kind is Kind.FLAG else ask.choices


def givens(method: str, asks: Sequence[Asked], values: Mapping[str, Any]) -> dict[str, Given]:
    """Inputs from plain values: see `given_of`. A name without its side sets both sides, unless they are given too.

    Raises:
        MethodError: a name that is not asked for, or a value of the wrong kind.
    """
    by_name = {ask.name: ask for ask in asks}
    single = {name: value for name, value in values.items() if name in by_name}
    for name, value in values.items():
        if name in by_name:
            continue
        both = sides_of(name, by_name)
        if not both:
            raise _not_asked(method, name, {*by_name, *shorthands(by_name)})
        for side in both:
            single.setdefault(side, value)
    return {name: given_of(method, by_name[name], value) for name, value in single.items()}


def sides_of(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The two inputs that `name` without a side stands for; empty where there are none."""
    taken = set(names)
    return next(((a + name, b + name) for a, b in SIDES if a + name in taken and b + name in taken), ())


def shorthands(names: Iterable[str]) -> tuple[str, ...]:
    """The names that set two sides at once, in order."""
    taken = list(names)
    return tuple(
        name.removeprefix(first)
        for name in taken
        for first, second in SIDES
        if name.startswith(first) and second + name.removeprefix(first) in taken
    )


def given_of(method: str, ask: Asked, value: Any) -> Given:
    """One input from a plain value: 45, (5, 10), "5..10", "good", ("good", "fair"), True, None or "unknown", a `Given`;
    for a table a sequence of mappings.

    Raises:
        MethodError: it is none of these, or not a number where one is asked for.
    """
    if isinstance(value, Given):
        return value
    if value is None or (isinstance(value, str) and value.strip().lower() in UNKNOWN_WORDS):
        return Given.unknown()
    if ask.kind is Kind.TABLE:
        return _table(method, ask, value)
    if ask.kind is Kind.NUMBER:
        return _number(method, ask, value)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise MethodError(
            f"{method}: {ask.name} is {value!r}, not one of {', '.join(choices_of(ask))}",
            mend="Give one of them, or several between commas",
        )
    return Given.of(*(word.strip().lower().replace("-", "_").replace(" ", "_") for word in words))


def _number(method: str, ask: Asked, value: Any) -> Given:
    ends: Any = value.split("..") if isinstance(value, str) else value
    ends = [ends] if isinstance(ends, (int, float)) else ends
    try:
        low, high = (float(ends[0]), float(ends[-1]))
        if len(ends) not in (1, 2) or isinstance(value, bool):
            raise ValueError
    except (TypeError, ValueError, IndexError, KeyError):
        raise MethodError(
            f"{method}: {ask.name} is {value!r}, which is not a number", mend="Write a number, or LOW..HIGH, or unknown"
        ) from None
    return Given.between(low, high)


def _table(method: str, ask: Asked, value: Any) -> Given:
    if not isinstance(value, (list, tuple)) or not all(isinstance(row, Mapping) for row in value):
        raise MethodError(f"{method}: {ask.name} is not a list of rows", mend=f"Each row holds {_listed(ask)}")
    return Given(rows=tuple(givens(f"{method}: {ask.name}", ask.columns, row) for row in value))


def _completed(method: str, ask: Asked, given: Given | None) -> Given:
    if given is None or given.provenance is Provenance.UNKNOWN:
        if ask.default is None or given is not None:
            return _anything(ask, given.reason if given else "")
        given = replace(
            given_of(method, ask, ask.default), provenance=Provenance.ASSUMED, reason="assumed when not given"
        )
    if ask.kind is Kind.TABLE:
        if not given.rows:
            raise MethodError(f"{method}: {ask.name} is empty", mend=f"Give rows of {_listed(ask)}")
        rows = tuple(complete(f"{method}: {ask.name} row {n}", ask.columns, row) for n, row in enumerate(given.rows, 1))
        return replace(given, rows=rows)
    if ask.kind is Kind.NUMBER:
        return _within(method, ask, given)
    allowed = choices_of(ask)
    for choice in given.choices:
        if choice not in allowed:
            raise MethodError(f"{method}: {ask.name} is '{choice}'", mend=f"Choose from {', '.join(allowed)}")
    if not given.choices:
        raise MethodError(f"{method}: {ask.name} is given without a choice", mend=f"Choose from {', '.join(allowed)}")
    if given.weights and (len(given.weights) != len(given.choices) or min(given.weights) < 0):
        raise MethodError(
            f"{method}: {ask.name} has weights {given.weights} for {', '.join(given.choices)}",
            mend="Give each choice a weight of 0 or more",
        )
    return given


def _within(method: str, ask: Asked, given: Given) -> Given:
    unit = f" {ask.unit}" if ask.unit else ""
    ends = (given.low, given.high) if given.value is None else (given.low, given.high, given.value)
    for end in ends:
        if not math.isfinite(end) or not ask.low <= end <= ask.high:
            raise MethodError(
                f"{method}: {ask.name} is {end:g}{unit}",
                mend=f"Give {ask.low:g} to {ask.high:g}{unit}, or leave it out",
            )
    if given.low > given.high:
        raise MethodError(
            f"{method}: {ask.name} goes from {given.low:g} to {given.high:g}{unit}", mend="Put the lower end first"
        )
    return given


def _anything(ask: Asked, reason: str) -> Given:
    why = reason or (NOT_ENTERED if ask.observable else NOT_SEEN)
    if ask.kind is Kind.NUMBER:
        return Given(ask.low, ask.high, provenance=Provenance.UNKNOWN, reason=why)
    if ask.kind is Kind.TABLE:
        return Given(provenance=Provenance.UNKNOWN, reason=why)
    return Given(choices=choices_of(ask), provenance=Provenance.UNKNOWN, reason=why)


def _not_asked(method: str, name: str, known: Iterable[str]) -> MethodError:
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    mend = f"Did you mean {near[0]}?" if near else f"It asks for {', '.join(names)}"
    return MethodError(f"{method} does not ask for {name}", mend=mend)


def _listed(ask: Asked) -> str:
    return ", ".join(column.name for column in ask.columns)
