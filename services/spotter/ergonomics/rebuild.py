"""What a rebuild may tell, and how far back it has to begin. Pure.

A rebuild replays the last minutes of a part whose state was lost. Everything before the committed offset was judged
before, by a service that knew more of the past: an alert that only the rebuild sees there is held back. It is told only
if it is still open when the rebuild has caught up, since then nobody else would ever tell it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from spotter.core.clock import from_seconds
from spotter.core.contracts import Alert
from spotter.ergonomics.alerts import AlertStep, KnownAlert

_WARM_UP = from_seconds(30.0)
"""Replayed before an alert began, so that its people are followed and their sizes known [D]."""


class Rebuild:
    """One part on its way back to the present.

    Args:
        until: offset up to which the group had committed.
        since: wall time at which the part came to this worker; skeletons that were made later are new whatever their
            offset is (a topic that was made anew counts from 0 again).

    Attributes:
        withheld: alerts that were held back and not told.
    """

    def __init__(self, until: int, since: int) -> None:
        self.withheld = 0
        self._until = until
        self._since = since
        self._new = False
        self._known: set[uuid.UUID] = set()
        self._held: dict[uuid.UUID, list[AlertStep]] = {}

    def meet(self, known: Iterable[KnownAlert]) -> None:
        """Alerts that the store knows may be told again: that changes nothing."""
        self._known.update(one.alert.id for one in known)

    def pass_by(self, posed_at: int) -> None:
        """A message that was made at this wall time, UTC ns, has been taken in."""
        self._new = self._new or posed_at >= self._since

    def caught_up(self, position: int) -> bool:
        """True once everything below `position` of the part was taken in and that is all of the history."""
        return self._new or position >= self._until

    def sift(self, steps: Iterable[AlertStep]) -> list[AlertStep]:
        """The steps that may go on at once; the others wait for `finish`."""
        free: list[AlertStep] = []
        for step in steps:
            if step.alert.id in self._known:
                free.append(step)
            elif step.update.kind.closes:
                self.withheld += self._held.pop(step.alert.id, None) is not None
            else:
                self._held.setdefault(step.alert.id, []).append(step)
        return free

    def finish(self) -> list[AlertStep]:
        """The present is reached: what was held back and is still open."""
        return [step for steps in self._held.values() for step in steps]


def reach(alerts: Iterable[Alert], base: int, rebuild_s: float, rebuild_max_s: float) -> int:
    """Wall time at which a rebuild begins, UTC ns: `rebuild_s` before `base`, and before every alert open there.

    Args:
        alerts: of the cameras of the part.
        base: wall time of the newest committed message, or now.
        rebuild_max_s: it never begins longer than this before `base`.
    """
    since = base - from_seconds(rebuild_s)
    earliest = base - from_seconds(rebuild_max_s)
    for alert in sorted(alerts, key=_end, reverse=True):
        # Newest end first: an alert that was open at the beginning moves it back, which may meet the next one.
        if _end(alert) >= since:
            since = min(since, _wall(alert, alert.started_at) - _WARM_UP)
    return max(since, earliest)


def _wall(alert: Alert, at: int) -> int:
    """An event time of an alert on the wall clock; event time runs apart from it for recordings.

    The frame that raised the alert ties the two clocks together: it was captured before it was published and stored.
    """
    known = (alert.ledger.captured, alert.ledger.published, alert.ledger.stored)
    return min(moment for moment in known if moment is not None) - (alert.raised_at - at)


def _end(alert: Alert) -> float:
    return float("inf") if alert.ended_at is None else _wall(alert, alert.ended_at)
