"""Members of the ergonomics group come and go on a real broker: the store ends up as if nothing had happened.

Workers are threads where they leave in order, and real processes where they are killed.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import redis
from kafka import KafkaConsumer, TopicPartition

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import TansuBroker
from processes import Process
from redis_server import RedisServer

from spotter.core.bus import SKELETONS, MemoryBus
from spotter.core.bus.kafka import KafkaBus
from spotter.core.clock import SECOND, now
from spotter.core.contracts import PoseFrame
from spotter.core.settings import Settings, load_settings
from spotter.core.state import MemoryState
from spotter.core.state.redis_snapshots import RedisSnapshots
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.worker import AtStop, ErgonomicsWorker
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera

CAMERAS, FPS, SECONDS = 5, 6, 46
PARTS = 4
MINUTE = 60 * SECOND
Content = list[Any]


@pytest.fixture(scope="module")
def broker() -> Iterator[TansuBroker]:
    with TansuBroker() as started:
        yield started


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def skeletons(start: int) -> list[PoseFrame]:
    """All cameras in turn, each with one fall that is raised and recovers."""
    script = Script(fps=FPS, people=2, falling=1)
    cameras = [islice(virtual_camera(index, 3, script, start=start), FPS * SECONDS) for index in range(CAMERAS)]
    return [message for turn in zip(*cameras, strict=True) for message in turn]


def updates(store: Store) -> Content:
    """Every update of every alert."""
    return sorted(
        (str(record.alert.id), update.number, update.kind.value, update.at, tuple(update.evidence.items()))
        for record in store.records()
        for update in record.updates
    )


def updates_of(everything: Content) -> Content:
    """The updates in a `content`."""
    return [one for one in everything if isinstance(one, tuple)]


def content(store: Store) -> Content:
    """Every update of every alert, and every minute of exposure."""
    minutes = store.exposure(since=0, until=now() + 10**12)
    return [*updates(store), *sorted(minutes, key=lambda minute: (minute.camera_id, minute.start))]


@pytest.fixture(scope="module")
def start() -> int:
    """Event time of the first frame: 20 s before a whole minute, so that exposure falls into two."""
    return now() // MINUTE * MINUTE - MINUTE // 3


@pytest.fixture(scope="module")
def messages(start: int) -> list[PoseFrame]:
    return skeletons(start)


@pytest.fixture(scope="module")
def undisturbed(messages: list[PoseFrame], tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What one worker makes of it that nothing happens to."""
    with Store.open(tmp_path_factory.mktemp("undisturbed") / "spotter.db") as store:
        bus, stop = MemoryBus(), threading.Event()
        worker = ErgonomicsWorker(load_settings(), bus, store, MemoryState(), Metrics(), at_stop=AtStop.HAND_OVER)
        thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
        thread.start()
        for message in messages:
            bus.publish(SKELETONS, message)
        deadline = time.monotonic() + 60
        while bus.depth(SKELETONS) and time.monotonic() < deadline:
            time.sleep(0.05)
        stop.set()
        thread.join(20)
        kinds = [update[2] for update in updates(store)]
        assert sorted(kinds) == ["raised"] * CAMERAS + ["recovered"] * CAMERAS
        return content(store)


