"""`spotter cameras coverage`: how much of a stretch of time each camera was truly watched, and where the rest went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from spotter.cli.cameras_given import settings_of
from spotter.cli.console import line, output
from spotter.core.clock import isoformat, now
from spotter.core.coverage import Coverage, of_zone
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.core.store import Store
from spotter.core.store.watched import read_coverage
from spotter.report.period import span

_GAPS_SHOWN = 4


def show_coverage(
    given: Sequence[str], since: str | None, until: str | None, database: str | None, config: Path | None, as_json: bool
) -> None:
    """Print the coverage of cameras and their zones.

    Raises:
        ConfigError: the settings cannot be read, a time is not written so, or a camera is not known.
        StoreError: the database cannot be read.
    """
    settings = settings_of(config)
    start, end = span(since, until, ZoneInfo(settings.timezone), now())
    url = database if database is not None else settings.store.url.get_secret_value()
    with Store.open(url if "://" in url else Path(url), mode="read") as store:
        known = {camera.id for camera in settings.cameras}
        known |= {record.id for record in store.cameras() if record.site == settings.site}
        for name in given:
            if name not in known:
                raise ConfigError(
                    f"camera '{name}' is neither in the settings nor in the database",
                    mend=f"Known are {', '.join(sorted(known))}" if known else "Look at `spotter cameras list`",
                )
        found = {name: read_coverage(store, settings.site, name, start, end) for name in given or sorted(known)}
    rows = [row for name, coverage in found.items() for row in _rows(settings, name, coverage)]
    if as_json:
        head = {"site": settings.site, "from": isoformat(start), "to": isoformat(end)}
        line(json.dumps(head | {"coverage": [_json(*row) for row in rows]}, indent=2))
    elif rows:
        line(f"{isoformat(start)} to {isoformat(end)}")
        _print(rows)
    else:
        line("No camera in the settings or the database")


def _rows(settings: Settings, name: str, coverage: Coverage) -> list[tuple[str, str, Coverage]]:
    """The whole view and each zone."""
    zones = next((camera.view.zones for camera in settings.cameras if camera.id == name), ())
    return [(name, "", coverage), *((name, zone.name, of_zone(coverage, zone.use)) for zone in zones)]


def _json(camera: str, zone: str, coverage: Coverage) -> dict[str, object]:
    return {
        "camera": camera,
        "zone": zone,
        "total_ms": coverage.total_ms,
        "watched_ms": coverage.watched_ms,
        "gaps_ms": dict(coverage.gaps),
    }


def _print(rows: Sequence[tuple[str, str, Coverage]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("camera", "zone", "watched", "share", "gaps"):
        table.add_column(heading, no_wrap=heading != "gaps")
    for camera, zone, coverage in rows:
        gaps = [f"{name.replace('_', ' ')} {_time(ms)}" for name, ms in coverage.gaps.items()]
        more = [f"{len(gaps) - _GAPS_SHOWN} more"] if len(gaps) > _GAPS_SHOWN else []
        # Rounded down, so that 100 % means all of it.
        share = f"{coverage.watched_ms * 1000 // max(coverage.total_ms, 1) / 10:.1f} %"
        told = ", ".join([*gaps[:_GAPS_SHOWN], *more]) or "-"
        table.add_row(*(Text(text) for text in (camera, zone or "-", _time(coverage.watched_ms), share, told)))
    output().print(table)


def _time(milliseconds: int) -> str:
    """For people: 7 h 02 min, 12 min 30 s, 4.2 s."""
    minutes, rest = divmod(milliseconds, 60_000)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest // 1000:02} s" if minutes else f"{rest / 1000:.1f} s"
