"""Runs a scenario: starts a site, plays the load, lets things go wrong, waits for quiet, and compares."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from faults.actions import Mend, Scene
from faults.cameras import skeletons
from faults.messages import NEWER_SKELETONS, PUBLISH_S, Injector, Publisher
from faults.outcome import Alerts, compare_alerts, compare_deliveries, repeats
from faults.receiver import SECRET
from faults.reference import stored, undisturbed
from faults.scenario import Action, Scenario, draw
from faults.site import Site
from spotter.core.bus import SKELETONS
from spotter.core.clock import from_seconds, now
from spotter.core.errors import StoreError

SETTLE_S = 2.0
"""After everything is right, it must stay right for so long: what comes twice often comes late."""

_HEAD_START_S = 0.5


@dataclass
class Result:
    """What came of one run.

    Attributes:
        problems: how it differs from the undisturbed run; empty when it does not.
        recovered_s: seconds from the last message or the last mend, whichever was later, until all was right.
        alerts, updates: of the undisturbed run. repeats: deliveries beyond the first of each update.
        replayed: skeletons that came again or late and changed nothing.
    """

    scenario: str
    seed: int
    problems: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    recovered_s: float = 0.0
    alerts: int = 0
    updates: int = 0
    repeats: int = 0

    @property
    def ok(self) -> bool:
        return not self.problems


def run(scenario: Scenario, folder: Path, seed: int | None = None) -> Result:
    """Run a scenario of skeletons in `folder` (logs stay there)."""
    seed = scenario.seed if seed is None else seed
    result = Result(scenario.name, seed)
    with Site(scenario, folder) as site:
        start = now() + from_seconds(_HEAD_START_S)
        frames = skeletons(scenario.load, seed, start)
        kafka = site.settings().bus.kafka
        newer = {f"cam-{index:02d}" for index in range(scenario.load.newer)}
        publisher = Publisher(frames, kafka, lambda frame: NEWER_SKELETONS if frame.camera_id in newer else SKELETONS)
        scene = Scene(site, Injector(kafka, publisher))
        expected = undisturbed(frames, evidence=scenario.hold.evidence)
        result.alerts = len(expected)
        result.updates = sum(len(alert.updates) for alert in expected.values())
        with publisher:
            length_s = scenario.load.seconds / scenario.load.speed
            result.actions = play(draw(scenario, seed), scene.begin, length_s)
            if not publisher.wait(length_s + PUBLISH_S):
                result.problems.append(f"only {len(publisher.history)} of {len(frames)} frames could be published")
                result.problems.extend([f"{publisher.error!r}"] if publisher.error else [])
        begun = time.monotonic()
        check = _Check(site, expected, scenario)
        if check.wait(scenario.quiet_s):
            result.recovered_s = time.monotonic() - begun
            time.sleep(SETTLE_S)
        result.problems += check.problems()
        result.problems += check.counters()
        result.repeats = repeats(site.receiver.taken())
        result.problems += _end(site, scene)
    return result


def play(actions: list[Action], begin: Callable[[Action], Mend], length_s: float) -> list[str]:
    """Let the actions happen at their moments, and mend each; says what happened when.

    Args:
        length_s: seconds on the clock that the load takes.
    """
    start = time.monotonic()
    order = itertools.count()
    due: list[tuple[float, int, str, Callable[[], Mend | None]]] = []
    told: list[str] = []
    for action in actions:
        heapq.heappush(due, (action.at * length_s, next(order), str(action), lambda action=action: begin(action)))
    lasts = {str(action): action.lasts_s for action in actions}
    while due:
        at, _, name, act = heapq.heappop(due)
        time.sleep(max(0.0, start + at - time.monotonic()))
        mend = act()
        told.append(f"{time.monotonic() - start:6.2f} s  {name}")
        if mend is not None:
            heapq.heappush(due, (at + lasts[name], next(order), f"mended: {name}", _mending(mend)))
    return told


def _mending(mend: Mend) -> Callable[[], None]:
    return lambda: mend()


class _Check:
    """Everything that must hold of a site, looked at again and again until it does."""

    def __init__(self, site: Site, expected: Alerts, scenario: Scenario) -> None:
        self._site = site
        self._expected = expected
        self._hold = scenario.hold

    def wait(self, timeout: float) -> bool:
        """True once nothing is wrong, False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.problems():
                return True
            time.sleep(0.25)
        return False

    def problems(self) -> list[str]:
        """What is wrong now."""
        try:
            with self._site.store() as store:
                found = stored(store, evidence=self._hold.evidence)
        except StoreError as error:
            return [f"the store cannot be read: {error}"]
        receiver = self._site.receiver
        return [
            *compare_alerts(self._expected, found),
            *compare_deliveries(self._expected, receiver.taken()),
            *(f"the receiver got something else: {text}" for text in receiver.strangers),
            *self._waiting(),
        ]

    def counters(self) -> list[str]:
        """Counters that did not move as far as the scenario says."""
        problems = []
        for service, wanted in self._hold.counters.items():
            samples = [process.metrics() for process in self._site.processes.of(service)]
            for name, least in wanted.items():
                got = sum(sample.get(name, 0.0) for sample in samples)
                if got < least:
                    problems.append(f"{service}: {name} is {got:g}, not at least {least:g}")
        return problems

    def _waiting(self) -> list[str]:
        sql = self._site.postgres.sql
        waiting = sql("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")
        unfinished = sql("SELECT state, count(*) FROM deliveries WHERE state <> 'delivered' GROUP BY state")
        problems = [f"{waiting} rows wait in the outbox"] if waiting != "0" else []
        return problems + [f"deliveries not done: {line}" for line in unfinished.splitlines()]


def _end(site: Site, scene: Scene) -> list[str]:
    """Stop every service in good order; what they did wrong on the way."""
    problems = [f"{name} ended by itself with {codes}" for name, codes in site.processes.deaths().items()]
    running = [process for process in site.processes if process.running]
    with ThreadPoolExecutor(len(running) or 1) as pool:
        for process, code in zip(running, pool.map(lambda each: each.stop(), running), strict=True):
            scene.exits.setdefault(process.name, []).append(code)
    problems += [f"{name} ended with {codes} after SIGTERM" for name, codes in scene.exits.items() if any(codes)]
    for process in site.processes:
        text = process.text()
        if SECRET in text:
            problems.append(f"{process.name} wrote a secret into its log")
        if "Traceback (most recent call last)" in text:
            problems.append(f"{process.name} wrote a traceback: {text[text.index('Traceback') :][-300:]}")
    return problems
