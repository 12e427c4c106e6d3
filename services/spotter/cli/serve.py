"""`spotter serve ROLE`: one service as a process of its own, with Kafka, Postgres and Redis between them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.settings import load_settings
from spotter.core.settings.watch import SettingsFile

EPILOG = """\b
Examples:
  spotter serve ergonomics                         settings from the environment (SPOTTER_BUS__KIND=kafka ...)
  spotter serve ingest --config /etc/spotter.yaml  cameras from a file
  SPOTTER_METRICS__PORT=9101 spotter serve pose    another port for /metrics, /healthz and /readyz

Each service waits for the servers it needs and says on /readyz what it waits for. SIGTERM ends it cleanly.
`docker compose up` starts all of them: see docs/compose.md.
"""

app = typer.Typer(no_args_is_help=True, epilog=EPILOG, rich_markup_mode=None)

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; by default spotter.yaml if it is here.")]


@app.command()
def ingest(config: Config = None) -> int:
    """Read cameras (a share of them: ingest.sharing) and publish frames."""
    return _serve("ingest", config)


@app.command()
def pose(config: Config = None) -> int:
    """Estimate skeletons on frames."""
    return _serve("pose", config)


@app.command()
def ergonomics(config: Config = None) -> int:
    """Follow people, judge what they do, raise alerts."""
    return _serve("ergonomics", config)


@app.command()
def notify(config: Config = None) -> int:
    """Deliver alerts to the channels."""
    return _serve("notify", config)


@app.command()
def dashboard(config: Config = None) -> int:
    """Serve the page and its API."""
    return _serve("dashboard", config)


@app.command()
def maintenance(config: Config = None) -> int:
    """Keep the database in bounds: retention and partitions."""
    return _serve("maintenance", config)


def _serve(role: str, config: Path | None) -> int:
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    # Looked at before it is read, so that no change is missed in between.
    reload = SettingsFile(config, lambda: load_settings(config)) if config is not None else None
    settings = load_settings(config)
    # Only what the role needs is imported: the model's runtime is not for a process that sends e-mail.
    from spotter.cli.service import run_service

    module = importlib.import_module(f"spotter.cli.service_{role}")
    return run_service(role, settings, getattr(module, f"prepare_{role}"), reload)
