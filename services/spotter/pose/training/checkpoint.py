"""All of a run that cannot be computed again, in one safetensors file: tensors, and JSON in its metadata.

Nothing in it is code, so a file from elsewhere can do no harm beyond wrong numbers. Writing is atomic: a reader, or the
next start after a crash, finds the old file or the new one. Order and views of the images follow from seed and step
(`samples`), so no state of a random generator is needed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from spotter.core.errors import ModelError
from spotter.pose.training.trainer import Trainer, weights_of

FORM = "spotter-training-1"
"""Changed whenever an older program could misread the file."""

_MEND = "Start anew without --resume"


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best epoch so far: its AP in percent, its number (from 1) and its averaged weights."""

    ap: float
    epoch: int
    weights: dict[str, Tensor]


def save_checkpoint(path: Path, trainer: Trainer, best: Best | None, run: Mapping[str, Any]) -> None:
    """Write the state of a run.

    Args:
        run: what must be the same when it goes on (`load_checkpoint` compares it), JSON.

    Raises:
        ModelError: the file cannot be written.
    """
    tensors = {f"network/{name}": each for name, each in weights_of(trainer.network).items()}
    tensors |= {f"average/{name}": each for name, each in weights_of(trainer.average).items()}
    for name, trained in trainer.trained.items():
        for key, value in trainer.optimizer.state[trained].items():
            tensors[f"adam.{key}/{name}"] = value.detach().cpu().contiguous()
    if best is not None:
        tensors |= {f"best/{name}": each for name, each in best.weights.items()}
    notes = {
        "form": FORM,
        "done": trainer.done,
        "scaler": trainer.scaler.state_dict(),
        "best": None if best is None else {"ap": best.ap, "epoch": best.epoch},
        "run": run,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, temporary, {"spotter": json.dumps(notes)})
        temporary.replace(path)
    except OSError as error:
        raise ModelError(f"cannot write checkpoint '{path}': {error.strerror}", mend="Choose another --out") from None
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path, trainer: Trainer, run: Mapping[str, Any]) -> Best | None:
    """Set `trainer`, freshly made, to the state in the file; the best epoch until then.

    Raises:
        ModelError: the file cannot be read, is no checkpoint, or is one of another run; says where it differs.
    """
    notes, tensors = _read(path)
    _compare(path, notes["run"], run)
    try:
        for network, prefix in ((trainer.network, "network"), (trainer.average, "average")):
            network.load_state_dict(_part(tensors, prefix))
        trainer.take_weights()
        keys = sorted({name.split("/")[0] for name in tensors if name.startswith("adam.")})
        state = trainer.optimizer.state_dict()
        state["state"] = {
            index: {key.removeprefix("adam."): tensors[f"{key}/{name}"] for key in keys}
            for index, name in enumerate(trainer.trained)
            if keys
        }
        trainer.optimizer.load_state_dict(state)
        trainer.done = int(notes["done"])
        if notes["scaler"]:
            trainer.scaler.load_state_dict(notes["scaler"])
        if notes["best"] is None:
            return None
        return Best(float(notes["best"]["ap"]), int(notes["best"]["epoch"]), _part(tensors, "best"))
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise ModelError(f"checkpoint '{path}' is damaged", mend=_MEND) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads((file.metadata() or {})["spotter"])
            if notes["form"] != FORM or not isinstance(notes["run"], dict):
                raise KeyError("form")
            return notes, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except OSError as error:
        reason = error.strerror or "no such file"
        raise ModelError(f"cannot read checkpoint '{path}': {reason}", mend="Check the path") from None
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise ModelError(f"'{path}' is not a checkpoint of `spotter models train`", mend=_MEND) from None


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name.removeprefix(start): each for name, each in tensors.items() if name.startswith(start)}


def _compare(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in new:
        if old.get(key) != new[key]:
            raise ModelError(
                f"checkpoint '{path}' is of a run with another {key}: {_short(old.get(key))}, not {_short(new[key])}",
                mend="Give the same images and options as then, or start anew without --resume",
            )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
