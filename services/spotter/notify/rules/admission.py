"""Whether a message goes out now or is held back. A possible fall always goes out, whatever the settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Protocol

from spotter.core.contracts import AlertKind, Severity
from spotter.notify.rules.bucket import Bucket
from spotter.notify.rules.quiet import Window


class Verdict(StrEnum):
    """What becomes of a message; all but PASS hold it back."""

    PASS = ""
    QUIET_HOURS = "quiet hours"
    RATE_LIMIT = "rate limit"


class Buckets(Protocol):
    """Where the token buckets of one channel are kept, by severity."""

    def load(self, severity: str) -> tuple[float, int] | None:
        """Tokens and the moment (UTC ns) at which there were as many; None for a new bucket."""

    def save(self, severity: str, tokens: float, at: int) -> None:
        """Keep a bucket."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`messages` within `per_s` seconds."""

    messages: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours of some severities."""

    window: Window
    severities: Sequence[Severity]


@dataclass(frozen=True, slots=True)
class Admission:
    """The limits of one channel."""

    limits: Mapping[Severity, Limit] = field(default_factory=dict)
    quiet: Sequence[Quiet] = ()
    zone: tzinfo = UTC

    def judge(self, kind: AlertKind | None, severity: Severity, at: int, buckets: Buckets) -> Verdict:
        """The verdict for one message at `at` (UTC ns); a message that passes under a limit costs a token.

        Args:
            kind: kind of the alert; None for a summary of what was held back.
        """
        if kind is AlertKind.POSSIBLE_FALL:
            return Verdict.PASS
        if any(severity in quiet.severities and quiet.window.holds(at, self.zone) for quiet in self.quiet):
            return Verdict.QUIET_HOURS
        limit = self.limits.get(severity)
        if limit is None:
            return Verdict.PASS
        kept = buckets.load(severity)
        bucket = Bucket(float(limit.messages), at) if kept is None else Bucket(*kept)
        passes, bucket = bucket.take(at, limit.messages, limit.per_s)
        buckets.save(severity, bucket.tokens, bucket.at)
        return Verdict.PASS if passes else Verdict.RATE_LIMIT
