"""Who a new track on or near the ground was before: the hand-over from a lost id to a new one. Pure, deterministic.

Someone who falls changes out of all likeness, and often goes unseen at that moment; the tracker then begins a new id
for whoever lies there. That id takes over what was known: size and floor, the descent that had begun, an open alert. So
a fall stays a fall, and one event has one alert.

People who stand up again are not handed over: a helper beside someone who lies unseen must not close the alert.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spotter.core.clock import from_seconds
from spotter.core.parameters import FallParameters

_GONE = from_seconds(0.3)
"""An id is not lost for a frame or two in which the pose model saw nobody [D]."""

_TOGETHER = from_seconds(0.5)
"""Two ids seen together for longer than this are two people; for less, one was seen twice [D]."""

_LARGEST = 1.5
"""A body that reaches over more statures of the lost person than this is someone nearer to the camera [D]."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A track that is not in this frame.

    Attributes:
        seen_at: event time of its last sighting.
        place: the middle of its hips then, px.
        size: its stature in the image, px.
        busy: it was on the ground; it waits for as long as the rule does.
    """

    track_id: str
    seen_at: int
    place: tuple[float, float]
    size: float
    busy: bool


@dataclass(frozen=True, slots=True)
class Come:
    """A track in this frame that was never seen upright: first sighting, middle of its hips, longer side of its box."""

    track_id: str
    first_seen: int
    place: tuple[float, float]
    extent: float


def heirs(at: int, lost: Sequence[Lost], come: Sequence[Come], parameters: FallParameters) -> list[tuple[str, str]]:
    """(lost id, id that takes over) at event time `at`, nearest pairs first; each id is in one pair at most."""
    found: list[tuple[float, str, str]] = []
    for old in lost:
        for new in come:
            apart = _apart(at, old, new, parameters)
            if apart is not None:
                found.append((apart, old.track_id, new.track_id))
    pairs: list[tuple[str, str]] = []
    taken: set[str] = set()
    for _, before, after in sorted(found):
        if before not in taken and after not in taken:
            pairs.append((before, after))
            taken |= {before, after}
    return pairs


def _apart(at: int, old: Lost, new: Come, p: FallParameters) -> float | None:
    """Distance in statures, or None when they cannot be one person."""
    if at - old.seen_at < _GONE or old.seen_at - new.first_seen > _TOGETHER:
        return None
    if not old.busy and new.first_seen - old.seen_at > from_seconds(p.handover_s):
        return None
    if new.extent > _LARGEST * old.size:
        return None
    apart = math.dist(old.place, new.place) / old.size
    return apart if apart <= p.handover_reach else None
