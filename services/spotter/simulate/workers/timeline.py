"""What a worker does over time, written move by move: motions append to it one after the other, so that they compose.

Seconds from the beginning. A move goes from what a channel was last to a new value with minimum jerk; what nobody
moves stays. The timeline knows where the worker stands, which way they look, and what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spotter.core.errors import ConfigError
from spotter.simulate.workers import anthropometry as share
from spotter.simulate.workers.anthropometry import Body
from spotter.simulate.workers.chance import Chance, Floats
from spotter.simulate.workers.channels import DEFAULTS, SIDES
from spotter.simulate.workers.curves import Key, through

_AFTER = 0.002
"""Times within this of one another are one moment, s; keys of a channel are at least half of it apart."""


SWAY = {"ahead": 0.006, "aside": 0.004, "flexion": 0.8, "nod": 1.2}
"""How far a body sways by itself, m and degrees [D]: the centre of pressure of whoever stands quietly moves by about
half a centimetre (Winter 1995, Gait & Posture 3:193)."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment: kind as in docs/simulate.md, seconds from the beginning."""

    kind: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Box:
    """What is lifted: length, width, height in m, and mass in kg."""

    size: tuple[float, float, float] = (0.40, 0.30, 0.25)
    mass_kg: float = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """A box from where it stands to where it is put down: centre of it (m) and yaw (degrees) before, and the times.

    A box that was `dropped` falls from where the hands let it go.
    """

    box: Box
    centre: tuple[float, float, float]
    yaw: float
    grasped_s: float
    released_s: float = float("inf")
    dropped: bool = False


