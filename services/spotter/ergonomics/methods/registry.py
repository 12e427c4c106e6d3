"""The methods that there are. To add one: a file, a line here and a row in the table of the methods' tests. Pure."""

from __future__ import annotations

from typing import Any

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.acgih import ACGIH_TLV
from spotter.ergonomics.methods.api import Method, Result
from spotter.ergonomics.methods.en1005 import EN1005
from spotter.ergonomics.methods.inputs import givens
from spotter.ergonomics.methods.iso11226 import ISO11226
from spotter.ergonomics.methods.l5s1 import L5S1_COMPRESSION
from spotter.ergonomics.methods.lifft import LIFFT
from spotter.ergonomics.methods.niosh_composite import CLI, CLI_US
from spotter.ergonomics.methods.niosh_method import ISO_11228_1, NIOSH, NIOSH_US
from spotter.ergonomics.methods.niosh_variable import VLI
from spotter.ergonomics.methods.owas import OWAS
from spotter.ergonomics.methods.reba import REBA
from spotter.ergonomics.methods.rula import RULA

METHODS: tuple[Method, ...] = (
    NIOSH,
    NIOSH_US,
    ISO_11228_1,
    CLI,
    CLI_US,
    VLI,
    REBA,
    RULA,
    OWAS,
    EN1005,
    ISO11226,
    ACGIH_TLV,
    LIFFT,
    L5S1_COMPRESSION,
)


def methods() -> dict[str, Method]:
    """Every method by name, in the order of docs/methods.md."""
    return {method.name: method for method in METHODS}


def method(name: str) -> Method:
    """The method of that name.

    Raises:
        MethodError: there is none; names those there are.
    """
    found = methods().get(name.lower().replace("-", "_"))
    if found is None:
        raise MethodError(f"there is no method '{name}'", mend=f"Choose from {', '.join(methods())}")
    return found


def assess(name: str, /, **values: Any) -> Result:
    """Judge one posture or one job by a method, from plain values.

    A number may be exact (45), an interval ((5, 10) or "5..10") or left out; a choice one answer ("fair") or several
    (("good", "fair")); a flag True or False. What is left out is unknown and widens the result. A name without its
    side sets both sides: `wrist_flexion` stands for `left_wrist_flexion` and `right_wrist_flexion`.

    Example:
        >>> from spotter.ergonomics.methods import assess
        >>> result = assess("reba", trunk_flexion=45, load_kg=(5, 10), coupling="fair")
        >>> result.low <= result.high
        True

    Raises:
        MethodError: there is no such method or input, or a value is out of its range; names it and the mend.
    """
    chosen = method(name)
    return chosen.assess(givens(chosen.name, chosen.asks, values))
