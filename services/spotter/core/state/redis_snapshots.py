"""Snapshots in Redis (or Valkey): one hash a part, a field a camera, written by one atomic script.

- The field `complete` says up to which offset the part is complete and how many cameras make it up; a part that has
  lost some of them is never taken for complete.
- The field `owner` names the member that loaded the part last. A member that was thought dead, and wakes up, is
  refused: else it could put an older state of a camera beside a newer offset.
- The hash goes when it was not written for `state.snapshot_ttl_s`; a rebuild then takes its place.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgpack

from spotter.core.errors import StateError
from spotter.core.settings import StateSettings
from spotter.core.state.api import Snapshot, SnapshotsTakenError
from spotter.core.state.client import open_client, place_of, state_error

_FORM = 1
"""Version of the fields."""

_CAMERA = "camera:"

_SAVE = """
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return -1 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'complete', ARGV[2])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('HLEN', KEYS[1]) - 2
"""
"""Refused (-1) or written; then how many cameras the part has."""


class RedisSnapshots:
    """`Snapshots` in Redis; for one thread.

    Raises:
        ConfigError: the URL or a certificate file is wrong, or the driver is not installed.
    """

    def __init__(self, settings: StateSettings, site: str) -> None:
        self._client = open_client(settings, name="spotter-snapshots")
        self._place = place_of(self._client)
        self._base = f"{settings.prefix}{site}:snapshots:"
        self._ttl_ms = round(settings.snapshot_ttl_s * 1000)
        self._owner = uuid.uuid4().hex
        self._cameras: dict[int, set[str]] = {}
        self._save = self._client.register_script(_SAVE)

    def save(self, part: int, offset: int, snapshots: Sequence[Snapshot]) -> None:
        cameras = self._cameras.get(part, set()) | {snapshot.camera_id for snapshot in snapshots}
        arguments: list[Any] = [self._owner, msgpack.packb([_FORM, offset, len(cameras)]), self._ttl_ms]
        for snapshot in snapshots:
            arguments += [f"{_CAMERA}{snapshot.camera_id}", _packed(snapshot)]
        there = self._call(lambda: self._save(keys=[f"{self._base}{part}"], args=arguments))
        if there == -1:
            raise SnapshotsTakenError(f"the snapshots of part {part} belong to another member now")
        self._cameras[part] = cameras
        if there < len(cameras):
            raise StateError(f"Redis at {self._place} has lost snapshots of part {part}", mend="They are saved again")

    def load(self, part: int) -> tuple[int | None, Sequence[Snapshot]]:
        key = f"{self._base}{part}"

        def read() -> dict[bytes, bytes]:
            # Owned from here on, in the same transaction: whatever another member still sends is refused.
            pipeline = self._client.pipeline(transaction=True)
            pipeline.hset(key, "owner", self._owner)
            pipeline.pexpire(key, self._ttl_ms)
            pipeline.hgetall(key)
            found: dict[bytes, bytes] = pipeline.execute()[-1]
            return found

        fields = self._call(read)
        start = _CAMERA.encode()
        try:
            snapshots = [_unpacked(part, data) for name, data in fields.items() if name.startswith(start)]
            form, offset, count = msgpack.unpackb(fields[b"complete"]) if b"complete" in fields else (_FORM, None, 0)
        except (ValueError, TypeError) as error:
            raise StateError(f"snapshots of part {part} cannot be read: {error}") from None
        self._cameras[part] = {snapshot.camera_id for snapshot in snapshots}
        if form != _FORM or offset is None or len(snapshots) < count:
            return None, ()
        return offset, snapshots

    def forget(self, part: int) -> None:
        self._cameras.pop(part, None)

        def forget() -> None:
            key = f"{self._base}{part}"
            pipeline = self._client.pipeline(transaction=True)
            pipeline.delete(key)
            pipeline.hset(key, "owner", self._owner)
            pipeline.pexpire(key, self._ttl_ms)
            pipeline.execute()

        self._call(forget)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _call(self, work: Any) -> Any:
        import redis

        try:
            return work()
        except (redis.RedisError, OSError) as error:
            raise state_error(error, self._place) from None


def _packed(snapshot: Snapshot) -> bytes:
    fields = [_FORM, snapshot.camera_id, snapshot.offset, snapshot.epoch, snapshot.at, snapshot.state]
    return bytes(msgpack.packb(fields))


def _unpacked(part: int, data: bytes) -> Snapshot:
    form, camera_id, offset, epoch, at, state = msgpack.unpackb(data)
    if form != _FORM:
        raise ValueError(f"of form {form}")
    return Snapshot(camera_id, part, offset, epoch, at, state)
