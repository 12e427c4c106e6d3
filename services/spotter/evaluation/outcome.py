"""Replays held against labels: what was found, missed and cried about, for the whole and by stratum. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotter.core.contracts import AlertKind
from spotter.evaluation.event_metrics import EventScore, Matching, pair
from spotter.evaluation.labels import Impact, LabelledItem
from spotter.evaluation.replay import AlertRun, CameraReplay

KINDS = (AlertKind.POSSIBLE_FALL, AlertKind.PERSON_DOWN)
"""Alerts that answer a fall. Every alert of these kinds that answers none is false."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled camera with its alerts, matched one to one."""

    item: LabelledItem
    camera: CameraReplay
    alerts: tuple[AlertRun, ...]
    matching: Matching

    @property
    def score(self) -> EventScore:
        """Counts and latencies."""
        found = self.matching
        waits = tuple(self.raised_s(self.alerts[a]) - self.item.impacts[t].at_s for t, a in found.pairs)
        return EventScore(len(found.pairs), len(found.missed), len(found.false), waits, len(found.duplicates))

    @property
    def missed(self) -> list[Impact]:
        """Falls without an alert."""
        return [self.item.impacts[index] for index in self.matching.missed]

    @property
    def false(self) -> list[AlertRun]:
        """Alerts without a fall, duplicates among them."""
        return [self.alerts[index] for index in self.matching.false]

    @property
    def duplicates(self) -> list[AlertRun]:
        """Further alerts of falls that had one already."""
        return [self.alerts[index] for index in self.matching.duplicates]

    def raised_s(self, run: AlertRun) -> float:
        """When an alert was raised, in the seconds of the labels."""
        return self.camera.seconds(run.alert.raised_at)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Results of a part of the material.

    Attributes:
        seconds: camera time; None for strata of falls, to which false alarms and time cannot be given.
    """

    name: str
    score: EventScore
    seconds: float | None
    cameras: int


def judge(item: LabelledItem, camera: CameraReplay) -> Judged:
    """Match the alerts of a camera to its labelled falls."""
    every = (run for one in camera.alerts() if one.alert.kind in KINDS for run in one.told())
    alerts = tuple(sorted(every, key=lambda run: run.alert.raised_at))
    raised = [camera.seconds(run.alert.raised_at) for run in alerts]
    return Judged(item, camera, alerts, pair([impact.at_s for impact in item.impacts], raised))


def total(judged: Iterable[Judged]) -> Stratum:
    """Everything together."""
    return _sum("all", list(judged))


def strata(judged: Sequence[Judged]) -> list[Stratum]:
    """By each stratum of the items, then by each of the falls, in the order of their names."""
    items: dict[tuple[str, str], list[Judged]] = {}
    falls: dict[tuple[str, str], EventScore] = {}
    cameras: dict[tuple[str, str], set[int]] = {}
    for number, one in enumerate(judged):
        for key in one.item.strata.items():
            items.setdefault(key, []).append(one)
        for key, score in _falls(one):
            falls[key] = falls.get(key, EventScore()) + score
            cameras.setdefault(key, set()).add(number)
    found = [_sum(_name(key), members) for key, members in sorted(items.items())]
    return found + [Stratum(_name(key), score, None, len(cameras[key])) for key, score in sorted(falls.items())]


def usable_share(judged: Iterable[Judged]) -> float | None:
    """Share of person-time in which the trunk could be judged at all; None when nobody was seen (METHODS 8.3)."""
    seconds = sum(one.camera.person_s for one in judged)
    return sum(one.camera.usable_s for one in judged) / seconds if seconds else None


def _falls(one: Judged) -> Iterable[tuple[tuple[str, str], EventScore]]:
    """(stratum, score) of each fall that has strata of its own."""
    waits = {
        truth: one.raised_s(one.alerts[alert]) - one.item.impacts[truth].at_s for truth, alert in one.matching.pairs
    }
    for number, impact in enumerate(one.item.impacts):
        found = number in waits
        score = EventScore(int(found), int(not found), 0, (waits[number],) if found else ())
        yield from ((key, score) for key in impact.strata.items())


def _sum(name: str, members: Sequence[Judged]) -> Stratum:
    score = sum((one.score for one in members), EventScore())
    return Stratum(name, score, sum(one.camera.watched_s for one in members), len(members))


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]}: {key[1]}"


def counts(reasons: Iterable[str]) -> Mapping[str, int]:
    """How often each, the most frequent first."""
    found: dict[str, int] = {}
    for reason in reasons:
        found[reason] = found.get(reason, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
