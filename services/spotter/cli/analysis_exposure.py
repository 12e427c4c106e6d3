"""Exposure and lifts of an analysis: as JSON values and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from spotter.core.clock import to_seconds
from spotter.core.contracts import Measure, Status
from spotter.ergonomics.exposure.minutes import ExposureMinutes
from spotter.ergonomics.exposure.numbers import EDGES, PARTS
from spotter.ergonomics.exposure.shifts import Period
from spotter.ergonomics.exposure.station import StationExposure, aggregate
from spotter.ergonomics.history import bucket_of
from spotter.ergonomics.stream import StationMinute
from spotter.ergonomics.work import StationLift

_ALL_TIME = Period("", date.min, 0, 2**62)


def stations(camera_id: str, minutes: ExposureMinutes) -> list[StationExposure]:
    """Exposure of the whole view and of each station, over all that was analysed."""
    every = (StationMinute(0, *key, minute) for key, minute in minutes.every().items())
    return aggregate([bucket_of("", camera_id, one) for one in every], [_ALL_TIME])


def exposure_values(found: Sequence[StationExposure]) -> list[dict[str, Any]]:
    """JSON-ready: for each station its numbers and what they say."""
    return [
        {
            "station": one.station,
            "watched_s": round(one.watched_s, 3),
            "person_s": round(one.person_s, 3),
            "coverage": None if one.person_s <= 0 else round(one.coverage, 4),
            "shares": {edge.name: _share(one.share(edge.name)) for edge in EDGES},
            "static_shares": {edge.name: _share(one.static(edge.name)) for edge in EDGES},
            "observable": {part: None if one.person_s <= 0 else round(one.observable(part), 4) for part in PARTS},
            "unscored_s": {reason: round(seconds, 3) for reason, seconds in one.unscored.items()},
            "en1005": {verdict.edge.name: [verdict.low, verdict.high] for verdict in one.verdicts},
            "numbers": {name: round(value, 6) for name, value in one.numbers.items()},
        }
        for one in found
    ]


def lift_values(one: StationLift, base: int = 0) -> dict[str, Any]:
    """One lift, its times as seconds from event time `base`."""
    lift, numbers = one.lift, one.lift.numbers()
    moments = {"reached_s": lift.started_at, "origin_s": lift.origin_at, "destination_s": lift.destination_at}
    kept = {name: value for name, value in numbers.items() if not name.endswith("_at")}
    times = {name: round(to_seconds(at - base), 6) for name, at in (moments | {"ended_s": lift.ended_at}).items()}
    return {"id": str(one.id), "station": one.station, **times, **kept}


_SHORT = {"trunk_over_60": "trunk over 60", "arms_over_60": "arms over 60", "neck_over_20": "neck over 20"}


def exposure_lines(found: Sequence[StationExposure]) -> list[str]:
    """A line for each station: shares of the person-time that could be judged, from proven to not ruled out."""
    return [
        f"{one.station or 'Whole view'}: "
        + ", ".join(f"{words} {_words(one.share(edge))}" for edge, words in _SHORT.items())
        + f", trunk held over 20 {_words(one.static('trunk_over_20'))}, lift-like movements "
        + f"{one.numbers.get('lifts', 0.0):.0f}"
        for one in found
    ]


def _share(share: Measure) -> list[float] | None:
    return None if share.status is Status.NOT_OBSERVABLE else [round(share.low, 4), round(share.high, 4)]


def _words(share: Measure) -> str:
    if share.status is Status.NOT_OBSERVABLE:
        return "not seen"
    low, high = _percent(share.low), _percent(share.high)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
