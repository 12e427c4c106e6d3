"""`spotter loadtest`: what a site, or this machine, does with the streams of N virtual cameras."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.console import line
from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.errors import ConfigError
from spotter.core.settings import known_secrets, load_settings
from spotter.simulate.generator import Kind

EPILOG = """\b
Examples:
  spotter loadtest --memory --cameras 4 --kind frames        what this machine carries, services and all
  spotter loadtest --memory --kind skeletons --speed max     the same from recorded skeletons, as fast as it goes
  spotter loadtest --config spotter.yaml --cameras 500 --fps 2 --minutes 10 --watch http://127.0.0.1:9103/metrics

Over Kafka the load goes to topics of its own, 'loadtest.frames' and 'loadtest.skeletons'; give the services that are
under test the same prefix (SPOTTER_BUS__KAFKA__PREFIX=loadtest.) and a database of their own. On the topics of a site
that has real cameras the command refuses to run without --yes. The virtual cameras are named load-00000 and so on; the
people in them are synthetic. One camera in ten shows a worker who falls once a minute.
"""

PREFIX = "loadtest."


class Speed(StrEnum):
    """Pace of the load."""

    REALTIME = "realtime"
    MAX = "max"


def loadtest(
    cameras: Annotated[int, typer.Option(min=1, max=100_000, help="Virtual cameras.")] = 16,
    fps: Annotated[float, typer.Option(help="Frames per second of each camera.")] = 15.0,
    kind: Annotated[Kind, typer.Option(help="What the cameras send.")] = Kind.SKELETONS,
    minutes: Annotated[float, typer.Option(min=0.01, max=100_000, help="Length in event time.")] = 1.0,
    memory: Annotated[bool, typer.Option("--memory", help="Run the services in this process, without Kafka.")] = False,
    speed: Annotated[Speed, typer.Option(help="realtime, or as fast as the bus takes it.")] = Speed.REALTIME,
    people: Annotated[
        int | None, typer.Option(help="People in view of each camera; by default 1 to 20, drawn for each.")
    ] = None,
    falling: Annotated[int, typer.Option(help="Each Nth camera shows a worker who falls; 0: none.")] = 10,
    fall_every: Annotated[float, typer.Option(metavar="SECONDS", help="From one such fall to the next.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Another seed makes other scenes.")] = 0,
    prefix: Annotated[str, typer.Option(help="Begins the names of the topics; 'spotter.' is that of a site.")] = PREFIX,
    watch: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="/metrics of a service to report on; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Run on the topics of a site with real cameras.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; by default spotter.yaml if it is here.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")] = None,
) -> int:
    """Send the streams of virtual cameras onto the bus and report what became of them."""
    from spotter.cli.loadtest_run import Plan, run_load
    from spotter.core.telemetry import configure_logs
    from spotter.simulate.report import lines
    from spotter.simulate.scene import Script

    if memory and watch:
        raise ConfigError("--watch has nothing to watch with --memory", mend="The services run in this process")
    settings = load_settings(config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None))
    configure_logs("error", settings.log.format, known_secrets(settings))
    plan = Plan(
        kind=kind,
        cameras=cameras,
        script=Script(fps=fps, people=people, falling=falling, fall_every_s=fall_every),
        seconds=60 * minutes,
        seed=seed,
        realtime=speed is Speed.REALTIME,
        prefix=None if memory else prefix,
        pages=tuple(watch or ()),
        may_reach_people=yes,
    )
    outcome = run_load(settings, plan)
    for text in lines(outcome.generated, outcome.services):
        line(text)
    if report is not None:
        services = [{**asdict(one), "keeps_up": one.keeps_up} for one in outcome.services]
        _write(report, {"generator": asdict(outcome.generated), "services": services})
    return 128 + outcome.signal if outcome.signal else 0


def _write(path: Path, figures: dict[str, object]) -> None:
    try:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"figures cannot be written to '{path}': {error.strerror}", mend="Give another file"
        ) from None
