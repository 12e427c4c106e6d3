"""Calibrations as files: a small JSON of figures beside the model, with where they are from. No picture goes in.

A file belongs to one model and version, and is refused for any other: curves of other weights are wrong in silence.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spotter.core.errors import ModelError
from spotter.pose.calibration.curves import GROUPS, RIGHT_OKS, Curves

SUFFIX = ".calibration.json"

_MOST_BYTES = 1024 * 1024
_AGAIN = "Make it again with: spotter models calibrate"

Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1000, le=1000)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SetFigures(_Part):
    """One labelled set: its name, who is labelled in it, and how many keypoints could be judged."""

    name: str
    form: str
    images: Count
    people: Count
    keypoints: Count


class GroupFigures(_Part):
    """The curves of one group (see `Curves`) and what they rest on."""

    keypoints: Count
    right: Count
    confidence: tuple[Finite, Annotated[Finite, Field(gt=0)]]
    deviation: tuple[Finite, Annotated[Finite, Field(ge=0)], Annotated[Finite, Field(ge=0)]]


class HeldOutFigures(_Part):
    """Quality on scenes that the curves had not seen; intervals are 95 %, bootstrap over scenes."""

    ece_raw: Share
    ece: Share
    ece_interval: tuple[Share, Share]
    brier_raw: Share
    brier: Share
    brier_interval: tuple[Share, Share]
    coverage: dict[str, Share]


class Calibration(_Part):
    """A calibration of one version of one model.

    Attributes:
        model: name and version, as they travel with every result.
        input_size: long side of the network's input at which it was made, px.
        made: date, UTC.
        right_oks: keypoint similarity from which a keypoint was called right.
    """

    format: Literal[1] = 1
    model: str
    input_size: Annotated[int, Field(ge=32)]
    made: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    right_oks: Annotated[float, Field(ge=RIGHT_OKS, le=RIGHT_OKS)] = RIGHT_OKS
    sets: tuple[SetFigures, ...]
    groups: dict[str, GroupFigures]
    held_out: HeldOutFigures

    @property
    def curves(self) -> Curves:
        """The curves, in the order of `GROUPS`."""
        rows = [self.groups[name] for name in GROUPS]
        return Curves(np.array([row.confidence for row in rows]), np.array([row.deviation for row in rows]))


def read_calibration(path: Path, model: str) -> Calibration:
    """The calibration in a file.

    Args:
        model: name and version that it must be of.

    Raises:
        ModelError: the file cannot be read, is no calibration, or is of another model or version.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelError(f"calibration '{path}' has more than 1 MiB", mend=_AGAIN)
        found = Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot read calibration '{path}': {error.strerror}", mend="Check its rights") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise ModelError(f"calibration '{path}' cannot be used: {reason}", mend=_AGAIN) from None
    if missing := [name for name in GROUPS if name not in found.groups]:
        raise ModelError(f"calibration '{path}' has no curve for {', '.join(missing)}", mend=_AGAIN)
    if found.model != model:
        raise ModelError(
            f"calibration '{path}' is of model '{found.model}', not of '{model}'", mend=f"{_AGAIN}, or remove it"
        )
    return found


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration; a reader finds the old file or the new one.

    Raises:
        ModelError: the file cannot be written.
    """
    text = json.dumps(calibration.model_dump(mode="json"), indent=2) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"cannot write calibration '{path}': {error.strerror}", mend="Choose another file with --out"
        ) from None
