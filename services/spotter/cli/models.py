"""`spotter models`: which pose models there are, whether their files are whole, and how the shipped one was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from spotter.cli.console import output
from spotter.core.errors import ModelError
from spotter.pose.models import ModelCard, model_cards
from spotter.pose.models.movenet_import import read_tfjs
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER

app = typer.Typer(no_args_is_help=True, help="Pose models: list and check them, import the released weights.")


@app.command("list")
def list_models() -> None:
    """List the models and check their files; ends with an error when one is missing or damaged."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Name", "Licence", "Author", "Parameters", "Input", "Weights"):
        table.add_column(column, justify="right" if column == "Parameters" else "left")
    failures = []
    for card in model_cards():
        failure = _failure(card)
        state = "[red]damaged or missing[/red]" if failure else "[green]whole[/green]"
        table.add_row(card.name, card.licence, card.author, f"{card.parameters:,}", card.input, state)
        if failure:
            failures.append(failure)
    output().print(table)
    if failures:
        raise failures[0]


@app.command("import-movenet")
def import_movenet(
    model_json: Annotated[
        Path,
        typer.Argument(help="model.json of MoveNet MultiPose Lightning (TF.js graph model), with its .bin beside it."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; created if needed.", metavar="DIR")] = Path(
        "movenet-multipose"
    ),
) -> None:
    """Convert the released TF.js graph to the weights (safetensors) and the ONNX graph that Spotter ships.

    Needs torch: pip install "spotter-safety[torch]". The same files give the same bytes.
    """
    console = Console(stderr=True)
    weights = read_tfjs(model_json)
    console.print(f"Read {sum(array.size for array in weights.values()):,} parameters from {model_json}")
    try:
        from spotter.pose.models.movenet_export import write_model
    except ImportError as error:
        raise ModelError(
            f"the import needs the package '{error.name}', which is not installed",
            mend='Install it with: pip install "spotter-safety[torch]"',
        ) from None
    try:
        with console.status("Exporting the graph (about 20 s)"):
            write_model(weights, out)
    except OSError as error:
        raise ModelError(
            f"cannot write '{error.filename}': {error.strerror}", mend="Choose another folder with --out"
        ) from None
    same = (out / WEIGHTS_FILE).read_bytes() == (WEIGHTS_FOLDER / WEIGHTS_FILE).read_bytes()
    verdict = "identical to" if same else "different from"
    console.print(f"Wrote {out}: the weights are {verdict} those shipped with Spotter")


def _failure(card: ModelCard) -> ModelError | None:
    try:
        card.verify()
    except ModelError as error:
        return error
    return None
