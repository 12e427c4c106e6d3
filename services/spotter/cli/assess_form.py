"""What a person gives to `spotter assess`: options, files, or answers to questions on a terminal."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import typer
import yaml

from spotter.cli.console import error_line, line
from spotter.core.errors import ConfigError, MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Method
from spotter.ergonomics.methods.inputs import UNKNOWN_WORDS, choices_of, given_of, shorthands, sides_of

_QUESTION_INTRO = (
    "A number, LOW..HIGH, or answers between commas; Enter leaves it unknown (or as assumed). Ctrl-C leaves."
)


def option_metavar(ask: Asked) -> str:
    """What an option takes, in short."""
    if ask.kind is Kind.NUMBER:
        return (ask.unit or "number").upper()
    return "|".join(choices_of(ask))


def option_help(ask: Asked) -> str:
    """What an option means, its range and what is assumed without it."""
    parts = [ask.help.rstrip(".")]
    if ask.kind is Kind.NUMBER:
        parts.append(f"{ask.low:g} to {ask.high:g}")
    if ask.default is not None:
        parts.append(f"assumed {ask.default} when left out")
    return "; ".join(parts) + "."


def read_inputs(method: Method, file: Path) -> dict[str, Any]:
    """Inputs from a YAML file (names and values, or the rows of the method's table) or a CSV file (rows).

    Raises:
        ConfigError: the file cannot be read, or does not hold inputs.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"cannot read {file}: {reason}", mend="Name a CSV or YAML file that exists") from None
    if file.suffix.lower() == ".csv":
        return {_table(method, file).name: _csv_rows(text, file)}
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f" at line {where.line + 1}" if where is not None else ""
        raise ConfigError(f"{file} is not YAML{place}", mend="Write NAME: VALUE lines, or a list of rows") from None
    if isinstance(content, list):
        return {_table(method, file).name: content}
    if not isinstance(content, dict) or not content:
        raise ConfigError(f"{file} holds no inputs", mend="Write NAME: VALUE lines, or a list of rows")
    return {str(name).replace("-", "_"): value for name, value in content.items()}


def ask_all(method: Method) -> dict[str, Given]:
    """Ask question by question, and say after each answer how far the result is known.

    Raises:
        MethodError: the method judges rows of a table, which are not asked one by one.
    """
    if method.asks[0].kind is Kind.TABLE:
        raise MethodError(f"{method.name}: {method.asks[0].name} are not given", mend="Give them with --file")
    line(f"{method.title}\n{_QUESTION_INTRO}\n")
    given: dict[str, Given] = {}
    questions = _questions(method)
    for number, (ask, names) in enumerate(questions, 1):
        _ask_one(method, ask, names, given, f"[{number}/{len(questions)}] ")
    return given


def _ask_one(method: Method, ask: Asked, names: tuple[str, ...], given: dict[str, Given], place: str) -> None:
    line(f"{place}{option_help(ask)}")
    while True:
        text = typer.prompt(f"  {ask.name} ({_answers(ask)})", default="", show_default=False)
        if text.strip().lower() in UNKNOWN_WORDS:
            return
        try:
            trial = given | {name: given_of(method.name, ask, text) for name in names}
            result = method.assess(trial)
        except MethodError as error:
            error_line(str(error))
            continue
        given.update(trial)
        unit = f" {result.unit}" if result.unit else ""
        line(f"  so far: {result.name} {result.low:g} to {result.high:g}{unit}")
        return


def _questions(method: Method) -> list[tuple[Asked, tuple[str, ...]]]:
    """What is asked: both sides of an input in one question, tables not at all (they come by --file)."""
    by_name = {ask.name: ask for ask in method.asks}
    pairs = {sides_of(short, by_name)[0]: (short, sides_of(short, by_name)) for short in shorthands(by_name)}
    seconds = {sides[1] for _, sides in pairs.values()}
    found = []
    for ask in method.asks:
        if ask.kind is Kind.TABLE or ask.name in seconds:
            continue
        short, names = pairs.get(ask.name, (ask.name, (ask.name,)))
        text = ask.help.split(": ", 1)[-1] if len(names) > 1 else ask.help
        extra = f" (both {' and '.join(name.removesuffix('_' + short) for name in names)})" if len(names) > 1 else ""
        found.append((_renamed(ask, short, text + extra), names))
    return found


def _renamed(ask: Asked, name: str, text: str) -> Asked:
    return Asked(
        name, ask.kind, text, ask.unit, ask.low, ask.high, ask.choices, ask.columns, ask.observable, ask.default
    )


def _answers(ask: Asked) -> str:
    if ask.kind is Kind.NUMBER:
        return f"{ask.low:g}..{ask.high:g} {ask.unit}".rstrip()
    return ", ".join(choices_of(ask))


def _table(method: Method, file: Path) -> Asked:
    table = next((ask for ask in method.asks if ask.kind is Kind.TABLE), None)
    if table is None:
        raise ConfigError(
            f"{file} holds rows, but {method.name} judges one posture or task",
            mend="Write its inputs as NAME: VALUE lines of YAML",
        )
    return table


def _csv_rows(text: str, file: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(text.splitlines(), strict=True))
    except csv.Error as error:
        raise ConfigError(f"{file} is not CSV: {error}", mend="Write a header and rows") from None
    if not rows:
        raise ConfigError(f"{file} has no rows", mend="Write a header and at least one row")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ConfigError(f"{file} line {number} has another number of cells than the header", mend="Mend the line")
    return [{name.strip().replace("-", "_"): cell for name, cell in row.items()} for row in rows]
