"""How much of a stretch of time a camera was watched, and where the rest went, from the records of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from spotter.core.coverage.account import NOT_HEARD, WATCHED, Span

NOT_RECORDED = "not_recorded"
"""No account of that time: Spotter did not run, or had no database."""

IGNORED = "ignored"
"""The zone is one where nobody is judged."""

_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whole milliseconds; `watched_ms` and the gaps add up to `total_ms` exactly.

    Attributes:
        gaps: ms by reason, longest first: a state of the camera (`connecting`, `stalled`, `backing_off`, `disabled`,
            `failed`, `ended`), a problem of its pictures (`dark`, `moved`, ...), `earning_trust`, `not_assessed`,
            `not_heard`, `not_recorded`; of a zone also `ignored`.
    """

    total_ms: int
    watched_ms: int
    gaps: Mapping[str, int]

    @property
    def share(self) -> float:
        """Share that was watched, 0 to 1; 1 of no time."""
        return self.watched_ms / self.total_ms if self.total_ms else 1.0


class Accounted(Protocol):
    """A minute of an account: `account.Minute`, or a record of the store."""

    @property
    def start(self) -> int: ...

    @property
    def spans(self) -> tuple[Span, ...]: ...


def summary(records: Iterable[Accounted], since: int, until: int) -> Coverage:
    """What became of `since` <= t < `until` (UTC ns, counted in whole ms) of one camera.

    Where processes overlap, each moment counts once: as watched if any of them watched it, else with the reason of one
    that had heard of the camera.

    Args:
        records: of one camera; those of the minute that holds `since`, too (see `Store.coverage`), in any order.
    """
    first, last = since // _MS, max(since // _MS, until // _MS)
    edges: list[tuple[int, int, str]] = []
    for record in records:
        start = record.start // _MS
        for begin, end, what in record.spans:
            begin, end = max(start + begin, first), min(start + end, last)
            if begin < end:
                edges += [(begin, 1, what), (end, -1, what)]
    edges.sort()
    found: dict[str, int] = {}
    active: dict[str, int] = {}
    at = first
    for moment, change, what in [*edges, (last, 0, "")]:
        if moment > at:
            name = _told(active)
            found[name] = found.get(name, 0) + moment - at
            at = moment
        if change:
            active[what] = active.get(what, 0) + change
    watched = found.pop(WATCHED, 0)
    gaps = dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
    return Coverage(last - first, watched, gaps)


def together(parts: Iterable[Coverage]) -> Coverage:
    """The coverage of several stretches of time that do not overlap."""
    total = watched = 0
    gaps: dict[str, int] = {}
    for part in parts:
        total += part.total_ms
        watched += part.watched_ms
        for name, ms in part.gaps.items():
            gaps[name] = gaps.get(name, 0) + ms
    return Coverage(total, watched, dict(sorted(gaps.items(), key=lambda item: (-item[1], item[0]))))


def of_zone(coverage: Coverage, use: str) -> Coverage:
    """The coverage of a zone of the camera: the camera's own, and none where nobody is judged.

    Args:
        use: `ZoneParameters.use`.
    """
    return Coverage(coverage.total_ms, 0, {IGNORED: coverage.total_ms}) if use == "ignore" else coverage


def _told(active: Mapping[str, int]) -> str:
    names = sorted(name for name, count in active.items() if count > 0)
    if WATCHED in names:
        return WATCHED
    return next((name for name in names if name != NOT_HEARD), names[0] if names else NOT_RECORDED)
