"""`spotter report`: what was seen at a station over days and shifts, as one HTML page and on A4."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.alerts import Config, Database
from spotter.cli.options import DEFAULT_CONFIG

EPILOG = """\b
Examples:
  spotter report --station 'bench 2'                                      today so far, to report.html
  spotter report --station 'bench 2' --from 2026-11-23 --to 2026-11-27 --shift early --pdf week.pdf
  spotter report --station 'bench 2' --from 2026-11-24 --load 5..12 --coupling fair --hours 6
  spotter analyze lift.mp4 --report lift.html                             one clip, no database

Loads and grips are kept in the task catalogue (`spotter tasks`); options count for this report alone.
"""

_QUANTITY = "NUMBER|LOW..HIGH"

Load = Annotated[str | None, typer.Option(help="What is lifted, kg.", metavar=_QUANTITY)]
Coupling = Annotated[str | None, typer.Option(help="Grip: good, fair, poor; several between commas.", metavar="GRIP")]
Hours = Annotated[str | None, typer.Option(help="Of this work in a day.", metavar=_QUANTITY)]
Frequency = Annotated[
    str | None, typer.Option(help="Lifts a minute, where known better than counted.", metavar=_QUANTITY)
]
BodyMass = Annotated[
    str | None, typer.Option(help="Of the population that the job is judged for, kg.", metavar=_QUANTITY)
]
Activity = Annotated[str | None, typer.Option(help="For REBA: static, repeated, rapid, none.", metavar="WORDS")]


def report(
    station: Annotated[str, typer.Option(help="Name of the station's zone; none: the whole view.")] = "",
    camera: Annotated[str, typer.Option(help="Only this camera; none: all that see the station.", metavar="ID")] = "",
    since: Annotated[
        str | None, typer.Option("--from", help="Day or time on the site's clock; default: today.", metavar="TIME")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Day (included) or time; default: now.", metavar="TIME")
    ] = None,
    shift: Annotated[
        list[str] | None, typer.Option(help="Only this shift; may be given again.", metavar="NAME")
    ] = None,
    out: Annotated[Path, typer.Option(help="HTML file to write.", metavar="FILE")] = Path("report.html"),
    pdf: Annotated[Path | None, typer.Option(help="PDF file to write as well.", metavar="FILE")] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task of the catalogue; may be given again.", metavar="NAME")
    ] = None,
    load: Load = None,
    coupling: Coupling = None,
    hours: Hours = None,
    frequency: Frequency = None,
    body_mass: BodyMass = None,
    activity: Activity = None,
    site: Annotated[str | None, typer.Option(help="Site; default: site of the settings.", metavar="NAME")] = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write what was seen at a station as a page for a competent person to judge."""
    from spotter.cli.report_write import entered_options, write_report
    from spotter.core.settings import load_settings

    settings = load_settings(config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None))
    write_report(
        settings,
        database=database,
        site=site or settings.site,
        station=station,
        camera=camera,
        since=since,
        until=until,
        shifts=tuple(shift or ()),
        tasks=tuple(task or ()),
        options=entered_options(
            settings, load=load, coupling=coupling, hours=hours, frequency=frequency, body_mass=body_mass,
            activity=activity,
        ),
        out=out,
        pdf=pdf,
    )  # fmt: skip
