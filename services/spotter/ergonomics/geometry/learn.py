"""A camera's view learned from people who walk through its picture, with intervals, or refused with what is missing.
Pure.

The fit (`geometry.fit`) is repeated on people drawn anew (bootstrap over tracks, with the priors drawn anew as well, so
that what the picture does not show stays as uncertain as it was). Heights in metres come from an assumed stature, which
is the largest part of their interval. Every threshold is a default of this project [D], chosen so that on simulated
walkers the accepted figures hold what they state (`benchmarks/geometry.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.geometry.camera import hfov_of
from spotter.ergonomics.geometry.fit import PITCH_PRIOR, ROLL_PRIOR, STATURE_SHARE, Fit, Prior, fit, observe, search
from spotter.ergonomics.geometry.ground import COVERAGE, UNKNOWN_FOCAL, UNKNOWN_FOCAL_SD, Ground
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.geometry.upright import Upright

STATURE_M = 1.75
"""Mean standing height of the people in the picture, in shoes, m (METHODS 7.1)."""

STATURE_MEAN_SD = 0.03
"""What the mean of a site's people may be off from that, as a share [D]."""

KEYPOINT_SD = (0.02, np.radians(0.8), np.radians(0.5), 0.02)
"""What is wrong in the same way for everyone, as focal length (share), pitch, roll (radians), height (share): the head
keypoint is not at 0.93, the ankle not at 0.04 of the stature, the floor is not quite level [D]."""

SIZE_BIAS_SD = 0.06
"""Small people are drawn too large or too small by a pose model: exponent of the size, standard deviation. 0.06 is 4 %
between people of whom one looks twice as large as the other [D], as seen on the footage in `benchmarks/geometry.py`."""

UPRIGHT_BIAS_SD = 0.25
"""Leaning people are drawn more, or less, upright in the picture than they are: share of the lean, standard deviation;
see `geometry.fit.LEAN_DOUBT` [D]."""

BULGE_SD = 0.02
"""What an unknown lens does in the picture's corners, as a share of their distance, standard deviation [D]."""

LEAST_OBSERVATIONS, LEAST_PEOPLE = 40, 4
LEAST_COVERAGE, LEAST_DEPTH = 0.05, 1.4
"""Share of the picture's cells with feet in them, and near over far size: below this the horizon is a guess. People of
different stature at one distance alone reach 1.2 to 1.3."""

LEAST_INLIERS = 0.6
MOST_PITCH_SD, MOST_HEIGHT_SD = np.radians(4.0), 0.20
MOST_HELD_OUT = 0.15
FOCAL_KNOWN = 0.6
"""The focal length counts as seen when it is this much surer than before anyone was seen."""

_REPEATS = 50
_MOST_FITTED = 1500
_BLOCK = 6


@dataclass(frozen=True, slots=True)
class Learned:
    """A camera's view from people walking, accepted or not.

    Attributes:
        view: what the settings take.
        reasons: why it is refused, for people; empty when it is accepted.
        focal_seen: the focal length comes from the picture, not from what lenses usually are or what was entered.
        observations, people: upright observations used, and the tracks that they are of.
        coverage, depth: see `Upright`.
        inliers: share of the observations that the camera explains.
        held_out: the quality figure: median error of the standing height that half of the people predict for the other
            half, as a share, their statures' differences included; nan when refused before.
        intervals: by name, the middle 90 %: hfov_deg, pitch_deg, roll_deg, height_m.
    """

    view: ViewParameters
    reasons: tuple[str, ...]
    focal_seen: bool
    observations: int
    people: int
    coverage: float
    depth: float
    inliers: float
    held_out: float
    intervals: dict[str, tuple[float, float]]


