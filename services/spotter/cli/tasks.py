"""`spotter tasks`: what no camera sees of the work at a station: loads, grips, hours. `spotter report` reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from spotter.cli.alerts import Config, Database
from spotter.cli.console import line, output, warning_line
from spotter.core.clock import now
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings, load_settings
from spotter.core.store import Store, TaskRecord
from spotter.core.store.task_records import ALWAYS
from spotter.core.store.tasks import task_json
from spotter.report.catalogue import COLUMNS, read_tasks, role_of, task_of, task_row, time_of, write_tasks

app = typer.Typer(
    no_args_is_help=True, help="Enter what no camera sees of the work: loads, grips and hours, by station."
)

_UNKNOWN = "unknown"


class ListFormat(StrEnum):
    """How `list` writes."""

    TABLE = "table"
    JSON = "json"


class FileFormat(StrEnum):
    """How `export` writes."""

    CSV = "csv"
    YAML = "yaml"


Site = Annotated[str | None, typer.Option(help="Site; default: site of the settings.", metavar="NAME")]
Station = Annotated[str, typer.Option(help="Name of the station's zone; none: the whole view.", metavar="NAME")]
Camera = Annotated[str, typer.Option(help="Camera; none: every camera that sees the station.", metavar="ID")]
Role = Annotated[
    str,
    typer.Option(
        "--by", help="Role that enters it, never a person's name; the audit trail keeps it.", metavar="ROLE",
        envvar="SPOTTER_ROLE",
    ),
]  # fmt: skip
_QUANTITY = "NUMBER|LOW..HIGH"


@app.command("list")
def list_tasks(
    site: Annotated[str | None, typer.Option(help="Only this site.", metavar="NAME")] = None,
    station: Annotated[str | None, typer.Option(help="Only this station.", metavar="NAME")] = None,
    camera: Annotated[str | None, typer.Option(help="Only of this camera.", metavar="ID")] = None,
    at: Annotated[str | None, typer.Option(help="Only what holds at this day or time.", metavar="TIME")] = None,
    form: Annotated[ListFormat, typer.Option("--format", help="How to write.")] = ListFormat.TABLE,
    database: Database = None,
    config: Config = None,
) -> None:
    """List tasks by station."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    moment = time_of("--at", at, zone) if at else None
    with _open(settings, database, "read") as store:
        tasks = store.tasks(
            site=site, station=station, camera_id=camera, since=moment, until=None if moment is None else moment + 1000
        )
        name = store.database
    if form is ListFormat.JSON:
        typer.echo(json.dumps([task_json(task) for task in tasks], indent=2))
    elif tasks:
        _table(tasks, zone)
    else:
        line(f"no task in database {name}; `spotter tasks set --help` shows how to enter one")


@app.command("set", epilog="Example: spotter tasks set pallets --station 'bench 2' --load 5..12 --coupling fair "
             "--hours 6 --by 'safety engineer'")  # fmt: skip
def set_task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the task.")],
    by: Role,
    station: Station = "",
    camera: Camera = "",
    load: Annotated[str | None, typer.Option(help="What is lifted, kg.", metavar=_QUANTITY)] = None,
    coupling: Annotated[
        str | None, typer.Option(help="Grip: good, fair, poor; several between commas.", metavar="GRIP")
    ] = None,
    container_width: Annotated[
        str | None, typer.Option(help="Of the container, in the direction of the reach, cm.", metavar=_QUANTITY)
    ] = None,
    hands: Annotated[str | None, typer.Option(help="one or two.", metavar="HANDS")] = None,
    hours: Annotated[str | None, typer.Option(help="Of this work in a day.", metavar=_QUANTITY)] = None,
    frequency: Annotated[
        str | None, typer.Option(help="Lifts a minute, where known better than counted.", metavar=_QUANTITY)
    ] = None,
    significant_control: Annotated[
        str | None, typer.Option(help="yes: the load is placed with care at its destination.", metavar="YES|NO")
    ] = None,
    body_mass: Annotated[
        str | None,
        typer.Option(help="Of the population that the job is judged for, kg; never of one person.", metavar=_QUANTITY),
    ] = None,
    activity: Annotated[
        str | None,
        typer.Option(help="For REBA: static (over 1 min), repeated (over 4/min), rapid, none.", metavar="WORDS"),
    ] = None,
    valid_from: Annotated[str | None, typer.Option("--from", help="Holds from; none: always.", metavar="TIME")] = None,
    valid_to: Annotated[str | None, typer.Option("--to", help="Holds until; none: still.", metavar="TIME")] = None,
    site: Site = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Enter a task, or change what is known of it: options that are left out stay as they are, `unknown` clears one."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    fields = {
        "load": load, "coupling": coupling, "container_width": container_width, "hands": hands, "hours": hours,
        "frequency": frequency, "significant_control": significant_control, "body_mass": body_mass,
        "activity": activity, "valid_to": valid_to,
    }  # fmt: skip
    begin = time_of("--from", valid_from, zone) if valid_from else ALWAYS
    place = {"name": name, "camera": camera, "station": station, "site": site or settings.site}
    with _open(settings, database, "write") as store:
        known = _known(store, place, begin)
        before = {} if known is None else task_row(replace(known, valid_to=None), zone)
        changed = {key: None if value == _UNKNOWN else value for key, value in fields.items() if value is not None}
        row = {**before, **changed, **place, "valid_from": valid_from}
        task = task_of(row, where="spotter tasks set", site=settings.site, zone=zone, entered_by=by, at=now())
        store.put_tasks([task], task.entered_by)
    _warn_of_stations(settings, [task])
    line(f"{_called(task)}: {_summary(task, zone) or 'nothing is known of it yet'}")


