"""Inputs of many postures at once: the array form of `api.Given`. Pure.

An input that is the same for all of them (entered for a station) has one row; the others have N.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.values import NOT_OBSERVABLE, Angles
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance
from spotter.ergonomics.methods.chances import Bands, Bools, Chances, Floats
from spotter.ergonomics.methods.inputs import choices_of


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """(N,) numbers as intervals, see `Given`; `value` is nan where there is none.

    Attributes:
        unknown: nothing is known: `low` to `high` is all that the number can be.
        reason: why it is unknown or bounded.
    """

    low: Floats
    high: Floats
    value: Floats
    unknown: Bools
    reason: npt.NDArray[np.object_]
    provenance: Provenance = Provenance.OBSERVED

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def of_angles(cls, angles: Angles, low: float, high: float) -> Numbers:
        """Angles within the range that a method accepts."""
        unknown = angles.status >= NOT_OBSERVABLE
        return cls(
            np.where(unknown, low, np.clip(angles.low, low, high)),
            np.where(unknown, high, np.clip(angles.high, low, high)),
            np.where(unknown, np.nan, np.clip(angles.value, low, high)),
            unknown,
            angles.reason,
        )

    def chances(self, bands: Bands) -> Chances:
        return bands.chances(self.low, self.high, self.value, self.unknown)

    def row(self, index: int) -> Given:
        """One of them as a `Given`."""
        reason = str(self.reason[index])
        if self.unknown[index]:
            return Given.unknown(reason)
        value = float(self.value[index])
        return Given(
            float(self.low[index]),
            float(self.high[index]),
            value=None if np.isnan(value) else value,
            provenance=self.provenance,
            reason=reason,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Choices of N postures: `chances` over `names`."""

    names: tuple[str, ...]
    chances: Chances
    reason: npt.NDArray[np.object_]
    provenance: Provenance = Provenance.OBSERVED

    def __len__(self) -> int:
        return len(self.chances)

    @classmethod
    def flag(cls, yes: Chances, reason: npt.NDArray[np.object_]) -> Choices:
        """Yes or no; states of `yes`: 0 no, 1 yes."""
        flipped = Chances(yes.reach[:, ::-1], yes.chance[:, ::-1])
        return cls(("yes", "no"), flipped, reason, Provenance.DERIVED)

    def row(self, index: int) -> Given:
        """One of them as a `Given`."""
        reach = self.chances.reach[index]
        return Given(
            choices=tuple(name for name, possible in zip(self.names, reach, strict=True) if possible),
            weights=tuple(self.chances.chance[index][reach].tolist()),
            provenance=self.provenance,
            reason=str(self.reason[index]),
        )


Known = Numbers | Choices


def row_of(known: Mapping[str, Known], index: int) -> dict[str, Given]:
    """Inputs of one posture."""
    return {name: each.row(index if len(each) > 1 else 0) for name, each in known.items()}


def known_of(ask: Asked, given: Given) -> Known:
    """A completed input as arrays of one row."""
    reason = np.array([given.reason], np.object_)
    if ask.kind is Kind.NUMBER:
        value = np.nan if given.value is None else given.value
        unknown = np.array([given.provenance is Provenance.UNKNOWN])
        ends = np.array([given.low]), np.array([given.high]), np.array([value])
        return Numbers(*ends, unknown, reason, given.provenance)
    names = choices_of(ask)
    weights = dict(zip(given.choices, given.weights or (1.0,) * len(given.choices), strict=True))
    chances = Chances.weighted([name in weights for name in names], [weights.get(name, 0.0) for name in names])
    return Choices(names, chances, reason, given.provenance)
