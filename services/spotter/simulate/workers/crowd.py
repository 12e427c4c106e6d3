"""Several people who cross a place at the same time and cover one another."""

from __future__ import annotations

import numpy as np

from spotter.core.errors import ConfigError
from spotter.simulate.workers.chance import Chance
from spotter.simulate.workers.motions import gait
from spotter.simulate.workers.perform import simulate
from spotter.simulate.workers.take import Take
from spotter.simulate.workers.timeline import Timeline

_STREAM = 31
_RADIUS = 3.5
"""People come from this far from the middle and go as far beyond it, m."""

_MOST_LATE = 2.0
"""Nobody sets out later than this, s: all are near the middle at about the same time."""


def crossing(people: int, seed: int = 0, *, fps: float = 15.0, at: tuple[float, float] = (0.0, 0.0)) -> list[Take]:
    """People who walk through one place, each from another side.

    Args:
        people: 1 to 50.
        at: the place, m.

    Raises:
        ConfigError: too few or too many people.
    """
    if not 1 <= people <= 50:
        raise ConfigError(f"a crowd of {people} cannot be simulated", mend="Give 1 to 50 people")
    takes = []
    for number in range(people):
        chance = Chance(seed, _STREAM, number)
        side = 360.0 * (number + chance.uniform(0.0, 0.8)) / people
        aside = chance.uniform(-0.5, 0.5)
        ahead = np.array([np.cos(np.radians(side)), np.sin(np.radians(side))])
        left = np.array([-ahead[1], ahead[0]])
        begin = np.asarray(at) - _RADIUS * ahead + aside * left
        end = np.asarray(at) + _RADIUS * ahead + aside * left
        late, speed = chance.uniform(0.0, _MOST_LATE), chance.uniform(1.0, 1.5)

        def move(t: Timeline, end: np.ndarray = end, late: float = late, speed: float = speed) -> None:
            gait.stand(t, late)
            gait.walk(t, float(end[0]), float(end[1]), speed=speed)

        place = float(begin[0]), float(begin[1])
        takes.append(simulate([move], f"crossing-{number}", seed * 64 + number, fps=fps, at=place, heading=side))
    return takes
