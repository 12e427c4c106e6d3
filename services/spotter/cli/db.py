"""`spotter db`: the schema of the database, its retention and its audit trail.

Exit code 0: up to date, or done. 5: unreachable, empty, behind or ahead, or the audit trail does not hold.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from spotter.cli.alerts import Config, Database
from spotter.cli.console import line, output
from spotter.core.clock import isoformat, now
from spotter.core.errors import StoreError
from spotter.core.settings import load_settings
from spotter.core.store import Store, audit_json
from spotter.core.store.failures import Passing, passing
from spotter.core.store.migrate import Schema, SchemaState
from spotter.core.store.retention import RetentionReport, run_retention
from spotter.core.store.sqlite import Mode

app = typer.Typer(
    no_args_is_help=True, help="Upgrade and check the schema, apply retention, read the audit trail of the database."
)

_WAIT_PAUSE_S = 1.0

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for a script.")]


@app.command()
def upgrade(
    database: Database = None,
    config: Config = None,
    wait: Annotated[
        float, typer.Option(help="Wait so many seconds for a server that is not up yet.", min=0, metavar="SECONDS")
    ] = 0.0,
) -> None:
    """Bring the schema to the newest revision; a new database is made. Safe to run twice, and at the same time."""
    with _attach(database, config, "write") as store:
        applied = _patiently(store, wait)
        found = f"database {store.database} is up to date at schema {store.schema().current}"
    line(f"{found}; applied: {', '.join(applied)}" if applied else f"{found}; nothing to do")


@app.command()
def current(database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Print the schema of the database and how it stands to this Spotter's."""
    with _attach(database, config, "read") as store:
        state = store.schema()
    line(json.dumps(_state_json(state)) if as_json else _state_text(state))


@app.command()
def check(database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Leave with 0 when the schema is exactly this Spotter's, with 5 and the reason when it is not."""
    with _attach(database, config, "read") as store:
        state = store.schema()
    if as_json:
        line(json.dumps(_state_json(state)))
    state.require()
    if not as_json:
        line(_state_text(state))


@app.command()
def retention(
    database: Database = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than store.retention allows, and prove it: counts, cut-offs and an audit entry."""
    keep = load_settings(config).store.retention
    with _attach(database, config, "read" if dry_run else "write") as store:
        report = run_retention(store, keep, now(), dry_run=dry_run, actor="spotter db retention")
    if as_json:
        line(json.dumps(_report_json(report)))
    else:
        _print_report(report)


@app.command()
def audit(
    database: Database = None,
    config: Config = None,
    limit: Annotated[int, typer.Option(help="Print at most so many entries, the newest.", min=0)] = 20,
    as_json: AsJson = False,
) -> None:
    """Print the newest audit entries, and follow the whole chain of hashes; leave with 5 when it does not hold."""
    with _attach(database, config, "read") as store:
        found = store.check_audit()
        newest = found.newest.number if found.newest is not None else 0
        entries = store.audit(after=max(newest - limit, 0), limit=limit) if limit else []
        name = store.database
    if as_json:
        line(
            json.dumps({"entries": [audit_json(one) for one in entries], "count": found.entries, "fault": found.fault})
        )
    else:
        for one in entries:
            line(f"{one.number:>6}  {isoformat(one.at)}  {one.actor}: {one.action}  {json.dumps(dict(one.details))}")
    if found.fault:
        raise StoreError(f"the audit trail of database {name} does not hold: {found.fault}", mend="Look who changed it")
    if not as_json:
        line(
            f"{found.entries} entries, the chain holds"
            + (f"; newest {newest}: {found.newest.hash}" if found.newest else "")
        )


def _attach(database: str | None, config: Path | None, mode: Mode) -> Store:
    settings = load_settings(config).store
    url = database if database is not None else settings.url.get_secret_value()
    return Store.attach(url if "://" in url else Path(url), mode, settings=settings)


def _patiently(store: Store, wait_s: float) -> tuple[str, ...]:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return store.upgrade("spotter db upgrade")
        except StoreError as error:
            away = isinstance(error.__cause__, Exception) and passing(error.__cause__) is Passing.OUTAGE
            if not away or time.monotonic() >= deadline:
                raise
        time.sleep(_WAIT_PAUSE_S)


def _state_text(state: SchemaState) -> str:
    what = {
        Schema.UP_TO_DATE: "up to date",
        Schema.EMPTY: "empty: run `spotter db upgrade`",
        Schema.BEHIND: f"{len(state.missing)} behind: run `spotter db upgrade` to apply {', '.join(state.missing)}",
        Schema.AHEAD: f"ahead: this Spotter is older, it knows up to {state.newest}",
    }[state.schema]
    return f"database {state.database}: schema {state.current or 'none'}, {what}"


def _state_json(state: SchemaState) -> dict[str, Any]:
    return {
        "database": state.database.strip("'"),
        "state": state.schema.value,
        "current": state.current,
        "newest": state.newest,
        "missing": list(state.missing),
    }


def _report_json(report: RetentionReport) -> dict[str, Any]:
    return {
        "at": isoformat(report.at),
        "dry_run": report.dry_run,
        "skipped": report.skipped,
        "classes": {one.name: one.json() for one in report.classes},
        "audit": None if report.audit is None else audit_json(report.audit),
    }


def _print_report(report: RetentionReport) -> None:
    from rich.table import Table

    if report.skipped:
        line("another process applies retention right now; nothing was done here")
        return
    table = Table(
        "Class", "Keep, days", "Cut-off (UTC)", "To delete" if report.dry_run else "Deleted", "Held", "Oldest left",
        box=None, pad_edge=False,
    )  # fmt: skip
    for one in report.classes:
        table.add_row(
            one.name,
            "for ever" if one.days is None else f"{one.days:g}",
            "-" if one.cut_off is None else isoformat(one.cut_off)[:16].replace("T", " "),
            str(one.deleted) + (f" ({len(one.dropped)} weeks dropped)" if one.dropped else ""),
            str(one.held),
            "-" if one.oldest is None else isoformat(one.oldest)[:16].replace("T", " "),
        )
    output().print(table)
    if report.audit is not None:
        line(f"audit entry {report.audit.number}: {report.audit.hash}")
