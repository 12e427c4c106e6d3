"""`spotter models`: which pose models there are, whether their files are whole, and how the shipped one was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress
from rich.table import Table

from spotter.cli.console import line, output
from spotter.cli.models_calibrate import calibrate_model
from spotter.cli.models_evaluate import evaluate
from spotter.cli.models_train import train
from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings, load_settings
from spotter.pose.factory import calibration_of, model_of
from spotter.pose.library import checked_file, fetch, model_file, suffix_of
from spotter.pose.models import ModelCard, family_of, model_cards
from spotter.pose.models.movenet_import import read_tfjs
from spotter.pose.models.weights import MANIFEST_FILE, PICKLE, WEIGHTS_FILE, WEIGHTS_FOLDER, read_manifest
from spotter.pose.trial import try_out

_EVALUATE_EPILOG = """\b
Examples:
  spotter models evaluate --images val --annotations person_keypoints.json
  spotter models evaluate --model yolo11n-pose --input-size 640 --images val --annotations val.json --worst 10
"""

_CALIBRATE_EPILOG = """\b
Examples:
  spotter models calibrate --images val --annotations person_keypoints.json --picture reliability.png
  spotter models calibrate --model yolo11n-pose --input-size 640 --images val --annotations val.json

docs/calibration.md says what comes of it.
"""

_TRAIN_EPILOG = """\b
Examples:
  spotter models train --images site --annotations site.json --out site.safetensors
  spotter models train --images site --annotations site.json --val-images judge --val-annotations judge.json
      --out site.safetensors --resume site.checkpoint.safetensors
"""

_FETCH_EPILOG = """\b
Examples:
  spotter models fetch yolo11n-pose --from yolo11n-pose.onnx
  spotter models fetch movenet-thunder --from movenet-thunder/model.json
  spotter models fetch rtmo-s --from https://HOST/rtmo-s.onnx --sha256 HASH

docs/models.md says which to choose and how to export one.
"""

app = typer.Typer(no_args_is_help=True, help="Pose models: list and check them, bring in your own.")
app.command("evaluate", epilog=_EVALUATE_EPILOG)(evaluate)
app.command("calibrate", epilog=_CALIBRATE_EPILOG)(calibrate_model)
app.command("train", epilog=_TRAIN_EPILOG)(train)


_WHOLE = "[green]whole[/green]"

_FOLDER_HELP = "Folder of model files that are not shipped; by default pose.folder of the settings."


@app.command("list")
def list_models(
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help=_FOLDER_HELP)] = None,
) -> None:
    """List the models and check their files; ends with an error when one is damaged."""
    place = folder or _folder()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Name", "Licence", "Author", "Parameters", "Input", "COCO AP", "CPU ms", "Weights", "Calibrated"):
        # The name is what people copy, so it is never cut.
        width = 17 if column == "Name" else None
        table.add_column(column, justify="right" if column in ("Parameters", "CPU ms") else "left", min_width=width)
    failures: list[ModelError] = []
    cards = {card.name: card for card in model_cards()}
    own = [name for name in _fetched(place) if name not in cards]
    for name in (*cards, *own):
        card = cards.get(name)
        state = _state(card, place, name, failures)
        calibrated = _calibrated(place, name, failures) if state == _WHOLE else ""
        if card is None:
            table.add_row(name, "?", "yours", "", "", "", "", state, calibrated)
        else:
            parameters = f"{card.parameters:,}" if card.parameters else ""
            ap = " ".join(text for text in (card.measured, f"({card.ap})" if card.ap else "") if text)
            table.add_row(name, card.licence, card.author, parameters, card.input, ap, card.ms, state, calibrated)
    output().print(table)
    line("COCO AP, percent: measured on 24 images (in brackets: as its author states it); CPU ms: a picture, one core.")
    line("movenet-thunder: alone, one person a picture; as pose.refine it lifts movenet-multipose from 32.3 to 44.3.")
    if failures:
        raise failures[0]


@app.command("fetch", epilog=_FETCH_EPILOG)
def fetch_model(
    name: Annotated[
        str,
        typer.Argument(help="What to call it: as in `spotter models list`, or a name of yours that begins like one."),
    ],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FILE|URL",
            help="ONNX file, or weights of `spotter models train`, or https://. For posenet and movenet-thunder: "
            "model.json of the TF.js graph, with its .bin beside it.",
        ),
    ],
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="SHA-256 that the file must have; a URL needs it.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Take a .pt file without a hash: it runs as code when it is loaded.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help=_FOLDER_HELP)] = None,
) -> None:
    """Bring in a model file of yours, try it out, and keep it with its SHA-256, which is checked at each start.

    Nothing is downloaded unless you give a URL. Mind the licence of the weights: Ultralytics' YOLO models are AGPL-3.0
    unless you have bought another licence. A .pt file of theirs needs the extra `spotter-safety[ultralytics]`.
    """
    place = folder or _folder()
    if name in {card.name for card in model_cards() if card.shipped}:
        raise ModelError(f"model '{name}' ships with Spotter", mend="There is nothing to fetch")
    console = Console(stderr=True)
    with Progress(*Progress.get_default_columns(), DownloadColumn(), console=console, transient=True) as bar:
        task = bar.add_task(f"Reading {name}", total=None)

        def check(path: Path) -> None:
            bar.update(task, description=f"Trying {name}", total=None)
            try_out(name, path)

        found = fetch(
            place,
            name,
            source,
            sha256=sha256,
            trusted=trust,
            convert=family_of(name).convert if source.endswith(".json") else None,
            check=check,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    more = f", or for a second look at the people of another model with pose.refine: {name}"
    use = f"spotter run --model {name}{more if family_of(name).refines else ''}"
    line(f"{name}: in '{place}', SHA-256 {found}. Use it with: {use}")


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


def _folder() -> Path:
    file = DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
    return load_settings(file).pose.folder


def _fetched(folder: Path) -> list[str]:
    if not (folder / MANIFEST_FILE).is_file():
        return []
    files = (Path(name) for name in read_manifest(folder))
    return sorted(file.stem for file in files if file.suffix in (suffix_of(file.stem), PICKLE))


def _state(card: ModelCard | None, folder: Path, name: str, failures: list[ModelError]) -> str:
    """Whether a model's files are whole; what is wrong is kept in `failures`."""
    try:
        if card is not None and card.shipped:
            card.verify()
        elif not model_file(folder, name).is_file():
            return "[dim]not here[/dim]"
        else:
            checked_file(folder, name)
    except ModelError as error:
        failures.append(error)
        return "[red]damaged or missing[/red]"
    return _WHOLE


def _calibrated(folder: Path, name: str, failures: list[ModelError]) -> str:
    """Whether the confidences of a model that is whole are probabilities; a calibration that is wrong is kept."""
    settings = PoseSettings(model=name, folder=folder, device="cpu")
    try:
        model = model_of(settings, calibrated=False)
    except ModelError:
        return ""  # What it needs to run is not installed: no word on it here.
    try:
        found = calibration_of(settings, model.name)
    except ModelError as error:
        failures.append(error)
        return "[red]of another[/red]"
    return "no" if found is None else f"{found.input_size} px"
