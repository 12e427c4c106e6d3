"""`spotter bus`: does Kafka let us in, are its topics there, how far behind is each group, what could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotter.cli.console import line
from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.clock import isoformat
from spotter.core.errors import ConfigError
from spotter.core.settings import KafkaSettings, load_settings

if TYPE_CHECKING:
    from spotter.core.bus.kafka.letters import DeadLetter

app = typer.Typer(no_args_is_help=True, help="Look at Kafka: connection, topics, lag and dead letters.")

_MS = 1_000_000

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file; by default spotter.yaml if it is here.", metavar="FILE")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command()
def check(config: Config = None, as_json: AsJson = False) -> int:
    """Try every step from the name of each server to the rights on each topic. Exit code 1 when one fails."""
    from spotter.core.bus.kafka.examine import check as steps_of

    steps = list(steps_of(_settings(config)))
    if as_json:
        line(json.dumps([asdict(step) for step in steps], indent=2))
    else:
        for step in steps:
            mend = f". {step.mend}" if step.mend and not step.works else ""
            line(f"{'ok  ' if step.works else 'FAIL'}  {step.name}: {step.detail}{mend}")
    return int(not all(step.works for step in steps))


@app.command()
def topics(
    config: Config = None,
    create: Annotated[bool, typer.Option("--create", help="Make the topics that are missing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Compare the topics with the settings. Nothing that is there is changed. Exit code 1 when something is amiss."""
    from spotter.core.bus.kafka.examine import create_missing, topic_states

    settings = _settings(config)
    made = {plan.name for plan in create_missing(settings)} if create else set()
    states = topic_states(settings)
    if as_json:
        line(json.dumps([asdict(state) | {"made": state.plan.name in made} for state in states], indent=2))
    else:
        _table(
            ("topic", "partitions", "kept", "state"),
            (
                (
                    state.plan.name,
                    str(state.partitions or "-"),
                    _duration(int(state.plan.configs["retention.ms"]) / 1000),
                    "missing"
                    if state.missing
                    else "made"
                    if state.plan.name in made
                    else "; ".join(state.differences) or "as planned",
                )
                for state in states
            ),
        )
    return int(any(state.missing or state.differences for state in states))


@app.command()
def lag(config: Config = None, as_json: AsJson = False) -> None:
    """Messages that each group has not committed yet, by partition."""
    from spotter.core.bus.kafka.examine import lags

    found = lags(_settings(config))
    if as_json:
        line(json.dumps([asdict(one) | {"lag": one.lag} for one in found], indent=2))
        return
    _table(
        ("group", "topic", "part", "committed", "end", "lag"),
        (
            (
                one.group,
                one.topic,
                str(one.part),
                "-" if one.committed is None else str(one.committed),
                str(one.end),
                str(one.lag),
            )
            for one in found
        ),
    )


@app.command("dead-letters")
def dead_letters(
    config: Config = None,
    limit: Annotated[int, typer.Option(help="At most this many, the newest.", min=1)] = 50,
    replay: Annotated[
        bool, typer.Option("--replay", help="Put those that were not put back yet on the topics that they came from.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.", metavar="WORD")] = None,
    as_json: AsJson = False,
) -> int:
    """List the messages that could not be read, and why; put them back once the cause is mended."""
    from spotter.core.bus.kafka.letters import read_letters

    settings = _settings(config)
    letters = read_letters(settings)
    if replay:
        if reason:
            raise ConfigError("--replay takes all dead letters, not those of one reason", mend="Leave --reason away")
        return _replay(settings, letters)
    letters = [letter for letter in letters if reason in (None, letter.reason)][-limit:]
    if as_json:
        line(json.dumps([_letter_json(letter) for letter in letters], indent=2))
        return 0
    _table(
        ("buried at", "from", "key", "reason", "error", "put back"),
        (
            (
                isoformat(letter.buried_ms * _MS),
                f"{letter.source.topic} {letter.source.partition}:{letter.source.offset}",
                letter.key,
                letter.reason,
                letter.error,
                "yes" if letter.replayed else "",
            )
            for letter in letters
        ),
    )
    return 0


def _replay(settings: KafkaSettings, letters: list[DeadLetter]) -> int:
    from spotter.core.bus.kafka.letters import replay as put_back

    waiting = [letter for letter in letters if not letter.replayed]
    result = put_back(settings, waiting)
    for letter, why in result.refused:
        line(f"refused again: {letter.source.topic} {letter.source.partition}:{letter.source.offset}: {why}")
    line(f"{result.done} put back, {result.empty} without a body, {len(result.refused)} refused again")
    return int(bool(result.refused))


def _settings(config: Path | None) -> KafkaSettings:
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    return load_settings(config).bus.kafka


def _letter_json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "part": letter.part,
        "offset": letter.offset,
        "buried_at": isoformat(letter.buried_ms * _MS),
        "key": letter.key,
        "bytes": len(letter.value),
        "source": asdict(letter.source),
        "reason": letter.reason,
        "error": letter.error,
        "replayed": letter.replayed,
    }


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Columns as wide as what is in them: names of topics and groups are long and must stay whole."""
    lines = [columns, *rows]
    widths = [max(len(row[index]) for row in lines) for index in range(len(columns))]
    for row in lines:
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
