"""What `spotter cameras` prints: settings on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import yaml
from rich.table import Table

from spotter import __version__
from spotter.cli.console import output
from spotter.core.errors import ConfigError
from spotter.core.parameters import ViewParameters

_WIDE = 400
"""Columns."""


def told(text: str) -> None:
    """One line for people."""
    sys.stderr.write(" ".join(text.split()) + "\n")
    sys.stderr.flush()


def print_table(table: Table) -> None:
    """On stdout; whole lines where it is no terminal, so that nothing is cut for whoever reads a file."""
    console = output()
    if not sys.stdout.isatty():
        console.width = _WIDE
    console.print(table)


def refusal(what: str, reasons: Iterable[str]) -> ConfigError:
    """A calibration that is not good enough to be used."""
    return ConfigError(
        f"calibration of {what} refused: {'; '.join(reasons)}", mend="See docs/camera-geometry.md for what helps"
    )


def settings_text(view: ViewParameters, provenance: str) -> str:
    """A piece of spotter.yaml; what is not known is left out."""
    values = view.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    body = yaml.safe_dump({"view": values}, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return f"# spotter cameras calibrate {__version__}, {provenance}\n{body}"
