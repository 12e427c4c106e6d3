"""Runs a scenario: starts a site, plays the load, lets things go wrong, waits for quiet, and compares.

Skeletons that the suite publishes itself give the same alerts as the undisturbed run of the same skeletons. Frames are
lossy by promise, so there the undisturbed run takes the skeletons that came out of the topic, whatever was lost before.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.actions import Mend, Scene
from faults.cameras import closing, pictures, skeletons
from faults.check import Check
from faults.flow import flow_problems
from faults.messages import NEWER_SKELETONS, PUBLISH_S, Injector, Publisher
from faults.outcome import Alerts, repeats
from faults.receiver import SECRET
from faults.reference import undisturbed
from faults.scenario import Action, Scenario, draw
from faults.site import Site
from faults.topics import dead_letters_in, skeletons_in
from spotter.core.bus import FRAMES, SKELETONS, Topic
from spotter.core.clock import now
from spotter.simulate.footage import pictures as footage

SETTLE_S = 2.0
"""After everything is right, it must stay right for so long: what comes twice often comes late."""

_FLOW_S = 4.0
"""The skeletons topic is at its end when it has not grown for so long."""


@dataclass
class Result:
    """What came of one run.

    Attributes:
        problems: how it differs from the undisturbed run; empty when it does not.
        actions: what went wrong, with its moment.
        recovered_s: seconds from the last message or the last mend, whichever was later, until all was right.
        alerts, updates: of the undisturbed run. repeats: deliveries beyond the first of each update.
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
    """Run a scenario in `folder` (logs stay there)."""
    seed = scenario.seed if seed is None else seed
    result = Result(scenario.name, seed)
    with Site(scenario, folder) as site:
        kafka = site.settings().bus.kafka
        frames = _frames(scenario, seed)
        newer = {f"cam-{index:02d}" for index in range(scenario.load.newer)}
        publisher = Publisher(frames, kafka, lambda frame: _topic(scenario, newer, frame))
        scene = Scene(site, Injector(kafka, publisher))
        direct = scenario.load.kind == "skeletons"
        expected = undisturbed(frames, evidence=scenario.hold.evidence) if direct else {}
        with publisher:
            length_s = scenario.load.seconds / scenario.load.speed
            result.actions = play(
                draw(scenario, seed), scene.begin, length_s, lambda: publisher.wait(length_s + PUBLISH_S)
            )
            scene.injector.finish()
            if not publisher.wait(length_s + PUBLISH_S):
                result.problems.append(f"only {len(publisher.history)} of {len(frames)} frames could be published")
                result.problems.extend([f"{publisher.error!r}"] if publisher.error else [])
        if not direct:
            for process in site.processes.of("ingest"):
                scene.stop(process)
            problems, expected = _flow(site, scenario, frames)
            result.problems += problems
        begun = time.monotonic()
        check = Check(site, expected, scenario.hold)
        if check.wait(scenario.quiet_s):
            result.recovered_s = time.monotonic() - begun
            time.sleep(SETTLE_S)
        result.problems += check.problems() + check.counters()
        if result.problems and direct:
            result.problems += _missing_in_topic(site, publisher)
        result.problems += _dead_letters(site, scenario.hold.dead_letters)
        result.problems += _end(site, scene)
        result.alerts, result.updates = len(expected), sum(len(alert.updates) for alert in expected.values())
        result.repeats = repeats(site.receiver.taken())
    return result


