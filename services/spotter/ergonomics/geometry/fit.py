"""The camera that explains upright people best: a consensus search, then robust least squares. Pure and deterministic.

People of unknown but similar stature stand upright on one level floor. So (1) the lines from feet to head run to the
vanishing point of verticals, and (2) everyone's height over the floor is nearly the same number of camera heights. That
gives pitch and roll, the focal length where people were seen near and far, and the camera's height in statures. The
idea is Lv, Zhao & Nevatia 2006 (IEEE TPAMI 28:1513) and Krahnstoever & Mendonca 2005 (ICCV); here all is fitted at
once, with each person's own stature and with priors for what the picture does not show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.geometry.camera import Camera
from spotter.ergonomics.geometry.lens import Points
from spotter.ergonomics.geometry.upright import HEAD_HEIGHT, Upright

HEIGHT_NOISE = 0.035
"""Standard deviation of one observed height as a share of it: stride, keypoints [D]."""

LEAN_NOISE = 0.05
"""Standard deviation of one observed line from feet to head against the vertical, radians: gait, keypoints [D]."""

LEAN_DOUBT = 0.15
"""The same in the fit. Lines of many people do not average out as their heights do: pose models draw people more
upright in the picture than they are. On the PETS 2009 street the lines alone put the focal length a third too high,
the heights alone 6 % too low (`benchmarks/geometry.py`) [D]."""

STATURE_SHARE = 0.055
"""Standard deviation of adults' stature within one sex and population as a share of it, widened for both sexes: 0.09 of
1.75 m (NCD-RisC 2016, eLife 5:e13410, gives means of 1.59 and 1.71 m worldwide) [D]."""

PITCH_PRIOR = (np.radians(20.0), np.radians(20.0))
ROLL_PRIOR = (0.0, np.radians(8.0))
"""Mean and standard deviation before anyone was seen, radians: weak enough to give way to a dozen walkers [D]."""

OUTLIER = 3.0
"""An observation further off than this many standard deviations does not count (Tukey's weight falls to 0 there)."""

_STEPS = 25
_NUDGE = 1e-5
_SMALL = 2e-4
"""A step of 0.01 degrees and 0.02 % ends the fit."""

_FAR = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known before: mean and standard deviation of log focal length (px), pitch and roll (radians)."""

    mean: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]

    def drawn(self, random: np.random.Generator) -> Prior:
        """With means that are themselves in doubt, for the bootstrap."""
        return replace(self, mean=self.mean + self.sd * random.standard_normal(3))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Figures of one fit.

    Attributes:
        figures: (4,) log focal length (px), pitch, roll (radians), log stature in camera heights.
        off: (N,) how far each observation is off, standard deviations.
    """

    figures: npt.NDArray[np.float64]
    off: Points

    @property
    def inliers(self) -> npt.NDArray[np.bool_]:
        return self.off <= OUTLIER


def search(lens: Camera, seen: Upright, prior: Prior) -> npt.NDArray[np.float64]:
    """Where to begin: the best of a grid of cameras by the truncated cost (MSAC, Torr & Zisserman 2000). (4,)."""
    focal = prior.mean[0] + prior.sd[0] * np.linspace(-2, 2, 7)
    pitch = np.radians([-5.0, 5.0, 15.0, 25.0, 35.0, 50.0, 65.0])
    roll = np.radians([-20.0, -10.0, -4.0, 0.0, 4.0, 10.0, 20.0])
    grid = np.stack([axis.ravel() for axis in np.meshgrid(focal, pitch, roll, indexing="ij")], axis=1)
    few = seen if len(seen) <= 150 else seen.of(np.linspace(0, len(seen) - 1, 150).astype(np.int64))
    heights, leans = observe(lens, few, grid)
    # A camera that sees nobody's feet on its floor has no median; it costs infinitely much.
    middle = np.median(np.nan_to_num(heights, nan=np.inf), axis=1)
    spread = np.hypot(HEIGHT_NOISE, STATURE_SHARE)
    with np.errstate(invalid="ignore"):
        apart = heights - middle[:, None]
    off = (apart / spread) ** 2 + (leans / LEAN_NOISE) ** 2
    cost = np.minimum(np.nan_to_num(off, nan=np.inf), 2 * OUTLIER**2).sum(axis=1)
    cost = cost + (((grid - prior.mean) / prior.sd) ** 2).sum(axis=1)
    best = int(np.argmin(cost))
    return np.append(grid[best], middle[best] if np.isfinite(middle[best]) else 0.0)


def fit(lens: Camera, seen: Upright, prior: Prior, start: npt.NDArray[np.float64], counts: Points | None = None) -> Fit:
    """Iterated reweighted least squares (Levenberg-Marquardt with Tukey's weights) from `start`.

    Args:
        lens: centre and distortion; its focal length and mount are not used.
        counts: (N,) how often each observation counts; by default once.
    """
    counts = np.ones(len(seen)) if counts is None else counts
    figures, damping = start.copy(), 1e-3
    _, people = np.unique(seen.people, return_inverse=True)
    nudges = np.vstack([np.zeros(4), _NUDGE * np.eye(4)])
    for _ in range(_STEPS):
        off = misfit(lens, seen, figures, people, counts)
        weights = counts * np.clip(1 - (off / OUTLIER) ** 2, 0.0, 1.0) ** 2
        rows = _residuals(lens, seen, figures + nudges, people, weights, prior)
        slopes = (rows[1:] - rows[0]) / _NUDGE
        normal, gradient = slopes @ slopes.T, slopes @ rows[0]
        cost = float(rows[0] @ rows[0])
        while damping < 1e8:
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -gradient)
            tried = _residuals(lens, seen, (figures + step)[None], people, weights, prior)[0]
            if float(tried @ tried) <= cost:
                figures, damping = figures + step, max(damping / 5, 1e-9)
                break
            damping *= 5
        else:
            break
        if np.abs(step).max() < _SMALL:
            break
    return Fit(figures, misfit(lens, seen, figures, people, counts))


