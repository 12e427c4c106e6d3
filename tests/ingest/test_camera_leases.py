"""Cameras shared by leases: real processes, a real Redis, and everything that can happen to either."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from spotter.core.errors import ConfigError, StateError
from spotter.core.settings import CameraSettings, StateSettings
from spotter.core.state.leases import RedisLeases
from spotter.core.telemetry import Metrics
from spotter.ingest.leases import LeaseSharing

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from proxy import TcpProxy
from redis_server import RedisServer

LEASE_S = 2.0
CAMERAS = tuple(f"cam-{number}" for number in range(4))


class Member:
    """A process of `lease_member.py` and the frames that it has published so far."""

    def __init__(self, redis: RedisServer, source: Path, redis_away: str = "read", count: int = 4) -> None:
        script = Path(__file__).with_name("lease_member.py")
        command = [sys.executable, str(script), redis.url, str(LEASE_S), redis_away, str(count), str(source)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.frames: list[dict] = []
        self.log: list[str] = []
        self._threads = [threading.Thread(target=target) for target in (self._take, self._take_log)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Member:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for thread in self._threads:
            thread.join(10)
        self._process.communicate()

    def send(self, number: int) -> float:
        """A signal; the time at which it was sent."""
        self._process.send_signal(number)
        return time.time()

    def end(self) -> int:
        self.send(signal.SIGTERM)
        return self._process.wait(10)

    def cameras(self, since: float) -> set[str]:
        """Whose frames were published since then."""
        return {frame["camera"] for frame in [*self.frames] if frame["at"] >= since}

    def _take(self) -> None:
        for line in self._process.stdout:
            self.frames.append(json.loads(line))

    def _take_log(self) -> None:
        self.log.extend(self._process.stderr)


@pytest.fixture(scope="module")
def server():
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis(server):
    """Redis, empty and awake."""
    RedisLeases(StateSettings(url=server.url), "any", 10)._client.flushall()
    return server


@pytest.fixture
def source(pictures) -> Path:
    return pictures(2)


def until(condition, timeout: float = 40.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def shares(*members: Member, seconds: float = 0.6) -> list[set[str]]:
    """What each has published in the last moments."""
    since = time.time() - seconds
    return [member.cameras(since) for member in members]


def apart(*sets: set[str]) -> bool:
    return sum(map(len, sets)) == len(set().union(*sets))


def all_read(*members: Member) -> bool:
    return set().union(*shares(*members)) == set(CAMERAS)


def even(*members: Member) -> bool:
    found = shares(*members)
    return all_read(*members) and apart(*found) and max(map(len, found)) - min(map(len, found)) <= 1


def epochs_now(*members: Member) -> dict[str, int]:
    """The newest epoch of each camera."""
    frames = itertools.chain(*(member.frames for member in members))
    return {frame["camera"]: frame["epoch"] for frame in sorted(frames, key=lambda frame: frame["epoch"])}


def worst_overlap(*members: Member) -> float:
    """Longest time, seconds, between a frame of a newer epoch and a later one of an older epoch, of any camera."""
    by_camera = defaultdict(list)
    for frame in itertools.chain(*(member.frames for member in members)):
        by_camera[frame["camera"]].append((frame["at"], frame["epoch"]))
    worst = 0.0
    for frames in by_camera.values():
        begun: dict[int, float] = {}
        for at, epoch in sorted(frames):
            begun.setdefault(epoch, at)
            worst = max(worst, *(at - since for newer, since in begun.items() if newer > epoch), 0.0)
    return worst


def test_shares_even_out_when_one_comes_and_move_when_one_is_killed_or_ends(redis, source):
    with Member(redis, source) as first, Member(redis, source) as ending:
        until(lambda: even(first, ending))
        ended = time.time()
        assert ending.end() == 0
        until(lambda: all_read(first))
        # Handed over, not waited for; and nobody was told that the cameras are gone.
        assert taken_up(first, ended) - ended < LEASE_S
        assert [line for line in ending.log if "camera_ended" in line] == []
        with Member(redis, source) as second:
            until(lambda: even(first, second))
            killed = second.send(signal.SIGKILL)
            until(lambda: all_read(first))
        # Until its lease ended nobody could know, and at most a heartbeat later somebody did.
        assert 0.4 * LEASE_S < taken_up(first, killed) - killed < 1.5 * LEASE_S + 1.0
        assert worst_overlap(first, ending, second) < 0.2


def taken_up(member: Member, since: float) -> float:
    """When the member began to read what had become free since then: the last of its cameras."""
    return max(frame["at"] for frame in [*member.frames] if frame["at"] > since and frame["sequence"] == 0)


def test_one_that_was_frozen_for_longer_than_its_lease_publishes_nothing_when_it_wakes(redis, source):
    with Member(redis, source) as frozen, Member(redis, source) as other:
        until(lambda: even(frozen, other))
        frozen.send(signal.SIGSTOP)
        until(lambda: all_read(other))
        time.sleep(0.5)
        woken = frozen.send(signal.SIGCONT)
        until(lambda: even(frozen, other))
        assert worst_overlap(frozen, other) < 0.2
        # What it had in hand when it was stopped is all that it may publish; its share comes with newer epochs.
        old = {frame["epoch"] for frame in frozen.frames if frame["at"] < woken}
        assert [frame for frame in frozen.frames if frame["at"] > woken + 0.05 and frame["epoch"] in old] == []


def test_without_redis_each_goes_on_with_what_it_has(redis, source):
    with Member(redis, source) as first, Member(redis, source) as second:
        until(lambda: even(first, second))
        before, epochs = shares(first, second), epochs_now(first, second)
        redis.freeze()
        time.sleep(2 * LEASE_S)
        assert shares(first, second) == before
        redis.thaw()
        redis.kill()
        redis.start()
        time.sleep(LEASE_S)
        # Redis has forgotten all; everybody takes up what was theirs, in the same epoch.
        assert shares(first, second) == before
        assert epochs_now(first, second) == epochs
        assert worst_overlap(first, second) < 0.2


@pytest.mark.parametrize("redis_away", ["stop", "read"])
def test_one_that_alone_cannot_reach_redis_is_taken_over(redis, source, redis_away):
    with (
        TcpProxy(redis.port) as line,
        Member(SimpleNamespace(url=f"redis://127.0.0.1:{line.port}/0"), source, redis_away) as cut_off,
        Member(redis, source) as other,
    ):
        until(lambda: even(cut_off, other))
        line.silence()
        silenced = time.time()
        until(lambda: len(shares(other)[0]) == 4)
        if redis_away == "stop":
            until(lambda: not cut_off.cameras(time.time() - 0.5))
            last = max(frame["at"] for frame in cut_off.frames)
            assert 0.3 * LEASE_S < last - silenced < LEASE_S + 0.2
        else:  # It cannot know; what it publishes is of the older epoch.
            time.sleep(1.0)
            assert len(shares(cut_off)[0]) == 2
        line.heal()
        until(lambda: even(cut_off, other))
        assert (worst_overlap(cut_off, other) < 0.2) is (redis_away == "stop")


@pytest.mark.parametrize(("cameras", "members"), [(16, 1), (16, 3), (7, 3), (8, 3), (4, 3), (1, 2), (5, 5), (3, 5)])
def test_shares_are_even_whoever_comes_first_and_nothing_moves_without_need(redis, cameras, members):
    names = [f"c{number}" for number in range(cameras)]
    held = [{} for _ in range(members)]
    clients = [RedisLeases(StateSettings(url=redis.url), "plant", 30) for _ in range(members)]

    def turn(number: int) -> bool:
        answer = clients[number].beat(names, held[number])
        moved = answer.epochs != held[number]
        held[number] = dict(answer.epochs)
        if answer.leaving:
            clients[number].release(answer.leaving)
        return moved or bool(answer.leaving)

    turn(0)
    assert len(held[0]) == cameras
    quiet, rounds = 0, 0
    while quiet < 2:  # In the first round the members hear of each other.
        moved = sum(turn(number) for number in range(members))
        quiet, rounds = 0 if moved else quiet + 1, rounds + 1
        assert rounds < 9
    sizes = [len(one) for one in held]
    assert sum(sizes) == cameras
    assert max(sizes) - min(sizes) <= 1
    assert apart(*map(set, held))
    # One departs: the others have all, and keep what they had.
    before = [set(one) for one in held]
    if members > 1:
        clients[0].release(held[0], depart=True)
        for number in [*range(1, members)] * 2:
            turn(number)
        assert sum(len(one) for one in held[1:]) == cameras
        assert all(old <= set(new) for old, new in zip(before[1:], held[1:], strict=True))
    for client in clients:
        client.close()


def test_epochs_grow_with_each_change_of_hands_even_when_a_clock_is_behind(redis, monkeypatch):
    one, other = (RedisLeases(StateSettings(url=redis.url), "plant", 30) for _ in range(2))
    first = one.beat(["a"], {}).epochs["a"]
    one.release(["a"], depart=True)
    monkeypatch.setattr("spotter.core.clock.now", lambda: first - 3_600_000_000_000)
    second = other.beat(["a"], {}).epochs["a"]
    assert second == first + 1000
    # The former owner learns it, and cannot let go what is not its own.
    assert one.beat(["a"], {"a": first}).epochs == {}
    assert one.release(["a"]) == 0
    one.close()
    other.close()


def test_redis_that_is_not_there_is_told_and_nothing_is_read(tmp_path):
    metrics = Metrics()
    leases = RedisLeases(StateSettings(url="redis://:Hunter2@127.0.0.1:1/0"), "plant", 2)
    with pytest.raises(StateError, match="refused"):
        leases.beat(["a"], {})
    sharing = LeaseSharing(leases, 2, "read", metrics)
    camera = CameraSettings(id="a", source="x.mp4")
    assert sharing.permits([camera]) == {}
    until(lambda: "refused" in sharing.status())
    assert "Hunter2" not in sharing.status()
    assert sharing.permits([camera]) == {}
    assert not sharing.others
    sharing.close()
    assert metrics.registry.get_sample_value("spotter_ingest_lease_failures_total") >= 1


def test_leases_need_redis(monkeypatch):
    from spotter.cli.service import Shell
    from spotter.cli.service_ingest import _sharing
    from spotter.core.cleaning import Cleaner
    from spotter.core.settings import load_settings

    shell = Shell("ingest", load_settings(None, {"ingest": {"sharing": "lease"}}), Cleaner())
    with pytest.raises(ConfigError, match=r"lease needs state\.kind: redis"):
        _sharing(shell)
