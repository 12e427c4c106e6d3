"""How a person moves in the image: a Kalman filter with constant velocity, in seconds and pixels. Pure.

Both axes share one covariance. Noise is stated in sizes of the person (the longer side of the box), so that near and
far people, and cameras of any resolution, are followed alike; irregular frame times and gaps come in as seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Self

_ACCELERATION = 4.0
"""Standard deviation of the acceleration, sizes/s^2 [D]: people start, stop and turn within half a second. 1.5 to 4
follow simulated crowds equally well (benchmarks/tracking.py)."""

_MEASURED = 0.02
"""Standard deviation of the measured place, sizes [D]: keypoint noise of the default model, averaged over a body."""

_FIRST_SPEED = 1.0
"""Standard deviation of an unknown velocity, sizes/s [D]: people walk at 0.4 to 1 statures/s."""

_COAST_S = 1.0
"""A velocity is trusted for this long without a sighting; then the person is expected where that led [D]."""


@dataclass(slots=True)
class Motion:
    """Of one person.

    Attributes:
        dx, dy: from the last measured place to the estimated one, px.
        vx, vy: velocity, px/s.
        place, cross, speed: covariance of place and velocity along either axis: px^2, px^2/s, px^2/s^2.
    """

    dx: float
    dy: float
    vx: float
    vy: float
    place: float
    cross: float
    speed: float

    @classmethod
    def begin(cls, size: float) -> Self:
        """At rest as far as is known; `size` is the longer side of the person's box, px."""
        return cls(0.0, 0.0, 0.0, 0.0, (_MEASURED * size) ** 2, 0.0, (_FIRST_SPEED * size) ** 2)

    def shift(self, elapsed: float) -> tuple[float, float]:
        """From the last measured place to the one expected `elapsed` seconds later, px."""
        coast = min(elapsed, _COAST_S)
        return self.dx + self.vx * coast, self.dy + self.vy * coast

    def measure(self, x: float, y: float, elapsed: float, size: float) -> None:
        """The person was seen (x, y) px away from the last measured place, `elapsed` seconds later."""
        jerk = (_ACCELERATION * size) ** 2
        place = self.place + elapsed * (2 * self.cross + elapsed * self.speed) + jerk * elapsed**4 / 4
        cross = self.cross + elapsed * self.speed + jerk * elapsed**3 / 2
        speed = self.speed + jerk * elapsed**2
        total = place + (_MEASURED * size) ** 2
        gain, turn = place / total, cross / total
        off_x = x - self.dx - self.vx * elapsed
        off_y = y - self.dy - self.vy * elapsed
        self.dx, self.dy = -(1 - gain) * off_x, -(1 - gain) * off_y
        self.vx, self.vy = self.vx + turn * off_x, self.vy + turn * off_y
        self.place, self.cross, self.speed = (1 - gain) * place, (1 - gain) * cross, speed - turn * cross

    def state(self) -> list[float]:
        """Everything, as plain values."""
        return list(astuple(self))

    @classmethod
    def restore(cls, state: Sequence[float]) -> Self:
        """The motion that `state` was taken from."""
        return cls(*state)