def learn(
    seen: Upright,
    *,
    lens: LensParameters | None = None,
    stature_m: float = STATURE_M,
    note: str = "",
) -> Learned:
    """Learn the view of one camera.

    Args:
        seen: upright people, see `WalkLog`.
        lens: what is known of the lens; its focal length is used with its own uncertainty, and not bettered.
        stature_m: mean standing height of the people, m.
        note: where the people were seen, for the provenance.
    """
    short = _too_little(seen)
    if short:
        return _refused(seen, short)
    if len(seen) > _MOST_FITTED:
        seen = seen.of(np.linspace(0, len(seen) - 1, _MOST_FITTED).astype(np.int64))
    optics = Ground.of(ViewParameters(lens=lens), seen.width, seen.height)
    focal = float(np.asarray(optics.best.focal[0]))
    known_lens = lens is not None and "lens" not in optics.reason
    doubt = lens.focal_sd if lens is not None and known_lens else UNKNOWN_FOCAL_SD
    focal = focal if known_lens else UNKNOWN_FOCAL * max(seen.width, seen.height)
    prior = Prior(
        np.array([np.log(focal), PITCH_PRIOR[0], ROLL_PRIOR[0]]), np.array([doubt, PITCH_PRIOR[1], ROLL_PRIOR[1]])
    )
    whole = fit(optics.best, seen, prior, search(optics.best, seen, prior))
    figures = np.append(whole.figures[:3], np.log(stature_m) - whole.figures[3])
    random = np.random.default_rng(len(seen))
    samples = _bootstrap(optics, seen, prior, whole, random, known_lens=known_lens)
    heights = np.log(stature_m) - samples[:, 3:]
    doubts = np.array([*KEYPOINT_SD[:3], _height_doubt(seen)])
    samples = np.hstack([samples[:, :3], heights]) + doubts * random.standard_normal((_REPEATS, 4))
    # The draws are few: their spread is used, about the fit to everyone.
    covariance = np.cov(samples.T)
    spread = np.sqrt(np.diag(covariance))
    held_out = _held_out(optics, seen, prior, whole)
    inliers = float(whole.inliers.mean())
    focal_seen = not known_lens and spread[0] < FOCAL_KNOWN * UNKNOWN_FOCAL_SD
    reasons = _too_unsure(spread, inliers, held_out)
    view = _view(seen, whole, figures, covariance, lens if known_lens else None, note)
    return Learned(
        view, reasons, focal_seen, len(seen), len(np.unique(seen.people)), seen.coverage, seen.depth, inliers, held_out,
        _intervals(seen.width, figures, spread),
    )  # fmt: skip


def _too_little(seen: Upright) -> tuple[str, ...]:
    people = len(np.unique(seen.people))
    reasons = []
    if len(seen) < LEAST_OBSERVATIONS:
        reasons.append(f"{len(seen)} places at which someone walked upright were seen, {LEAST_OBSERVATIONS} are needed")
    if people < LEAST_PEOPLE:
        reasons.append(f"{people} people were followed, {LEAST_PEOPLE} are needed")
    if len(seen) and seen.coverage < LEAST_COVERAGE:
        reasons.append(
            f"people walked in only {seen.coverage:.1%} of the picture, {LEAST_COVERAGE:.0%} are needed".replace(
                "only 0.0%", "hardly any"
            )
        )
    if len(seen) and seen.depth < LEAST_DEPTH:
        reasons.append(
            f"the nearest people look only {seen.depth:.2f} times as large as the furthest, {LEAST_DEPTH} are needed"
        )
    return tuple(reasons)


def _too_unsure(spread: npt.NDArray[np.float64], inliers: float, held_out: float) -> tuple[str, ...]:
    reasons = []
    if inliers < LEAST_INLIERS:
        reasons.append(
            f"only {inliers:.0%} of the observations fit one level floor, {LEAST_INLIERS:.0%} are needed (stairs, a "
            "moving camera, a fisheye lens?)"
        )
    if held_out > MOST_HELD_OUT:
        reasons.append(
            f"half of the people predict the size of the others only to {held_out:.0%}, {MOST_HELD_OUT:.0%} is the most"
        )
    if spread[1] > MOST_PITCH_SD:
        reasons.append(
            f"the pitch stays uncertain by {np.degrees(spread[1]):.1f} degrees, {np.degrees(MOST_PITCH_SD):.0f} are "
            "the most: people nearer and further, or the lens' field of view, would help"
        )
    if spread[3] > MOST_HEIGHT_SD:
        reasons.append(f"the height stays uncertain by {spread[3]:.0%}, {MOST_HEIGHT_SD:.0%} is the most")
    return tuple(reasons)


def _bootstrap(
    optics: Ground, seen: Upright, prior: Prior, whole: Fit, random: np.random.Generator, *, known_lens: bool
) -> npt.NDArray[np.float64]:
    """(_REPEATS, 4) figures of fits to people drawn anew; long tracks are cut where there are few of them."""
    blocks = seen.people
    if len(np.unique(blocks)) < 3 * _BLOCK:
        order = np.argsort(seen.people, kind="stable")
        within = np.empty(len(seen), np.int64)
        starts = np.searchsorted(seen.people[order], seen.people[order])
        within[order] = np.arange(len(seen)) - starts
        blocks = seen.people * len(seen) + within // _BLOCK
    _, block = np.unique(blocks, return_inverse=True)
    samples = np.empty((_REPEATS, 4))
    for row in range(_REPEATS):
        drawn = np.bincount(random.integers(0, block.max() + 1, block.max() + 1), minlength=block.max() + 1)
        counts = drawn[block].astype(np.float64)
        seen_so = _misjudged(seen, random, 0.0 if known_lens else BULGE_SD)
        samples[row] = fit(optics.best, seen_so, prior.drawn(random), whole.figures, counts).figures
    return samples


