"""Make a worker do something: one motion by name, or several one after the other."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from spotter.core.errors import ConfigError
from spotter.simulate.workers.anthropometry import Sex, make_body
from spotter.simulate.workers.chance import Chance
from spotter.simulate.workers.motions.catalogue import Motion, motion_of
from spotter.simulate.workers.take import Take, play
from spotter.simulate.workers.timeline import Timeline

_BODY, _MOTION = 1, 2
"""Streams of chance: the same seed gives the same body whatever it does."""


def simulate_motion(
    name: str,
    seed: int = 0,
    *,
    fps: float = 15.0,
    stature: float | None = None,
    sex: Sex | str | None = None,
    at: tuple[float, float] = (0.0, 0.0),
    heading: float = 0.0,
) -> Take:
    """One worker in one motion, or in several whose names are joined by "+".

    Args:
        seed: everything that varies follows from it, the same on every machine.
        fps: moments per second.
        stature: m; by chance where it is not given, and so is the sex.
        at: where they stand at the beginning, m.
        heading: which way they look, degrees; 0 is along x, 90 along y.

    Raises:
        ConfigError: there is no such motion, sex or stature, or the frame rate or the seed makes no sense.
    """
    names = name.split("+")
    return simulate(
        [motion_of(one) for one in names], name, seed, fps=fps, stature=stature, sex=sex, at=at, heading=heading
    )


def simulate(
    moves: Sequence[Motion],
    name: str,
    seed: int = 0,
    *,
    fps: float = 15.0,
    stature: float | None = None,
    sex: Sex | str | None = None,
    at: tuple[float, float] = (0.0, 0.0),
    heading: float = 0.0,
) -> Take:
    """One worker who makes these moves one after the other; `name` names the take. Others as in `simulate_motion`."""
    if not 0 < fps <= 1000:
        raise ConfigError(f"{fps:g} frames per second cannot be simulated", mend="Give a rate above 0, up to 1000")
    if seed < 0:
        raise ConfigError(f"seed {seed} is below 0", mend="Give a whole number from 0")
    if sex is not None and sex not in tuple(Sex):
        raise ConfigError(f"there is no table of statures for '{sex}'", mend=f"Choose from {', '.join(Sex)}")
    body = make_body(Chance(seed, _BODY), stature, None if sex is None else Sex(sex))
    timeline = Timeline(body, Chance(seed, _MOTION, zlib.crc32(name.encode())))
    timeline.stand_at(*at, heading)
    for move in moves:
        move(timeline)
    return play(timeline, name, seed, fps)
