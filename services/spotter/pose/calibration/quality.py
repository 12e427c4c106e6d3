"""How good a calibration is on images that it was not fitted on: cross-validation over scenes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.pose.calibration.curves import Floats
from spotter.pose.calibration.fit import fit
from spotter.pose.calibration.samples import Samples

FOLDS = 8
BINS = 10
"""Bins of the reliability curve, of equal width."""

RESAMPLES = 500
"""Bootstrap over scenes, for the 95 % intervals."""

LEVELS = {0.68: 1.0, 0.90: 1.645, 0.95: 1.96}
"""Shares of a normal distribution within so many standard deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What a calibration says of samples that it has not seen.

    Attributes:
        probability: (M,) of being right.  deviation: (M,) px of the network's input.
    """

    probability: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True)
class Bin:
    """One step of a reliability curve: mean confidence, share that is right with its 95 % interval, keypoints."""

    confidence: float
    right: float
    low: float
    high: float
    keypoints: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of confidences taken as probabilities.

    Attributes:
        ece: expected calibration error: mean distance between confidence and share right over `BINS` bins.
        brier: mean square distance between confidence and 1 for right, 0 for wrong.
        ece_interval, brier_interval: 95 %, bootstrap over scenes.
    """

    ece: float
    brier: float
    ece_interval: tuple[float, float]
    brier_interval: tuple[float, float]
    bins: tuple[Bin, ...]


def cross_validate(samples: Samples) -> HeldOut:
    """Each scene is judged by curves that were fitted without it, in at most `FOLDS` folds.

    Needs samples of two scenes or more.
    """
    scenes = np.unique(samples.scene)
    # Scenes of one labelled set have neighbouring numbers: going round puts some of each set into every fold.
    fold = np.searchsorted(scenes, samples.scene) % min(FOLDS, len(scenes))
    probability, deviation = np.empty(len(samples)), np.empty(len(samples))
    for number in np.unique(fold):
        held = fold == number
        curves, judged = fit(samples.where(~held)), samples.where(held)
        probability[held] = curves.probability(judged.group, judged.raw)
        deviation[held] = curves.deviation_of(judged.group, probability[held], judged.size)
    return HeldOut(probability, deviation)


def reliability(confidence: Floats, samples: Samples, *, seed: int = 0) -> Reliability:
    """How well `confidence` (M,) does as the probability of being right."""
    right = samples.right.astype(np.float64)
    step = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    scenes = np.unique(samples.scene)
    place = np.searchsorted(scenes, samples.scene)

    def table(values: Floats) -> Floats:
        """(scenes, bins) weighted sums."""
        sums = np.zeros((len(scenes), BINS))
        np.add.at(sums, (place, step), samples.weight * values)
        return sums

    mass, sure, good = table(np.ones(len(right))), table(confidence), table(right)
    square = table((confidence - right) ** 2)
    draws = np.random.default_rng(seed).integers(0, len(scenes), (RESAMPLES, len(scenes)))
    counts = np.stack([np.bincount(draw, minlength=len(scenes)) for draw in draws]).astype(np.float64)
    drawn_mass, drawn_sure, drawn_good = counts @ mass, counts @ sure, counts @ good
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn_right = drawn_good / drawn_mass
    bins = tuple(
        _bin(index, mass, sure, good, drawn_right, int((step == index).sum()))
        for index in range(BINS)
        if mass[:, index].any()
    )
    total = drawn_mass.sum(axis=1)
    drawn_ece = np.abs(drawn_sure - drawn_good).sum(axis=1) / total
    drawn_brier = (counts @ square).sum(axis=1) / total
    return Reliability(
        ece=float(np.abs(sure.sum(axis=0) - good.sum(axis=0)).sum() / mass.sum()),
        brier=float(square.sum() / mass.sum()),
        ece_interval=_interval(drawn_ece),
        brier_interval=_interval(drawn_brier),
        bins=bins,
    )


def coverage(held_out: HeldOut, samples: Samples, mask: npt.NDArray[np.bool_] | None = None) -> dict[float, float]:
    """Share of errors along an axis that lie within the interval of each of `LEVELS`, weighted."""
    chosen = np.ones(len(samples), bool) if mask is None else mask
    ratio = np.abs(samples.error[chosen]) / held_out.deviation[chosen, None]
    weight = samples.weight[chosen]
    return {
        level: float(((ratio <= wide).mean(axis=1) * weight).sum() / max(weight.sum(), 1e-12))
        for level, wide in LEVELS.items()
    }


def _bin(index: int, mass: Floats, sure: Floats, good: Floats, drawn: Floats, keypoints: int) -> Bin:
    inside = mass[:, index].sum()
    low, high = _interval(drawn[:, index])
    return Bin(
        float(sure[:, index].sum() / inside), float(good[:, index].sum() / inside), low, high, keypoints
    )  # fmt: skip


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
