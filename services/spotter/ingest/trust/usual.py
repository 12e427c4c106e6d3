"""What a camera usually shows: its texture, sharpness, rate, and where its edges lie. Learned from good pictures. Pure.

The edges are an average over minutes, in which people who come and go leave hardly a trace; they are kept as bytes of
a small map of slopes, from which no picture can be made again that anybody could be known by.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ConfigError
from spotter.ingest.trust.look import Look, agreement

SETTLED = 15
"""Looks from which on what is learned counts; half a minute at one look in two seconds [D]."""

_SHARE = 0.02
"""Weight of a new look once settled: a minute and a half of memory, so that daylight may come and go [D]."""


class Usual:
    """Running means over good looks.

    Attributes:
        looks: how many have been learned from.
        texture, sharpness, fps: means; 0 until settled.
    """

    def __init__(self) -> None:
        self.looks = 0
        self._texture = self._sharpness = self._fps = 0.0
        self._slopes: npt.NDArray[np.float32] | None = None

    @property
    def settled(self) -> bool:
        return self.looks >= SETTLED

    @property
    def texture(self) -> float:
        return self._texture if self.settled else 0.0

    @property
    def sharpness(self) -> float:
        return self._sharpness if self.settled else 0.0

    @property
    def fps(self) -> float:
        return self._fps if self.settled else 0.0

    def learn(self, seen: Look, fps: float | None) -> None:
        """Take in one good look."""
        self.looks += 1
        share = max(_SHARE, 1.0 / self.looks)
        self._texture += share * (seen.texture - self._texture)
        if np.isfinite(seen.sharpness):
            self._sharpness = (
                seen.sharpness
                if not self._sharpness
                else (self._sharpness + share * (seen.sharpness - self._sharpness))
            )
        if fps is not None:
            self._fps = fps if not self._fps else self._fps + share * (fps - self._fps)
        if self._slopes is None or self._slopes.shape != seen.slopes.shape:
            self._slopes = seen.slopes.copy()  # Another size of picture is another view.
        else:
            self._slopes += np.float32(share) * (seen.slopes - self._slopes)

    def agreement(self, seen: Look) -> float | None:
        """How far a look agrees with the usual view; None while that is not settled, or has no edges."""
        if not self.settled or self._slopes is None or self._slopes.shape != seen.slopes.shape:
            return None
        found = agreement(self._slopes, seen.slopes)
        return None if np.isnan(found) else found

    def state(self) -> dict[str, Any]:
        """Everything, JSON-ready; about 40 kB."""
        slopes = self._slopes
        return {
            "looks": self.looks,
            "texture": self._texture,
            "sharpness": self._sharpness,
            "fps": self._fps,
            "shape": [] if slopes is None else list(slopes.shape),
            "slopes": "" if slopes is None else base64.b64encode(_bytes(slopes)).decode("ascii"),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """What `state` was taken from.

        Raises:
            ConfigError: it is not the state of a view.
        """
        usual = cls()
        try:
            usual.looks = int(state["looks"])
            usual._texture, usual._sharpness, usual._fps = (
                float(state[name]) for name in ("texture", "sharpness", "fps")
            )
            if state["slopes"]:
                flat = np.frombuffer(base64.b64decode(state["slopes"], validate=True), np.int8)
                usual._slopes = (flat.reshape(state["shape"]) / np.float32(127)).astype(np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"a stored view cannot be read: {error}", mend="Delete it: it is learned anew") from None
        return usual


def _bytes(slopes: npt.NDArray[np.float32]) -> bytes:
    return np.clip(np.rint(slopes * 127), -127, 127).astype(np.int8).tobytes()
