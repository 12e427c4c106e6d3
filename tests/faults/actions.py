"""What can go wrong: each fault begins now and gives back how it is mended.

A fault whose target is gone already does nothing, because random moments overlap.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from brokers import Broker
from postgres import PostgresServer
from processes import COMMAND, Process
from redis_server import RedisServer

from faults.messages import Injector
from faults.scenario import Action
from faults.site import Site

Mend = Callable[[], None]

NEXT_VERSION = Path(__file__).with_name("next_version.py")


@dataclass
class Scene:
    """What faults act on, and what they tell.

    Attributes:
        exits: exit codes of processes that were asked to end, by name.
        down: servers that are not there now.
        broken: faults of each link that are not mended yet.
    """

    site: Site
    injector: Injector
    exits: dict[str, list[int]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    broken: Counter[str] = field(default_factory=Counter)

    def begin(self, action: Action) -> Mend:
        """Do it now; call what comes back to mend it."""
        what, _, which = action.target.partition("/")
        if what == "link":
            return self._on_link(action, which)
        if what == "topic":
            return self._on_topic(action, which)
        if what in ("kafka", "postgres", "redis"):
            return self._on_server(action, what)
        chosen = self._choose(what, action.pick, everyone=which == "all")
        mends = [self._on_process(action, process) for process in chosen]
        return lambda: _all(mends)

    def _replay(self) -> None:
        """Dead letters go back to their topics, by the command that a person would use."""
        done = subprocess.run(
            [*COMMAND, "bus", "dead-letters", "--replay"],
            env=os.environ | self.site.environment(),
            cwd=self.site.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"the replay of dead letters failed: {done.stderr}"

    def _choose(self, service: str, pick: float, *, everyone: bool) -> list[Process]:
        replicas = self.site.processes.of(service)
        return replicas if everyone else [replicas[int(pick * len(replicas)) % len(replicas)]]

    def _on_process(self, action: Action, process: Process) -> Mend:
        if not process.running:
            return _nothing
        match action.do:
            case "kill":
                process.kill()
                return lambda: _start(process)
            case "stop":
                leaving = threading.Thread(target=self.stop, args=(process,))
                leaving.start()
                return lambda: _start_after(leaving, process)
            case "freeze":
                process.freeze()
                return lambda: process.thaw() if process.running else None
            case "upgrade":
                self.stop(process)
                process.command = (sys.executable, str(NEXT_VERSION))
                _start(process)
                return _nothing
            case "clock":
                return self._step_clock(process, action.size)
        raise AssertionError(action.do)

    def stop(self, process: Process) -> None:
        """Ask a process to end, and keep its exit code; one that does not serve yet has nothing to hand over."""
        serves = process.readiness()[0] != 0
        code = process.stop()
        if serves:
            self.exits.setdefault(process.name, []).append(code)

    def _step_clock(self, process: Process, seconds: float) -> Mend:
        """The wall clock of a process jumps by `seconds`, and back when it is mended; its monotonic clock goes on."""
        clock = Path(process.environment["CLOCK_FILE"])
        _write(clock, f"{seconds:.0f}")
        return lambda: _write(clock, "0")

    def _on_server(self, action: Action, name: str) -> Mend:
        server = {"kafka": self.site.broker, "postgres": self.site.postgres, "redis": self.site.redis}[name]
        if name in self.down:
            return _nothing
        match action.do:
            case "kill" | "stop":
                getattr(server, action.do)()
                self.down.add(name)
                return lambda: self._bring_back(name, server)
            case "freeze":
                server.freeze()
                return lambda: None if name in self.down else server.thaw()
            case "fill":
                disk = self.site.disk
                assert disk is not None
                disk.fill()
                return disk.free
        raise AssertionError(action.do)

    def _bring_back(self, name: str, server: Broker | PostgresServer | RedisServer) -> None:
        server.start()
        self.down.discard(name)

    def _on_link(self, action: Action, name: str) -> Mend:
        link = self.site.links[name]
        if action.do == "reset":
            link.reset()
            return _nothing
        if action.do == "delay":
            link.delay(action.size)
        else:
            getattr(link, action.do)()
        self.broken[name] += 1
        return lambda: self._heal(name)

    def _heal(self, name: str) -> None:
        """A link is whole again once the last of its faults is mended."""
        self.broken[name] -= 1
        if not self.broken[name]:
            self.site.links[name].heal()

    def _on_topic(self, action: Action, name: str) -> Mend:
        if action.do == "replay":
            self._replay()
            return _nothing
        generator = random.Random(action.pick)
        getattr(self.injector, action.do)(name, max(1, int(action.size)), generator)
        return _nothing


def _start(process: Process) -> None:
    if not process.running:
        process.start()


def _start_after(leaving: threading.Thread, process: Process) -> None:
    leaving.join()
    _start(process)


def _write(path: Path, text: str) -> None:
    """At once: a reader never finds half of it."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _all(mends: list[Mend]) -> None:
    for mend in mends:
        mend()


def _nothing() -> None:
    return None
