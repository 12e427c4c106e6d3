"""Which alerts appear, vanish or change between two replays of the same recordings. Pure and deterministic.

Two alerts are the same situation when they are of the same recording and camera and their times overlap, or nearly so
(`NEAR_S`). Pairs of one kind are made first, the nearest starts before others; what is left is paired across kinds (a
possible fall that becomes a person down); what is left then has appeared or vanished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from spotter.core.clock import from_seconds, to_seconds
from spotter.evaluation.replay import AlertRun, CameraReplay, Replay

NEAR_S = 2.0
"""Alerts whose times are at most this far apart may be one situation; as when the ergonomics service adopts one [D]."""

_NEAR = from_seconds(NEAR_S)


class Change(StrEnum):
    """What became of an alert."""

    SAME = "same"
    CHANGED = "changed"
    APPEARED = "appeared"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Difference:
    """One situation under both settings.

    Attributes:
        base, until: event times of 0 s and of the end of its camera's recording.
        before, after: the alert under the baseline and under the candidate; None: there was none.
        details: what differs, in words; empty when nothing does.
    """

    recording: str
    camera_id: str
    footage: bool
    base: int
    until: int
    before: AlertRun | None
    after: AlertRun | None
    details: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.APPEARED
        if self.after is None:
            return Change.VANISHED
        return Change.CHANGED if self.details else Change.SAME

    @property
    def started_at(self) -> int:
        """Event time at which the situation began under either."""
        return min(run.alert.started_at for run in (self.before, self.after) if run is not None)


def compare(before: Replay, after: Replay) -> list[Difference]:
    """All situations of one recording, by camera, then by time."""
    found: list[Difference] = []
    for name, camera in before.cameras.items():
        other = after.cameras[name]
        found += sorted(_differences(before.name, camera, other), key=lambda one: (one.started_at, one.change.value))
    return found


def _differences(recording: str, before: CameraReplay, after: CameraReplay) -> Iterator[Difference]:
    where = (recording, before.camera_id, bool(before.record.footage), before.base, before.last_at)
    left, right = before.alerts(), after.alerts()
    pairs = [*_pairs(left, right, before.last_at, same_kind=True)]
    left, right = _without(left, (a for a, _ in pairs)), _without(right, (b for _, b in pairs))
    pairs += _pairs(left, right, before.last_at, same_kind=False)
    for a, b in pairs:
        yield Difference(*where, a, b, tuple(_details(a, b)))
    for a in _without(left, (a for a, _ in pairs)):
        yield Difference(*where, a, None)
    for b in _without(right, (b for _, b in pairs)):
        yield Difference(*where, None, b)


def _pairs(
    left: Sequence[AlertRun], right: Sequence[AlertRun], until: int, *, same_kind: bool
) -> list[tuple[AlertRun, AlertRun]]:
    """One-to-one: nearest starts first, ties in the order of the alerts."""
    near = [
        (abs(a.alert.started_at - b.alert.started_at), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if (a.alert.kind is b.alert.kind) == same_kind and _meet(a, b, until)
    ]
    used_left: set[int] = set()
    used_right: set[int] = set()
    pairs = []
    for _, i, j in sorted(near):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            pairs.append((left[i], right[j]))
    return pairs


def _meet(a: AlertRun, b: AlertRun, until: int) -> bool:
    return a.alert.started_at <= _end(b, until) + _NEAR and b.alert.started_at <= _end(a, until) + _NEAR


def _end(run: AlertRun, until: int) -> int:
    return run.alert.ended_at if run.alert.ended_at is not None else until


def _without(runs: Sequence[AlertRun], taken: Iterable[AlertRun]) -> list[AlertRun]:
    ids = {run.alert.id for run in taken}
    return [run for run in runs if run.alert.id not in ids]


def _details(a: AlertRun, b: AlertRun) -> Iterator[str]:
    if a.alert.kind is not b.alert.kind:
        yield f"{_words(a.alert.kind.value)} became {_words(b.alert.kind.value)}"
    if a.alert.severity is not b.alert.severity:
        yield f"{a.alert.severity.value} became {b.alert.severity.value}"
    if later := b.alert.raised_at - a.alert.raised_at:
        yield f"raised {_shift(later)}"
    if later := b.alert.started_at - a.alert.started_at:
        yield f"starts {_shift(later)}"
    if a.closed_by != b.closed_by:
        yield f"closed as {_words(b.closed_by)}, not {_words(a.closed_by)}"
    elif a.alert.ended_at is not None and b.alert.ended_at is not None and a.alert.ended_at != b.alert.ended_at:
        yield f"closed {_shift(b.alert.ended_at - a.alert.ended_at)}"
    if more := len(b.updates) - len(a.updates):
        yield f"told {abs(more)} {'times' if abs(more) > 1 else 'time'} {'more' if more > 0 else 'less'}"


def _shift(nanoseconds: int) -> str:
    return f"{abs(to_seconds(nanoseconds)):.2f} s {'later' if nanoseconds > 0 else 'earlier'}"


def _words(name: str) -> str:
    return name.replace("_", " ")
