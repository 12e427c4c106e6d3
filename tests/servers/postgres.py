"""A Postgres server of Debian's on a free loopback port, in a temporary folder. Postgres refuses root, so root lends it
to the user `postgres` that the package made.

The user `spotter` owns everything and needs no password; `GUARDED_USER` needs `GUARDED_PASSWORD` and owns nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

INSTALL = "apt-get install --yes postgresql"

GUARDED_USER = "guarded"
GUARDED_PASSWORD = "Hunter2-of-postgres"

_HBA = f"""\
local all all trust
host all {GUARDED_USER} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


class PostgresServer:
    """Started on entry, stopped and removed on exit; `url` names its empty database.

    Args:
        options: server settings beyond the defaults, for example `{"shared_buffers": "1GB"}`.
        place: where its folder is made; the system's temporary folder when None.
    """

    def __init__(self, options: Mapping[str, str] | None = None, place: Path | None = None) -> None:
        self._options = dict(options or {})
        self._place = place
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="spotter-postgres-", dir=self._place))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        # One locale wherever the tests run; sorting by bytes also fills tables fastest.
        init = ("-D", f"{self._folder}/data", "-A", "trust", "-U", "spotter", "--no-sync", "-E", "UTF8", "--locale=C")
        self._run("initdb", *init)
        (self._folder / "data" / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
        self.start()
        self.sql(f"CREATE ROLE {GUARDED_USER} LOGIN PASSWORD '{GUARDED_PASSWORD}'")
        self.url = self.url_of("postgres")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        if self._processes():
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start a server that is stopped, on the same port; returns once it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        for name, value in self._options.items():
            options += f" -c {name}={value}"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-l", f"{self._folder}/log", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it as `pg_ctl -m` does: "fast" breaks connections and writes everything, "immediate" is a crash."""
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", how, "-w", "stop")

    def restart(self, how: str = "fast") -> None:
        """Stop and start again; every connection breaks."""
        self.stop(how)
        self.start()

    def kill(self) -> None:
        """SIGKILL every process of it, as a power cut would. `start` brings it back with what it had committed."""
        processes = self._processes()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=30)

    def freeze(self) -> None:
        """SIGSTOP every process: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._signal(signal.SIGCONT)

    def create_database(self, template: str = "template1") -> str:
        """URL of a new database, empty or a copy of another; its owner is `spotter`."""
        name = f"spotter_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, also under open connections."""
        self.sql(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def url_of(self, database: str, user: str = "spotter", password: str = "") -> str:
        """URL of a database on this server."""
        secret = f":{password}" if password else ""
        return f"postgresql+psycopg2://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run statements as the owner, each committed by itself; the rows as text."""
        return self._run(
            "psql", "-h", str(self._folder), "-p", str(self.port), "-U", "spotter", "-d", database,
            "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement,
        )  # fmt: skip

    def _signal(self, number: int) -> None:
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _processes(self) -> list[psutil.Process]:
        try:
            number = int((self._folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0])
            postmaster = psutil.Process(number)
            if postmaster.name() != "postgres":  # the file outlives a killed server, and numbers come again
                return []
            return [postmaster, *postmaster.children(recursive=True)]
        except (OSError, ValueError, psutil.NoSuchProcess):
            return []

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # pg_ctl hands its output to the server it starts: a pipe would never close.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=120, check=False)
            output.seek(0)
            text = output.read()
        assert done.returncode == 0, f"{' '.join(command)}: {text}"
        return text.strip()


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert found, f"Postgres is not installed; run: {INSTALL}"
    return found[-1]
