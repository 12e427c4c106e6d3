"""A whole training run: epochs, validation after each, a checkpoint after each, the best epoch at the end.

Promise: a run that was stopped and resumed ends with the same bits as one that was not, on a CPU with the same number
of threads and the same version of torch. CUDA has kernels (bilinear upsampling backwards) that add in any order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from safetensors.numpy import save
from torch import Tensor

from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.score import Score
from spotter.pose.models.movenet_network import load_network
from spotter.pose.models.movenet_weights import read_weights
from spotter.pose.models.weights import digest
from spotter.pose.training.checkpoint import Best, load_checkpoint, save_checkpoint
from spotter.pose.training.holdout import fingerprint
from spotter.pose.training.log import TrainingLog
from spotter.pose.training.recipe import Recipe
from spotter.pose.training.samples import Samples
from spotter.pose.training.trainer import Trainer, weights_of
from spotter.pose.training.validation import validate


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The run was asked to stop; its checkpoint is written."""


class Watcher(Protocol):
    """Who looks on, and may stop the run."""

    def stepped(self, done: int, steps: int, figures: Mapping[str, float]) -> None: ...

    def validating(self, epoch: int) -> None: ...

    def validated(self, epoch: int, score: Score, best: Best) -> None: ...

    def stop(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run reads and writes.

    Attributes:
        start: weights to start from (safetensors of this network).
        checkpoint: written after each epoch and when stopped.
        log: folder.
        resume: checkpoint to go on from, or None.
    """

    start: Path
    checkpoint: Path
    log: Path
    resume: Path | None = None


def run(
    train: LabelledSet,
    judge: LabelledSet,
    recipe: Recipe,
    places: Places,
    watcher: Watcher,
    *,
    device: str = "cpu",
    workers: int = 2,
) -> Best:
    """Train; the epoch with the best AP on `judge`, the earlier of two equals.

    Raises:
        ModelError: a file cannot be read or written, a checkpoint is of another run, or the loss is not finite.
        Stopped: the watcher asked for it.
    """
    read_weights(places.start)
    samples = Samples(
        train,
        recipe.augmentation,
        input_size=recipe.input_size,
        batch=recipe.batch,
        seed=recipe.seed,
        workers=workers,
    )
    steps = recipe.epochs * samples.steps
    trainer = Trainer(load_network(places.start), recipe, steps, device)
    about = identity(train, judge, recipe, places.start)
    best = load_checkpoint(places.resume, trainer, about) if places.resume else None
    with TrainingLog(places.log, trainer.done) as log:
        while trainer.done < steps:
            epoch, first = divmod(trainer.done, samples.steps)
            for batch in samples.batches(epoch, first):
                figures = trainer.step(batch)
                log.step(trainer.done, figures)
                watcher.stepped(trainer.done, steps, figures)
                if watcher.stop() and trainer.done % samples.steps:
                    save_checkpoint(places.checkpoint, trainer, best, about)
                    raise Stopped
            watcher.validating(epoch + 1)
            found = validate(trainer.average, judge, recipe.input_size, device)
            if best is None or (found.ap or 0.0) > best.ap:
                best = Best(found.ap or 0.0, epoch + 1, weights_of(trainer.average))
            log.epoch(trainer.done, _figures(found))
            watcher.validated(epoch + 1, found, best)
            save_checkpoint(places.checkpoint, trainer, best, about)
            if watcher.stop() and trainer.done < steps:
                raise Stopped
    if best is None:
        raise ModelError("there was nothing to train: no epochs", mend="Give --epochs of 1 or more")
    return best


def identity(train: LabelledSet, judge: LabelledSet, recipe: Recipe, start: Path) -> dict[str, Any]:
    """What makes two runs the same run, as JSON."""
    return {
        "images": fingerprint(train),
        "images to judge by": fingerprint(judge),
        "start": digest(start),
        **recipe.figures(),
    }


def write_weights(path: Path, weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write weights in the form of the shipped file (half precision), with `about` (JSON) in the metadata.

    Raises:
        ModelError: a number is beyond half precision, or the file cannot be written.
    """
    halves = {name: each.half().numpy() for name, each in sorted(weights.items())}
    for name, each in weights.items():
        if not each.half().isfinite().all():
            raise ModelError(f"weights '{name}' do not fit half precision", mend="Try a lower --lr")
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(save(halves, {"spotter": json.dumps(about, sort_keys=True)}))
        temporary.replace(path)
    except OSError as error:
        raise ModelError(f"cannot write '{path}': {error.strerror}", mend="Choose another with --out") from None
    finally:
        temporary.unlink(missing_ok=True)


def _figures(score: Score) -> dict[str, float]:
    names = {"ap": score.ap, "ap50": score.ap50, "medium": score.medium, "large": score.large, "recall": score.recall}
    return {name: float("nan") if value is None else value for name, value in names.items()}
