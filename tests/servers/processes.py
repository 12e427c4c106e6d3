"""Spotter services as processes: started with settings from the environment, watched, ended by their id.

Output goes to one log file a service, which outlives its restarts. A process that ends by itself is remembered as a
death, so a test can say that nothing crashed. Leaving the context ends whatever still runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

COMMAND = (str(Path(sys.executable).with_name("spotter")),)
READY_S = 60.0


class Process:
    """One service; may be ended and started again any number of times.

    Args:
        name: of its log file and in messages.
        arguments: after `command`, for example ("serve", "notify").
        environment: added to a clean one (no SPOTTER_ variable of the caller gets through).
        folder: where it runs and logs.
        command: what is run; the `spotter` of this environment by default.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.name = name
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self.deaths: list[int] = []
        self.starts = 0
        self.command = tuple(command)
        self.environment = dict(environment)
        self._arguments = tuple(arguments)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; use `wait_ready` to know when it serves."""
        assert self._process is None, f"{self.name} runs already"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SPOTTER_")}
        own = {"SPOTTER_METRICS__PORT": str(self.port), "SPOTTER_LOG__FORMAT": "json"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, *self._arguments],
                cwd=self._folder,
                env={**clean, **own, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def running(self) -> bool:
        """True while it runs; one that ended by itself is added to `deaths`."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self.deaths.append(code)
            self._process = None
        return self._process is not None

    def kill(self) -> None:
        """Gone at once (SIGKILL), as when its machine loses power."""
        self._end(signal.SIGKILL, 10)

    def stop(self, timeout: float = 20.0) -> int:
        """Ask it to end (SIGTERM) and give its exit code; -9 when it had to be killed after `timeout` seconds."""
        return self._end(signal.SIGTERM, timeout)

    def freeze(self) -> None:
        """Still there, but doing nothing (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def readiness(self) -> tuple[int, str]:
        """Status and body of /readyz; 0 and the reason when nobody answers."""
        return self._get("readyz")

    def wait_ready(self, timeout: float = READY_S) -> None:
        """Until /readyz says 200."""
        deadline = time.monotonic() + timeout
        seen: tuple[int, str] = (0, "not asked")
        while time.monotonic() < deadline:
            assert self.running, f"{self.name} ended with {self.deaths[-1]}: {self.tail()}"
            seen = self.readiness()
            if seen[0] == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} is not ready after {timeout:.0f} s: {seen}; {self.tail()}")

    def metrics(self) -> dict[str, float]:
        """Its metrics now, summed over labels, by sample name; empty when nobody answers."""
        status, text = self._get("metrics")
        sums: dict[str, float] = {}
        if status == 200:
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
        return sums

    def text(self) -> str:
        """All that it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    def _get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def _end(self, how: signal.Signals, timeout: float) -> int:
        if not self.running:
            return self.deaths[-1] if self.deaths else 0
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return process.wait(10)


class Processes:
    """A set of services by name; leaving the context kills those that still run."""

    def __init__(self) -> None:
        self._all: dict[str, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self:
            process.kill()

    def add(self, process: Process) -> Process:
        assert process.name not in self._all, f"two processes are named {process.name}"
        self._all[process.name] = process
        return process

    def __iter__(self) -> Iterator[Process]:
        return iter(self._all.values())

    def __getitem__(self, name: str) -> Process:
        return self._all[name]

    def of(self, service: str) -> list[Process]:
        """The replicas of a service: those named `service` or `service-N`."""
        return [each for each in self if each.name.rsplit("-", 1)[0] == service]

    def deaths(self) -> dict[str, list[int]]:
        """Exit codes of processes that ended by themselves, by name."""
        for process in self:
            _ = process.running
        return {process.name: process.deaths for process in self if process.deaths}


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
