"""Chance that gives the same numbers for the same seed with every version of numpy. Pure.

Only the raw bits of PCG64 and the mixing of `SeedSequence` are used, both of which numpy promises not to change; the
distributions of its `Generator` are not promised, so uniform and normal numbers are made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Choice = TypeVar("Choice")


class Chance:
    """A stream of chance that is named by whole numbers, each at least 0."""

    def __init__(self, *name: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(list(name)))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * float(self.uniforms(1)[0])

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        return mean + deviation * float(self.normals(1)[0])

    def pick(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self.uniform() * len(choices))]

    def uniforms(self, *shape: int) -> Floats:
        """In [0, 1), with 53 bits."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        return (np.asarray(raw, np.uint64) >> np.uint64(11)).astype(np.float64).reshape(shape) * 2.0**-53

    def normals(self, *shape: int) -> Floats:
        """Standard normal, by Box and Muller 1958."""
        radius, turn = self.uniforms(2, int(np.prod(shape)))
        return np.asarray(np.sqrt(-2.0 * np.log1p(-radius)) * np.cos(2.0 * np.pi * turn)).reshape(shape)