def _misjudged(seen: Upright, random: np.random.Generator, bulge_sd: float) -> Upright:
    """The same people as another model and another lens might have shown them."""
    line = seen.heads - seen.feet
    length = np.linalg.norm(line, axis=1, keepdims=True)
    line = line * (length / np.median(length)) ** (SIZE_BIAS_SD * random.standard_normal())
    turn = np.arctan2(line[:, 0], -line[:, 1]) * UPRIGHT_BIAS_SD * random.standard_normal()
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.stack([cos * line[:, 0] - sin * line[:, 1], sin * line[:, 0] + cos * line[:, 1]], axis=1)
    middle, corner = np.array([seen.width, seen.height]) / 2, np.hypot(seen.width, seen.height) / 2
    bulge = bulge_sd * random.standard_normal()

    def bent(points: Points) -> Points:
        away = points - middle
        return np.asarray(middle + away * (1 + bulge * (away**2).sum(axis=1, keepdims=True) / corner**2), np.float64)

    return replace(seen, feet=bent(seen.feet), heads=bent(seen.feet + turned))


def _held_out(optics: Ground, seen: Upright, prior: Prior, whole: Fit) -> float:
    """Median error of the heights that one half of the people predicts for the other, as a share."""
    odd = np.isin(seen.people, np.unique(seen.people)[::2])
    errors = []
    for half, other in ((odd, ~odd), (~odd, odd)):
        figures = fit(optics.best, seen.of(half), prior, whole.figures).figures
        heights = observe(optics.best, seen.of(other), figures[None])[0][0]
        errors.append(np.abs(np.nan_to_num(heights - figures[3], nan=1.0)))
    return float(np.expm1(np.median(np.concatenate(errors))))


def _height_doubt(seen: Upright) -> float:
    """Standard deviation of the log height that comes from not knowing how tall the people are."""
    return float(np.sqrt(STATURE_MEAN_SD**2 + STATURE_SHARE**2 / seen.together + KEYPOINT_SD[3] ** 2))


def _intervals(
    width: int, figures: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]
) -> dict[str, tuple[float, float]]:
    low, high = figures - _Z * spread, figures + _Z * spread
    return {
        "hfov_deg": (float(hfov_of(width, np.exp(high[0]))), float(hfov_of(width, np.exp(low[0])))),
        "pitch_deg": (float(np.degrees(low[1])), float(np.degrees(high[1]))),
        "roll_deg": (float(np.degrees(low[2])), float(np.degrees(high[2]))),
        "height_m": (float(np.exp(low[3])), float(np.exp(high[3]))),
    }


def _view(
    seen: Upright,
    whole: Fit,
    figures: npt.NDArray[np.float64],
    covariance: npt.NDArray[np.float64],
    lens: LensParameters | None,
    note: str,
) -> ViewParameters:
    spread = np.sqrt(np.diag(covariance))
    alike = (covariance / np.outer(spread, spread))[np.triu_indices(4, 1)]
    focal, height = float(np.exp(figures[0])), float(np.exp(figures[3]))
    if lens is None:
        sides = (round(focal, 1), round(focal, 1))
        lens = LensParameters(
            width=seen.width, height=seen.height, focal_px=sides, focal_sd=round(float(spread[0]), 4), source="people",
            note=note,
        )  # fmt: skip
    mount = MountParameters(
        height_m=round(height, 3),
        height_sd_m=round(height * float(spread[3]), 3),
        pitch_deg=round(float(np.degrees(figures[1])), 2),
        pitch_sd_deg=round(float(np.degrees(spread[1])), 2),
        roll_deg=round(float(np.degrees(figures[2])), 2),
        roll_sd_deg=round(float(np.degrees(spread[2])), 2),
        correlation=tuple(round(float(value), 3) for value in alike),
        source="people",
        note=note,
    )
    view = ViewParameters(lens=lens, mount=mount)
    # The present rules know one range of pitch for all places: that of the rays to the bodies that were seen.
    bodies = (seen.feet + seen.heads)[whole.inliers] / 2
    rays = Ground.of(view, seen.width, seen.height).ray_pitch(bodies if len(bodies) else seen.feet)
    low, high = (round(float(np.clip(value, -30, 90)), 1) for value in (np.nanmin(rays.low), np.nanmax(rays.high)))
    return view.model_copy(update={"pitch_low_deg": low, "pitch_high_deg": high})


def _refused(seen: Upright, reasons: tuple[str, ...]) -> Learned:
    people = len(np.unique(seen.people))
    nothing = float("nan")
    return Learned(
        ViewParameters(), reasons, False, len(seen), people, seen.coverage if len(seen) else 0.0, seen.depth, nothing,
        nothing, {},
    )  # fmt: skip


_Z = 1.645
assert COVERAGE == 0.90, "the width of the intervals goes with their coverage"
