"""A small distributed site for `load_frames.py` and `load_skeletons.py`: real servers, services as plain processes.

The broker is `tansu` of the test extra, in memory; it stands in for Apache Kafka, so its own cost says little. Postgres
and Redis are Debian's. Everything listens on loopback and ends with the context.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import redis

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

from brokers import TansuBroker
from postgres import PostgresServer
from processes import Process, Processes
from redis_server import RedisServer

from spotter.core.store import Store

PREFIX = "loadtest."
UNITS = Path(__file__).with_name("scale_units.json")


class Site:
    """Broker, database, live state and services.

    Args:
        roles: how many processes of each service, for example {"pose": 2}.
        database: "postgres" or "sqlite".
        environment: more settings of the services.
    """

    def __init__(self, roles: Mapping[str, int], database: str, environment: Mapping[str, str] | None = None) -> None:
        self._roles = roles
        self._database = database
        self._more = dict(environment or {})
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spotter-load-")))
            self.broker = stack.enter_context(TansuBroker())
            self._redis = stack.enter_context(RedisServer())
            self._redis_empty = used_memory(self._redis.url)
            url = f"sqlite:///{self.folder / 'site.db'}"
            if self._database == "postgres":
                url = stack.enter_context(PostgresServer()).url
            Store.open(url).close()
            self.environment = {
                "SPOTTER_BUS__KIND": "kafka",
                "SPOTTER_BUS__KAFKA__SERVERS": json.dumps(self.broker.servers),
                "SPOTTER_BUS__KAFKA__PREFIX": PREFIX,
                **{f"SPOTTER_BUS__KAFKA__{name.upper()}": str(v) for name, v in self.broker.group_timeouts.items()},
                "SPOTTER_STORE__URL": url,
                "SPOTTER_STATE__KIND": "redis",
                "SPOTTER_STATE__URL": self._redis.url,
                "SPOTTER_LOG__LEVEL": "warning",
                **self._more,
            }
            self._services = stack.enter_context(Processes())
            for role, count in self._roles.items():
                for number in range(count):
                    name = f"{role}-{number}"
                    process = Process(name, ("serve", role), self.environment, self.folder)
                    self._services.add(process).start()
            for process in self._services:
                process.wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def load(self, *arguments: object) -> Load:
        """Run `spotter loadtest` against the site, watching every service.

        Raises:
            SystemExit: it failed, or a service died.
        """
        report = self.folder / "report.json"
        pages = [f"http://127.0.0.1:{process.port}/metrics" for process in self._services]
        names = {page: process.name for page, process in zip(pages, self._services, strict=True)}
        command = [str(Path(sys.executable).with_name("spotter")), "loadtest", *map(str, arguments)]
        command += ["--prefix", PREFIX, "--json", str(report)]
        for page in pages:
            command += ["--watch", page]
        with _Usage(self.broker.pid) as usage:
            done = subprocess.run(
                command, cwd=self.folder, env={**_clean(), **self.environment}, stdout=subprocess.PIPE, check=False
            )
        if done.returncode:
            raise SystemExit(f"the load test ended with {done.returncode}")
        if deaths := self._services.deaths():
            raise SystemExit(f"services died: {deaths}")
        figures = json.loads(report.read_text())
        text = done.stdout.decode()
        for page, name in names.items():
            text = text.replace(page, name)
        return Load(figures["generator"], figures["services"], usage.seconds, usage.machine, text)

    def redis_bytes(self) -> float:
        """What Redis holds beyond what it held when it was empty, bytes."""
        return used_memory(self._redis.url) - self._redis_empty

    def series(self, camera: str) -> int:
        """Time series that the services' pages show of one camera."""
        mark = f'camera="{camera}"'
        pages = (httpx.get(f"http://127.0.0.1:{process.port}/metrics", timeout=30).text for process in self._services)
        return sum(mark in row for page in pages for row in page.splitlines())

    def settle(self, limit_s: float = 120.0) -> None:
        """Wait until no service has a lag."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if not any(process.metrics().get("spotter_bus_lag", 0.0) for process in self._services):
                return
            time.sleep(0.5)


@dataclass(frozen=True, slots=True)
class Load:
    """What one load test told: the figures of `spotter.simulate.report` and its text, processor seconds of the broker,
    and cores in use on the whole machine, whoever used them."""

    generator: Mapping[str, Any]
    services: Sequence[Mapping[str, Any]]
    broker_s: float
    machine: float
    text: str

    @property
    def handled(self) -> float:
        return sum(float(each["handled"]) for each in self.services)

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds a message that was dealt with, over all services."""
        seconds = sum(float(each["cores"]) * float(each["seconds"]) for each in self.services)
        return 1000 * seconds / self.handled if self.handled else 0.0

    @property
    def lost(self) -> dict[str, float]:
        """What was let go anywhere, by reason."""
        total: dict[str, float] = dict(self.generator["dropped"])
        for each in self.services:
            for reason, count in each["lost"].items():
                total[reason] = total.get(reason, 0.0) + count
        return total

    @property
    def under_way(self) -> float:
        """Messages published that were neither dealt with nor counted as lost when the load ended."""
        return float(self.generator["published"]) - self.handled - sum(self.lost.values())

    @property
    def keeps_up(self) -> bool:
        """No service fell behind, and the generator was not held back."""
        reached = self.generator["published"] / self.generator["seconds"]
        return reached > 0.98 * self.generator["asked"] and not any(each["keeps_up"] is False for each in self.services)


def keep(figures: Mapping[str, float]) -> None:
    """Put figures into `scale_units.json`, from which `docs/scale.md` is made."""
    known = json.loads(UNITS.read_text()) if UNITS.is_file() else {}
    known.update({name: round(value, 3) for name, value in figures.items()})
    UNITS.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def used_memory(url: str) -> float:
    """Bytes that Redis holds."""
    client = redis.Redis.from_url(url)
    used = float(client.info("memory")["used_memory"])
    client.close()
    return used


class _Usage:
    """Processor seconds of one process, and cores in use on the whole machine, while the context lasts."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.seconds = self.machine = 0.0

    def __enter__(self) -> Self:
        self._before = (self._own(), _busy(), time.monotonic())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        own, busy, at = self._before
        self.seconds = self._own() - own
        self.machine = (_busy() - busy) / (time.monotonic() - at)

    def _own(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SPOTTER_")}
