"""Methods that are score tables: intervals, probabilities and what widens them, for one posture or many. Pure.

What is promised:
- The lowest and highest score are exact: every combination of what the inputs allow is enumerated, inputs being
  independent of each other.
- Probabilities: a measured number follows a normal distribution whose middle 90 % is its interval, taken within the
  interval; an entered interval is uniform; of an unknown number every band of the method is equally likely, of an
  unknown choice every answer. They describe what is not known, not how often something happens.
- `widening` of an input: the width of the interval less the smallest width that remains when this input alone is known.
  Two sides that are both unknown count as one, named without the side: knowing one arm alone often changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import ClassVar

import numpy as np

from spotter.core.contracts import Status
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.chances import Bands, Chances, Floats, Whole
from spotter.ergonomics.methods.inputs import NOT_ENTERED, NOT_SEEN, complete, shorthands, sides_of
from spotter.ergonomics.methods.known import Known, Numbers, known_of


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What the tables of a method give: `score` and, by name, the scores on the way."""

    score: Chances
    details: Mapping[str, Chances]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A method's answer for N postures.

    Attributes:
        low, high, value: (N,) scores as in `Result`; whole numbers.
        levels: (N, L) probability of each action level, in the order of the method's `levels`.
        details: by name (low, high), each (N,).
    """

    low: Whole
    high: Whole
    value: Whole
    levels: Floats
    details: Mapping[str, tuple[Whole, Whole]]

    def level_reached(self, probability: float = 0.9) -> Whole:
        """(N,) place of the highest level that is reached with at least `probability`; the lowest where none is."""
        at_least = np.cumsum(self.levels[:, ::-1], axis=1)[:, ::-1]
        places = np.where(at_least >= probability - 1e-12, np.arange(self.levels.shape[1]), 0)
        return np.asarray(places.max(axis=1), np.int64)


class TableMethod(ABC):
    """A method of whole-numbered scores that are looked up. A new one gives the class variables and `outcome`.

    Attributes:
        bands: of each number that is asked for, the bands that its score tables know.
        levels: names of the action levels, rising.
        level_of: level of each score, by score from 0.
        scale: lowest and highest score that the method can give.
        score_name: what the score is called.
        table_version: which print of the tables is used.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    asks: ClassVar[tuple[Asked, ...]]
    bands: ClassVar[Mapping[str, Bands]]
    levels: ClassVar[tuple[str, ...]]
    level_of: ClassVar[tuple[int, ...]]
    scale: ClassVar[tuple[int, int]]
    score_name: ClassVar[str]
    table_version: ClassVar[str]

    @abstractmethod
    def outcome(self, at: Mapping[str, Chances]) -> Outcome:
        """Send the states of all inputs, by name, through the tables."""

    def assess(self, given: Mapping[str, Given]) -> Result:
        """Judge one posture. See `Method`."""
        inputs = complete(self.name, self.asks, given)
        known = {ask.name: known_of(ask, inputs[ask.name]) for ask in self.asks}
        at = self.states(known)
        scores = self._scores(self.outcome(at))
        low, high = int(scores.low[0]), int(scores.high[0])
        widening = self._widening(at, high - low)
        status = _status(low == high, inputs)
        return Result(
            self.name,
            self.version,
            self.score_name,
            status,
            float(scores.value[0]),
            float(low),
            float(high),
            levels={name: float(share) for name, share in zip(self.levels, scores.levels[0], strict=True)},
            widening=widening,
            table_version=self.version_of_tables(inputs),
            inputs=inputs,
            details={name: (float(a[0]), float(b[0])) for name, (a, b) in scores.details.items()},
            reasons=self._reasons(low, high, inputs) + self.remarks(inputs, at),
        )

    def assess_many(self, known: Mapping[str, Known]) -> Scores:
        """Judge N postures at once; inputs that are missing are unknown or their default, those of one row hold for
        all.

        Raises:
            MethodError: a name that is not asked for.
        """
        complete(self.name, self.asks, {name: Given.unknown() for name in known})
        return self._scores(self.outcome(self.states({**self._left_out, **known})))

    def states(self, known: Mapping[str, Known]) -> dict[str, Chances]:
        """States of every input: bands of numbers, places in the list of choices (flags: 0 no, 1 yes)."""
        return {
            ask.name: self._states_left_out[ask.name]
            if known[ask.name] is self._left_out[ask.name]
            else self._states_of(ask, known[ask.name])
            for ask in self.asks
        }

    def _states_of(self, ask: Asked, known: Known) -> Chances:
        if isinstance(known, Numbers):
            return known.chances(self.bands[ask.name])
        if ask.kind is Kind.FLAG:
            return Chances(known.chances.reach[:, ::-1], known.chances.chance[:, ::-1])
        return known.chances

    @cached_property
    def _left_out(self) -> dict[str, Known]:
        """Inputs of which nothing is said, as one row."""
        rest = complete(self.name, self.asks, {})
        return {ask.name: known_of(ask, rest[ask.name]) for ask in self.asks}

    @cached_property
    def _states_left_out(self) -> dict[str, Chances]:
        return {ask.name: self._states_of(ask, self._left_out[ask.name]) for ask in self.asks}

    def version_of_tables(self, inputs: Mapping[str, Given]) -> str:
        """Which print of the tables was used; methods with several override it."""
        return self.table_version

    def remarks(self, inputs: Mapping[str, Given], at: Mapping[str, Chances]) -> tuple[str, ...]:
        """Further sentences for people; none by default."""
        return ()

    def groups(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Open states by what is told of their `widening`: two sides of one input together, the others alone."""
        grouped: dict[str, tuple[str, ...]] = {short: sides_of(short, names) for short in shorthands(names)}
        paired = {name for pair in grouped.values() for name in pair}
        return {name: (name,) for name in names if name not in paired} | grouped

    def _reasons(self, low: int, high: int, inputs: Mapping[str, Given]) -> tuple[str, ...]:
        """Why the score is not exact: how much is unknown, and what kept a camera from seeing the rest exactly."""
        if low == high:
            return ()
        unknown = {name: given.reason for name, given in inputs.items() if given.provenance is Provenance.UNKNOWN}
        hidden = sum(reason == NOT_SEEN for reason in unknown.values())
        said = ["no score of the scale is ruled out"] if (low, high) == self.scale else []
        if unknown:
            said.append(f"{len(unknown)} of {len(inputs)} inputs are unknown; {hidden} of them a camera does not see")
        special = {name: given.reason for name, given in inputs.items() if not _exact(given) and given.reason}
        for reason in dict.fromkeys(special.values()):
            if reason not in (NOT_ENTERED, NOT_SEEN):
                said.append(f"{', '.join(name for name, why in special.items() if why == reason)}: {reason}")
        return tuple(said)

    def _scores(self, outcome: Outcome) -> Scores:
        score = outcome.score
        to_level = np.eye(len(self.levels))[np.array(self.level_of[: score.reach.shape[1]])]
        return Scores(
            score.lowest(),
            score.highest(),
            score.likeliest(),
            score.chance @ to_level,
            {name: (each.lowest(), each.highest()) for name, each in outcome.details.items()},
        )

    def _widening(self, at: Mapping[str, Chances], width: int) -> tuple[tuple[str, float], ...]:
        """For each input that is not known exactly, or both sides of one, how much of the width goes at most when it
        is known: one row of a batch for each state that it may have."""
        states = {name: np.flatnonzero(each.reach[0]) for name, each in at.items() if each.reach[0].sum() > 1}
        if width == 0 or not states:
            return ()
        rows: list[tuple[str, dict[str, int]]] = []
        for name, parts in self.groups(list(states)).items():
            combinations = product(*(states[part].tolist() for part in parts))
            rows += [(name, dict(zip(parts, chosen, strict=True))) for chosen in combinations]
        fixed = {name: _fixed(each, [row.get(name, -1) for _, row in rows]) for name, each in at.items()}
        score = self.outcome(fixed).score
        left: dict[str, int] = {}
        for (name, _), rest in zip(rows, (score.highest() - score.lowest()).tolist(), strict=True):
            left[name] = min(rest, left.get(name, rest))
        ranked = sorted(left.items(), key=lambda item: item[1])
        return tuple((name, float(width - rest)) for name, rest in ranked if rest < width)


def at_least(levels: Mapping[str, float], level: str) -> float:
    """Probability of `level` or a higher one."""
    names = list(levels)
    return min(1.0, sum(list(levels.values())[names.index(level) :]))


def level_reached(levels: Mapping[str, float], probability: float = 0.9) -> str:
    """The highest level that is reached with at least `probability` (METHODS 6.3: 0.9); the lowest where none is."""
    names = list(levels)
    sure = [name for name in names if at_least(levels, name) >= probability - 1e-12]
    return sure[-1] if sure else names[0]


def flag(name: str, text: str, *, observable: bool = False, default: str | None = None) -> Asked:
    """A question of yes or no."""
    return Asked(name, Kind.FLAG, text, observable=observable, default=default)


def number(name: str, text: str, unit: str, low: float, high: float, *, observable: bool = False) -> Asked:
    """A question for a number."""
    return Asked(name, Kind.NUMBER, text, unit=unit, low=low, high=high, observable=observable)


def both_sides(asks: Sequence[Asked], first: str = "left", second: str = "right") -> tuple[Asked, ...]:
    """The same questions for either side: `left_...` and `right_...`."""
    return tuple(
        Asked(
            f"{side}_{ask.name}",
            ask.kind,
            f"{side.capitalize()}: {ask.help}",
            ask.unit,
            ask.low,
            ask.high,
            ask.choices,
            observable=ask.observable,
            default=ask.default,
        )
        for side in (first, second)
        for ask in asks
    )


def _fixed(each: Chances, states: Sequence[int]) -> Chances:
    """One input in every row of a batch: known to be in a state, or as it is where the state is -1."""
    known = np.array(states)[:, None]
    alone = Chances.exact(states, each.reach.shape[1])
    return Chances(np.where(known < 0, each.reach, alone.reach), np.where(known < 0, each.chance, alone.chance))


def _exact(given: Given) -> bool:
    return given.provenance is not Provenance.UNKNOWN and len(given.choices) <= 1 and given.low == given.high


def _status(exact: bool, inputs: Mapping[str, Given]) -> Status:
    """Nothing entered or seen: not observable. Anything less than exact: bounded."""
    if exact:
        return Status.OK
    unknown = all(given.provenance in (Provenance.UNKNOWN, Provenance.ASSUMED) for given in inputs.values())
    return Status.NOT_OBSERVABLE if unknown else Status.BOUNDED
