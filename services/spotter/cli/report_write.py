"""The work of `spotter report`: reads the store and the task catalogue, writes the page."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from spotter.cli.console import line, warning_line
from spotter.core.clock import now
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.core.store import Store, TaskRecord
from spotter.report.catalogue import task_of
from spotter.report.data import Record, Scope
from spotter.report.entered import entered_of
from spotter.report.gather import gather, stations
from spotter.report.page import page
from spotter.report.pdf import pdf as to_pdf
from spotter.report.period import span, windows
from spotter.report.versions import about


def write_report(
    settings: Settings,
    *,
    database: str | None,
    site: str,
    station: str,
    camera: str,
    since: str | None,
    until: str | None,
    shifts: tuple[str, ...],
    tasks: tuple[str, ...],
    options: TaskRecord,
    out: Path,
    pdf: Path | None,
) -> None:
    """Make a report and write it.

    Raises:
        ConfigError: a period, a shift, a task or a file that cannot be.
        StoreError: the database cannot be read.
    """
    zone = ZoneInfo(settings.timezone)
    start, end = span(since, until, zone, now())
    chosen = windows(start, end, zone, settings.shifts, shifts)
    scope = Scope(site, station, camera, chosen, zone, "minutes, postures and lifts in the store")
    with _open(settings, database) as store:
        record = gather(store, scope, about(settings))
        catalogue = _tasks(store, scope, tasks)
        if not record.buckets and not record.lifts:
            _say_what_there_is(store, scope)
    write_page(record, page(record, entered_of(catalogue, options)), out, pdf)


def entered_options(settings: Settings, **given: str | None) -> TaskRecord:
    """What was given for one report alone.

    Raises:
        ConfigError: names the option and the mend.
    """
    fields = {name: value for name, value in given.items() if value is not None}
    return task_of(
        {"name": "options", **fields}, where="options of the report", site=settings.site,
        zone=ZoneInfo(settings.timezone), entered_by="report", at=0,
    )  # fmt: skip


def write_page(record: Record, text: str, out: Path, pdf: Path | None) -> None:
    """Write the HTML and, where it is asked for, the PDF; says where they are.

    Raises:
        ConfigError: a file cannot be written, or what the PDF needs is missing (the HTML is written before that).
    """
    write_file(out, text.encode())
    if pdf is not None:
        write_file(pdf, to_pdf(text))
    files = " and ".join(str(file) for file in (out, pdf) if file is not None)
    line(f"wrote {files}: {record.summary}")


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(
            f"cannot write '{path}': {error.strerror}", mend="Check the folder, its rights and the disk"
        ) from None


def _open(settings: Settings, database: str | None) -> Store:
    if database is None:
        return Store.connect(settings.store, "read")
    return Store.open(database if "://" in database else Path(database), "read", settings=settings.store)


def _tasks(store: Store, scope: Scope, wanted: tuple[str, ...]) -> list[TaskRecord]:
    """Those that held at the station, of all cameras or of the ones that are reported."""
    found = [
        task
        for task in store.tasks(site=scope.site, station=scope.station, since=scope.start, until=scope.end)
        if not task.camera_id or not scope.camera or task.camera_id == scope.camera
    ]
    missing = next((name for name in wanted if name not in {task.name for task in found}), None)
    if missing is not None:
        known = ", ".join(sorted({task.name for task in found}))
        raise ConfigError(
            f"no task '{missing}' held at this station in this time",
            mend=f"Known are {known}" if known else "`spotter tasks list` shows those of other stations",
        )
    return [task for task in found if not wanted or task.name in wanted]


def _say_what_there_is(store: Store, scope: Scope) -> None:
    found = stations(store, scope)
    what = f"station '{scope.station}'" if scope.station else "the whole view"
    known = ", ".join(f"'{name}'" if name else "the whole view" for name in found)
    there = f"recorded in this time: {known}" if found else f"nothing was recorded at site '{scope.site}' in this time"
    warning_line(f"nothing was recorded of {what}; {there}")
