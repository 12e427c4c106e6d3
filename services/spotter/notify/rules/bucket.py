"""A token bucket: bursts up to its size pass, the long-run rate is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from spotter.core.clock import to_seconds


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` at the moment `at` (UTC ns)."""

    tokens: float
    at: int

    def take(self, now: int, messages: int, per_s: float) -> tuple[bool, Bucket]:
        """Whether one message passes at `now`, and the bucket after it.

        Args:
            now: UTC ns. A clock that went back refills nothing and takes nothing away.
            messages: size of the bucket, refilled evenly within `per_s` seconds.
        """
        elapsed_s = max(0.0, to_seconds(now - self.at))
        tokens = min(float(messages), self.tokens + elapsed_s * messages / per_s)
        passes = tokens >= 1.0
        return passes, Bucket(tokens - 1.0 if passes else tokens, now)
