"""`spotter replay`: run the rules on recordings again, far faster than the time that they took."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  spotter replay recordings/                                    the alerts of every recording in a folder
  spotter replay dock.avro --set ergonomics.fall.confirm_s=2    with another setting
  spotter replay dock.avro --config spotter.yaml                with the rules and views of a settings file
  spotter replay dock.avro --json - | jq 'select(.type=="alert")'

With the rules and views of the live run the alerts are the same, with the same ids. Exit code 0 also when there are
alerts: they are results, not errors.
"""

Recordings = Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Recordings of `spotter record`.")]
Config = Annotated[Path | None, typer.Option(help="Settings file: rules, and views of cameras by their name.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the rules. May be repeated.")
]
Jobs = Annotated[int | None, typer.Option(min=1, max=256, help="Processes; by default as many as pay.")]


def replay(
    recordings: Recordings,
    config: Config = None,
    sets: Sets = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write JSON Lines to a file, or to stdout with -.")
    ] = None,
    jobs: Jobs = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table.")] = False,
) -> int:
    """Run the rules on recorded skeletons and print the alerts."""
    from contextlib import ExitStack

    from spotter.cli.console import warning_line
    from spotter.cli.options import DEFAULT_CONFIG
    from spotter.cli.overrides import rule_settings
    from spotter.cli.replay_report import ReplayReport, ReplayWriter
    from spotter.cli.results import open_results
    from spotter.evaluation.many import replay_many
    from spotter.evaluation.replay import Rules
    from spotter.recordings import find_recordings

    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    settings = rule_settings(config, sets or ())
    found = find_recordings(recordings)
    with ExitStack() as stack:
        writer = ReplayWriter(stack.enter_context(open_results(json))) if json is not None else None
        report = ReplayReport(to_stderr=json == "-")
        if writer is not None:
            writer.run(settings)
        for one in replay_many(found, Rules.of(settings), jobs):
            for note in one.notes:
                warning_line(note)
            report.add(one)
            if writer is not None:
                writer.recording(one)
        if writer is not None:
            writer.summary(report)
    if not quiet:
        report.show()
    return 0
