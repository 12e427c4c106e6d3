"""What a load test sends to: services within this process, or a site's Kafka. And whether it may."""

from __future__ import annotations

import contextlib
import math
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import generate_latest
from sqlalchemy.engine import make_url

from spotter.core.bus import FRAMES, SKELETONS, Bus, MemoryBus, OnDrop, Overflow, Topic
from spotter.core.errors import BusError, ConfigError, StoreError
from spotter.core.settings import Settings
from spotter.core.state import MemoryState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.worker import ErgonomicsWorker
from spotter.pose.factory import model_of
from spotter.pose.worker import PoseWorker
from spotter.simulate.generator import Kind
from spotter.simulate.streams import PREFIX
from spotter.simulate.watch import Look, MetricsPage, Sample, parse

if TYPE_CHECKING:
    from spotter.core.bus.kafka import KafkaBus

_CONNECT_S = 3.0
_DRAIN_S = 5.0
_POLL_S = 0.1
_SHOWN = 3


class Target(Protocol):
    """Where the messages go.

    Attributes:
        bus: to publish on.
        looks: services to watch, by name.
    """

    bus: Bus
    looks: Mapping[str, Look]

    def finish(self, given_up: Callable[[], bool]) -> None:
        """The last message was published: let what is under way arrive; a few seconds more once `given_up` says
        true."""

    def close(self) -> None:
        """Release everything."""


class KafkaTarget:
    """The topics of a site, or of a test beside it.

    Raises:
        BusError: Kafka cannot be reached within 3 s; says why.
    """

    def __init__(self, settings: Settings, pages: tuple[str, ...], on_drop: OnDrop) -> None:
        from spotter.core.bus.kafka import KafkaBus

        kafka: KafkaBus = KafkaBus(settings.bus.kafka, Metrics(), on_drop=on_drop, client_id="spotter-loadtest")
        self.bus: Bus = kafka
        self._pages = {url: MetricsPage(url) for url in pages}
        self.looks: Mapping[str, Look] = self._pages
        deadline = time.monotonic() + _CONNECT_S
        while (status := kafka.status()) != "ok":
            if time.monotonic() > deadline:
                self.close()
                raise BusError(status, mend="`spotter bus check` goes step by step; --memory needs no Kafka")
            time.sleep(_POLL_S)

    def finish(self, given_up: Callable[[], bool]) -> None:
        """Closing the bus sends what it still holds."""
        self.bus.close()

    def close(self) -> None:
        self.bus.close()
        for page in self._pages.values():
            page.close()


class LocalTarget:
    """Pose and ergonomics services within this process, over the memory bus, with a database that is thrown away.

    Args:
        generator_s: processor seconds of the thread that makes the load, which are not the services'.
    """

    def __init__(
        self, settings: Settings, kind: Kind, on_drop: OnDrop, generator_s: Callable[[], float], *, realtime: bool
    ) -> None:
        self._metrics = Metrics()
        self._generator_s = generator_s
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._memory = MemoryBus(on_drop, {} if realtime else {FRAMES.name: Overflow.BLOCK})
        self.bus: Bus = self._memory
        self.looks: Mapping[str, Look] = {"this process": self._look}
        self._topics: tuple[Topic[Any], ...] = (FRAMES, SKELETONS) if kind is Kind.FRAMES else (SKELETONS,)
        with contextlib.ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="spotter-loadtest-"))
            store = opened.enter_context(Store.open(Path(folder) / "spotter.db"))
            opened.callback(self._end_threads)
            ergonomics = ErgonomicsWorker(settings, self.bus, store, MemoryState(), self._metrics)
            self._begin(ergonomics.run)
            if kind is Kind.FRAMES:
                pose = _pose(settings, self.bus, self._metrics, skips=realtime)
                self._begin(pose.run)
                while not pose.ready.wait(_POLL_S) and self._failure is None:
                    pass
            if self._failure is not None:
                raise self._failure
            self._opened = opened.pop_all()

    def finish(self, given_up: Callable[[], bool]) -> None:
        """End the first topic; the services end one after the other.

        Raises:
            SpotterError: a service died.
        """
        self.bus.end(self._topics[0])
        until = math.inf
        for thread in reversed(self._threads):
            while thread.is_alive() and time.monotonic() < until:
                thread.join(_POLL_S)
                if given_up():
                    until = min(until, time.monotonic() + _DRAIN_S)
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self._opened.close()

    def _begin(self, work: Callable[[threading.Event], None]) -> None:
        def run() -> None:
            try:
                work(self._stop)
            except BaseException as error:
                self._failure = self._failure or error
                self.bus.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _end_threads(self) -> None:
        self._stop.set()
        self.bus.close()
        for thread in self._threads:
            thread.join()

    def _look(self, at: float) -> Sample:
        sample = parse(generate_latest(self._metrics.registry).decode(), at)
        lag = sum(self._memory.depth(topic) for topic in self._topics)
        return replace(sample, cpu_s=sample.cpu_s - self._generator_s(), lag=lag)


def _pose(settings: Settings, bus: Bus, metrics: Metrics, *, skips: bool) -> PoseWorker:
    pose = settings.pose
    model = model_of(pose)
    return PoseWorker(bus, model, pose, metrics, deadline_s=pose.deadline_s if skips else None)


def refuse_real_cameras(settings: Settings, prefix: str) -> None:
    """Refuse to mix virtual cameras with real ones: their alerts would reach people.

    Topics with another prefix than the site's are apart from it, so there nothing is asked. On the site's own topics,
    the cameras of the settings and of the database must all be virtual.

    Raises:
        ConfigError: names some of the real cameras, or says why they are not known.
    """
    if prefix != settings.bus.kafka.prefix:
        return
    mend = f"Use another --prefix with services of its own, or give --yes if the load may reach site '{settings.site}'"
    try:
        known = {camera.id for camera in settings.cameras} | _stored_cameras(settings)
    except StoreError as error:
        raise ConfigError(f"whether the site has real cameras is not known: {error.message}", mend=mend) from None
    real = sorted(name for name in known if not name.startswith(PREFIX))
    if real:
        more = f" and {len(real) - _SHOWN} more" if len(real) > _SHOWN else ""
        names = ", ".join(f"'{name}'" for name in real[:_SHOWN])
        raise ConfigError(f"topics '{prefix}...' belong to a site with real cameras: {names}{more}", mend=mend)


def _stored_cameras(settings: Settings) -> set[str]:
    url = settings.store.url.get_secret_value()
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and not (place.database and Path(place.database).is_file()):
        return set()
    with Store.open(url, "read") as store:
        return {camera.id for camera in store.cameras()}
