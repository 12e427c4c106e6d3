"""`spotter cameras list`: the cameras of the settings and of the store, and how each one stands.

The store hears of a camera at each change of its state and once a minute; what it heard longer ago says nothing of now.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from spotter.cli.cameras_given import settings_of
from spotter.cli.cameras_text import print_table
from spotter.cli.console import line, warning_line
from spotter.core.cleaning import Cleaner
from spotter.core.clock import SECOND, isoformat, now
from spotter.core.errors import StoreError
from spotter.core.settings import Settings, known_secrets
from spotter.core.store import Store
from spotter.core.store.records import CameraRecord

_FRESH_S = 150
"""Twice the store's minute and some: a camera that was not heard of for longer is not being watched."""

_ENDED = ("ended", "failed", "disabled")
"""States that stay true without being told again."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One row. Times are ISO 8601; empty and 0 where nothing is known."""

    camera: str
    state: str
    source: str
    last_seen: str
    size: str
    fps: float
    detail: str
    in_settings: bool
    trusted: bool = False
    problems: tuple[str, ...] = ()


def list_cameras(database: str | None, config: Path | None, *, as_json: bool) -> None:
    """Print the cameras by name.

    Raises:
        ConfigError: the settings cannot be read.
    """
    settings = settings_of(config)
    records = _records(settings, database)
    clean = Cleaner(known_secrets(settings)).clean
    at = now()
    known = {camera.id: camera for camera in settings.cameras}
    rows = []
    for name in sorted(known | records):
        record, camera = records.get(name), known.get(name)
        source = camera.shown if camera is not None else record.source if record is not None else ""
        disabled = camera is not None and not camera.enabled
        rows.append(_row(name, record, clean(source), at, disabled=disabled, in_settings=camera is not None))
    if as_json:
        line(json.dumps([asdict(row) for row in rows], indent=2))
    elif rows:
        _print(rows)
    else:
        line("No camera in the settings or the database; `spotter cameras discover` looks for some on the network")


def _records(settings: Settings, database: str | None) -> dict[str, CameraRecord]:
    """What the store knows of this site's cameras; nothing where it cannot be read, which is told."""
    url = database if database is not None else settings.store.url.get_secret_value()
    try:
        with Store.open(url if "://" in url else Path(url), mode="read") as store:
            return {record.id: record for record in store.cameras() if record.site == settings.site}
    except StoreError as error:
        warning_line(f"states are not known: {error}")
        return {}


def _row(name: str, record: CameraRecord | None, source: str, at: int, *, disabled: bool, in_settings: bool) -> Listed:
    if record is None:
        return Listed(name, "disabled" if disabled else "never seen", source, "", "", 0.0, "", in_settings)
    state = record.state.value.replace("_", " ")
    if disabled:
        state = "disabled"
    elif state not in _ENDED and at - record.last_seen > _FRESH_S * SECOND:
        state = f"unknown, was {state}"
    return Listed(
        name,
        state,
        source,
        isoformat(record.last_seen),
        f"{record.width}x{record.height}" if record.width else "",
        round(record.fps, 1),
        record.detail,
        in_settings,
        record.trusted,
        record.problems,
    )


def _trust(row: Listed) -> str:
    """Of a camera that delivers."""
    if row.trusted or row.state not in ("live", "degraded"):
        return ""
    return f"not trusted: {', '.join(row.problems)}" if row.problems else "not trusted yet"


def _print(rows: list[Listed]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("camera", "state", "last seen", "size", "fps", "source", "detail"):
        table.add_column(heading, no_wrap=heading in ("camera", "state"))
    for row in rows:
        detail = "; ".join(filter(None, ("" if row.in_settings else "not in the settings", _trust(row), row.detail)))
        seen = f"{row.last_seen[:10]} {row.last_seen[11:19]}Z" if row.last_seen else "-"
        fps = f"{row.fps:.1f}" if row.fps else "-"
        # Details are texts of other programs, so they are never read as markup.
        table.add_row(*(Text(text) for text in (row.camera, row.state, seen, row.size or "-", fps, row.source, detail)))
    print_table(table)