class Site:
    """One group on its own topics of the broker, its store, and whoever works in it."""

    def __init__(self, prefix: str, broker: TansuBroker, redis_server: RedisServer, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "spotter.db"
        self.store = Store.open(self.database, busy_timeout_s=0.2)
        self.environment = {
            "SPOTTER_BUS__KIND": "kafka",
            "SPOTTER_BUS__KAFKA__SERVERS": f'["{broker.servers[0]}"]',
            "SPOTTER_BUS__KAFKA__PREFIX": prefix,
            "SPOTTER_BUS__KAFKA__SKELETONS__PARTITIONS": str(PARTS),
            "SPOTTER_BUS__KAFKA__COMMIT_EVERY_S": "0.2",
            "SPOTTER_STATE__KIND": "redis",
            "SPOTTER_STATE__PREFIX": prefix,
            "SPOTTER_STATE__URL": redis_server.url,
            "SPOTTER_STORE__URL": f"sqlite:///{self.database}",
            "SPOTTER_ERGONOMICS__SNAPSHOT_S": "0.5",
            **{f"SPOTTER_BUS__KAFKA__{key.upper()}": str(value) for key, value in broker.group_timeouts.items()},
        }
        self.prefix = prefix
        self.published = 0
        self.settings = self._settings()
        self.publisher = KafkaBus(self.settings.bus.kafka, Metrics(), client_id="publisher")
        self.workers: list[Worker] = []
        self.processes: list[Process] = []

    def _settings(self) -> Settings:
        with pytest.MonkeyPatch.context() as patch:
            for key, value in self.environment.items():
                patch.setenv(key, value)
            return load_settings()

    def publish(self, messages: list[PoseFrame]) -> None:
        for message in messages:
            moment = now()
            self.publisher.publish(SKELETONS, replace(message, published_at=moment, posed_at=moment))
        self.published += len(messages)

    def committed(self) -> int:
        """Messages that the group has committed, in all."""
        parts = [TopicPartition(f"{self.prefix}skeletons", part) for part in range(PARTS)]
        consumer = KafkaConsumer(
            bootstrap_servers=list(self.settings.bus.kafka.servers), group_id=f"{self.prefix}ergonomics.skeletons"
        )
        try:
            return sum(consumer.committed(part) or 0 for part in parts)
        finally:
            consumer.close(timeout_ms=1000)

    def worker(self) -> Worker:
        self.workers.append(Worker(self))
        return self.workers[-1]

    def process(self) -> Process:
        number = len(self.processes)
        self.processes.append(Process(f"ergonomics{number}", ("serve", "ergonomics"), self.environment, self.folder))
        self.processes[-1].start()
        return self.processes[-1]

    def close(self) -> None:
        for process in self.processes:
            if process.running:
                process.kill()
        for worker in self.workers:
            worker.leave()
        self.publisher.close()
        self.store.close()


class Worker:
    """A member of the group, on a thread of this process."""

    def __init__(self, site: Site) -> None:
        self.metrics = Metrics()
        self.bus = KafkaBus(site.settings.bus.kafka, self.metrics, client_id="ergonomics")
        self.snapshots = RedisSnapshots(site.settings.state, site.settings.site)
        self._stop = threading.Event()
        worker = ErgonomicsWorker(
            site.settings, self.bus, site.store, MemoryState(), self.metrics, snapshots=self.snapshots,
            at_stop=AtStop.HAND_OVER,
        )  # fmt: skip
        self._thread = threading.Thread(target=worker.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """In order: save, commit, leave the group. Safe to call twice."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.bus.close()
        self.snapshots.close()

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def gained(self, how: str) -> float:
        return self.value("spotter_parts_gained_total", how=how)


@pytest.fixture
def site(broker: TansuBroker, redis_server: RedisServer, tmp_path: Path) -> Iterator[Site]:
    made = Site(f"{tmp_path.name}.", broker, redis_server, tmp_path)
    yield made
    made.close()


def until(condition: Callable[[], bool], what: str, seconds: float = 45.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def settles(site: Site, expected: Content) -> None:
    """The store comes to hold what is expected and nothing else, also after everybody has left in order."""
    until(lambda: len(updates(site.store)) >= len(updates_of(expected)), "updates are missing")
    until(lambda: site.committed() == site.published, "not everything is taken")
    for process in site.processes:
        if process.running:
            assert process.stop() == 0, process.tail()
    for worker in site.workers:
        worker.leave()
    assert content(site.store) == expected


def halves(messages: list[PoseFrame]) -> tuple[list[PoseFrame], list[PoseFrame]]:
    """The cut lies while everybody is down."""
    cut = len(messages) * 5 // 9
    return messages[:cut], messages[cut:]


def test_a_member_that_leaves_in_order_hands_its_state_over(
    site: Site, messages: list[PoseFrame], undisturbed: Content
) -> None:
    before, after = halves(messages)
    first = site.worker()
    site.publish(before)
    until(lambda: site.committed() > len(before) // 2, "the first one does not work")
    first.leave()
    second = site.worker()
    site.publish(after)
    settles(site, undisturbed)
    assert second.gained("restored") >= PARTS
    assert second.value("spotter_messages_rejected_total", topic="skeletons", reason="replayed") == 0


def test_a_second_member_takes_its_share_and_gives_it_back(
    site: Site, messages: list[PoseFrame], undisturbed: Content
) -> None:
    before, after = halves(messages)
    first = site.worker()
    site.publish(before)
    until(lambda: site.committed() > 0, "the first one does not work")
    second = site.worker()
    until(lambda: second.gained("restored") > 0, "the second one gets nothing")
    site.publish(after[: len(after) // 2])
    until(lambda: site.committed() > len(before), "nobody goes on")
    second.leave()
    site.publish(after[len(after) // 2 :])
    settles(site, undisturbed)
    assert first.gained("restored") > 0


def test_without_redis_a_member_rebuilds(
    site: Site, redis_server: RedisServer, messages: list[PoseFrame], undisturbed: Content
) -> None:
    before, after = halves(messages)
    first = site.worker()
    site.publish(before)
    until(lambda: site.committed() == len(before), "the first one does not work")
    first.leave()
    redis.Redis.from_url(redis_server.url).flushall()
    second = site.worker()
    site.publish(after)
    settles(site, undisturbed)
    assert second.gained("rebuilt") >= PARTS


def test_redis_that_is_gone_for_good_stops_nobody(
    broker: TansuBroker, tmp_path: Path, messages: list[PoseFrame], undisturbed: Content
) -> None:
    with RedisServer() as short_lived:
        site = Site(f"{tmp_path.name}.", broker, short_lived, tmp_path)
        try:
            before, after = halves(messages)
            first = site.worker()
            site.publish(before)
            until(lambda: site.committed() > 0, "the first one does not work")
            short_lived.kill()
            until(lambda: site.committed() == len(before), "the first one stopped with Redis")
            assert first.value("spotter_snapshot_failures_total", operation="save") > 0
            first.leave()
            second = site.worker()
            site.publish(after)
            settles(site, undisturbed)
            assert second.gained("rebuilt") >= PARTS
            assert second.value("spotter_snapshot_failures_total", operation="load") > 0
        finally:
            site.close()


def test_processes_that_are_killed_first_with_redis_then_with_redis_wiped_as_well(
    site: Site, redis_server: RedisServer, messages: list[PoseFrame], undisturbed: Content
) -> None:
    """Two processes: one is killed in the middle of its work and the other takes over; then that one, and a third."""
    victims = [site.process(), site.process()]
    for victim in victims:
        victim.wait_ready()
    before, after = halves(messages)
    site.publish(before)
    until(lambda: site.committed() > len(before) // 3, "nobody works")
    # Whoever came first may hold everything still.
    first, second = sorted(victims, key=lambda one: one.metrics().get("spotter_parts_gained_total", 0.0), reverse=True)
    first.kill()
    site.publish(after[: len(after) // 2])
    until(lambda: site.committed() == site.published, "the other one does not take over")
    assert '"how": "restored"' in second.text()
    second.kill()
    redis.Redis.from_url(redis_server.url).flushall()
    last = site.worker()
    site.publish(after[len(after) // 2 :])
    settles(site, undisturbed)
    assert last.gained("rebuilt") >= PARTS


def test_a_stop_while_the_store_refuses_leaves_everything_to_the_next(
    site: Site, messages: list[PoseFrame], undisturbed: Content
) -> None:
    first = site.worker()
    before, after = halves(messages)
    site.publish(before[: len(before) // 3])
    until(lambda: site.committed() > 0, "the first one does not work")
    locker = sqlite3.connect(site.database, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    site.publish(before[len(before) // 3 :])
    until(lambda: first.value("spotter_store_failures_total") > 0, "the store is not asked")
    held = site.committed()
    first.leave()
    assert site.committed() == held < len(before)
    locker.execute("ROLLBACK")
    locker.close()
    assert updates(site.store) == []
    site.worker()
    site.publish(after)
    settles(site, undisturbed)
