"""The circuit breaker of a channel: after some failures in a row it is left alone, then tried with one message.

closed: everything passes. open: nothing passes until the time is over. half-open: one message is on trial; its success
closes the circuit, its failure opens it again. Not safe between threads; times are seconds of one monotonic clock.
"""

from __future__ import annotations

from enum import StrEnum


class Circuit(StrEnum):
    """Where the breaker stands."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Counts failures in a row.

    Args:
        failures: failures in a row that open the circuit.
        open_s: time until a trial is let through.
    """

    def __init__(self, failures: int, open_s: float) -> None:
        self._limit = failures
        self._open_s = open_s
        self._failures = 0
        self._opened = False
        self._open_until = float("-inf")
        self._on_trial = False

    def state(self, now: float) -> Circuit:
        """Where it stands at `now`."""
        if now < self._open_until:
            return Circuit.OPEN
        return Circuit.HALF_OPEN if self._opened else Circuit.CLOSED

    def wait_s(self, now: float) -> float:
        """Seconds until `acquire` may succeed; 0 when it may now."""
        return max(0.0, self._open_until - now)

    def acquire(self, now: float) -> bool:
        """Whether a message may be sent. A True must be followed by `success`, `failure` or `release`."""
        state = self.state(now)
        if state is Circuit.OPEN or (state is Circuit.HALF_OPEN and self._on_trial):
            return False
        self._on_trial = state is Circuit.HALF_OPEN
        return True

    def release(self) -> None:
        """There was nothing to send after all."""
        self._on_trial = False

    def success(self) -> None:
        """The channel answered, also when it refused the one message for good."""
        self._failures = 0
        self._opened = self._on_trial = False
        self._open_until = float("-inf")

    def failure(self, now: float, retry_after_s: float | None = None) -> None:
        """The channel failed. What it asks to wait counts for every message, and opens the circuit at once."""
        self._failures += 1
        if retry_after_s is not None and retry_after_s > 0:
            self._open(now, retry_after_s)
        elif self._on_trial or self._failures >= self._limit:
            self._open(now, self._open_s)
        self._on_trial = False

    def _open(self, now: float, wait_s: float) -> None:
        self._opened = True
        self._open_until = max(self._open_until, now + wait_s)
