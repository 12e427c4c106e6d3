"""`spotter models evaluate`: how well a model does on labelled images, with an interval and pictures of mistakes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from spotter.cli.console import line
from spotter.core.errors import ConfigError
from spotter.core.settings import PoseSettings
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.evaluation.score import BOOTSTRAP, MAX_PEOPLE, Score, score
from spotter.pose.factory import model_of

_LOW_SCORE = 0.01
"""AP looks at the whole curve, so weak finds must be there too."""


def evaluate(
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the images.")],
    annotations: Annotated[
        Path,
        typer.Option(
            metavar="FILE|DIR",
            help="COCO, CrowdPose, OCHuman or MPII keypoints (JSON), or a folder of YOLO-pose text files.",
        ),
    ],
    model: Annotated[str, typer.Option(help="Pose model, as in `spotter models list`.")] = "movenet-multipose",
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="ONNX file of a model that is not shipped, or weights of the default one."),
    ] = None,
    input_size: Annotated[int, typer.Option(metavar="PX", help="Long side of the input, a multiple of 32.")] = 384,
    refine: Annotated[str, typer.Option(help="As pose.refine in the settings.")] = "none",
    device: Annotated[str, typer.Option(help="As pose.device in the settings.")] = "auto",
    worst: Annotated[int, typer.Option(metavar="N", min=0, help="Pictures of the worst images.")] = 0,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where these pictures go.")] = Path("evaluation"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """COCO keypoint AP of a model on labelled images, with a 95 % bootstrap interval over the images."""
    labels = read_labels(annotations, images)
    settings = settings_of(model, file, input_size, device, min_score=_LOW_SCORE, max_people=MAX_PEOPLE, refine=refine)
    network = model_of(settings)
    network.load()
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(f"Posing {len(labels.images)} images", total=len(labels.images))
        found = predict_all(network, labels, lambda: bar.advance(task))
        bar.update(task, description=f"Scoring, {BOOTSTRAP} resamples", total=None)
        total, by_image = score(labels, found)
    if as_json:
        line(json.dumps({"model": network.name, "input_size": input_size, "form": labels.form, **asdict(total)}))
    else:
        for text in report(network.name, input_size, labels, total):
            line(text)
    if worst:
        from spotter.pose.evaluation.pictures import write_worst

        try:
            written = write_worst(out, labels, found, by_image, worst)
        except OSError as error:
            raise ConfigError(f"cannot write pictures to '{out}': {error}", mend="Choose another with --out") from None
        if not as_json:
            line(f"Pictures of the {len(written)} worst: {out}/ (labels green, finds orange)")


def report(name: str, input_size: int, labels: LabelledSet, total: Score) -> list[str]:
    """The figures for people, one line each, and what they do not say."""
    low, high = total.interval or (float("nan"), float("nan"))
    lines = [
        f"{name} at {input_size} px on {total.images} images, {total.people} labelled people ({labels.form})",
        f"AP {_text(total.ap)} (95 % interval {low:.1f} to {high:.1f}), AP50 {_text(total.ap50)}, "
        f"AP75 {_text(total.ap75)}, medium {_text(total.medium)}, large {_text(total.large)}, AR {_text(total.recall)}",
        f"OKS average precision in percent, at most {MAX_PEOPLE} people an image; the interval is over images.",
    ]
    if labels.missing:
        lines.append(f"Not labelled in {labels.form}, and so not judged: {', '.join(labels.missing)}.")
    return [*lines, *(f"Note: {note}." for note in labels.notes)]


def settings_of(model: str, file: Path | None, input_size: int, device: str, **more: float | str) -> PoseSettings:
    """The settings that the options of a command stand for.

    Raises:
        ConfigError: an option is out of range; names it.
    """
    from pydantic import ValidationError

    try:
        return PoseSettings.model_validate(
            {"model": model, "file": file, "input_size": input_size, "device": device, **more}
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise ConfigError(
            f"--{str(first['loc'][-1]).replace('_', '-')} is {first['input']!r}: {first['msg']}",
            mend="See the command's --help",
        ) from None


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"
