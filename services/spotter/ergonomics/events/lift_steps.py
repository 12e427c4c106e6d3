"""Steps of a person's feet in the picture, counted roughly by how far they have come. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_STEP = 0.40
"""One step, statures [D]: when walking about 0.41 of stature at 1.3 m/s (Winter 2009), with a load a little less."""

_LEAST_DOWN = 0.25
"""Sine of the least pitch by which a way in depth is reckoned from the picture: flatter cameras see too little [D]."""


@dataclass(slots=True)
class Steps:
    """Where the feet were at the last whole step, and how many there have been; px.

    A way in depth moves the floor's row and the hips alike: a floor that jumps alone is a foot that was raised, hips
    that sink alone are a squat.
    """

    x: float
    floor: float
    hips: float
    count: int = 0

    def observe(self, x: float, floor: float, hips: float, stature: float, pitch_deg: float) -> None:
        """One frame: middle of the feet, rows of the floor and the hips, standing height, px."""
        rows = min(abs(floor - self.floor), abs(hips - self.hips))
        depth = rows / max(math.sin(math.radians(pitch_deg)), _LEAST_DOWN)
        steps = int(math.hypot(x - self.x, depth) / (_STEP * stature))
        if steps > 0:
            self.x, self.floor, self.hips, self.count = x, floor, hips, self.count + steps

    def state(self) -> list[float]:
        """Everything, as plain values."""
        return [self.x, self.floor, self.hips, self.count]

    @classmethod
    def restore(cls, state: Sequence[float]) -> Self:
        """The steps that `state` was taken from."""
        x, floor, hips, count = state
        return cls(x, floor, hips, int(count))
