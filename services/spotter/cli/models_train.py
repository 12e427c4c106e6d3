"""`spotter models train`: fine-tune the default model on labelled pictures of one's own site.

Needs torch and pycocotools; both are asked for before anything is read, so that a long run cannot fail at its end for
want of a package.
"""

from __future__ import annotations

import importlib.util
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from spotter.cli.console import warning_line
from spotter.cli.models_train_report import finish, percent
from spotter.core.errors import ConfigError, ModelError
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.score import Score
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER

if TYPE_CHECKING:
    from spotter.pose.training.checkpoint import Best
    from spotter.pose.training.recipe import Recipe

SUFFIX = ".safetensors"
_LABELS_HELP = "COCO, CrowdPose, OCHuman or MPII keypoints (JSON), or a folder of YOLO-pose text files."


def train(
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the images to train on.")],
    annotations: Annotated[Path, typer.Option(metavar="FILE|DIR", help=_LABELS_HELP)],
    out: Annotated[Path, typer.Option(metavar="FILE.safetensors", help="Where the new weights go.")],
    val_images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Images to judge by; else a fifth is held out.")
    ] = None,
    val_annotations: Annotated[Path | None, typer.Option(metavar="FILE|DIR", help="Their labels.")] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FILE.safetensors", help="Weights to start from; else the shipped ones.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="Go on with a run that was stopped; same options as then.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=10_000, help="Times through all images.")] = 20,
    batch: Annotated[int, typer.Option(min=1, max=1024, help="Images a step.")] = 8,
    lr: Annotated[
        float, typer.Option(min=1e-7, max=0.1, help="Greatest learning rate, relative to each channel's size.")
    ] = 1e-3,
    freeze: Annotated[
        str, typer.Option(metavar="none|backbone", help="backbone: train the feature pyramid and the heads alone.")
    ] = "backbone",
    input_size: Annotated[
        int, typer.Option(metavar="PX", min=64, max=1280, help="Long side of the input, a multiple of 32.")
    ] = 384,
    turn: Annotated[
        float, typer.Option(min=0, max=1, help="Share of views turned by any angle, as people who lie look.")
    ] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of the images and of their views.")] = 0,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="What to train on.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads of the network; 0: one per core.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads that read and turn images.")] = 2,
    log: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the logs; by default beside --out.")
    ] = None,
) -> None:
    """Fine-tune the default model on your own labelled images, and say what it gained.

    Writes one file for `pose.file`, which runs with and without torch, and logs as CSV (and TensorBoard, where it is
    installed). Ctrl-C stops with a checkpoint to go on from. The epoch with the best AP on the images to judge by is
    kept. More in docs/training.md.
    """
    _check_packages()
    log = log or out.with_suffix(".log")
    checkpoint = out.with_suffix(".checkpoint.safetensors")
    _check_places(out, checkpoint, resume)
    from spotter.pose.training.augment import Augmentation
    from spotter.pose.training.recipe import Recipe
    from spotter.pose.training.run import Places

    if freeze not in ("none", "backbone"):
        raise ConfigError(f"--freeze is '{freeze}'", mend="Use none or backbone")
    if input_size % 32:
        raise ConfigError(f"--input-size is {input_size}, not a multiple of 32", mend="Use 256, 384 or 512")
    recipe = Recipe(
        epochs=epochs,
        batch=batch,
        rate=lr,
        freeze="backbone" if freeze == "backbone" else "none",
        input_size=input_size,
        seed=seed,
        augmentation=Augmentation(turn=turn),
    )
    learn, judge = _sets(images, annotations, val_images, val_annotations, seed)
    places = Places(start or WEIGHTS_FOLDER / WEIGHTS_FILE, checkpoint, log, resume)
    best = _run(learn, judge, recipe, places, _device(device, threads), workers)
    finish(best, out, places.start, start, judge, recipe, log, {"trained on": len(learn.images)})
    checkpoint.unlink(missing_ok=True)


