"""`spotter demo`: the whole program on three shipped clips. The footage is synthetic and says so."""

from __future__ import annotations

import socket
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.console import line
from spotter.cli.options import build_settings, database_url
from spotter.cli.run import Speed
from spotter.core.errors import SourceError
from spotter.core.parameters import ViewParameters

CLIPS = ("dock", "packing", "aisle")
DATABASE = "spotter-data/demo.db"

EPILOG = f"""\b
Examples:
  spotter demo                      plays the clips again and again until Ctrl-C
  spotter demo --once               plays them once, prints a summary and ends
  spotter demo --once --speed max   the same as fast as this machine can
  spotter alerts list --database {DATABASE}
"""

VIEWS = {
    "dock": ViewParameters(pitch_low_deg=22, pitch_high_deg=26),
    "packing": ViewParameters(pitch_low_deg=18, pitch_high_deg=23),
    "aisle": ViewParameters(pitch_low_deg=19, pitch_high_deg=30),
}
"""How steeply the three cameras look down at the worker, known because the clips are rendered. A real camera's view is
entered in spotter.yaml; without it the intervals are wider."""

_HEADING = """\
Spotter demo: three synthetic clips (computer-made, no real people) play as three cameras.
  dock     a worker lifts a box with a bent back
  packing  a worker lifts and turns
  aisle    a worker falls and stays down: expect one alert, about {confirm:.0f} s after the fall
Alerts are kept in {database}; everything runs on this machine."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the clips once and end.")] = False,
    rounds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Play the clips N times and end; 0: until Ctrl-C.")
    ] = 0,
    speed: Annotated[Speed, typer.Option(help="Pace of the clips.")] = Speed.REALTIME,
    port: Annotated[
        int | None, typer.Option(help="Port of the dashboard; by default 8080, or a free one if that is in use.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the dashboard in a browser.")] = False,
    database: Annotated[str, typer.Option(metavar="PATH|URL", help="Where alerts are kept.")] = DATABASE,
) -> int:
    """Show everything on three shipped synthetic clips; Ctrl-C stops."""
    with as_file(files("spotter") / "demo") as folder:
        settings = build_settings(
            config=None,
            cameras=[f"{clip}={_clip(folder, clip)}" for clip in CLIPS],
            sections={
                "ingest": {"speed": speed},
                "store": {"url": database_url(database)},
                "dashboard": {"port": _port() if port is None else port, "background": "blurred"},
            },
        )
        settings = settings.model_copy(
            update={"cameras": tuple(c.model_copy(update={"view": VIEWS[c.id]}) for c in settings.cameras)}
        )
        line(_HEADING.format(confirm=settings.ergonomics.fall.confirm_s, database=database))
        from spotter.cli.session import run_session

        run_session(
            settings,
            rounds=1 if once else rounds,
            progress_s=5.0,
            on_dashboard=_open_browser if browser else None,
        )
    return 0


def _clip(folder: Path, name: str) -> Path:
    path = folder / f"{name}.mp4"
    if not path.is_file():
        raise SourceError(f"demo clip '{path}' is missing", mend="Install spotter-safety again")
    return path


def _port() -> int:
    """8080 where it is free, else 0, which lets the system choose."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8080))
        except OSError:
            return 0
    return 8080


def _open_browser(url: str) -> None:
    import webbrowser

    webbrowser.open(url)
