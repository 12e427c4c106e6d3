"""`spotter doctor`: check this machine for what Spotter needs, and say how to mend what is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.checks import Finding, Verdict, examine
from spotter.cli.console import line, output
from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings, load_settings

EPILOG = """\b
Examples:
  spotter doctor                      check this machine with the default settings or ./spotter.yaml
  spotter doctor --config site.yaml   check with these settings, and look for each camera
  spotter doctor --json               the same for a script; exit code 1 when a check fails
"""

_STYLE = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def doctor(
    config: Annotated[Path | None, typer.Option(help="Settings file; by default spotter.yaml if it is here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> int:
    """Check this machine and say how to mend what is wrong. Changes nothing."""
    findings: list[Finding] = []
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    try:
        settings = load_settings(config)
    except ConfigError as error:
        findings.append(Finding("settings", Verdict.FAIL, error.message, error.mend))
        settings = Settings()
    else:
        findings.append(Finding("settings", Verdict.OK, f"'{config}'" if config else "defaults; no spotter.yaml here"))
    findings.extend(examine(settings))
    if as_json:
        line(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    return int(any(finding.verdict is Verdict.FAIL for finding in findings))


def _print(findings: Sequence[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in findings:
        # Findings hold paths and error texts of other programs, so they are never read as markup.
        detail = Text(finding.detail)
        if finding.mend:
            detail.append(f"\n→ {finding.mend}", style="bold")
        table.add_row(Text(finding.verdict.value, style=_STYLE[finding.verdict]), Text(finding.name), detail)
    output().print(table)
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    warned = sum(finding.verdict is Verdict.WARN for finding in findings)
    line(f"{failed} failed, {warned} warnings, {len(findings) - failed - warned} fine")
