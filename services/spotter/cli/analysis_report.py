"""What `spotter analyze` shows: a progress bar while it works, one screen of results at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from spotter.cli.analysis import AnalysedFrame, Analysis
from spotter.cli.analysis_exposure import exposure_lines
from spotter.core.clock import to_seconds

BANDS = {
    "upright": ("proven upright, up to 20 degrees", "green"),
    "bent": ("proven bent, 20 degrees or more", "yellow"),
    "deep": ("proven deep bend, 60 degrees or more", "red"),
    "unproven": ("the view does not say which", "blue"),
    "not_observable": ("trunk not visible", "bright_black"),
}
"""Posture bands in the words of the report, with a colour."""

_BAR = 30


class Shown:
    """The progress bar, with the newest event beside it."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._event = ""

    def advance(self, frame: AnalysedFrame) -> None:
        """One more frame is done."""
        for step in frame.assessment.alerts:
            at = to_seconds(step.update.at)
            self._event = f"{step.alert.kind.value.replace('_', ' ')} {step.update.kind.value} at {at:.1f} s"
        self._bar.update(self._task, advance=1, people=len(frame.assessment.people), event=self._event)


@contextmanager
def progress(total: int | None, *, hidden: bool) -> Iterator[Shown]:
    """A progress bar on stderr; nothing is drawn when stderr is no terminal or `hidden` is set."""
    columns = (
        TextColumn("analysing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[people]} people"),
        TextColumn("[bold red]{task.fields[event]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=hidden or not sys.stderr.isatty()) as bar:
        yield Shown(bar, bar.add_task("", total=total, people=0, event=""))


def report(analysis: Analysis, *, to_stderr: bool, annotated: Path | None, page: Path | None = None) -> None:
    """One screen: what was seen, how people held their trunks, what happened."""
    console = Console(stderr=to_stderr, highlight=False)
    console.print(
        f"[bold]{analysis.name}[/bold]: {analysis.frames_analysed} frames, {analysis.seconds:.1f} s, "
        f"at most {analysis.most_people} people at once, {analysis.tracks} tracks"
    )
    console.print(_postures(analysis.exposure))
    for line in exposure_lines(analysis.stations()):
        console.print(line, markup=False)
    raised = [step for step in analysis.alerts if step.update.number == 0]
    if raised:
        console.print(_events(analysis))
    else:
        console.print("No possible fall and nobody down was found. That is not proof of safety: see the shares above.")
    if analysis.suppressed:
        console.print(f"The fall rule held back {len(analysis.suppressed)} times: {', '.join(analysis.suppressed)}.")
    if annotated is not None:
        console.print(f"Annotated video: {annotated}")
    if page is not None:
        console.print(f"Report: {page}")


def _postures(exposure: dict[str, float]) -> Table:
    total = sum(exposure.values())
    table = Table(title="Trunk inclination, person-seconds", title_justify="left", box=None, pad_edge=False)
    table.add_column("band")
    table.add_column("seconds", justify="right")
    table.add_column("share", justify="right")
    table.add_column("")
    for name, (words, colour) in BANDS.items():
        share = exposure[name] / total if total else 0.0
        bar = "█" * round(share * _BAR)
        table.add_row(words, f"{exposure[name]:.1f}", f"{100 * share:.0f} %", f"[{colour}]{bar}[/{colour}]")
    return table


def _events(analysis: Analysis) -> Table:
    table = Table(title="Events", title_justify="left", box=None, pad_edge=False)
    for column in ("at", "event", "track", "evidence"):
        table.add_column(column, overflow="fold")
    for step in analysis.alerts:
        words = step.alert.kind.value.replace("_", " ")
        if step.update.number:
            words += f": {step.update.kind.value.replace('_', ' ')}"
        evidence = ", ".join(
            f"{name.replace('_', ' ')} {item.value:g} {item.unit}"
            for name, item in step.update.evidence.items()
            if name in ("seconds_on_ground", "hip_height", "head_height", "descent_speed")
        )
        table.add_row(f"{to_seconds(step.update.at):.2f} s", words, step.alert.track_id, evidence)
    return table
