"""What the commands print: results on stdout, notes and errors on stderr, colour only on a terminal.

Importing this is cheap; rich is loaded when a table or a live display is needed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_RED, _YELLOW, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[0m"


def output() -> Console:
    """A rich console on stdout; lines are not wrapped when stdout is not a terminal."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def line(text: str) -> None:
    """One plain line on stdout, at once (a pipe must not hold back an alert)."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def error_line(text: str) -> None:
    """One red line on stderr."""
    _stderr_line(f"spotter: {text}", _RED)


def warning_line(text: str) -> None:
    """One yellow line on stderr."""
    _stderr_line(f"spotter: warning: {text}", _YELLOW)


def _stderr_line(text: str, colour: str) -> None:
    text = " ".join(text.split())
    sys.stderr.write((f"{colour}{text}{_RESET}" if _coloured(sys.stderr) else text) + "\n")
    sys.stderr.flush()


def _coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")
