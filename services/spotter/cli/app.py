"""The root of the `spotter` command and its promise: an error is one line that says what to do, never a traceback.

Commands are imported only when they are called, so `spotter --help` answers at once and a command whose optional parts
are missing cannot break another one. Exit codes: 0 done, 2 wrong usage or settings, 3 to 13 as drawn in `core.errors`,
70 a fault of the program itself, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

from spotter import __version__
from spotter.cli.console import error_line
from spotter.core.cleaning import Cleaner
from spotter.core.errors import SpotterError

EXIT_USAGE = 2
EXIT_FAULT = 70
"""EX_SOFTWARE of sysexits.h: an internal fault."""
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 1
"""As typer itself leaves when the reader has gone."""

DEBUG_VARIABLE = "SPOTTER_DEBUG"

_ClickException: type[Exception] = typer.BadParameter.__mro__[2]
"""Base of the usage errors; found through typer, which brings its own copy of click or not, by version."""

_EPILOG = (
    "Start here: `spotter demo` shows everything on three synthetic clips, `spotter analyze VIDEO` looks at a file of "
    "yours, `spotter run --camera dock=rtsp://...` watches a camera. `spotter COMMAND --help` has examples."
)


@dataclass(frozen=True)
class Entry:
    """One command or command group: where it lives and what the root help says of it."""

    name: str
    module: str
    attribute: str
    help: str
    group: bool = False


ENTRIES = (
    Entry("demo", "spotter.cli.demo", "demo", "Show everything on three shipped synthetic clips."),
    Entry("run", "spotter.cli.run", "run", "Watch cameras, files or folders and raise alerts."),
    Entry("serve", "spotter.cli.serve", "app", "Run one service as a process of its own.", group=True),
    Entry("analyze", "spotter.cli.analyze", "analyze", "Analyse one video file offline."),
    Entry("record", "spotter.cli.record", "record", "Record skeletons of footage, cameras or a running site."),
    Entry("replay", "spotter.cli.replay", "replay", "Run the rules on recordings again."),
    Entry("backtest", "spotter.cli.backtest", "backtest", "Compare alerts on recordings under two settings."),
    Entry("evaluate", "spotter.cli.evaluate", "app", "Measure event rules on labelled footage.", group=True),
    Entry("report", "spotter.cli.report", "report", "Write what was seen at a station as a page: HTML and PDF."),
    Entry("tasks", "spotter.cli.tasks", "app", "Enter loads, grips and hours of the work at a station.", group=True),
    Entry("assess", "spotter.cli.assess", "app", "Judge a posture or a job by REBA, RULA, NIOSH, ...", group=True),
    Entry("alerts", "spotter.cli.alerts", "app", "List, show and export alerts.", group=True),
    Entry("notify", "spotter.cli.notify", "app", "Try channels, list deliveries, send again.", group=True),
    Entry("db", "spotter.cli.db", "app", "Schema, retention and audit trail of the database.", group=True),
    Entry("bus", "spotter.cli.bus", "app", "Look at Kafka: connection, topics, lag, dead letters.", group=True),
    Entry("cameras", "spotter.cli.cameras", "app", "List, test, find and calibrate cameras.", group=True),
    Entry("models", "spotter.cli.models", "app", "List, check and import pose models.", group=True),
    Entry("config", "spotter.cli.config", "config", "Print every setting with its meaning and effective value."),
    Entry("simulate", "spotter.cli.simulate", "simulate", "Play simulated workers into recordings and labels."),
    Entry("loadtest", "spotter.cli.loadtest", "loadtest", "Send the streams of virtual cameras and report figures."),
    Entry("doctor", "spotter.cli.doctor", "doctor", "Check this machine and say how to mend what is wrong."),
)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and leave with its exit code."""
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


def execute(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Prints at most one line for an error."""
    try:
        # `spotter` alone teaches, as `spotter --help` does.
        result = build(arguments)(args=list(arguments) or ["--help"], prog_name="spotter", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except typer.Abort:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence_output()
        return EXIT_BROKEN_PIPE
    except Exception as error:
        return _report(error, arguments)
    return result if isinstance(result, int) else 0


def build(arguments: Sequence[str]) -> typer.Typer:
    """The typer application, with only the command that `arguments` name imported."""
    app = typer.Typer(
        name="spotter",
        help="Possible falls, people down and the load of lifting work, from cameras, with honest intervals.",
        epilog=_EPILOG,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    wanted = next((argument for argument in arguments if not argument.startswith("-")), None)
    for entry in ENTRIES:
        if entry.name != wanted:
            app.command(entry.name, help=entry.help)(_unreached)
        elif entry.group:
            app.add_typer(_load(entry), name=entry.name, help=entry.help)
        else:
            command = _load(entry)
            app.command(entry.name, epilog=getattr(sys.modules[entry.module], "EPILOG", None))(command)
    return app


def _root(
    version: bool = typer.Option(
        False, "--version", "-V", is_eager=True, help="Print the version and leave.", callback=lambda v: _version(v)
    ),
) -> None:
    """Possible falls, people down and the load of lifting work, from cameras, with honest intervals."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spotter {__version__}")
        raise typer.Exit


def _unreached() -> None:
    """Stands in the root help for a command that was not asked for."""


def _load(entry: Entry) -> Any:
    return getattr(importlib.import_module(entry.module), entry.attribute)


def _report(error: Exception, arguments: Sequence[str]) -> int:
    if os.environ.get(DEBUG_VARIABLE):
        sys.stderr.write(Cleaner().clean("".join(traceback.format_exception(error))))
    if isinstance(error, SpotterError):
        error_line(str(error))
        return error.exit_code
    if isinstance(error, _ClickException):
        return _report_usage(error, arguments)
    error_line(
        f"internal fault: {type(error).__name__}: {Cleaner().clean(str(error))}. Please report it; "
        f"set {DEBUG_VARIABLE}=1 to see where it came from"
    )
    return EXIT_FAULT


def _report_usage(error: Any, arguments: Sequence[str]) -> int:
    format_message: Callable[[], str] = error.format_message
    message = format_message().rstrip(".")
    if message:  # Empty where typer has already printed the help of a group that was called without a command.
        command = next((entry.name for entry in ENTRIES if entry.name in arguments), "")
        error_line(f"{message}. See `{' '.join(filter(None, ('spotter', command, '--help')))}`")
    return EXIT_USAGE


def _silence_output() -> None:
    """The reader has gone (`spotter ... | head`): let the interpreter flush into nothing."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
