"""`spotter alerts`: read the alerts that the store holds, also while `spotter run` writes them.

Tables are for people. JSON and CSV are for machines: nothing else goes to stdout, keys and columns are stable, times
are ISO 8601 in UTC.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from spotter.cli.alerts_view import list_table, show_record, write_csv
from spotter.core.clock import from_datetime, from_seconds, now, to_datetime
from spotter.core.contracts import AlertKind
from spotter.core.errors import ConfigError
from spotter.core.settings import load_settings
from spotter.core.store import AlertCursor, AlertQuery, AlertRecord, Store, alert_json, update_json

app = typer.Typer(no_args_is_help=True, help="Look at the alerts in the store: list, show one, export all.")

_PAGE = 500
"""Alerts per query of an export."""

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ListFormat(StrEnum):
    """How `list` writes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class ShowFormat(StrEnum):
    """How `show` writes."""

    TABLE = "table"
    JSON = "json"


class ExportFormat(StrEnum):
    """How `export` writes."""

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


Database = Annotated[
    str | None,
    typer.Option(
        "--database", help="SQLite file or database URL; default: store.url of the settings.", metavar="URL|PATH"
    ),
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file that names the database.", metavar="FILE")]


@app.command("list")
def list_alerts(
    database: Database = None,
    config: Config = None,
    camera: Annotated[str | None, typer.Option(help="Only this camera.", metavar="ID")] = None,
    kind: Annotated[AlertKind | None, typer.Option(help="Only this kind.")] = None,
    only_open: Annotated[bool | None, typer.Option("--open/--closed", help="Only open, or only closed alerts.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Raised since: a time (2026-01-31T08:00, UTC unless it says otherwise) or 30m, 24h, 7d ago."),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most this many, newest first.", min=1, max=100_000)] = 50,
    form: Annotated[ListFormat, typer.Option("--format", help="How to write.")] = ListFormat.TABLE,
) -> None:
    """List alerts, newest first."""
    query = AlertQuery(
        camera_id=camera, kind=kind, open=only_open, since=parse_since(since) if since else None, limit=limit
    )
    with open_store(database, config) as store:
        alerts = store.alerts(query)
    if form is ListFormat.JSON:
        typer.echo(json.dumps([alert_json(alert) for alert in alerts], indent=2))
    elif form is ListFormat.CSV:
        write_csv(alerts, sys.stdout)
    else:
        list_table(alerts, database=store.database)


@app.command()
def show(
    alert: Annotated[str, typer.Argument(help="Id of the alert, or the beginning of it.", metavar="ID")],
    database: Database = None,
    config: Config = None,
    form: Annotated[ShowFormat, typer.Option("--format", help="How to write.")] = ShowFormat.TABLE,
) -> None:
    """Show one alert: evidence with thresholds, what happened since, where the time went, versions."""
    with open_store(database, config) as store:
        record = _find(store, alert)
    if form is ShowFormat.JSON:
        typer.echo(json.dumps(record_json(record), indent=2))
    else:
        show_record(record)


@app.command()
def export(
    database: Database = None,
    config: Config = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="How to write.")] = ExportFormat.JSON,
    out: Annotated[Path | None, typer.Option(help="File to write; default: stdout.", metavar="FILE")] = None,
) -> None:
    """Export all alerts, newest first. JSON and JSON Lines hold each alert's updates, CSV one line for each alert."""
    with open_store(database, config) as store, _output(out) as stream:
        records = _all_records(store)
        if form is ExportFormat.CSV:
            write_csv((record.alert for record in records), stream)
        elif form is ExportFormat.JSONL:
            for record in records:
                stream.write(json.dumps(record_json(record)) + "\n")
        else:
            separator = "["
            for record in records:
                stream.write(f"{separator}\n{json.dumps(record_json(record))}")
                separator = ","
            stream.write("[]\n" if separator == "[" else "\n]\n")


def record_json(record: AlertRecord) -> dict[str, Any]:
    """`alert_json` of the alert, with the list of its updates under "updates"."""
    return alert_json(record.alert) | {"updates": [update_json(step) for step in record.updates]}


def open_store(database: str | None, config: Path | None) -> Store:
    """Open for reading the database of the option, or else of the settings.

    Raises:
        ConfigError, StoreError: as `load_settings` and `Store.open`.
    """
    url = database if database is not None else load_settings(config).store.url.get_secret_value()
    return Store.open(url if "://" in url else Path(url), mode="read")


def parse_since(text: str) -> int:
    """UTC ns of "30m" ago (s, m, h, d), or of an ISO 8601 time (UTC when it names no zone).

    Raises:
        ConfigError: neither.
    """
    ago = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    try:
        if ago:
            at = now() - from_seconds(float(ago[1]) * _UNIT_S[ago[2]])
            to_datetime(at)  # refuses what lies before the calendar
            return at
        moment = datetime.fromisoformat(text.strip())
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ConfigError(
            f"--since '{text}' is not a time", mend="Write 2026-01-31, 2026-01-31T08:00 or 30m, 24h, 7d"
        ) from None


def _find(store: Store, text: str) -> AlertRecord:
    found = store.ids_starting_with(text, limit=4)
    if len(found) > 1:
        raise ConfigError(f"more than one alert id begins with '{text}': {_some(found)}", mend="Give more of the id")
    record = store.alert(found[0]) if found else None
    if record is None:
        raise ConfigError(f"no alert id begins with '{text}'", mend="`spotter alerts list` shows the ids")
    return record


def _some(ids: list[uuid.UUID]) -> str:
    return ", ".join(str(one) for one in ids[:3]) + (", ..." if len(ids) > 3 else "")


def _all_records(store: Store) -> Iterator[AlertRecord]:
    query = AlertQuery(limit=_PAGE)
    while page := store.records(query):
        yield from page
        query = replace(query, after=AlertCursor.of(page[-1].alert))


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise ConfigError(f"cannot write '{path}': {error.strerror}", mend="Choose another file with --out") from None
