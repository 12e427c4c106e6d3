"""From what a model found on labelled images to its calibration, with the held-out quality of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotter.core.errors import ModelError
from spotter.pose.calibration.curves import GROUPS
from spotter.pose.calibration.file import Calibration, GroupFigures, HeldOutFigures, SetFigures
from spotter.pose.calibration.fit import fit
from spotter.pose.calibration.quality import Reliability, coverage, cross_validate, reliability
from spotter.pose.calibration.samples import Samples, collect
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.models.api import Detections

LEAST_KEYPOINTS = 200
LEAST_WRONG = 20
LEAST_SCENES = 8
"""Below these a curve says more about chance than about the model [D]."""

_MORE = "Label more images: a few hundred people, also badly seen ones"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A calibration, and what a picture or a table of it needs: reliability before and after, held out."""

    calibration: Calibration
    before: Reliability
    after: Reliability
    samples: Samples


def calibrate(
    sets: Sequence[tuple[str, LabelledSet, Sequence[Detections]]], model: str, input_size: int, made: str
) -> Made:
    """Fit a calibration.

    Args:
        sets: name of each labelled set, the set, and what the uncalibrated model found, by image.
        model: its name and version.
        input_size: long side of the network's input, px.
        made: date, UTC, year-month-day.

    Raises:
        ModelError: too little to go on.
    """
    samples = collect([(labels, found) for _, labels, found in sets], input_size)
    _check(samples)
    curves, held_out = fit(samples), cross_validate(samples)
    before, after = reliability(samples.raw, samples), reliability(held_out.probability, samples)
    groups = {
        name: GroupFigures(
            keypoints=int((samples.group == row).sum()),
            right=int(samples.right[samples.group == row].sum()),
            confidence=_rounded(curves.confidence[row]),
            deviation=_rounded(curves.deviation[row]),
        )
        for row, name in enumerate(GROUPS)
    }
    figures = HeldOutFigures(
        ece_raw=round(before.ece, 4),
        ece=round(after.ece, 4),
        ece_interval=_rounded(after.ece_interval),
        brier_raw=round(before.brier, 4),
        brier=round(after.brier, 4),
        brier_interval=_rounded(after.brier_interval),
        coverage={f"{level:.2f}": round(share, 4) for level, share in coverage(held_out, samples).items()},
    )
    parts = tuple(
        SetFigures(
            name=name,
            form=labels.form,
            images=len(labels.images),
            people=labels.people,
            keypoints=int((samples.part == part).sum()),
        )
        for part, (name, labels, _) in enumerate(sets)
    )
    calibration = Calibration(
        model=model, input_size=input_size, made=made, sets=parts, groups=groups, held_out=figures
    )  # fmt: skip
    return Made(calibration, before, after, samples)


def _check(samples: Samples) -> None:
    wrong, scenes = int((~samples.right).sum()), len(np.unique(samples.scene))
    for found, least, what in (
        (len(samples), LEAST_KEYPOINTS, "labelled keypoints were found"),
        (wrong, LEAST_WRONG, "of them were wrong"),
        (int(samples.right.sum()), LEAST_WRONG, "of them were right"),
        (scenes, LEAST_SCENES, "images or clips show somebody who was found"),
    ):
        if found < least:
            raise ModelError(f"too little to calibrate on: {found} {what}, not {least} or more", mend=_MORE)


def _rounded(values: Iterable[float]) -> Any:
    """A tuple as long as the field that it is for, which pydantic checks."""
    return tuple(round(float(value), 4) for value in values)
