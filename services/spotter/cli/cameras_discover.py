"""`spotter cameras discover`: which ONVIF cameras answer on the local network, and what to try with them next."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from spotter.cli.cameras_given import settings_of
from spotter.cli.cameras_text import print_table
from spotter.cli.console import line
from spotter.cli.quantities import seconds_of
from spotter.core.errors import ConfigError
from spotter.ingest.probe.discovery import discover
from spotter.ingest.probe.onvif import GROUP, PORT, FoundCamera

_LONGEST_S = 120.0


def discover_cameras(duration: str, to: str | None, config: Path | None, *, as_json: bool) -> None:
    """Ask, wait, and print who answered.

    Raises:
        ConfigError: the time or the address cannot be read.
        SourceError: nothing can be sent.
    """
    seconds = seconds_of("--for", duration)
    if seconds > _LONGEST_S:
        raise ConfigError(f"--for is '{duration}', longer than 2 minutes", mend="Cameras answer within a second")
    address, port = _address(to)
    known = {camera.id: camera.shown for camera in settings_of(config).cameras}
    found = discover(seconds, address, port)
    if as_json:
        line(json.dumps([asdict(camera) for camera in found], indent=2))
        return
    if not found:
        line(
            f"No camera answered within {duration}. Switch ONVIF discovery on in the camera, or ask one with --to HOST"
        )
        return
    _print(found, known)
    line(
        f"\nNext: `spotter cameras test rtsp://{found[0].address}/PATH --username USER`; PATH is in the camera's manual"
    )


def _address(to: str | None) -> tuple[str, int]:
    if to is None:
        return GROUP, PORT
    host, colon, port = to.partition(":")
    try:
        address = ipaddress.IPv4Address(host)
        number = int(port) if colon else PORT
        if not 0 < number < 65536:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"--to is '{to}', which is no IPv4 address", mend="Write 10.0.7.5, or 10.0.7.5:3702"
        ) from None
    return str(address), number


def _print(found: list[FoundCamera], known: dict[str, str]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("address", "name", "hardware", "location", "in the settings as", "ONVIF service"):
        table.add_column(heading)
    for camera in found:
        names = [name for name, shown in known.items() if _host(shown) == camera.address]
        cells = (camera.address, camera.name, camera.hardware, camera.location, ", ".join(names) or "-")
        table.add_row(*(Text(text) for text in (*cells, " ".join(camera.services))))
    print_table(table)


def _host(shown: str) -> str:
    """Of a source as it is shown; empty where it has none."""
    try:
        return urlsplit(shown).hostname or ""
    except ValueError:
        return ""
