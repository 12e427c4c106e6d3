"""`spotter backtest`: what other settings of the rules would have changed on recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.replay import Jobs, Recordings
from spotter.core.errors import ConfigError

EPILOG = """\b
Examples:
  spotter backtest recordings/ --set ergonomics.fall.confirm_s=5
  spotter backtest recordings/ --baseline spotter.yaml --candidate stricter.yaml --picture changes.svg
  spotter backtest dock.avro --set ergonomics.fall.ground_hip=0.3 --json

Exit code 0: the alerts are the same under both; 1: some appear, vanish or change.
"""


def backtest(
    recordings: Recordings,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings that hold now; by default spotter.yaml if it is here.")
    ] = None,
    candidate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings to try; by default those of the baseline.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the candidate's rules. May be repeated."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw a timeline (.svg): open it in a browser.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Also list the alerts that stay the same.")] = False,
    jobs: Jobs = None,
) -> int:
    """Compare the alerts on recordings under two settings."""
    from spotter.cli.backtest_report import comparison_json, show
    from spotter.cli.console import line, warning_line
    from spotter.cli.options import DEFAULT_CONFIG
    from spotter.cli.overrides import rule_settings
    from spotter.evaluation.comparison import Change, compare
    from spotter.evaluation.many import replay_many
    from spotter.evaluation.replay import Rules
    from spotter.evaluation.timeline import timeline
    from spotter.recordings import find_recordings

    if candidate is None and not sets:
        raise ConfigError("nothing to compare with", mend="Name --candidate FILE, or --set ergonomics.fall.KEY=VALUE")
    if baseline is None and DEFAULT_CONFIG.is_file():
        baseline = DEFAULT_CONFIG
    before = Rules.of(rule_settings(baseline))
    after = Rules.of(rule_settings(candidate or baseline, sets or ()))
    names = (_name(baseline, ()), _name(candidate or baseline, sets or ()))
    found = find_recordings(recordings)
    differences = []
    for one, other in zip(replay_many(found, before, jobs), replay_many(found, after, jobs), strict=True):
        for note in one.notes:
            warning_line(note)
        differences += compare(one, other)
    if picture is not None:
        try:
            picture.write_text(timeline(differences, *names), encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"cannot write '{picture}': {error.strerror}", mend="Check the folder, its rights and the disk"
            ) from None
    if as_json:
        line(comparison_json(differences, *names))
    else:
        show(differences, *names, every=every, recordings=len(found))
        if picture is not None:
            line(f"Timeline: {picture}")
    return int(any(one.change is not Change.SAME for one in differences))


def _name(file: Path | None, sets: list[str] | tuple[str, ...]) -> str:
    return ", ".join(
        [file.name if file is not None else "defaults", *(text.removeprefix("ergonomics.") for text in sets)]
    )
