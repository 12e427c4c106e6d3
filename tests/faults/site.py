"""A whole distributed site on this machine: broker, Postgres, Redis, proxies between, services as processes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from brokers import Broker, NoidaBroker, TansuBroker
from postgres import PostgresServer
from processes import Process, Processes, free_port
from proxy import TcpProxy
from redis_server import RedisServer

import spotter
from faults.disk import SmallDisk
from faults.receiver import SECRET, Receiver
from faults.reference import SITE
from faults.scenario import Scenario
from spotter.core.settings import Settings, load_settings
from spotter.core.store import Store

CHANNEL = "desk"
STEPPED_CLOCK = Path(__file__).with_name("stepped_clock.py")
DEMO = Path(spotter.__file__).with_name("demo")

DISK_MB = 96
"""A new Postgres takes 55 MB."""


class Site:
    """Use it as a context manager: on entry all runs and is ready, on exit all is gone.

    Attributes:
        broker, postgres, redis: the servers.
        links: the proxies that every service goes through, by server; none to a broker that advertises itself.
        processes: the services, replicas named "notify-0", "notify-1" ...
        receiver: where the webhooks arrive.
    """

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self._kafka_port = free_port()
        self.broker: Broker = TansuBroker(advertised=self._kafka_port) if scenario.broker == "tansu" else NoidaBroker()
        self.disk = SmallDisk(DISK_MB) if any(fault.do == "fill" for fault in scenario.faults) else None
        self.postgres = PostgresServer(place=self.disk.folder if self.disk else None)
        self.redis = RedisServer()
        self.receiver = Receiver()
        self.processes = Processes()
        self.links: dict[str, TcpProxy] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def environment(self) -> dict[str, str]:
        """Settings that every process of this site has, as environment variables."""
        kafka = self.links["kafka"].port if "kafka" in self.links else self.broker.port
        values = {
            "SITE": SITE,
            "BUS__KIND": "kafka",
            "BUS__KAFKA__SERVERS": json.dumps([f"127.0.0.1:{kafka}"]),
            "BUS__KAFKA__SESSION_TIMEOUT_S": "6",
            "BUS__KAFKA__HEARTBEAT_S": "1",
            **{f"BUS__KAFKA__{topic}__PARTITIONS": "4" for topic in ("FRAMES", "SKELETONS")},
            "STATE__KIND": "redis",
            "STATE__URL": f"redis://127.0.0.1:{self.links['redis'].port}/0",
            "STORE__URL": f"postgresql+psycopg2://spotter@127.0.0.1:{self.links['postgres'].port}/postgres",
            "NOTIFY__CHANNELS": json.dumps(
                [{"type": "webhook", "name": CHANNEL, "url": self.receiver.url, "secret": SECRET}]
            ),
            "POSE__THREADS": "1",
            "CAMERAS": json.dumps(self._cameras()),
            "DEBUG": "1",
        }
        own = {f"SPOTTER_{name}": value for name, value in values.items()}
        return own | dict(self.scenario.settings)

    def _cameras(self) -> list[dict[str, str]]:
        """For ingest: the shipped clips in turn."""
        if self.scenario.load.kind != "cameras":
            return []
        clips = sorted(DEMO.glob("[!r]*.mp4"))
        return [
            {"id": f"cam-{index:02d}", "source": str(clips[index % len(clips)])}
            for index in range(self.scenario.load.cameras)
        ]

    def settings(self) -> Settings:
        """The same settings, for clients of the site in this process."""
        return settings_of(self.environment())

    def store(self) -> Store:
        """The database, not through the proxy."""
        return Store.open(self.postgres.url, "read")

    def _start(self, opening: contextlib.ExitStack) -> None:
        if self.scenario.broker == "tansu":
            self.links["kafka"] = opening.enter_context(TcpProxy(self.broker.port, port=self._kafka_port))
        for server in (self.disk, self.broker, self.postgres, self.redis, self.receiver):
            if server is not None:
                opening.enter_context(server)
        self.links["postgres"] = opening.enter_context(TcpProxy(self.postgres.port))
        self.links["redis"] = opening.enter_context(TcpProxy(self.redis.port))
        Store.open(self.postgres.url).close()
        opening.enter_context(self.processes)
        stepped = {fault.target.partition("/")[0] for fault in self.scenario.faults if fault.do == "clock"}
        for service, replicas in self.scenario.services.items():
            for index in range(replicas):
                name = f"{service}-{index}"
                process = Process(name, ("serve", service), self.environment(), self.folder)
                if service in stepped:
                    clock = self.folder / f"{name}.clock"
                    clock.write_text("0", encoding="utf-8")
                    process.environment["CLOCK_FILE"] = str(clock)
                    process.command = (sys.executable, str(STEPPED_CLOCK))
                self.processes.add(process).start()
        for process in self.processes:
            process.wait_ready()


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Settings from these variables alone."""
    with patched_environment(environment):
        return load_settings()


@contextlib.contextmanager
def patched_environment(values: Mapping[str, str]) -> Iterator[None]:
    """os.environ with these variables, for the length of a block."""
    before = {name: value for name, value in os.environ.items() if name.startswith("SPOTTER_")}
    for name in before:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
        os.environ.update(before)
