"""`spotter evaluate`: how good the rules are, measured on labelled footage or recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.replay import Config, Sets

app = typer.Typer(no_args_is_help=True, help="Measure event rules on labelled footage.")

_EPILOG = """\b
Examples:
  spotter evaluate events --labels labels.json recordings/
  spotter evaluate events --labels labels.json clips/ --hold-last 6 --pictures misses/
  spotter evaluate events --labels labels.json recordings/ --set ergonomics.fall.confirm_s=5 --json

Footage is posed first, which takes its time; `spotter record` keeps the skeletons, so that other rules are judged in
seconds. Exit code 0 whatever the figures are; docs/evaluate.md has the form of the labels.
"""


@app.callback()
def _group() -> None:
    """Measure event rules on labelled footage."""


@app.command(epilog=_EPILOG)
def events(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Recordings, or footage as the labels name it.")
    ],
    labels: Annotated[Path, typer.Option(metavar="FILE", help="Labelled falls (JSON).")],
    config: Config = None,
    sets: Sets = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw each miss and false alarm (.svg) into a folder.")
    ] = None,
    hold_last: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3600, help="Footage: repeat the last frame for this long.")
    ] = 0.0,
    max_fps: Annotated[
        float | None, typer.Option(metavar="FPS", help="Footage: at most this many frames per second.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Event sensitivity, false alarms per camera-day, latency and duplicates, with intervals and by stratum."""
    from spotter.cli.console import line, warning_line
    from spotter.cli.evaluate_material import Posing, find_material
    from spotter.cli.evaluate_report import figures_json, show
    from spotter.cli.evaluate_session import evaluate
    from spotter.cli.options import DEFAULT_CONFIG
    from spotter.cli.overrides import rule_settings
    from spotter.evaluation.labels import read_labels

    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    settings = rule_settings(config, sets or ())
    with Posing(settings, hold_last, max_fps) as posing:
        material, missing = find_material(read_labels(labels), paths, posing)
        if missing:
            shown = ", ".join(item.file for item in missing[:3]) + (" ..." if len(missing) > 3 else "")
            warning_line(f"{len(missing)} labelled videos are not in what was named and do not count: {shown}")
        result = evaluate(material, settings, pictures)
    for note in result.notes:
        warning_line(note)
    if as_json:
        line(figures_json(result))
    else:
        show(result, pictures)
