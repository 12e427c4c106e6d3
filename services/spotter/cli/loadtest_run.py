"""One load test: the generator on a thread of its own, progress on this one, the services watched meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from spotter.cli.console import line
from spotter.cli.loadtest_target import KafkaTarget, LocalTarget, Target, refuse_real_cameras
from spotter.cli.session import StopSignals
from spotter.core.settings import Settings
from spotter.simulate.generator import Kind, LoadGenerator
from spotter.simulate.report import Generated, Served, served
from spotter.simulate.scene import Script
from spotter.simulate.watch import Watch

_TICK_S = 0.2
_LINE_EVERY_S = 10.0
"""Seconds between lines of progress where stderr is not a terminal."""
_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send where.

    Attributes:
        seconds: length in event time.
        prefix: begins the names of Kafka's topics; None: services in this process, without Kafka.
        pages: addresses of /metrics to watch.
        may_reach_people: virtual cameras may run on the topics of a site that has real ones.
    """

    kind: Kind
    cameras: int
    script: Script
    seconds: float
    seed: int
    realtime: bool
    prefix: str | None
    pages: tuple[str, ...]
    may_reach_people: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of a load test; `signal` is what stopped it early, 0 otherwise."""

    generated: Generated
    services: tuple[Served, ...]
    signal: int


def run_load(settings: Settings, plan: Plan) -> Outcome:
    """Run it to its end or until a signal comes.

    Raises:
        ConfigError: the load would reach a site with real cameras, or a page to watch does not answer.
        BusError, ModelError, StoreError: see `core.errors`.
    """
    generator = LoadGenerator(plan.kind, plan.cameras, plan.script, seed=plan.seed, realtime=plan.realtime)
    generator.prepare()
    with closing(_target(settings, plan, generator)) as target, StopSignals() as signals:
        watch = Watch(target.looks)
        watch.start()
        line(f"Sending {plan.kind.value} of {plan.cameras} virtual cameras (Ctrl-C stops and reports)")
        before = time.process_time()
        try:
            _send(generator, target, plan, signals)
            target.finish(lambda: signals.received is not None)
        finally:
            watch.stop()
        cpu_s = time.process_time() - before - watch.cpu_s
    sent = generator.sent
    generated = Generated(
        cameras=plan.cameras,
        kind=plan.kind.value,
        asked=plan.cameras * plan.script.fps if plan.realtime else None,
        published=sent.published,
        seconds=sent.seconds,
        # Threads of the Kafka client are part of what publishing costs; services in this process are not.
        cpu_s=sent.thread_s if plan.prefix is None else cpu_s,
        greatest_delay_s=sent.greatest_delay_s if plan.realtime else None,
        dropped=dict(sent.dropped),
    )
    services = tuple(served(name, samples) for name, samples in watch.samples.items())
    return Outcome(generated, services, int(signals.received or 0))


def _target(settings: Settings, plan: Plan, generator: LoadGenerator) -> Target:
    if plan.prefix is None:
        return LocalTarget(
            settings, plan.kind, generator.on_drop, lambda: generator.sent.thread_s, realtime=plan.realtime
        )
    if not plan.may_reach_people:
        refuse_real_cameras(settings, plan.prefix)
    bus = settings.bus.model_copy(update={"kafka": settings.bus.kafka.model_copy(update={"prefix": plan.prefix})})
    return KafkaTarget(settings.model_copy(update={"bus": bus}), plan.pages, generator.on_drop)


def _send(generator: LoadGenerator, target: Target, plan: Plan, signals: StopSignals) -> None:
    """Send everything, or what goes out until a signal comes."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            generator.run(target.bus, plan.seconds, stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work, name="spotter-load", daemon=True)
    with _progress(round(plan.seconds * plan.cameras * plan.script.fps)) as shown:
        thread.start()
        while thread.is_alive() and signals.received is None:
            thread.join(_TICK_S)
            shown.update(generator.sent.published)
    stop.set()
    thread.join(_LEAVE_S)
    if thread.is_alive():
        # Held back by a bus that takes nothing; closing it lets the publisher go.
        target.bus.close()
        thread.join(_LEAVE_S)
    if failures:
        raise failures[0]


class _Shown(Protocol):
    def update(self, published: int) -> None:
        """Show how far it is."""


class _Bar:
    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)

    def update(self, published: int) -> None:
        self._bar.update(self._task, completed=published)


class _Lines:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._next = self._begun + _LINE_EVERY_S

    def update(self, published: int) -> None:
        if time.monotonic() >= self._next:
            self._next += _LINE_EVERY_S
            line(f"progress: {published:,} published in {time.monotonic() - self._begun:.0f} s")


@contextmanager
def _progress(total: int) -> Iterator[_Shown]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (TextColumn("sending"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield _Bar(bar, total)
