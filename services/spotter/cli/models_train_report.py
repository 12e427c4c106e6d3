"""The end of `spotter models train`: the file, its figures before and after as the product runs it, and its use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from spotter.cli.console import line, output, warning_line
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.run import predict_all
from spotter.pose.evaluation.score import MAX_PEOPLE, Score, score
from spotter.pose.models import create_model
from spotter.pose.models.movenet_maps import MODEL_NAME
from spotter.pose.models.weights import digest

if TYPE_CHECKING:
    from spotter.pose.training.checkpoint import Best
    from spotter.pose.training.recipe import Recipe

_LOW_SCORE = 0.01
"""AP looks at the whole curve, so weak finds must be there too."""


def finish(
    best: Best,
    out: Path,
    begun_from: Path,
    start: Path | None,
    judge: LabelledSet,
    recipe: Recipe,
    log: Path,
    more: Mapping[str, object],
) -> None:
    """Write the weights; evaluate before and after as the product runs them, and say how to use them."""
    from spotter.pose.training.run import write_weights

    about = {"start": digest(begun_from), "epoch": best.epoch, "recipe": recipe.figures(), **more}
    write_weights(out, best.weights, about)
    figures = {}
    with Console(stderr=True).status("Evaluating before and after, through ONNX Runtime"):
        for when, file in (("before", start), ("after", out)):
            model = create_model(
                MODEL_NAME,
                device="cpu",
                input_size=recipe.input_size,
                min_score=_LOW_SCORE,
                max_people=MAX_PEOPLE,
                file=file,
            )
            model.load()
            figures[when] = model.name, score(judge, predict_all(model, judge))[0]
    output().print(table(figures))
    name = figures["after"][0]
    results = {when: {"model": model, **asdict(found)} for when, (model, found) in figures.items()}
    (log / "evaluation.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    before, after = figures["before"][1].ap or 0.0, figures["after"][1].ap or 0.0
    if after <= before:
        warning_line(
            f"the new weights are no better than the old ones on these images (AP {before:.1f} to {after:.1f})"
        )
    line(f"{name}: in '{out}', best of {recipe.epochs} epochs: {best.epoch}; logs in '{log}'")
    line(f"Use it with SPOTTER_POSE__FILE={out}, or: spotter models fetch {MODEL_NAME}-site --from {out}")
    line("Its confidences are not calibrated until you run: spotter models calibrate")


def table(figures: Mapping[str, tuple[str, Score]]) -> Table:
    """Figures of the same images before and after, percent."""
    rows = Table(box=None, pad_edge=False, header_style="bold")
    found = [each for _, each in figures.values()]
    rows.add_column(f"{found[0].images} images, {found[0].people} people")
    for when in figures:
        rows.add_column(when, justify="right")
    rows.add_row("model", *(name for name, _ in figures.values()))
    rows.add_row("AP", *(percent(each.ap) for each in found))
    rows.add_row("95 % interval", *(_span(each.interval) for each in found))
    rows.add_row("AP50", *(percent(each.ap50) for each in found))
    rows.add_row("AP, medium people", *(percent(each.medium) for each in found))
    rows.add_row("AP, large people", *(percent(each.large) for each in found))
    rows.add_row("AR", *(percent(each.recall) for each in found))
    return rows


def _span(interval: tuple[float, float] | None) -> str:
    return "none" if interval is None else f"{interval[0]:.1f} to {interval[1]:.1f}"


def percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"
