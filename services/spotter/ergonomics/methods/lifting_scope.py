"""What the lifting methods do not cover: work for which they give no number (METHODS 1.7). Pure.

Source: NIOSH 94-110, limitations of the equation. A camera can tell the first five; the others a person must enter.
Nothing entered means "no", assumed and shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spotter.ergonomics.methods.api import Asked, Given, Kind


def _flag(name: str, text: str, *, observable: bool = False) -> Asked:
    return Asked(name, Kind.FLAG, text, observable=observable, default="no")


SCOPE: tuple[Asked, ...] = (
    _flag("one_handed", "The object is lifted with one hand.", observable=True),
    _flag("seated_or_kneeling", "The lift is done sitting or kneeling.", observable=True),
    _flag("fast", "The hands move at about 75 cm/s (30 in/s) or more, or floor to table within 1 s.", observable=True),
    _flag(
        "carry_push_pull",
        "Carrying for more than 1 or 2 steps, holding for more than a few seconds, pushing or pulling, together above "
        "about 10 % of the work.",
        observable=True,
    ),
    _flag("restricted_space", "The space forces the posture: low ceiling, narrow gap.", observable=True),
    _flag("unstable_object", "The centre of the load moves: liquids, half-filled bags, people, animals."),
    _flag("wheelbarrow_or_shovel", "A wheelbarrow or a shovel is used."),
    _flag("slippery_floor", "The friction between shoe and floor is below 0.4."),
    _flag("unusual_climate", "It is clearly outside 19 to 26 °C or 35 to 50 % humidity."),
    _flag("over_eight_hours", "Lifting goes on for more than 8 hours a day."),
)


def scope(inputs: Mapping[str, Given], flags: Iterable[Asked] = SCOPE) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Reasons why the method does not apply: (surely, possibly), as sentences.

    Args:
        inputs: completed, by name.
    """
    surely, possibly = [], []
    for flag in flags:
        answers = inputs[flag.name].choices
        if answers == ("yes",):
            surely.append(f"out of scope, {flag.name}: {flag.help}")
        elif "yes" in answers:
            possibly.append(f"out of scope if it applies, {flag.name}: {flag.help}")
    return tuple(surely), tuple(possibly)
