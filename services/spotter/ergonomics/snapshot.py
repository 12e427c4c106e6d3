"""Snapshots of a camera's stream as bytes: msgpack of plain values, compressed, with versions and parameters in front.

A snapshot of another version of the rules or of other parameters is refused: replaying from it would give what neither
the old nor the new rules say. No code comes out of the bytes (no pickle); whatever does not fit is a `SnapshotError`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any, Literal

import msgpack

from spotter.core.errors import StateError
from spotter.core.parameters import Parameters, RuleParameters, ViewParameters
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ergonomics.events.fall import RULE_VERSION
from spotter.ergonomics.stream import CameraStream, Recall

SNAPSHOT_VERSION = 4
"""Goes up with each change of what a `state()` holds."""

_MOST_BYTES = 64 * 1024 * 1024
"""No snapshot unpacks to more than this."""

Reason = Literal["damaged", "other_version", "other_parameters"]


class SnapshotError(StateError):
    """A snapshot that cannot be used here. `reason` is for the metric."""

    def __init__(self, camera_id: str, reason: Reason, detail: str) -> None:
        super().__init__(
            f"snapshot of camera '{camera_id}' {detail}", mend="The camera is rebuilt from its last minutes instead"
        )
        self.reason = reason


class StreamFactory:
    """Makes the stream of one camera, new or from a snapshot, with the camera's own parameters."""

    def __init__(self, site: str, camera_id: str, view: ViewParameters, rules: RuleParameters) -> None:
        self._camera_id = camera_id
        self._parts = (site, camera_id, view, rules)
        self._parameters = _digest(view, rules)

    def new(self, recall: Recall | None = None, *, late: bool = False) -> CameraStream:
        """A stream without a past; see `CameraStream`."""
        return CameraStream(self._assessor, recall, late=late)

    def encode(self, stream: CameraStream) -> bytes:
        """The whole of `stream`; minutes of ended epochs must have been written down before."""
        state = zlib.compress(msgpack.packb(stream.state()), level=1)
        return bytes(msgpack.packb([SNAPSHOT_VERSION, RULE_VERSION, self._parameters, state]))

    def decode(self, data: bytes) -> CameraStream:
        """The stream that `encode` was given.

        Raises:
            SnapshotError: damaged, or of another version or other parameters.
        """
        try:
            version, rule, parameters, packed = msgpack.unpackb(data)
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from None
        if version != SNAPSHOT_VERSION or rule != RULE_VERSION:
            detail = f"is of version {version} and rule '{rule}', not {SNAPSHOT_VERSION} and '{RULE_VERSION}'"
            raise SnapshotError(self._camera_id, "other_version", detail)
        if parameters != self._parameters:
            raise SnapshotError(self._camera_id, "other_parameters", "was made with other parameters")
        try:
            state = msgpack.unpackb(_inflate(packed))
            return CameraStream.restore(self._assessor, self._restore, state)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, zlib.error) as error:
            raise self._damaged(error) from None

    def _assessor(self, late: int) -> CameraAssessor:
        return CameraAssessor(*self._parts, late=late)

    def _restore(self, state: Mapping[str, Any]) -> CameraAssessor:
        return CameraAssessor.restore(*self._parts, state)

    def _damaged(self, error: Exception) -> SnapshotError:
        return SnapshotError(self._camera_id, "damaged", f"is damaged ({type(error).__name__})")


def _inflate(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(data, _MOST_BYTES)
    if not unpacker.eof:
        raise ValueError("cut short or too large")
    return plain


def _digest(*parameters: Parameters) -> str:
    text = json.dumps([one.model_dump(mode="json") for one in parameters], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
