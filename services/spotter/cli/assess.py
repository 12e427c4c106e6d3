"""`spotter assess`: a calculator for every method of the registry; its options are made from what a method asks for.

The same from Python: `from spotter.ergonomics.methods import assess, methods`.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from spotter.cli.assess_examples import EXAMPLES
from spotter.cli.assess_form import ask_all, option_help, option_metavar, read_inputs
from spotter.cli.assess_page import page, result_json
from spotter.cli.console import line
from spotter.core.errors import MethodError
from spotter.ergonomics.methods import Method, methods
from spotter.ergonomics.methods.api import Asked, Kind
from spotter.ergonomics.methods.inputs import givens, shorthands, sides_of

_EPILOG = """\b
Examples:
  spotter assess reba --trunk-flexion 45 --load-kg 5..10 --coupling fair
  spotter assess rula --upper-arm 30 --neck-flexion 15..25 --json
  spotter assess owas --back bent --arms both_below_shoulder --legs two_bent,one_bent
  spotter assess reba                      on a terminal: asks question by question

A number may be an interval LOW..HIGH, a choice several answers between commas; what is left out is unknown and widens
the result. docs/assess.md shows a page and says how to read it.
"""

app = typer.Typer(
    invoke_without_command=True,
    help="Judge a posture or a lifting job by a method: REBA, RULA, OWAS, EN 1005-4, the lifting equation and others.",
    epilog=_EPILOG,
)

_FIXED = ("file", "as_json")


@app.callback(invoke_without_command=True)
def list_methods(context: typer.Context) -> None:
    """Judge a posture or a lifting job by a method, exactly or with intervals; without a method: list them."""
    if context.invoked_subcommand is not None:
        return
    width = max(map(len, methods()))
    for name, method in methods().items():
        line(f"{name:<{width}}  {method.title}")
    line("\nspotter assess METHOD --help shows what a method asks for; on a terminal, spotter assess METHOD asks it.")


def _command(method: Method) -> Callable[..., None]:
    """A command with one option for each input, and one for each pair of sides."""

    def run(*, file: Path | None, as_json: bool, **options: str | None) -> None:
        values = {} if file is None else read_inputs(method, file)
        values |= {name: text for name, text in options.items() if text is not None}
        if not values:
            if as_json or not sys.stdin.isatty():
                raise MethodError(
                    f"{method.name}: nothing is given",
                    mend="Give inputs as options or with --file, or run it on a terminal to be asked",
                )
            given = ask_all(method)
        else:
            given = givens(method.name, method.asks, values)
        result = method.assess(given)
        line(json.dumps(result_json(method, result), indent=2) if as_json else page(method, result))

    run.__doc__ = f"{method.title}.\n\nSource: {method.source}."
    run.__signature__ = inspect.Signature(_parameters(method))  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in _parameters(method)}
    return run


def _parameters(method: Method) -> list[inspect.Parameter]:
    found = [
        _parameter(ask.name, option_help(ask), option_metavar(ask)) for ask in method.asks if ask.kind is not Kind.TABLE
    ]
    by_name = {ask.name: ask for ask in method.asks}
    for short in shorthands(by_name):
        first, second = sides_of(short, by_name)
        text = f"Sets --{_dashed(first)} and --{_dashed(second)}."
        found.append(_parameter(short, text, option_metavar(by_name[first])))
    tables = [ask for ask in method.asks if ask.kind is Kind.TABLE]
    rows = f"Rows of {tables[0].name} ({_columns(tables[0])}) as CSV or YAML, or " if tables else ""
    what = f"{rows}{'inputs' if rows else 'Inputs'} by name as YAML."
    file = Annotated[Path | None, typer.Option("--file", metavar="FILE", help=what)]
    as_json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [
        *found,
        inspect.Parameter("file", keyword, default=None, annotation=file),
        inspect.Parameter("as_json", keyword, default=False, annotation=as_json),
    ]


def _parameter(name: str, text: str, metavar: str) -> inspect.Parameter:
    option = typer.Option(f"--{_dashed(name)}", metavar=metavar, help=text)
    annotation: Any = Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _columns(table: Asked) -> str:
    return ", ".join(column.name for column in table.columns)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


for _name, _method in methods().items():
    _shown = "\n".join(f"  spotter assess {_name} {each}" for each in EXAMPLES.get(_name, ()))
    app.command(_name, help=f"{_method.title}. Source: {_method.source}.", epilog=f"\b\nExamples:\n{_shown}\n")(
        _command(_method)
    )
