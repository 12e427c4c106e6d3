"""`spotter models calibrate`: what a model's confidences are worth on labelled images, kept beside the model."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from spotter.cli.console import line, output
from spotter.cli.models_evaluate import settings_of
from spotter.core import clock
from spotter.core.errors import ConfigError
from spotter.pose.calibration.curves import GROUPS, RIGHT_OKS
from spotter.pose.calibration.file import write_calibration
from spotter.pose.calibration.make import Made, calibrate
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.factory import calibration_places, model_of

_SHOWN = (0.2, 0.4, 0.6, 0.8)
"""Raw confidences that the table puts into probabilities."""


def calibrate_model(
    images: Annotated[list[Path], typer.Option(metavar="DIR", help="Folder of images; may be given several times.")],
    annotations: Annotated[
        list[Path],
        typer.Option(metavar="FILE|DIR", help="Labels of each --images, in the same order; forms as in `evaluate`."),
    ],
    model: Annotated[str, typer.Option(help="Pose model, as in `spotter models list`.")] = "movenet-multipose",
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="Model file, as pose.file.")] = None,
    input_size: Annotated[int, typer.Option(metavar="PX", help="Long side of the input, a multiple of 32.")] = 384,
    device: Annotated[str, typer.Option(help="As pose.device in the settings.")] = "auto",
    refine: Annotated[str, typer.Option(help="As pose.refine in the settings.")] = "none",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Calibration to write; by default where the model looks for it.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Reliability diagram to write (PNG).")] = None,
) -> None:
    """Learn what a model's confidences are worth: how often a keypoint is right, and how far off it is, in pixels.

    The images must be labelled and not ones that the model was trained on. Frames of one clip count as one scene when
    their names differ in a last number only. Quality is told for scenes that were left out.
    """
    if len(images) != len(annotations):
        raise ConfigError(
            f"--images is given {len(images)} times and --annotations {len(annotations)} times",
            mend="Give one of each for each labelled set, in the same order",
        )
    settings = settings_of(model, file, input_size, device, refine=refine)
    sets = [read_labels(labels, folder) for labels, folder in zip(annotations, images, strict=True)]
    network = model_of(settings, calibrated=False)
    target = out or calibration_places(settings, network.name)[0]
    network.load()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Posing images", total=sum(len(each.images) for each in sets))
        found = [predict_all(network, each, lambda: bar.advance(task)) for each in sets]
        bar.update(task, description="Fitting, and fitting again without each part", total=None)
        named = [(_name(labels), each, people) for labels, each, people in zip(annotations, sets, found, strict=True)]
        today = clock.to_datetime(clock.now()).astimezone(UTC).strftime("%Y-%m-%d")
        made = calibrate(named, network.name, network.input_size, today)
    write_calibration(target, made.calibration)
    _report(made)
    if picture is not None:
        from spotter.pose.calibration.picture import write_picture

        write_picture(picture, made)
        line(f"Reliability diagram: {picture}")
    line(f"Calibration: {target}")


def _name(labels: Path) -> str:
    """A set is named by its folder: the files have the same name everywhere, and no path of this machine is kept."""
    place = labels.absolute()
    return place.name if labels.is_dir() else place.parent.name


def _report(made: Made) -> None:
    calibration, figures = made.calibration, made.calibration.held_out
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "Keypoints",
        "judged",
        "right",
        *(f"raw {raw}" for raw in _SHOWN),
        "px of 64, sure",
        "px of 64, 0.5",
    ):
        table.add_column(column, justify="left" if column == "Keypoints" else "right")
    curves = calibration.curves
    for name, members in GROUPS.items():
        group = calibration.groups[name]
        chances = [float(curves.probabilities([[raw] * 17])[0, members[0]]) for raw in _SHOWN]
        pixels = [float(curves.deviations([[sure] * 17], [64.0])[0, members[0]]) for sure in (1.0, 0.5)]
        table.add_row(
            name,
            str(group.keypoints),
            f"{group.right / max(group.keypoints, 1):.2f}",
            *(f"{chance:.2f}" for chance in chances),
            *(f"{each:.1f}" for each in pixels),
        )
    output().print(table)
    parts = "; ".join(f"{each.name}: {each.images} images, {each.keypoints} keypoints" for each in calibration.sets)
    line(f"{calibration.model} at {calibration.input_size} px. {parts}; each set counts the same.")
    line(
        f"Right: keypoint similarity (OKS) of {RIGHT_OKS} or more. Columns raw: probability of being right at that raw"
    )
    line("confidence. Last two: standard deviation along an axis of a person of size 64, in px of the model's input.")
    low, high = figures.ece_interval
    line(
        f"Held out: calibration error (ECE) {figures.ece_raw:.3f} raw, {figures.ece:.3f} calibrated ({low:.3f} to "
        f"{high:.3f}); Brier {figures.brier_raw:.3f} raw, {figures.brier:.3f} calibrated "
        f"({figures.brier_interval[0]:.3f} to {figures.brier_interval[1]:.3f})."
    )
    shares = ", ".join(f"{100 * share:.0f} % in the {100 * float(level):.0f} % interval"
                       for level, share in figures.coverage.items())  # fmt: skip
    line(f"Held out, errors in px: {shares}. Intervals of these figures: 95 %, bootstrap over scenes.")
