"""How large a person is in the image, and where the floor is under them, learned while they are upright. Pure.

Heights are stated in statures above the floor at the person's feet, so that no camera calibration is needed. The image
vertical stands for the vertical: a camera that looks down steeply makes a body that lies away from it seem higher.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from spotter.core.clock import SECOND
from spotter.core.contracts import FloatArray
from spotter.ergonomics.gates import RAW, Gates
from spotter.ergonomics.joints import ANKLES, HIPS, KNEES, SHOULDERS, middle

TORSO_SHARE = 0.30
"""Mid-shoulder to mid-hip as a share of stature: 0.288 in Drillis & Contini's proportions (Winter 2009, fig. 4.1); the
default model places shoulders a little higher (measured on simulated workers)."""

LEG_SHARE = 0.491
"""Hip to knee to ankle as a share of stature: 0.245 + 0.246, same source."""

ANKLE_HEIGHT = 0.039
"""Height of the ankle joint above the floor as a share of stature, same source."""

HIP_HEIGHT = 0.53
"""Height of the hip joint above the floor when standing, as a share of stature, same source."""

_WINDOW = 3 * SECOND
_LEAST_SPAN = SECOND // 10
_MOST_SPEED = 1.5
"""Statures per second by which the floor under a walking person moves at most in the picture [D]: 2 m/s on a floor seen
from above, less the flatter the camera looks."""

_UPRIGHT_DEG = 35.0
_SHRINK = 0.8
_STALE = 5 * SECOND
"""A frame in which the person is suddenly this much smaller is not believed (lying end-on to the camera looks like
standing far away), unless no frame was believed for this long [D]."""


_KNEE_NEARER, _THIGH_UP, _HEAD_UP, _TRUNK_ACROSS = -0.06, 0.15, 0.10, 0.26
"""Height of the knees, hips over knees, head over hips and shoulders beside hips, statures, that tell hands and knees
from lying [D]: a shank seen from above by 14 degrees, three fifths of a thigh, a third of the trunk, and a trunk that
is turned by 60 degrees. Hips and knees of whoever lies with knees drawn up towards a camera that looks down by 35
degrees are apart by 0.14."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Stature in px and the image row of the floor at the feet, px."""

    stature: float
    floor: float


@dataclass(frozen=True, slots=True)
class BodyHeights:
    """Hip, head and knees above the floor, in statures; negative when the body has come nearer to the camera than its
    feet. `knee` is None where the knees are not seen. `on_knees`: seen from its front, up on knees and hands."""

    hip: float
    head: float
    knee: float | None = None
    on_knees: bool = False


