"""The methods on what was seen: once by the camera alone, once with what was entered beside it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotter.core.contracts import Status
from spotter.core.store import PostureRecord
from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import STATUSES, Angles
from spotter.ergonomics.methods.api import Given, Method, Result
from spotter.ergonomics.methods.known import row_of
from spotter.ergonomics.methods.registry import methods
from spotter.report.entered import Entered

POSTURE_METHODS = ("reba", "rula", "owas", "iso11226")
"""Those that judge one posture, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One method, on one posture or one kind of work.

    Attributes:
        method: that was asked.
        about: what it was asked about, in words.
        alone: what the camera alone says; None where that is no answer at all.
        full: with what was entered; None where nothing that it asks for was.
    """

    method: Method
    about: str
    alone: Result | None
    full: Result | None

    @property
    def best(self) -> Result:
        """The one that knows more."""
        found = self.full or self.alone
        assert found is not None
        return found

    def interval(self, result: Result) -> tuple[float, float] | None:
        """The figure that both answers have: with a load known, that is the limit, not the index."""
        name = self.alone.name if self.alone is not None else result.name
        if result.name == name:
            return (result.low, result.high) if math.isfinite(result.low) else None
        return result.details.get(name)


def judge_posture(posture: PostureRecord, entered: Entered, about: str) -> list[Judged]:
    """Every posture method on one posture."""
    body = body_of([posture])
    known = methods()
    return [
        judge(known[name], row_of(_seen(known[name], body), 0), entered, about)
        for name in POSTURE_METHODS
        if name in known
    ]


def judge(method: Method, seen: Mapping[str, Given], entered: Entered, about: str) -> Judged:
    """One method on what was seen, without and with what was entered."""
    given = entered.given(method)
    alone = method.assess(dict(seen))
    return Judged(method, about, alone, method.assess({**seen, **given}) if given else None)


def posture_scores(postures: Sequence[PostureRecord]) -> list[dict[str, tuple[float, float]]]:
    """Of each posture, (lowest, highest) by method: what the posture alone gives, at the best case of load, grip, wrist
    and rhythm for REBA, and with an unknown load for OWAS."""
    if not postures:
        return []
    body, known = body_of(postures), methods()
    rows: list[dict[str, tuple[float, float]]] = [{} for _ in postures]
    for name, detail in (("reba", "posture_only_reba"), ("owas", "")):
        if name in known:
            method: Any = known[name]
            scores = method.assess_many(method.from_angles(body))
            low, high = scores.details[detail] if detail else (scores.low, scores.high)
            for row, (a, b) in zip(rows, zip(low, high, strict=True), strict=True):
                row[name] = (float(a), float(b))
    return rows


def body_of(postures: Sequence[PostureRecord]) -> BodyAngles:
    """The angles of stored postures; one that was not stored is not observable."""
    return BodyAngles(**{name: _angles([posture.angles.get(name) for posture in postures]) for name in NAMES})


def unknowns(result: Result, count: int = 4) -> tuple[tuple[str, float], ...]:
    """The inputs that widen a result most, widest first; two sides under one name, see `inputs.sides_of`."""
    return result.widening[:count]


def _seen(method: Method, body: BodyAngles) -> Any:
    reader: Any = method
    return reader.from_angles(body)


def _angles(rows: Sequence[tuple[float | None, float, float, str, str] | None]) -> Angles:
    filled = [row or (None, -180.0, 180.0, Status.NOT_OBSERVABLE.value, "not recorded") for row in rows]
    names = [status.value for status in STATUSES]
    return Angles(
        np.array([np.nan if row[0] is None else row[0] for row in filled], np.float64),
        np.array([row[1] for row in filled], np.float64),
        np.array([row[2] for row in filled], np.float64),
        np.array([names.index(row[3]) for row in filled], np.uint8),
        np.array([row[4] for row in filled], np.object_),
    )
