"""A result of a method for people, and for machines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Asked, Given, Kind, Method, Provenance, Result
from spotter.ergonomics.methods.engine import level_reached
from spotter.ergonomics.methods.inputs import shorthands, sides_of

CAUTION = (
    "This supports the judgement of a competent person, who decides. It evaluates postures and jobs, not people, and "
    "says nothing about what was not entered."
)

_WIDTH = 100
_BAR = 24
_MOST_WIDENING = 8
_STATUS = {
    Status.OK: "exact",
    Status.BOUNDED: "bounded: what is not known leaves a range",
    Status.NOT_OBSERVABLE: "not observable: nothing is known",
    Status.OUT_OF_SCOPE: "out of scope: the method does not apply",
}


def page(method: Method, result: Result) -> str:
    """A readable page, lines of at most 100 characters."""
    return "\n".join(_lines(method, result)).rstrip()


def result_json(method: Method, result: Result) -> dict[str, Any]:
    """The same as an object for JSON; what has no number is null."""
    return {
        "method": result.method,
        "method_version": result.method_version,
        "table_version": result.table_version,
        "source": method.source,
        "name": result.name,
        "unit": result.unit,
        "status": result.status.value,
        "value": _finite(result.value),
        "low": _finite(result.low),
        "high": _finite(result.high),
        "levels": dict(result.levels),
        "widening": [{"input": name, "width": width} for name, width in result.widening],
        "inputs": {ask.name: _given_json(ask, result.inputs[ask.name]) for ask in _known(method, result)},
        "details": {name: [_finite(low), _finite(high)] for name, (low, high) in result.details.items()},
        "reasons": list(result.reasons),
        "caution": CAUTION,
    }


def _lines(method: Method, result: Result) -> Iterator[str]:
    yield method.title
    yield ""
    yield _headline(result)
    yield f"Status: {_STATUS[result.status]}"
    if result.levels:
        yield ""
        yield from _levels(result.levels)
    if result.widening:
        yield ""
        yield "What knowing an input would take off the range, at most"
        asked = {ask.name for ask in method.asks}
        named = [(f"{name} (both)" if sides_of(name, asked) else name, width) for name, width in result.widening]
        yield from _columns([(name, _figure(width)) for name, width in named[:_MOST_WIDENING]])
    yield ""
    yield from _inputs(method, result)
    if result.details:
        yield ""
        yield "On the way"
        yield from _columns([(name, _span(low, high)) for name, (low, high) in result.details.items()])
    if result.reasons:
        yield ""
        yield "Notes"
        for reason in result.reasons:
            yield from _wrapped(reason, "- ")
    yield ""
    tables = f", tables: {result.table_version}" if result.table_version else ""
    yield from _wrapped(f"Method {result.method} {result.method_version}{tables}. Source: {method.source}.")
    yield from _wrapped(CAUTION)


def _headline(result: Result) -> str:
    if math.isnan(result.low):
        return f"{result.name}: no value"
    unit = f" {result.unit}" if result.unit else ""
    if result.low == result.high:
        return f"{result.name} {_figure(result.low)}{unit}"
    likely = "" if result.value is None else f", most probably {_figure(result.value)}"
    return f"{result.name} {_span(result.low, result.high)}{unit}{likely}"


def _levels(levels: Mapping[str, float]) -> Iterator[str]:
    yield "Level and its probability, given what is known"
    width = max(map(len, levels))
    for name, share in levels.items():
        filled = round(share * _BAR)
        yield f"  {name:<{width}}  {'█' * filled}{'·' * (_BAR - filled)}  {_percent(share):>5}"
    sure = level_reached(levels)
    if sure != next(iter(levels)):
        yield f"At least '{sure}' with a probability of 90 % or more."


def _inputs(method: Method, result: Result) -> Iterator[str]:
    known = list(_known(method, result))
    told = [ask for ask in known if result.inputs[ask.name].provenance is not Provenance.UNKNOWN]
    denied = [ask for ask in told if _assumed_no(ask, result.inputs[ask.name])]
    told = [ask for ask in told if ask not in denied]
    unknown = [ask for ask in known if result.inputs[ask.name].provenance is Provenance.UNKNOWN]
    yield "Inputs"
    rows: list[tuple[str, ...]] = []
    for name, parts in _by_side(told).items():
        values = {(_value(ask, result.inputs[ask.name]), result.inputs[ask.name].provenance.value) for ask in parts}
        each = [(name, parts[0])] if len(values) == 1 else [(ask.name, ask) for ask in parts]
        for shown, ask in each:
            given = result.inputs[ask.name]
            rows.append((shown, _value(ask, given), given.provenance.value))
    yield from _columns(rows)
    if denied:
        yield from _wrapped(f"assumed not: {', '.join(_by_side(denied))}", "  ")
    if unknown:
        yield from _wrapped(f"unknown: {', '.join(_by_side(unknown))}", "  ")


def _by_side(asks: list[Asked]) -> dict[str, list[Asked]]:
    """Inputs by name, two sides of one together: "wrist_flexion (both)"."""
    by_name = {ask.name: ask for ask in asks}
    pairs = {short: sides_of(short, by_name) for short in shorthands(by_name)}
    first = {sides[0]: (f"{short} (both)", sides) for short, sides in pairs.items()}
    second = {sides[1] for sides in pairs.values()}
    found = {}
    for name in by_name:
        if name not in second:
            shown, names = first.get(name, (name, (name,)))
            found[shown] = [by_name[each] for each in names]
    return found


def _assumed_no(ask: Asked, given: Given) -> bool:
    return ask.kind is Kind.FLAG and given.provenance is Provenance.ASSUMED and given.choices == ("no",)


def _value(ask: Asked, given: Given) -> str:
    if ask.kind is Kind.TABLE:
        return f"{len(given.rows)} rows"
    if ask.kind is Kind.NUMBER:
        return f"{_span(given.low, given.high)} {ask.unit}".rstrip()
    return " or ".join(given.choices)


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()


def _wrapped(text: str, first: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False)


def _known(method: Method, result: Result) -> Iterator[Asked]:
    return (ask for ask in method.asks if ask.name in result.inputs)


def _span(low: float, high: float) -> str:
    return _figure(low) if low == high else f"{_figure(low)} to {_figure(high)}"


def _figure(number: float) -> str:
    if not math.isfinite(number):
        return "none"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"


def _percent(share: float) -> str:
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _given_json(ask: Asked, given: Given) -> dict[str, Any]:
    told: dict[str, Any] = {"provenance": given.provenance.value}
    if ask.kind is Kind.TABLE:
        names = {column.name: column for column in ask.columns}
        told["rows"] = [{name: _given_json(names[name], each) for name, each in row.items()} for row in given.rows]
    elif ask.kind is Kind.NUMBER:
        told |= {"low": given.low, "high": given.high, "value": given.value, "unit": ask.unit}
    else:
        told |= {"choices": list(given.choices), "weights": list(given.weights)}
    return told | ({"reason": given.reason} if given.reason else {})
