"""One step of an examination: what was looked at, how it ended, what was found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a step ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Step:
    """One line for people; holds no secret. `mend` is empty where there is nothing to do."""

    name: str
    outcome: Outcome
    detail: str
    mend: str = ""
