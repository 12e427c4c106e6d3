"""Sustained exposure at a station: a bent trunk that takes up much of the time that people spend there. Pure.

Counted are person-seconds whose trunk inclination is proven by the low end of its interval, over all person-seconds at
the station. So what could not be seen speaks against an alert, never for it, and nobody is followed: two people who
take turns count as one place of work. Judged at the end of each `STEP_S`, over the last `window_s`, with hysteresis.
Deterministic: the same seconds in the same order give the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.contracts import Evidence
from spotter.core.parameters import SustainedParameters

RULE_VERSION = "sustained/1"

STEP_S = 15.0
"""Seconds are counted in steps of this length: the least time between two judgements [D]."""

EDGES_DEG = {"deep": 60.0, "bent": 20.0}
"""Postures by the least proven trunk inclination (EN 1005-4, ISO 11226), the worse first."""

_STEP = from_seconds(STEP_S)


@dataclass(frozen=True, slots=True)
class StationSeconds:
    """Person-seconds at one station.

    Attributes:
        bent, deep: with the trunk proven to be inclined by at least 20 and by at least 60 degrees; bent holds deep.
        all: of everybody there, whether they could be judged or not.
    """

    bent: float
    deep: float
    all: float


@dataclass(frozen=True, slots=True)
class SustainedEvent:
    """The exposure has become sustained, or (not `begins`) has eased.

    Attributes:
        station: zone; empty for the whole view of a camera without stations.
        posture: "bent" or "deep".
        started_at: event time from which on its seconds were counted, UTC ns.
        at: event time of the judgement, UTC ns.
        evidence: shares and seconds with their thresholds.
    """

    station: str
    posture: str
    begins: bool
    started_at: int
    at: int
    evidence: Mapping[str, Evidence]


class SustainedPostures:
    """The newest seconds of the stations of one camera, and which of them are told of."""

    def __init__(self, parameters: SustainedParameters) -> None:
        self._p = parameters
        self._shares = {"deep": parameters.deep_share, "bent": parameters.bent_share}
        self._step: int | None = None
        self._steps: dict[str, dict[int, StationSeconds]] = {}
        self._told: dict[tuple[str, str], int] = {}

    def update(self, at: int, seconds: Mapping[str, StationSeconds]) -> list[SustainedEvent]:
        """Count what the frame at event time `at` (UTC ns) adds; times must not fall."""
        step = at - at % _STEP
        events: list[SustainedEvent] = []
        if self._step is not None and step > self._step:
            events = self._judge(self._step + _STEP)
            self._forget(step)
        self._step = step
        for station, added in seconds.items():
            steps = self._steps.setdefault(station, {})
            known = steps.get(step)
            steps[step] = added if known is None else _sum((known, added))
        return events

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        steps = [
            [station, [[step, *astuple(seconds)] for step, seconds in steps.items()]]
            for station, steps in self._steps.items()
        ]
        return [self._step, steps, [[*key, started_at] for key, started_at in self._told.items()]]

    @classmethod
    def restore(cls, parameters: SustainedParameters, state: Sequence[Any]) -> Self:
        """The object that `state` was taken from."""
        postures = cls(parameters)
        postures._step, steps, told = state
        postures._steps = {
            station: {step: StationSeconds(*seconds) for step, *seconds in known} for station, known in steps
        }
        postures._told = {(station, posture): started_at for station, posture, started_at in told}
        return postures

    def _judge(self, at: int) -> list[SustainedEvent]:
        if not self._p.enabled:
            return []
        events: list[SustainedEvent] = []
        for station in sorted({*self._steps, *(station for station, _ in self._told)}):
            since = at - from_seconds(self._p.window_s)
            steps = {step: value for step, value in self._steps.get(station, {}).items() if step >= since}
            total = _sum(steps.values())
            for posture, edge in EDGES_DEG.items():
                proven, threshold = getattr(total, posture), self._shares[posture]
                share = proven / total.all if total.all else 0.0
                told = self._told.get((station, posture))
                if told is None and proven >= self._p.least_s and share >= threshold:
                    started_at = min(step for step, value in steps.items() if getattr(value, posture))
                    self._told[station, posture] = started_at
                elif told is not None and (share <= self._p.ease_factor * threshold or not proven):
                    started_at = self._told.pop((station, posture))
                else:
                    continue
                sign = ">=" if told is None else "<="
                least = threshold if told is None else self._p.ease_factor * threshold
                evidence = {
                    "trunk_inclination_low": Evidence(edge, edge, "deg"),
                    "share_of_person_time": Evidence(round(share, 3), round(least, 3), "", sign),
                    "seconds_proven": Evidence(
                        round(proven, 1), self._p.least_s, "s", ">=" if proven >= self._p.least_s else "<"
                    ),
                }
                events.append(SustainedEvent(station, posture, told is None, started_at, at, evidence))
        return events

    def _forget(self, step: int) -> None:
        since = step - from_seconds(self._p.window_s)
        kept = {
            station: {at: seconds for at, seconds in steps.items() if at >= since}
            for station, steps in self._steps.items()
        }
        self._steps = {station: steps for station, steps in kept.items() if steps}


def _sum(seconds: Iterable[StationSeconds]) -> StationSeconds:
    rows = list(seconds)
    return StationSeconds(sum(row.bent for row in rows), sum(row.deep for row in rows), sum(row.all for row in rows))
