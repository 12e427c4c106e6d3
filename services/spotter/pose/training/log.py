"""What a run writes down as it goes: `steps.csv` and `epochs.csv`, and TensorBoard's events where it is installed."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from spotter.core.errors import ModelError

STEPS, EPOCHS = "steps.csv", "epochs.csv"


class TrainingLog:
    """Rows of figures, each flushed at once; a context manager.

    Args:
        folder: is made if needed.
        done: steps that a resumed run has behind it. Rows beyond are from steps that will be done again, and go.

    Attributes:
        tensorboard: whether TensorBoard's events are written, too.

    Raises:
        ModelError: the folder cannot be written.
    """

    def __init__(self, folder: Path, done: int = 0) -> None:
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self.tensorboard = importlib.util.find_spec("tensorboard") is not None
        self._events: Any = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (STEPS, EPOCHS):
                kept = _rows_until(folder / name, done)
                # One file for the whole run, closed by __exit__.
                self._files[name] = file = (folder / name).open("w", encoding="utf-8", newline="")
                csv.writer(file).writerows(kept)
        except OSError as error:
            raise ModelError(
                f"cannot write logs to '{folder}': {error.strerror}", mend="Choose another --log"
            ) from None
        if self.tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._events = SummaryWriter(str(folder), purge_step=done or None)

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        if self._events is not None:
            self._events.close()

    def step(self, done: int, figures: Mapping[str, float]) -> None:
        """Figures of the step after which `done` steps were done."""
        self._write(STEPS, "train", done, figures)

    def epoch(self, done: int, figures: Mapping[str, float]) -> None:
        """Figures of the validation after `done` steps."""
        self._write(EPOCHS, "validation", done, figures)

    def _write(self, name: str, tag: str, done: int, figures: Mapping[str, float]) -> None:
        file = self._files[name]
        row = csv.writer(file)
        if not file.tell():
            row.writerow(["step", *figures])
        row.writerow([done, *(f"{value:.6g}" for value in figures.values())])
        file.flush()
        if self._events is not None:
            for key, value in figures.items():
                self._events.add_scalar(f"{tag}/{key}", value, done)


def _rows_until(path: Path, done: int) -> list[list[str]]:
    """Heading and rows of a log up to step `done`; nothing of a file that is no log."""
    if not done or not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    return [row for row in rows if row[0] == "step" or (row[0].isdecimal() and int(row[0]) <= done)]