@dataclass
class Timeline:
    """Channels over time.

    Attributes:
        clock: where the next motion begins, s.
        swings: times (begin, end) at which a foot is not planted, by side.
        unsettled: times (begin, end) at which the worker does not stand balanced on both feet.
    """

    body: Body
    chance: Chance
    clock: float = 0.0
    events: list[Event] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    swings: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {side: [] for side in SIDES})
    unsettled: list[tuple[float, float]] = field(default_factory=list)
    _waves: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    _keys: dict[str, list[Key]] = field(default_factory=lambda: {name: [(0.0, at)] for name, at in DEFAULTS.items()})

    def now(self, name: str) -> float:
        """The last value of a channel."""
        return self._keys[name][-1][1]

    def move(self, begin: float, end: float, values: Mapping[str, float]) -> None:
        """From the last values, held until `begin`, to these at `end`."""
        self.along([(begin, {}), (end, values)])

    def preset(self, at: float, values: Mapping[str, float]) -> None:
        """Set channels that have no weight at that moment."""
        self.move(at, at + _AFTER / 2, values)

    def along(self, points: Sequence[tuple[float, Mapping[str, float]]]) -> None:
        """Through values without a stop; from the last ones, held until the first point's time.

        Raises:
            ValueError: a channel is moved before its last move has ended; a motion is written wrongly.
        """
        begin = points[0][0]
        names = dict.fromkeys(name for _, values in points for name in values)
        for name in names:
            keys = self._keys[name]
            if begin < keys[-1][0] - _AFTER:
                raise ValueError(f"channel {name} moves until {keys[-1][0]:.3f} s and again from {begin:.3f} s")
            if begin > keys[-1][0] + _AFTER:
                keys.append((begin, keys[-1][1]))
            for at, values in points:
                if name in values and at > keys[-1][0] + _AFTER / 4:
                    keys.append((at, values[name]))
                elif name in values:
                    keys[-1] = (keys[-1][0], values[name])

    def put(self, values: Mapping[str, float]) -> None:
        """Set channels from the beginning; only before any motion."""
        for name, value in values.items():
            self._keys[name] = [(0.0, value)]

    def stand_at(self, x: float, y: float, heading: float) -> None:
        """Where the worker stands at the beginning; degrees, 0 looks along x."""
        self.put({"x": x, "y": y, "heading": heading, **self.stance(x, y, heading)})

    def stance(self, x: float, y: float, heading: float, *, wide: float = 0.12, out: float = 8.0) -> dict[str, float]:
        """Channels of both feet side by side at a place: `wide` in statures between them, toes out by `out` degrees."""
        found: dict[str, float] = {}
        for side in SIDES:
            bx, by, toes = self.foothold(side, x, y, heading, wide=wide, out=out)
            found |= {f"ball_x_{side}": bx, f"ball_y_{side}": by, f"toes_{side}": toes, f"ball_z_{side}": 0.0}
        return found

    def foothold(
        self, side: str, x: float, y: float, heading: float, *, wide: float = 0.12, out: float = 8.0
    ) -> tuple[float, float, float]:
        """Ball of one foot (m) and where its toes point (degrees), for a worker who stands at a place."""
        sign = 1 if side == "l" else -1
        toes = heading + sign * out
        ahead = 0.4 * share.BALL * self.body.stature
        turn, foot = np.radians(heading), np.radians(toes)
        aside = sign * wide / 2 * self.body.stature
        return (
            float(x - np.sin(turn) * aside + np.cos(foot) * ahead),
            float(y + np.cos(turn) * aside + np.sin(foot) * ahead),
            toes,
        )

    @property
    def holding(self) -> bool:
        """Whether a box is in the hands."""
        return bool(self.held) and self.held[-1].released_s == float("inf")

    def need_hands(self) -> None:
        """For what cannot be done with a box in the hands.

        Raises:
            ConfigError: there is one.
        """
        if self.holding:
            raise ConfigError("the hands hold a box already", mend="Put it down first: put_down, or lift_and_place")

    def lose_balance(self, at: float) -> None:
        """Nothing is said of feet and balance from now on, until `regain_balance`; what is held is let go."""
        if self.holding:
            self.held[-1] = replace(self.held[-1], released_s=at + 0.2, dropped=True)
            self.move(at, at + 0.2, {"load": 0.0, "reach_l": 0.0, "reach_r": 0.0})
        for spans in (*self.swings.values(), self.unsettled):
            spans.append((at, np.inf))

    def regain_balance(self, at: float) -> None:
        """The worker stands again."""
        for spans in (*self.swings.values(), self.unsettled):
            spans[:] = [(begin, min(end, at)) for begin, end in spans]

    @property
    def standing(self) -> bool:
        """Whether the last motion has left the worker on their feet; else they lie, sit or kneel."""
        return self.now("hung") == 0

    @property
    def place(self) -> tuple[float, float, float]:
        """x, y (m) and heading (degrees) at which the last motion left the worker."""
        return self.now("x"), self.now("y"), self.now("heading")

    def ahead(self, forward: float, left: float = 0.0) -> tuple[float, float]:
        """A place on the floor seen from the worker's, m."""
        x, y, heading = self.place
        turn = np.radians(heading)
        return (
            float(x + np.cos(turn) * forward - np.sin(turn) * left),
            float(y + np.sin(turn) * forward + np.cos(turn) * left),
        )

    def event(self, kind: str, at_s: float) -> None:
        self.events.append(Event(kind, at_s))

    def values(self, at: Floats) -> dict[str, Floats]:
        """All channels at times (T,), with the sway that nobody can help."""
        found = {name: through(keys, at) for name, keys in self._keys.items()}
        for name, waves in self._waves.items():
            found[name] = found[name] + sum(size * np.sin(rate * at + phase) for size, rate, phase in waves)
        return found

    def __post_init__(self) -> None:
        for name, size in SWAY.items():
            rates = self.chance.uniform(0.2, 0.4), self.chance.uniform(0.5, 1.0)
            turns = self.chance.uniform(0, 2 * np.pi), self.chance.uniform(0, 2 * np.pi)
            sizes = size * self.chance.uniform(0.6, 1.4), 0.4 * size
            self._waves[name] = [
                (high, 2 * np.pi * rate, phase) for high, rate, phase in zip(sizes, rates, turns, strict=True)
            ]
