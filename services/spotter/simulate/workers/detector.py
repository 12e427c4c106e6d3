"""A pose model that makes the errors of a real one on people whose true joints are known. Pure; vectorised over people.

What goes wrong, and how long it lasts: people are missed, left and right are exchanged on the whole body, single
keypoints land on the other side or somewhere else, right ones scatter, confidences go up and down, frames come late.
Every chance is a normal number of its own that changes slowly (`LASTS_S`) and in part not at all during a take
(`STAYS`: the model has its own idea of each body and view). Confidences and deviations follow the shipped calibration:
a confidence is drawn, the deviation is the calibration's curve of it, and the keypoint scatters in units of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS
from spotter.core.errors import ConfigError
from spotter.pose.calibration.curves import GROUP_OF, Curves, expit, input_gain, person_sizes
from spotter.pose.calibration.file import SUFFIX, read_calibration
from spotter.simulate.workers.chance import Chance, Floats
from spotter.simulate.workers.error_tables import PAIRS, RIGHT_RADIUS, ErrorTables, bearings, joint_boxes, sizes
from spotter.simulate.workers.frames import Found
from spotter.simulate.workers.movenet_errors import INPUT_PX, LASTS_S, MOVENET, SIZE_LIMIT_PX, SIZE_SLOPE, STAYS
from spotter.simulate.workers.sight import Sight, Visibility

_SIDE = np.array([0, 0, 0, 1, -1] + [1, -1] * 6, np.float64)
"""(17,) left, right, or neither."""

_SIDE_SHARE = np.where(np.abs(_SIDE) > 0, 0.42, 0.0)
_FACE_SHARE = np.array([0.8] * 3 + [0.0] * 14)
"""(17,) share of the variance of a keypoint's error that all of one side have in common (with the other sign on the
other side: the model sees a body broader or narrower than it is), and that nose and eyes have in common. On the
simulated clips, 2026-11-25: errors of two joints of one side correlate by 0.3 to 0.6, of opposite sides by -0.2 to
-0.4, of nose and eyes by 0.7 to 0.9."""

_COMMON_SURENESS, _OWN_SURENESS = 0.56, 0.65
"""Standard deviation of a confidence's log odds that all keypoints of a person have in common, and of each by itself;
same clips: 0.45 within a clip and 0.33 between clips, 0.5 and 0.45."""

_OUTSIDE_SPREAD = 2.0
"""The same for joints outside the picture; COCO images, 2026-11-25: 1.7 to 4."""

_LEAST_JOINTS = 3.0
"""Whoever shows this many joints or fewer is not found; from twice as many on, what is outside does not matter [D]."""

_LATENT = {
    "presence": 1, "turned": 1, "flicker": 1, "common": 1, "score": 1, "box": 4, "sureness": 17, "wrong": 17,
    "swap": 17, "far": 17, "far_x": 17, "far_y": 17, "side": 2, "face": 2, "core_x": 17, "core_y": 17,
}  # fmt: skip
"""How many normal numbers each chance of a person takes."""


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A detector for `project`, with the errors of the default model.

    Attributes:
        noise: times the scatter of keypoints that are right; deviations stay what the model would state.
        misses, swaps, wrong: times the chances (odds) of people missed, of left and right exchanged, and of keypoints
            elsewhere; 0 switches them off.
        jitter_s: standard deviation of the time at which a frame is said to be captured, s [D].
        dropped: share of frames that never come.
    """

    noise: float = 1.0
    misses: float = 1.0
    swaps: float = 1.0
    wrong: float = 1.0
    jitter_s: float = 0.003
    dropped: float = 0.0
    tables: ErrorTables = MOVENET

    def __post_init__(self) -> None:
        for name in ("noise", "misses", "swaps", "wrong", "jitter_s"):
            if getattr(self, name) < 0:
                raise ConfigError(f"simulated model: {name} is {getattr(self, name):g}", mend="Give 0 or more")
        if not 0 <= self.dropped < 1:
            raise ConfigError(f"simulated model: {self.dropped:g} of the frames dropped", mend="Give 0 to below 1")

    def __call__(self, sight: Sight, seed: int) -> Found:
        """What the model finds.

        Args:
            seed: of all chance; the same gives the same, bit for bit.
        """
        people = len(sight.points)
        chance = Chance(seed, 21)
        latent = _latent(sight.times, people, chance)
        weights, size = bearings(sight), sizes(sight)
        inside = sight.visibility != Visibility.OUTSIDE
        odds = self._odds(sight, weights, inside, latent)
        confidences = expit(odds).astype(np.float32)
        present = _chance(latent["presence"][..., 0]) >= self._missed(sight, weights, size, inside)
        turned = self._turned(weights, latent)
        gain = input_gain(sight.view.camera.width, sight.view.camera.height, INPUT_PX)
        boxes = self._boxes(sight, size, inside, latent)
        flat = boxes.reshape(-1, 4)
        deviations = _curves().deviations(confidences.reshape(-1, KEYPOINTS), person_sizes(flat, gain))
        deviations = (deviations * gain).astype(np.float32).reshape(confidences.shape)
        points = np.nan_to_num(np.where(turned[..., None, None], sight.points[..., PAIRS, :], sight.points))
        other = np.nan_to_num(np.where(turned[..., None, None], sight.points, sight.points[..., PAIRS, :]))
        points = self._misplaced(points, other, odds, weights, size, deviations.astype(np.float64), sight, latent)
        points = np.clip(points, 0, [sight.view.camera.width, sight.view.camera.height])
        mean, spread = np.moveaxis(weights @ self.tables.score.reshape(3, 2), -1, 0)
        scores = np.clip(mean + spread * latent["score"][..., 0], 0.11, 0.95)
        times, kept = self._times(sight.times, chance)
        return Found(
            present[:, kept], scores[:, kept].astype(np.float32), boxes[:, kept],
            points[:, kept].astype(np.float32), confidences[:, kept], deviations[:, kept], times[kept],
            self.tables.model,
        )  # fmt: skip

    def _odds(self, sight: Sight, weights: Floats, inside: Floats, latent: dict[str, Floats]) -> Floats:
        """(P, T, 17) log odds of the confidences."""
        seen = (sight.visibility == Visibility.VISIBLE).astype(np.intp)
        mean = _cell(self.tables.sureness, seen, weights)
        spread = _COMMON_SURENESS * latent["common"] + _OWN_SURENESS * latent["sureness"]
        outside = self.tables.outside[GROUP_OF] + _OUTSIDE_SPREAD * latent["sureness"]
        return np.where(inside, mean + spread, outside)

    def _missed(self, sight: Sight, weights: Floats, size: Floats, inside: Floats) -> Floats:
        """(P, T) chance that somebody is not found."""
        gain = input_gain(sight.view.camera.width, sight.view.camera.height, INPUT_PX)
        small = expit(SIZE_SLOPE * np.log(SIZE_LIMIT_PX / np.maximum(size / gain, 1e-3)))
        cut = 1 - np.clip((inside.sum(axis=-1) - _LEAST_JOINTS) / _LEAST_JOINTS, 0.0, 1.0)
        found = (1 - weights @ self.tables.missed) * (1 - small)
        return np.asarray(np.maximum(_odds_times(1 - found, self.misses), cut), np.float64)

    def _turned(self, weights: Floats, latent: dict[str, Floats]) -> npt.NDArray[np.bool_]:
        """(P, T) left and right are exchanged: for a moment on whoever is up, for long on whoever lies."""
        shares = weights * self.tables.turned
        brief = _chance(latent["flicker"][..., 0]) < _odds_times(shares[..., :2].sum(axis=-1), self.swaps)
        return np.asarray(brief | (_chance(latent["turned"][..., 0]) < _odds_times(shares[..., 2], self.swaps)))

    def _boxes(self, sight: Sight, size: Floats, inside: Floats, latent: dict[str, Floats]) -> np.ndarray:
        """(P, T, 4) float32 around the joints in the picture."""
        camera = sight.view.camera
        edges = joint_boxes(np.where(inside[..., None], sight.points, np.nan))
        edges = np.where(np.isfinite(edges), edges, 0.0)
        order = [0, 1, 0, 2]
        margin = self.tables.box[order, 0] + self.tables.box[order, 1] * latent["box"]
        grown = edges + margin * size[..., None] * [-1, -1, 1, 1]
        return np.clip(grown, 0, [camera.width, camera.height] * 2).astype(np.float32)

    def _misplaced(
        self,
        points: Floats,
        other: Floats,
        odds: Floats,
        weights: Floats,
        size: Floats,
        deviations: Floats,
        sight: Sight,
        latent: dict[str, Floats],
    ) -> Floats:
        """(P, T, 17, 2) px: right with scatter, on the other side, or elsewhere."""
        seen = (sight.visibility == Visibility.VISIBLE).astype(np.intp)
        radius = RIGHT_RADIUS * size[..., None]
        own = np.sqrt(1 - _SIDE_SHARE - _FACE_SHARE)
        scatter = np.stack([
            np.sqrt(_SIDE_SHARE) * _SIDE * latent["side"][..., axis : axis + 1]
            + np.sqrt(_FACE_SHARE) * latent["face"][..., axis : axis + 1] + own * latent[name]
            for axis, name in enumerate(("core_x", "core_y"))
        ], axis=-1)  # fmt: skip
        scatter *= (self.tables.core[GROUP_OF, seen] * deviations * self.noise)[..., None]
        far_off = np.hypot(scatter[..., 0], scatter[..., 1])
        # What is right stays within what counts as right; a greater noise is asked for by somebody who means it.
        most = radius * max(self.noise, 1.0)
        scatter *= np.minimum(1.0, most / np.maximum(far_off, 1e-9))[..., None]
        right = expit(odds + _cell(self.tables.offset, seen, weights))
        wrong = _chance(latent["wrong"]) < _odds_times(1 - right, self.wrong)
        swapped = wrong & (_chance(latent["swap"]) < self.tables.swapped[GROUP_OF, seen]) & (_SIDE != 0)
        turn = np.arctan2(latent["far_y"], latent["far_x"])
        away = radius - np.log1p(-_chance(latent["far"])) * self.tables.far[GROUP_OF] * size[..., None]
        elsewhere = points + np.stack([np.cos(turn), np.sin(turn)], axis=-1) * away[..., None]
        placed = np.where(wrong[..., None], elsewhere, points + scatter)
        return np.where((swapped & (self.swaps > 0))[..., None], other + scatter, placed)

    def _times(self, times: Floats, chance: Chance) -> tuple[Floats, np.ndarray]:
        """When frames are said to be captured, and which come at all."""
        step = float(times[1] - times[0]) if len(times) > 1 else 1.0
        late = np.clip(chance.normals(len(times)) * self.jitter_s, -0.4 * step, 0.4 * step)
        kept = chance.uniforms(len(times)) >= self.dropped
        return np.maximum(times + late, 0.0), kept


