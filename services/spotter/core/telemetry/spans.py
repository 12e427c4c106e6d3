"""The spans of one frame's way, without any tracing library: W3C `traceparent`, names, parents, ids and times.

A frame's trace is named by its `traceparent` (W3C Trace Context, level 1: version 00), which ingest makes and the bus
carries in a header. Its parent-id is the id of the first span; the ids of all later spans are derived from the trace id
and the span's name. So each service can send its spans on its own, and a span that is sent twice is one span.

capture (camera to bus) ─▶ pose ─▶ ergonomics ─▶ store ─▶ notify (one for each channel and update)
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from spotter.core.contracts import Alert

CAPTURE, POSE, ERGONOMICS, STORE, NOTIFY = "capture", "pose", "ergonomics", "store", "notify"
_PARENTS = {POSE: CAPTURE, ERGONOMICS: POSE, STORE: ERGONOMICS, NOTIFY: STORE}

TRACEPARENT = "traceparent"
"""Name under which `Alert.versions` keeps the trace of the frame that raised the alert, where tracing is on."""

_FORM = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class TraceId:
    """A parsed `traceparent`: 16 and 8 bytes as integers, and whether the frame was sampled."""

    trace: int
    first_span: int
    sampled: bool


@dataclass(frozen=True, slots=True)
class Span:
    """One finished step. Times are UTC ns on the wall clock; `parent` is None for the first span of a trace."""

    name: str
    trace: int
    id: int
    parent: int | None
    start: int
    end: int
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def new_traceparent(*, sampled: bool) -> str:
    """A `traceparent` for one more frame: random ids (all zero, which is not allowed, does not come up)."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-{'01' if sampled else '00'}"


def parse_traceparent(text: str) -> TraceId | None:
    """What a `traceparent` says, or None when it is empty or not one (a foreign header must not stop anything)."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    return TraceId(int(match[1], 16), int(match[2], 16), bool(int(match[3], 16) & 1))


def make_span(
    name: str,
    trace: TraceId,
    start: int,
    end: int,
    attributes: Mapping[str, str | int | float | bool] | None = None,
    *,
    part: str = "",
) -> Span:
    """A span of the chain above.

    Args:
        part: tells apart several spans of one name (the channel and update of a notification).
    """
    parent = _PARENTS.get(name)
    return Span(
        name=name,
        trace=trace.trace,
        id=_span_id(trace, name, part),
        parent=None if parent is None else _span_id(trace, parent),
        start=start,
        end=max(start, end),
        attributes=dict(attributes or {}),
    )


def alert_chain(alert: Alert, stored: int) -> list[Span]:
    """The whole way of the frame that raised `alert`, from the times in its ledger; empty where it has no trace.

    A step whose time the ledger does not hold is left out, and its followers keep their parent: a gap that shows.

    Args:
        stored: when the alert was written, UTC ns.
    """
    trace = parse_traceparent(alert.versions.get(TRACEPARENT, ""))
    if trace is None:
        return []
    ledger = alert.ledger
    steps = (
        (CAPTURE, ledger.captured, ledger.published),
        (POSE, ledger.published, ledger.posed),
        (ERGONOMICS, ledger.posed, ledger.ruled),
        (STORE, ledger.ruled, stored),
    )
    attributes = {
        "spotter.alert": str(alert.id),
        "spotter.camera": alert.camera_id,
        "spotter.kind": alert.kind.value,
        "spotter.from_ledger": True,
    }
    return [
        make_span(name, trace, start, end, attributes)
        for name, start, end in steps
        if start is not None and end is not None
    ]


def _span_id(trace: TraceId, name: str, part: str = "") -> int:
    if name == CAPTURE:
        return trace.first_span
    text = f"{trace.trace:032x}\x1f{trace.first_span:016x}\x1f{name}\x1f{part}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1
