"""Snapshots in memory and in Redis and Valkey: one set of promises; then what only a server can do wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from redis_server import RedisServer, ValkeyServer

from spotter.core.errors import StateError
from spotter.core.settings import StateSettings
from spotter.core.state import MemorySnapshots, Snapshot, Snapshots, SnapshotsTakenError
from spotter.core.state.redis_snapshots import RedisSnapshots

Open = Callable[..., RedisSnapshots]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture(scope="module")
def valkey() -> Iterator[RedisServer]:
    with ValkeyServer() as started:
        yield started


@pytest.fixture
def opened(server: RedisServer) -> Iterator[Open]:
    """Opens members on the empty server (or another one) and closes them at the end."""
    redis.Redis.from_url(server.url).flushall()
    members: list[RedisSnapshots] = []

    def open_member(url: str = server.url, **given: Any) -> RedisSnapshots:
        members.append(RedisSnapshots(StateSettings(kind="redis", url=SecretStr(url), **given), "site"))
        return members[-1]

    yield open_member
    for member in members:
        member.close()


@pytest.fixture(params=["memory", "redis", "valkey"])
def snapshots(request: pytest.FixtureRequest, opened: Open) -> Snapshots:
    if request.param == "memory":
        return MemorySnapshots()
    if request.param == "redis":
        return opened()
    url = request.getfixturevalue("valkey").url
    redis.Redis.from_url(url).flushall()
    return opened(url)


def one(camera: str, offset: int = 10, state: bytes = b"state", part: int = 3) -> Snapshot:
    return Snapshot(camera, part, offset, 1_000, 2_000, state)


def by_camera(snapshots: Snapshots, part: int = 3) -> dict[str, Snapshot]:
    return {snapshot.camera_id: snapshot for snapshot in snapshots.load(part)[1]}


def test_nothing_at_first(snapshots: Snapshots) -> None:
    offset, found = snapshots.load(3)
    assert offset is None
    assert not found


def test_what_was_saved_is_loaded(snapshots: Snapshots) -> None:
    snapshots.load(3)
    saved = [one("a", state=bytes(range(256))), one("b", state=b"")]
    snapshots.save(3, 10, saved)
    offset, found = snapshots.load(3)
    assert offset == 10
    assert sorted(found, key=lambda snapshot: snapshot.camera_id) == saved


def test_a_save_replaces_its_cameras_and_keeps_the_others(snapshots: Snapshots) -> None:
    snapshots.load(3)
    snapshots.save(3, 10, [one("a"), one("b")])
    snapshots.save(3, 25, [one("b", 25, b"newer")])
    assert snapshots.load(3)[0] == 25
    assert by_camera(snapshots) == {"a": one("a"), "b": one("b", 25, b"newer")}


def test_a_save_without_cameras_moves_the_offset(snapshots: Snapshots) -> None:
    snapshots.load(3)
    snapshots.save(3, 10, [one("a")])
    snapshots.save(3, 50, [])
    assert snapshots.load(3)[0] == 50
    assert set(by_camera(snapshots)) == {"a"}


def test_parts_are_apart(snapshots: Snapshots) -> None:
    for part in (3, 4):
        snapshots.load(part)
    snapshots.save(3, 10, [one("a")])
    snapshots.save(4, 99, [one("b", part=4)])
    assert set(by_camera(snapshots, 3)) == {"a"}
    snapshots.forget(3)
    assert snapshots.load(3)[0] is None
    assert set(by_camera(snapshots, 4)) == {"b"}


def test_after_forgetting_it_begins_anew(snapshots: Snapshots) -> None:
    snapshots.load(3)
    snapshots.save(3, 10, [one("a")])
    snapshots.forget(3)
    snapshots.save(3, 5, [one("b", 5)])
    assert snapshots.load(3)[0] == 5
    assert set(by_camera(snapshots)) == {"b"}


SAVES = st.lists(
    st.tuples(st.integers(0, 2**40), st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=64))), max_size=8
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(saves=SAVES)
def test_any_saves_leave_the_newest_of_each_camera(
    snapshots: Snapshots, saves: list[tuple[int, dict[str, bytes]]]
) -> None:
    snapshots.load(3)
    snapshots.forget(3)
    newest: dict[str, bytes] = {}
    for offset, states in saves:
        snapshots.save(3, offset, [one(camera, offset, state) for camera, state in states.items()])
        newest |= states
    offset, found = snapshots.load(3)
    assert offset == (saves[-1][0] if saves else None)
    assert {snapshot.camera_id: snapshot.state for snapshot in found} == newest


def test_the_next_member_finds_them(opened: Open) -> None:
    first, second = opened(), opened()
    first.load(3)
    first.save(3, 10, [one("a")])
    assert second.load(3) == (10, [one("a")])


def test_a_member_that_was_thought_dead_is_refused(opened: Open) -> None:
    """Else it could put an older state of one camera beside a newer offset."""
    old, new = opened(), opened()
    old.load(3)
    old.save(3, 10, [one("a"), one("b")])
    new.load(3)
    new.save(3, 20, [one("a", 20, b"new")])
    with pytest.raises(SnapshotsTakenError, match="part 3"):
        old.save(3, 30, [one("a", 30, b"old")])
    new.save(3, 40, [])
    assert new.load(3)[0] == 40
    assert by_camera(new)["a"].state == b"new"


def test_a_part_that_lost_some_cameras_is_not_complete(opened: Open, server: RedisServer) -> None:
    member = opened()
    member.load(3)
    member.save(3, 10, [one("a"), one("b")])
    client = redis.Redis.from_url(server.url)
    client.hdel("spotter:site:snapshots:3", "camera:a")
    assert opened().load(3) == (None, ())


def test_a_wiped_server_is_noticed_at_the_next_save(opened: Open, server: RedisServer) -> None:
    member = opened()
    member.load(3)
    member.save(3, 10, [one("a"), one("b")])
    redis.Redis.from_url(server.url).flushall()
    with pytest.raises(StateError, match="lost snapshots of part 3"):
        member.save(3, 20, [one("a", 20)])
    member.forget(3)
    member.save(3, 20, [one("a", 20), one("b", 20)])
    offset, found = opened().load(3)
    assert (offset, len(found)) == (20, 2)


def test_they_end_with_their_time(opened: Open, server: RedisServer) -> None:
    member = opened(snapshot_ttl_s=60)
    member.load(3)
    member.save(3, 10, [one("a")])
    left = redis.Redis.from_url(server.url).pttl("spotter:site:snapshots:3")
    assert 50_000 < left <= 60_000


@pytest.mark.parametrize("junk", [b"", b"\xc1", b"text", msgpack.packb([99, "a", 1, 1, 1, b""]), msgpack.packb([1])])
def test_what_cannot_be_read_is_one_error(opened: Open, server: RedisServer, junk: bytes) -> None:
    member = opened()
    member.load(3)
    member.save(3, 10, [one("a")])
    redis.Redis.from_url(server.url).hset("spotter:site:snapshots:3", "camera:a", junk)
    with pytest.raises(StateError, match="part 3 cannot be read"):
        opened().load(3)


def test_a_server_that_is_not_there_or_frozen_is_one_error_soon(opened: Open) -> None:
    with RedisServer(password="Hunter2") as other:
        member = opened(other.url, timeout_s=0.3)
        member.load(3)
        other.freeze()
        begun = time.monotonic()
        with pytest.raises(StateError, match="does not answer"):
            member.save(3, 1, [one("a")])
        assert time.monotonic() - begun < 5
        other.thaw()
        other.kill()
        with pytest.raises(StateError, match="connection refused") as caught:
            member.load(3)
        assert "Hunter2" not in str(caught.value)
        other.start()
        assert member.load(3) == (None, ())


def test_a_full_server_is_told(opened: Open) -> None:
    with RedisServer(arguments=("--maxmemory", "1kb", "--maxmemory-policy", "noeviction")) as full:
        member = opened(full.url)
        with pytest.raises(StateError, match=f"Redis at 127.0.0.1:{full.port} is full.*maxmemory"):
            member.load(3)
