"""What a method of ergonomics asks for and what it answers: the extension point `Method`. Pure.

Every input is given as an interval (numbers) or as a set of what it may be (choices), with its provenance; an input
that is not given may be anything. Every result is an interval: the lowest and the highest that the inputs allow.
A method evaluates jobs and postures, never people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self

from spotter.core.contracts import Status


class Provenance(StrEnum):
    """Where the knowledge of an input comes from (METHODS 0)."""

    OBSERVED = "observed"
    DERIVED = "derived"
    ENTERED = "entered"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """NUMBER: with a unit and a range. CHOICE: one of named answers. FLAG: yes or no, as the choices "yes", "no".
    TABLE: rows of further inputs, such as the tasks of a composite lifting index."""

    NUMBER = "number"
    CHOICE = "choice"
    FLAG = "flag"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Asked:
    """One input that a method asks for.

    Attributes:
        name: snake_case; the option of `spotter assess` is made from it.
        unit: of a number, as people read it.
        low, high: range of a number; outside it an entered value is an error.
        choices: of a choice, worst last where they have an order.
        columns: of a table, what each row holds.
        observable: a camera can say something about it.
        help: one sentence for people.
        default: assumed when nothing is given; None: unknown, the whole range.
    """

    name: str
    kind: Kind
    help: str
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    columns: tuple[Asked, ...] = ()
    observable: bool = False
    default: str | float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of one input: `low` to `high` of a number, or the `choices` that it may be, or `rows` of a table.

    `value` is the best single figure of a number that was measured: the probabilities of action levels take `low` to
    `high` as the middle 90 % of a normal distribution around it; without it every value of the interval is equally
    likely. `weights` says how likely each of the `choices` is; empty: equally likely.
    """

    low: float = 0.0
    high: float = 0.0
    value: float | None = None
    choices: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    rows: tuple[Mapping[str, Given], ...] = ()
    provenance: Provenance = Provenance.ENTERED
    reason: str = ""

    @classmethod
    def exact(cls, number: float) -> Self:
        """A number that a person entered."""
        return cls(float(number), float(number))

    @classmethod
    def between(cls, low: float, high: float) -> Self:
        """An interval that a person entered."""
        return cls(float(low), float(high))

    @classmethod
    def of(cls, *choices: str) -> Self:
        """One of these; "yes" or "no" of a flag."""
        return cls(choices=choices)

    @classmethod
    def unknown(cls, reason: str = "") -> Self:
        """May be anything that the method allows."""
        return cls(provenance=Provenance.UNKNOWN, reason=reason)


@dataclass(frozen=True, slots=True)
class Result:
    """What a method says.

    Attributes:
        name: what `value` is called: "REBA", "RWL", "LI".
        value: the one value when low equals high, else the most probable or middle one; None where there is none.
        low, high: lowest and highest that the inputs allow; nan where the status is `out_of_scope`.
        levels: probability of each action level or category, by its name, in rising order; they add up to 1.
        widening: what knowing each input exactly would take off the width of the interval at most, widest first.
        table_version: which printed or published table was used, where several circulate.
        details: further figures by name, each (low, high): score A, multipliers, LI ...
        reasons: why the status is not `ok`, in sentences for people.
    """

    method: str
    method_version: str
    name: str
    status: Status
    value: float | None
    low: float
    high: float
    unit: str = ""
    levels: Mapping[str, float] = field(default_factory=dict)
    widening: tuple[tuple[str, float], ...] = ()
    table_version: str = ""
    inputs: Mapping[str, Given] = field(default_factory=dict)
    details: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


class Method(Protocol):
    """One method. Adding one is a file, a line in `registry.py` and a row of a test table."""

    @property
    def name(self) -> str:
        """As people write it in `spotter assess`; lower case."""
        ...

    @property
    def version(self) -> str:
        """Of this program's rules; raised when an answer changes."""
        ...

    @property
    def title(self) -> str:
        """One line for lists."""
        ...

    @property
    def source(self) -> str:
        """Where the method is published."""
        ...

    @property
    def asks(self) -> tuple[Asked, ...]:
        """What it asks for, in the order of its form."""
        ...

    def assess(self, given: Mapping[str, Given]) -> Result:
        """Judge one posture or one job.

        Args:
            given: by the names of `asks`; what is missing is unknown.

        Raises:
            MethodError: a name that is not asked for, or a value out of its range; names it and the mend.
        """
        ...
