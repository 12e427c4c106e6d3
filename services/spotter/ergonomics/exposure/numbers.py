"""Names of what an exposure bucket counts, and what each of them is. Everything here may be added.

Person-seconds, unless a text says otherwise. For each of the `EDGES`, `_proven` is the time in which even the lowest
possible angle reaches the edge, `_possible` the time in which the highest does, and `_mass` the time weighted with the
probability of it, as the methods take it (METHODS 6.3.6; `methods.chances.share_below`). Time in which the angle is not
observable is in none of the three but in `<part>_unobservable`.
"""

from __future__ import annotations

from dataclasses import dataclass

SEEN = "seen"
"""Person-seconds of everybody there, judged or not: the rates stand on it."""


WATCHED = "watched"
"""Seconds that the camera watched, whether anybody was there or not: frames at most 2 s apart cover the time between
them. The same at each of its stations."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A posture that begins at an angle.

    Attributes:
        name: as in the names of numbers.
        part: of the body, as in `<part>_unobservable`.
        degrees: the edge; at or above it the posture is taken.
        words: for people.
    """

    name: str
    part: str
    degrees: float
    words: str


EDGES = (
    Edge("trunk_over_20", "trunk", 20.0, "trunk inclined by 20 degrees or more"),
    Edge("trunk_over_60", "trunk", 60.0, "trunk inclined by 60 degrees or more"),
    Edge("trunk_side_over_10", "trunk_side", 10.0, "trunk bent sideways by 10 degrees or more"),
    Edge("arms_over_20", "arms", 20.0, "an upper arm raised by 20 degrees or more"),
    Edge("arms_over_60", "arms", 60.0, "an upper arm raised by 60 degrees or more"),
    Edge("neck_over_20", "neck", 20.0, "neck bent forward by 20 degrees or more against the trunk"),
)
"""Edges of EN 1005-4 and ISO 11226 (METHODS 5.1, 5.2); of the neck, REBA's and RULA's (METHODS 2.1, 3.1). Arms are
upper arms against gravity, the higher of the two."""

PARTS = tuple(dict.fromkeys(edge.part for edge in EDGES))

STATIC_S = 4.0
"""A posture that is held for longer than this is static (EN 1005-4, METHODS 5.1)."""

HYSTERESIS_DEG = 5.0
"""A posture that was taken ends only when the angle is this far below its edge (METHODS 6.4)."""

ACTION = {"reba": (4, 8), "owas": (2, 3, 4)}
"""Lowest scores of the action levels that are counted: REBA 4 (necessary) and 8 (necessary soon), METHODS 2.2; OWAS
categories 2 to 4, METHODS 4."""


def _texts() -> dict[str, str]:
    texts = {WATCHED: "watched by the camera (seconds, not person-seconds)", SEEN: "everybody there, judged or not"}
    for edge in EDGES:
        texts |= {
            f"{edge.name}_proven": f"{edge.words}: proven",
            f"{edge.name}_possible": f"{edge.words}: not ruled out where it is observable",
            f"{edge.name}_mass": f"{edge.words}: by probability",
        }
    texts |= {f"{part}_unobservable": f"{part.replace('_', ' ')} not observable" for part in PARTS}
    texts["trunk_ok"] = "trunk flexion known to 10 degrees (status ok)"
    for edge in EDGES:
        held = f"held for longer than {STATIC_S:g} s"
        texts |= {
            f"{edge.name}_static_proven": f"{edge.words}, {held}: proven",
            f"{edge.name}_static_possible": f"{edge.words}, {held}: not ruled out",
            f"{edge.name}_entries": f"{edge.words}: how often it was taken up, proven (a count)",
        }
    for method, scores in ACTION.items():
        for score in scores:
            texts[f"{method}_{score}_proven"] = (
                f"{method.upper()} from posture alone is at least {score}, whatever load, grip and the unseen are"
            )
    texts |= {
        "lifts": "lift-like movements (a count, in the minute in which they end)",
        "lifts_up": "of those, upwards (a count)",
        "lifts_out_of_scope": "of those, to which the lifting equation does not apply (a count)",
        "lift_time": "from the grasp to the placing of those",
    }
    return texts


NUMBERS = _texts()
"""What each number is, for people, by name, in the order of the vector that a minute keeps."""

COUNTS = frozenset(
    {"lifts", "lifts_up", "lifts_out_of_scope", *(f"{edge.name}_entries" for edge in EDGES)}
)  # fmt: skip
"""Those that are no person-seconds."""