def play(
    actions: Sequence[Action], begin: Callable[[Action], Mend], length_s: float, published: Callable[[], object]
) -> list[str]:
    """Let the actions happen at their moments and mend each when it has lasted; says what happened when.

    Moments past the load count from when it really is published, on a slow machine later than planned.

    Args:
        length_s: seconds on the clock that the load takes.
        published: waits until everything is out and acknowledged.
    """
    start = time.monotonic()
    order = itertools.count()
    due: list[tuple[float, int, Action, Mend | None]] = []
    told: list[str] = []
    over = False
    for action in actions:
        heapq.heappush(due, (action.at * length_s, next(order), action, None))
    while due:
        at, _, action, mend = heapq.heappop(due)
        if at > length_s and not over:
            over = True
            published()
            start = max(start, time.monotonic() - length_s)
        time.sleep(max(0.0, start + at - time.monotonic()))
        if mend is None:
            mended = begin(action)
            heapq.heappush(due, (time.monotonic() - start + action.lasts_s, next(order), action, mended))
        else:
            mend()
        told.append(f"{time.monotonic() - start:6.2f} s  {'mended: ' if mend else ''}{action}")
    time.sleep(max(0.0, start + length_s - time.monotonic()))
    return told


def _frames(scenario: Scenario, seed: int) -> list[Any]:
    match scenario.load.kind:
        case "skeletons":
            return list(skeletons(scenario.load, seed, now()))
        case "frames":
            footage()  # decoded once: frames have a deadline, so they may not be old before they are published
            return list(pictures(scenario.load, seed, now()))
    return []


def _topic(scenario: Scenario, newer: set[str], frame: Any) -> Topic[Any]:
    if scenario.load.kind == "frames":
        return FRAMES
    return NEWER_SKELETONS if frame.camera_id in newer else SKELETONS


def _flow(site: Site, scenario: Scenario, frames: Sequence[Any]) -> tuple[list[str], Alerts]:
    """What is wrong with the skeletons that came out, and the alerts that they give."""
    kafka = site.settings().bus.kafka
    came, before = skeletons_in(kafka), -1
    while len(came) != before:
        time.sleep(_FLOW_S)
        came, before = skeletons_in(kafka), len(came)
    problems = flow_problems(came, frames, scenario.load)
    end = closing(sorted({pose.camera_id for pose in came}), now())
    with Publisher(end, kafka, lambda _: SKELETONS) as publisher:
        publisher.wait(PUBLISH_S)
    return problems, undisturbed(skeletons_in(kafka), evidence=scenario.hold.evidence)


def _dead_letters(site: Site, least: int) -> list[str]:
    found = dead_letters_in(site.settings().bus.kafka) if least else 0
    return [f"{found} dead letters, not at least {least}"] if found < least else []


def _missing_in_topic(site: Site, publisher: Publisher) -> list[str]:
    """Whether the skeletons themselves are lost, which would put the blame on the bus or the broker."""
    came = {(pose.camera_id, pose.epoch, pose.sequence) for pose in skeletons_in(site.settings().bus.kafka)}
    lost = [pose for pose in publisher.history if (pose.camera_id, pose.epoch, pose.sequence) not in came]
    cameras = sorted({pose.camera_id for pose in lost})
    return [f"of {len(publisher.history)} published skeletons {len(lost)} are not in the topic {cameras}"]


def _end(site: Site, scene: Scene) -> list[str]:
    """Stop every service in good order; what they did wrong on the way."""
    problems = [
        f"{name} ended by itself with {codes}; it wrote: {site.processes[name].tail(40)}"
        for name, codes in site.processes.deaths().items()
    ]
    running = [process for process in site.processes if process.running]
    for process in running:
        process.wait_ready()  # One that still starts would not know yet what a SIGTERM asks of it.
    with ThreadPoolExecutor(len(running) or 1) as pool:
        for process, code in zip(running, pool.map(lambda each: each.stop(), running), strict=True):
            scene.exits.setdefault(process.name, []).append(code)
    problems += [f"{name} ended with {codes} after SIGTERM" for name, codes in scene.exits.items() if any(codes)]
    for process in site.processes:
        text = process.text()
        if SECRET in text:
            problems.append(f"{process.name} wrote a secret into its log")
        if "Traceback (most recent call last)" in text:
            problems.append(f"{process.name} wrote a traceback: {text[text.index('Traceback') :][:300]}")
    return problems
