"""Alerts for people (rich tables) and for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spotter.core.clock import isoformat, to_seconds
from spotter.core.contracts import Alert, Evidence, Ledger
from spotter.core.store import AlertRecord, alert_json

LEDGER_STEPS = tuple(field.name for field in fields(Ledger))

CSV_COLUMNS = (
    "id", "site", "camera_id", "kind", "severity", "zone", "track_id", "started_at", "raised_at", "ended_at", "open",
    "frames_considered", "frames_dropped", *(f"ledger_{step}" for step in LEDGER_STEPS), "evidence", "versions",
)  # fmt: skip
"""Header of every CSV; new columns come at the end. `evidence` and `versions` are JSON objects."""


def write_csv(alerts: Iterable[Alert], stream: TextIO) -> None:
    """Write a header and one line for each alert; booleans are true and false, None is empty."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for alert in alerts:
        values = alert_json(alert)
        values |= {f"ledger_{step}": values["ledger"][step] for step in LEDGER_STEPS}
        writer.writerow([_cell(values[column]) for column in CSV_COLUMNS])


def list_table(alerts: Sequence[Alert], database: str) -> None:
    """Print a table of alerts, or one line when there are none."""
    console = Console(highlight=False)
    if not alerts:
        console.print(f"No alerts match in database {database}.", markup=False)
        return
    table = Table("Id", "Raised (UTC)", "Camera", "What", "Severity", "State", box=None, pad_edge=False)
    for alert in alerts:
        table.add_row(
            str(alert.id)[:8],
            isoformat(alert.raised_at)[:19].replace("T", " "),
            Text(alert.camera_id + (f" ({alert.zone})" if alert.zone else "")),
            what(alert),
            alert.severity.value,
            state(alert),
        )
    console.print(table)


def show_record(record: AlertRecord) -> None:
    """Print one alert in full."""
    alert = record.alert
    console = Console(highlight=False)
    console.print(Text(f"{what(alert).capitalize()} at {alert.camera_id}, {alert.severity.value}", style="bold"))
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("id", str(alert.id)),
        ("site", alert.site),
        ("zone", alert.zone or "-"),
        ("person", f"{alert.track_id} (pseudonym)"),
        ("began", isoformat(alert.started_at)),
        ("raised", f"{isoformat(alert.raised_at)} ({_seconds(alert.raised_at - alert.started_at)} after it began)"),
        ("ended", isoformat(alert.ended_at) if alert.ended_at is not None else "open"),
        ("frames", f"{alert.frames_considered} considered, {alert.frames_dropped} dropped"),
        ("versions", ", ".join(f"{name} {version}" for name, version in alert.versions.items()) or "-"),
    ):
        facts.add_row(name, Text(value))
    console.print(facts)
    _print_table(console, "Evidence", ("Number", "Value", "Rule"), evidence_rows(alert.evidence))
    _print_table(
        console,
        "Updates",
        ("No.", "At", "What", "Evidence"),
        [
            (
                str(step.number),
                isoformat(step.at),
                words(step.kind.value),
                "; ".join(" ".join(row) for row in evidence_rows(step.evidence)),
            )
            for step in record.updates
        ],
    )
    _print_table(console, "Where the time went", ("Step", "At", "After capture"), ledger_rows(alert.ledger))


def what(alert: Alert) -> str:
    """The kind in words, for example "possible fall"."""
    return words(alert.kind.value)


def words(name: str) -> str:
    """A name in words: "still_down" reads "still down"."""
    return name.replace("_", " ")


def state(alert: Alert) -> str:
    """ "open", or "closed after 12.0 s"."""
    return "open" if alert.ended_at is None else f"closed after {_seconds(alert.ended_at - alert.raised_at)}"


def evidence_rows(evidence: Mapping[str, Evidence]) -> list[tuple[str, str, str]]:
    """(name, value with unit, the rule that it was held against), in the order in which the rule gave them."""
    return [
        (words(name), f"{one.value:.4g} {one.unit}".strip(), f"{one.comparison} {one.threshold:.4g} {one.unit}".strip())
        for name, one in evidence.items()
    ]


def ledger_rows(ledger: Ledger) -> list[tuple[str, str, str]]:
    """(step, time, seconds since the picture was captured)."""
    rows = []
    for step in LEDGER_STEPS:
        at = getattr(ledger, step)
        rows.append((step, isoformat(at), f"+{to_seconds(at - ledger.captured):.3f} s") if at else (step, "-", "-"))
    return rows


def _print_table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print()
    console.print(Text(title, style="bold"))
    console.print(table)


def _seconds(nanoseconds: int) -> str:
    return f"{to_seconds(nanoseconds):.1f} s"


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict) else value