@app.command("remove")
def remove_task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the task.")],
    by: Role,
    station: Station = "",
    camera: Camera = "",
    valid_from: Annotated[
        str | None, typer.Option("--from", help="Only what holds from this time; none: all of that name.")
    ] = None,
    site: Site = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Delete a task; the audit trail keeps what it said. To let it end instead, use `set --to`."""
    settings = load_settings(config)
    role = role_of(by)
    begin = time_of("--from", valid_from, ZoneInfo(settings.timezone)) if valid_from else None
    with _open(settings, database, "write") as store:
        found = store.tasks(site=site or settings.site, camera_id=camera, station=station, name=name)
        found = [task for task in found if begin is None or task.valid_from == begin]
        if not found:
            raise ConfigError(
                f"there is no task '{name}' at {_place(site or settings.site, camera, station)}",
                mend="`spotter tasks list` shows them",
            )
        store.remove_tasks(found, role)
    line(f"removed {_called(found[0])}" + (f", {len(found)} stretches of time" if len(found) > 1 else ""))


@app.command("import", epilog="Columns and keys: " + ", ".join(COLUMNS) + ".")
def import_tasks(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or YAML (.yaml, .yml), as `export` writes it.")],
    by: Role,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read the file and say what it holds.")] = False,
    site: Site = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Enter all tasks of a file, or none of them when one row is wrong."""
    settings = load_settings(config)
    form = "yaml" if file.suffix.lower() in (".yaml", ".yml") else "csv"
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot read '{file}': {reason}", mend="Check the path and its rights") from None
    tasks = read_tasks(
        text, form, site=site or settings.site, zone=ZoneInfo(settings.timezone), entered_by=by, at=now(),
        source=f"'{file.name}'",
    )  # fmt: skip
    if not dry_run:
        with _open(settings, database, "write") as store:
            store.put_tasks(tasks, tasks[0].entered_by)
    _warn_of_stations(settings, tasks)
    line(f"{len(tasks)} tasks {'read, nothing was changed' if dry_run else 'entered'}")


@app.command("export")
def export_tasks(
    form: Annotated[FileFormat, typer.Option("--format", help="How to write.")] = FileFormat.CSV,
    out: Annotated[Path | None, typer.Option(help="File to write; default: stdout.", metavar="FILE")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.", metavar="NAME")] = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write all tasks as a file that `import` reads."""
    settings = load_settings(config)
    with _open(settings, database, "read") as store:
        text = write_tasks(store.tasks(site=site), form.value, ZoneInfo(settings.timezone))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write '{out}': {error.strerror}", mend="Choose another file with --out") from None


def _open(settings: Settings, database: str | None, mode: Any) -> Store:
    if database is None:
        return Store.connect(settings.store, mode)
    return Store.open(database if "://" in database else Path(database), mode, settings=settings.store)


def _known(store: Store, place: dict[str, str], begin: int) -> TaskRecord | None:
    """The task of that name that holds at `begin`, or the one that ended last before it."""
    series = store.tasks(site=place["site"], camera_id=place["camera"], station=place["station"], name=place["name"])
    return next((task for task in reversed(series) if task.valid_from <= begin), None)


def _warn_of_stations(settings: Settings, tasks: Sequence[TaskRecord]) -> None:
    known = {zone.name for camera in settings.cameras for zone in camera.view.zones if zone.use == "station"}
    for name in sorted({task.station for task in tasks} - known - {""}):
        if known:
            warning_line(f"no camera of the settings has a station '{name}'; known are {', '.join(sorted(known))}")


def _table(tasks: Sequence[TaskRecord], zone: ZoneInfo) -> None:
    from rich.table import Table

    table = Table("Site", "Station", "Camera", "Task", "Known", "From", "Until", "Entered by", box=None, pad_edge=False)
    for task in tasks:
        row = task_row(task, zone)
        table.add_row(
            task.site, task.station or "whole view", task.camera_id or "any", task.name, _summary(task, zone) or "-",
            row.get("valid_from", "always"), row.get("valid_to", "-"), task.entered_by,
        )  # fmt: skip
    output().print(table)


def _summary(task: TaskRecord, zone: ZoneInfo) -> str:
    units = {"load": "kg", "container_width": "cm", "hours": "h a day", "frequency": "lifts/min", "body_mass": "kg"}
    row = task_row(task, zone)
    return ", ".join(
        f"{name.replace('_', ' ')} {row[name]}{f' {units[name]}' if name in units else ''}"
        for name in COLUMNS[4:13]
        if name in row
    )


def _called(task: TaskRecord) -> str:
    return f"task '{task.name}' at {_place(task.site, task.camera_id, task.station)}"


def _place(site: str, camera: str, station: str) -> str:
    where = f"station '{station}'" if station else "the whole view"
    return f"{where} of site '{site}'" + (f", camera '{camera}'" if camera else "")
