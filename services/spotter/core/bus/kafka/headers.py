"""What travels in the headers of a Kafka record beside the message: schema version, content type, trace, and control.

Dead letters carry the headers of the message that they were, and why and where it was refused.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from spotter.core.contracts import SCHEMA_VERSION
from spotter.core.errors import WireError
from spotter.core.wire.envelope import check_version

T = TypeVar("T")

Headers = list[tuple[str, bytes]]

SCHEMA = "spotter-schema"
"""Schema version of the message, decimal. The message has it too; here it can be read without its contract."""

CONTENT_TYPE = "content-type"
PROTOBUF = b"application/x-protobuf"
TRACE = "traceparent"
"""W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header."""

CONTROL = "spotter-control"
END = b"end"
"""Value of the control header that ends its partition (finite runs only)."""

ERROR, REASON = "spotter-error", "spotter-reason"
SOURCE_TOPIC, SOURCE_PARTITION, SOURCE_OFFSET = "spotter-topic", "spotter-partition", "spotter-offset"
SOURCE_TIMESTAMP = "spotter-timestamp"
_DEAD = {ERROR, REASON, SOURCE_TOPIC, SOURCE_PARTITION, SOURCE_OFFSET, SOURCE_TIMESTAMP}

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True)
class Source:
    """Where a dead letter was read: its topic in Kafka, partition, offset, and the record's time in ms."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


def headers_of(message: Any) -> Headers:
    """The headers that `message` travels with."""
    headers = [(SCHEMA, b"%d" % SCHEMA_VERSION), (CONTENT_TYPE, PROTOBUF)]
    if trace := getattr(message, "trace", ""):
        headers.append((TRACE, str(trace).encode("ascii", "ignore")))
    return headers


def end_headers() -> Headers:
    """The headers of the record that ends a partition."""
    return [(SCHEMA, b"%d" % SCHEMA_VERSION), (CONTROL, END)]


def ends(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Whether a record with these headers ends its partition."""
    return any(name == CONTROL and value == END for name, value in headers)


def check_schema(name: str, headers: Iterable[tuple[str, bytes]]) -> None:
    """Refuse a message whose header names a schema version that this program does not read. No header: it is asked
    of the message itself.

    Raises:
        WireError: names the version, and those that can be read.
    """
    for key, value in headers:
        if key == SCHEMA:
            if not value.isdigit():
                raise WireError(f"{name} message has schema version {value[:20]!r}, which is no number")
            check_version(name, int(value))


def with_trace(message: T, headers: Iterable[tuple[str, bytes]]) -> T:
    """`message` with the trace of its headers, if it has a place for one and the header is well formed."""
    for name, value in headers:
        if name == TRACE and hasattr(message, "trace"):
            trace = value.decode("ascii", "replace")
            if _TRACEPARENT.fullmatch(trace):
                return dataclasses.replace(message, trace=trace)  # type: ignore[type-var]
    return message


def dead_letter_headers(original: Iterable[tuple[str, bytes]], source: Source, reason: str, error: str) -> Headers:
    """Headers of a dead letter.

    Args:
        reason: one word for metrics: undecodable, schema, too_large, encode.
        error: one line for people.
    """
    kept = [(name, value) for name, value in original if name not in _DEAD]
    return [
        *kept,
        (REASON, reason.encode()),
        (ERROR, error[:1000].encode()),
        (SOURCE_TOPIC, source.topic.encode()),
        (SOURCE_PARTITION, b"%d" % source.partition),
        (SOURCE_OFFSET, b"%d" % source.offset),
        (SOURCE_TIMESTAMP, b"%d" % source.timestamp_ms),
    ]


def without_dead_letter(headers: Iterable[tuple[str, bytes]]) -> Headers:
    """The headers that the message had before it became a dead letter."""
    return [(name, value) for name, value in headers if name not in _DEAD]
