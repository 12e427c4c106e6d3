"""`spotter simulate`: a scene file played, with recordings, labels and exact truth as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.console import line

EPILOG = """\b
Examples:
  spotter simulate hall.yaml --out sim/                          skeletons of all cameras, labels, exact truth
  spotter replay sim/                                            the rules on them
  spotter evaluate events --labels sim/labels.json sim/          and how many falls they found
  spotter simulate hall.yaml --out sim-2/ --seed 2               other people, other errors, the same story

A scene file names cameras, workers and what they do; docs/simulate.md has the form and an example. The same scene and
seed give the same files. Nobody in them is real, and neither are the errors of the pose model: they are drawn from what
the default model does.
"""


def simulate(
    scene: Annotated[Path, typer.Argument(metavar="SCENE", help="Scene file, YAML.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to; made where it is missing.")] = Path(
        "simulated"
    ),
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the scene's own.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only errors.")] = False,
) -> None:
    """Play a scene of simulated workers into recordings, labels and exact truth."""
    from rich.console import Console
    from rich.progress import Progress

    from spotter.simulate.workers.save import save
    from spotter.simulate.workers.scene_file import read_scene

    read = read_scene(scene)
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task(scene.name, total=len(read.cameras) + 2)

        def done(what: str) -> None:
            progress.update(task, advance=1, description=f"{scene.name}: {what}")

        saved = save(read, scene.stem, out, seed=seed, step=done)
    for camera, counts in saved.cameras.items():
        line(f"{camera}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    for path in saved.files:
        line(f"wrote {path}")
