"""What all wire messages share: the schema version, and one kind of error whatever the bytes are.

Each message carries its version in field 1. Readers accept this version and the one before; 0 is what protobuf reads
when the field is absent, so it is never a version.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from spotter.core.contracts import SCHEMA_VERSION
from spotter.core.errors import WireError

M = TypeVar("M", bound=Message)


def readable_versions(current: int) -> tuple[int, ...]:
    """The versions that a reader at version `current` accepts, oldest first."""
    return tuple(version for version in (current - 1, current) if version > 0)


def check_version(name: str, version: int, current: int = SCHEMA_VERSION) -> None:
    """Refuse a message of another schema version.

    Raises:
        WireError: names the version found and the versions that can be read.
    """
    readable = readable_versions(current)
    if version not in readable:
        raise WireError(
            f"{name} message has schema version {version}; this Spotter reads {' and '.join(map(str, readable))}",
            mend="Run the same release of Spotter everywhere, or update the reader first",
        )


def parse(message: M, name: str, data: bytes) -> M:
    """Fill `message` from bytes and check its version.

    Args:
        message: an empty protobuf message with a `schema_version`.
        name: of the contract, for error messages.

    Raises:
        WireError: not such a message, or of another version.
    """
    try:
        message.ParseFromString(data)
    except (DecodeError, TypeError, ValueError) as error:
        raise WireError(f"{name} message of {len(data)} bytes cannot be parsed: {error}") from None
    check_version(name, message.schema_version)  # type: ignore[attr-defined]
    return message


@contextmanager
def as_wire_errors(doing: str, name: str) -> Iterator[None]:
    """Turn what wrong values raise into a `WireError`: "cannot `doing` `name`: why"."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise WireError(f"cannot {doing} {name}: {error}") from None