def _latent(times: Floats, people: int, chance: Chance) -> dict[str, Floats]:
    """(P, T, n) standard normal numbers by name, each a process of its own."""
    width, moments = sum(_LATENT.values()), len(times)
    names = [name for name, count in _LATENT.items() for _ in range(count)]
    lasts = np.array([LASTS_S.get(name, LASTS_S["keypoint"]) for name in names])
    stays = np.array([STAYS.get(name, STAYS["keypoint"]) for name in names])
    steps = np.diff(times)[:, None] / lasts
    kept, fresh = np.exp(-steps), np.sqrt(-np.expm1(-2 * steps))
    moving = chance.normals(moments, people, width)
    for moment in range(1, moments):
        moving[moment] = kept[moment - 1] * moving[moment - 1] + fresh[moment - 1] * moving[moment]
    whole = np.sqrt(1 - stays) * moving + np.sqrt(stays) * chance.normals(people, width)
    parts = np.split(np.moveaxis(whole, 0, 1), np.cumsum(list(_LATENT.values()))[:-1], axis=-1)
    return dict(zip(_LATENT, parts, strict=True))


def _cell(table: Floats, seen: np.ndarray, weights: Floats) -> Floats:
    """(G, 2, 3) table -> (P, T, 17), mixed by bearing."""
    return np.asarray((table[GROUP_OF, seen] * weights[..., None, :]).sum(axis=-1), np.float64)


def _chance(normal: Floats) -> Floats:
    """Standard normal numbers as numbers evenly between 0 and 1 (Bowling et al. 2009, JIEM 2:114; within 1.4e-4)."""
    return expit(1.5976 * normal + 0.07056 * normal**3)


def _odds_times(chance: Floats, factor: float) -> Floats:
    """Chances whose odds are multiplied."""
    return np.asarray(factor * chance / (1 - chance + factor * chance + 1e-300), np.float64)


@cache
def _curves() -> Curves:
    """The calibration that ships with the default model."""
    name = MOVENET.model.replace("/", "-") + SUFFIX
    with as_file(files("spotter.pose") / "weights" / name) as path:
        return read_calibration(path, MOVENET.model).curves
