"""How long to wait before a lost camera is tried again.

Exponential growth with jitter, so that a hundred cameras behind one switch do not all come back in the same second.
"""

from __future__ import annotations

import random

FACTOR = 2.0
"""Growth of the pause from one failure to the next [D]."""

JITTER = 0.25
"""A pause is shortened by a random share of up to this [D]; it is never longer than the stated longest one."""


class Backoff:
    """Pauses between attempts.

    Args:
        shortest_s: pause after the first failure, before jitter.
        longest_s: no pause is longer; raised to `shortest_s` where it is smaller.
        rng: source of the jitter.
    """

    def __init__(self, shortest_s: float, longest_s: float, rng: random.Random | None = None) -> None:
        self._shortest_s = shortest_s
        self._longest_s = max(shortest_s, longest_s)
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._next_s = shortest_s

    def next(self) -> float:
        """Seconds to wait now: between (1 - JITTER) and 1 times the current pause, which then grows."""
        pause = self._next_s
        self._next_s = min(pause * FACTOR, self._longest_s)
        return pause * (1.0 - JITTER * self._rng.random())

    def reset(self) -> None:
        """Start again from the shortest pause."""
        self._next_s = self._shortest_s