class PersonScale:
    """Scale of one track, from the upright frames of the last seconds; frozen while the person is not upright."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float, float, float]] = deque()
        self._scale: Scale | None = None
        self._last: Scale | None = None
        self._torso = float("nan")

    @property
    def known(self) -> bool:
        return len(self._samples) >= 2

    def observe(self, at: int, keypoints: FloatArray, confidences: FloatArray, gates: Gates = RAW) -> None:
        """Learn from a frame if the person is upright in it: keypoints (17, 2) px, confidences (17,)."""
        sample = _measure(keypoints, confidences, gates)
        if sample is None:
            return
        usual = self.current()
        if usual is not None and sample[0] < _SHRINK * usual.stature and at - self._samples[-1][0] < _STALE:
            return
        while self._samples and at - self._samples[0][0] > _WINDOW:
            self._samples.popleft()
        self._samples.append((at, *sample))
        if self.known:
            _, statures, _, torsos = zip(*self._samples, strict=True)
            self._scale = self._scale_at(at, _quantile(statures, 0.75))
            self._last = self._scale or self._last
            self._torso = _quantile(torsos, 0.75)
        else:
            self._scale, self._torso = None, float("nan")

    def current(self) -> Scale | None:
        """The person's scale, or None until the person was seen upright."""
        return self._scale

    def last(self) -> Scale | None:
        """The newest scale that there was: in a fall from above feet move too fast for one."""
        return self._last

    def land(self, floor: float) -> None:
        """The person has come down to another floor, at this row; it holds until they are seen upright again."""
        if self._last is not None:
            self._scale = self._last = Scale(self._last.stature, floor)

    def _scale_at(self, at: int, stature: float) -> Scale | None:
        """Stature, and the floor's row now, under someone who may walk towards the camera or away from it.

        A plain median would lag behind and make their legs short: the medians of two halves of the last second are led
        on to now. None while feet move faster than anybody walks: in a jump they are on no floor.
        """
        recent = [(seen_at, floor) for seen_at, _, floor, _ in self._samples if at - seen_at <= SECOND]
        middle = (recent[0][0] + at) // 2
        older, newer = [one for one in recent if one[0] <= middle], [one for one in recent if one[0] > middle]
        when, row = (_quantile(values, 0.5) for values in zip(*(newer or older), strict=True))
        if not newer or at - recent[0][0] < _LEAST_SPAN:
            return Scale(stature, row)
        before, old = (_quantile(values, 0.5) for values in zip(*older, strict=True))
        speed = (row - old) / (when - before)
        return Scale(stature, row + speed * (at - when)) if abs(speed) * SECOND <= _MOST_SPEED * stature else None

    def torso(self) -> float:
        """The person's usual trunk length in the image, px; nan until known."""
        return self._torso

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        scale = self._scale
        return {
            "samples": [list(sample) for sample in self._samples],
            "scale": None if scale is None else [scale.stature, scale.floor],
            "last": None if self._last is None else [self._last.stature, self._last.floor],
            "torso": self._torso,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The scale that `state` was taken from."""
        person = cls()
        person._samples.extend((at, stature, floor, torso) for at, stature, floor, torso in state["samples"])
        person._scale = None if state["scale"] is None else Scale(*state["scale"])
        person._last = None if state["last"] is None else Scale(*state["last"])
        person._torso = state["torso"]
        return person


def heights(keypoints: FloatArray, confidences: FloatArray, scale: Scale, gates: Gates = RAW) -> BodyHeights:
    """Hip, head and knees above the floor in statures: keypoints (17, 2) px, confidences (17,)."""
    hip = float(middle(keypoints, HIPS)[1])
    weights = confidences[:5].astype(np.float64)
    if weights.max() >= gates.head:
        head = float((keypoints[:5, 1] * weights).sum() / weights.sum())
    else:
        head = float(middle(keypoints, SHOULDERS)[1])
    seen = confidences[13] >= gates.legs and confidences[14] >= gates.legs
    knee = (float(keypoints[13, 1]) + float(keypoints[14, 1])) / 2 if seen else None
    return BodyHeights(
        (scale.floor - hip) / scale.stature,
        (scale.floor - head) / scale.stature,
        (scale.floor - knee) / scale.stature if knee is not None else None,
        knee is not None and knee - scale.floor >= -_KNEE_NEARER * scale.stature
        and _on_knees(keypoints, knee - hip, hip - head, scale.stature),
    )  # fmt: skip


def _on_knees(keypoints: FloatArray, thigh: float, rise: float, stature: float) -> bool:
    """On hands and knees towards the camera, as far as a picture tells: the knees nearer to it than the feet, the hips
    clearly over them, the head not over the hips, and the trunk along the view.

    Whoever lies towards the camera has the hips below the knees in the picture; whoever lies away from it has the head
    as far over the hips as the camera looks down; whoever lies across has the trunk across.
    """
    across = abs(float(middle(keypoints, SHOULDERS)[0]) - float(middle(keypoints, HIPS)[0]))
    return thigh >= _THIGH_UP * stature and rise <= _HEAD_UP * stature and across <= _TRUNK_ACROSS * stature


def feet(
    keypoints: FloatArray, confidences: FloatArray, scale: Scale | None, gates: Gates = RAW
) -> tuple[float, float] | None:
    """The floor under a person, px: keypoints (17, 2) px, confidences (17,); None where nothing tells."""
    if confidences[[15, 16]].min() >= gates.legs:
        x, y = middle(keypoints, ANKLES)
        return float(x), float(y) + (ANKLE_HEIGHT * scale.stature if scale is not None else 0.0)
    return (float(middle(keypoints, HIPS)[0]), scale.floor) if scale is not None else None


def upright(keypoints: FloatArray, confidences: FloatArray, gates: Gates = RAW) -> bool:
    """Whether a frame shows someone whose size can be learned: keypoints (17, 2) px, confidences (17,)."""
    return _measure(keypoints, confidences, gates) is not None


def _measure(keypoints: FloatArray, confidences: FloatArray, gates: Gates) -> tuple[float, float, float] | None:
    """(stature, floor row, torso length) in px from an upright frame; None when it is not one."""
    if confidences[[5, 6, 11, 12]].min() < gates.torso:
        return None
    trunk = middle(keypoints, SHOULDERS) - middle(keypoints, HIPS)
    torso = float(np.hypot(trunk[0], trunk[1]))
    if torso < 8.0 or np.degrees(np.arctan2(abs(trunk[0]), -trunk[1])) > _UPRIGHT_DEG:
        return None
    stature = torso / TORSO_SHARE
    hip_row = float(middle(keypoints, HIPS)[1])
    if confidences[[13, 14, 15, 16]].min() < gates.legs:
        return stature, hip_row + HIP_HEIGHT * stature, torso
    thigh = np.linalg.norm(keypoints[[11, 12]] - keypoints[[13, 14]], axis=1).mean()
    shank = np.linalg.norm(keypoints[[13, 14]] - keypoints[[15, 16]], axis=1).mean()
    stature = max(stature, (torso + float(thigh + shank)) / (TORSO_SHARE + LEG_SHARE))
    floor = float(keypoints[[15, 16], 1].max()) + ANKLE_HEIGHT * stature
    if floor - hip_row < 0.1 * stature:
        return None
    return stature, floor, torso


def guess_scale(keypoints: FloatArray, confidences: FloatArray, gates: Gates = RAW) -> Scale | None:
    """A size from this frame alone, for a person who was never seen upright: lengths along the body, lowest ankle.

    Foreshortening makes it too small, which makes heights too large: it errs towards "not on the ground".
    """
    if confidences[[5, 6, 11, 12]].min() < gates.torso or confidences[[13, 14, 15, 16]].min() < gates.legs:
        return None
    shoulders, hips = middle(keypoints, SHOULDERS), middle(keypoints, HIPS)
    knees, ankles = middle(keypoints, KNEES), middle(keypoints, ANKLES)
    path = sum(float(np.linalg.norm(a - b)) for a, b in ((shoulders, hips), (hips, knees), (knees, ankles)))
    stature = path / (TORSO_SHARE + LEG_SHARE)
    lowest = float(keypoints[[15, 16], 1].max())
    return Scale(stature, lowest + ANKLE_HEIGHT * stature) if stature >= 20.0 else None


def _quantile(values: Sequence[float], share: float) -> float:
    """As numpy's, linear between neighbours; several times faster on a few dozen values."""
    ordered = sorted(values)
    low = int(share * (len(ordered) - 1))
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (share * (len(ordered) - 1) - low)