def observe(lens: Camera, seen: Upright, figures: npt.NDArray[np.float64]) -> tuple[Points, Points]:
    """(log stature in camera heights, angle off the vertical in radians), each (M, N), as M cameras would have it."""
    focal = np.exp(figures[:, 0])
    camera = replace(
        lens, focal=(focal, focal), pitch=np.degrees(figures[:, 1]), roll=np.degrees(figures[:, 2]), above=1.0
    )
    heights = camera.height_over(seen.feet, seen.heads) / HEAD_HEIGHT
    up, line = camera.up(seen.feet), seen.heads - seen.feet
    aside = up[..., 0] * line[:, 1] - up[..., 1] * line[:, 0]
    along = up[..., 0] * line[:, 0] + up[..., 1] * line[:, 1]
    with np.errstate(all="ignore"):
        return np.where(heights > 1e-6, np.log(np.maximum(heights, 1e-6)), np.nan), np.arctan2(aside, along)


def misfit(
    lens: Camera,
    seen: Upright,
    figures: npt.NDArray[np.float64],
    people: npt.NDArray[np.int64],
    counts: Points,
) -> Points:
    """(N,) standard deviations by which each observation is off, its person's own stature allowed for."""
    heights, leans = (row[0] for row in observe(lens, seen, figures[None]))
    weights = np.where(np.abs(heights - figures[3]) < 4 * STATURE_SHARE, counts, 0.0)
    apart = heights - figures[3] - _own(heights[None] - figures[3], weights, people)[0][people]
    off = np.hypot(apart / HEIGHT_NOISE, leans / LEAN_NOISE) / np.sqrt(2.0)
    return np.asarray(np.nan_to_num(off, nan=_FAR), np.float64)


def _residuals(
    lens: Camera,
    seen: Upright,
    figures: npt.NDArray[np.float64],
    people: npt.NDArray[np.int64],
    weights: Points,
    prior: Prior,
) -> Points:
    """(M, 2N + people + 3) whitened residuals; each person's stature is at its own best value for the figures."""
    heights, leans = observe(lens, seen, figures)
    apart = np.nan_to_num(heights - figures[:, 3:], nan=_FAR)
    own = _own(apart, weights, people)
    root = np.sqrt(weights)
    return np.concatenate(
        [
            (apart - own[:, people]) * root / HEIGHT_NOISE,
            np.nan_to_num(leans, nan=_FAR) * root / LEAN_DOUBT,
            own / STATURE_SHARE,
            (figures[:, :3] - prior.mean) / prior.sd,
        ],
        axis=1,
    )


def _own(apart: Points, weights: Points, people: npt.NDArray[np.int64]) -> Points:
    """(M, people) how much taller each person is than the mean, as a share, drawn towards 0 by `STATURE_SHARE`."""
    belongs = np.zeros((people.max(initial=-1) + 1, len(people)))
    belongs[people, np.arange(len(people))] = weights
    held = (HEIGHT_NOISE / STATURE_SHARE) ** 2
    return np.asarray(np.nan_to_num(apart) @ belongs.T / (belongs.sum(axis=1) + held), np.float64)