def _check_packages() -> None:
    for package in ("torch", "safetensors", "pycocotools"):
        if importlib.util.find_spec(package) is None:
            raise ModelError(
                f"training needs the package '{package}', which is not installed",
                mend='Install what it needs with: pip install "spotter-safety[torch,evaluate]"',
            )


def _check_places(out: Path, checkpoint: Path, resume: Path | None) -> None:
    if out.suffix != SUFFIX:
        raise ConfigError(f"--out is '{out}'", mend=f"Give it a name that ends with {SUFFIX}")
    if out.exists():
        raise ConfigError(f"'{out}' is there already", mend="Choose another with --out, or delete it")
    if not out.absolute().parent.is_dir():
        raise ConfigError(
            f"folder '{out.absolute().parent}' is not there", mend="Make it, or choose another with --out"
        )
    if resume is None and checkpoint.exists():
        raise ConfigError(
            f"a run to '{out}' was stopped before its end",
            mend=f"Go on with --resume {checkpoint}, or delete that file",
        )


def _sets(
    images: Path, annotations: Path, val_images: Path | None, val_annotations: Path | None, seed: int
) -> tuple[LabelledSet, LabelledSet]:
    from spotter.pose.training.holdout import SHARE, check_people, hold_out

    if (val_images is None) != (val_annotations is None):
        raise ConfigError("only one of --val-images and --val-annotations is given", mend="Give both or neither")
    labels = read_labels(annotations, images)
    check_people(labels, "training")
    if val_images is not None and val_annotations is not None:
        judge = read_labels(val_annotations, val_images)
        check_people(judge, "validation")
        return labels, judge
    learn, judge = hold_out(labels, seed)
    warning_line(
        f"no --val-images: {len(judge.images)} of {len(labels.images)} images ({SHARE:.0%}, by chance) are held out "
        "to judge by. Where images are frames of the same videos, the figures are too good: give images of other days"
    )
    return learn, judge


def _device(name: str, threads: int) -> str:
    import torch

    from spotter.pose.models.devices import choose_device

    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"--device is '{name}'", mend="Training runs on auto, cpu or cuda")
    if threads:
        torch.set_num_threads(threads)
    return "cuda" if choose_device(name, torch=True) == "cuda" else "cpu"  # type: ignore[arg-type]


def _run(learn: LabelledSet, judge: LabelledSet, recipe: Recipe, places: Any, device: str, workers: int) -> Best:
    from spotter.pose.training.run import Stopped, run

    console = Console(stderr=True)
    with Progress(*Progress.get_default_columns(), console=console, transient=True) as bar, _asked_to_stop() as stop:
        shown = _Shown(bar, bar.add_task("Training", total=None), stop, console)
        try:
            return run(learn, judge, recipe, places, shown, device=device, workers=workers)
        except Stopped:
            console.print(f"Stopped. Go on with the same command and --resume {places.checkpoint}", highlight=False)
            raise typer.Abort from None


class _Shown:
    """The progress bar; one line for each epoch."""

    def __init__(self, bar: Progress, task: TaskID, stop: threading.Event, console: Console) -> None:
        self._bar, self._task, self._stop, self._console = bar, task, stop, console

    def stepped(self, done: int, steps: int, figures: Mapping[str, float]) -> None:
        text = f"Training, loss {figures['loss']:.3f}"
        self._bar.update(self._task, completed=done, total=steps, description=text)

    def validating(self, epoch: int) -> None:
        self._bar.update(self._task, description=f"Judging epoch {epoch}")

    def validated(self, epoch: int, score: Score, best: Best) -> None:
        mark = " (best)" if best.epoch == epoch else ""
        self._console.print(f"Epoch {epoch}: AP {percent(score.ap)}, AP50 {percent(score.ap50)}{mark}", highlight=False)

    def stop(self) -> bool:
        return self._stop.is_set()


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C; a second one breaks off at once."""
    asked = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
