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
    """Where the feet were at the last whole step, and how many there have been; px."""

    x: float
    floor: float
    count: int = 0

    def observe(self, x: float, floor: float, stature: float, pitch_deg: float) -> None:
        """One frame: middle of the feet, the floor's row, standing height, px."""
        depth = (floor - self.floor) / max(math.sin(math.radians(pitch_deg)), _LEAST_DOWN)
        steps = int(math.hypot(x - self.x, depth) / (_STEP * stature))
        if steps > 0:
            self.x, self.floor, self.count = x, floor, self.count + steps

    def state(self) -> list[float]:
        """Everything, as plain values."""
        return [self.x, self.floor, self.count]

    @classmethod
    def restore(cls, state: Sequence[float]) -> Self:
        """The steps that `state` was taken from."""
        x, floor, count = state
        return cls(x, floor, int(count))
