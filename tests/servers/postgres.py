"""A Postgres server of Debian's on a free loopback port, in a temporary folder. Postgres refuses root, so root lends it
to the user `postgres` that the package made."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

INSTALL = "apt-get install --yes postgresql"


class PostgresServer:
    """Started on entry, stopped and removed on exit; `url` names its empty database."""

    def __enter__(self) -> Self:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="spotter-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._run("initdb", "-D", f"{self._folder}/data", "-A", "trust", "-U", "spotter", "--no-sync", "-E", "UTF8")
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-l", f"{self._folder}/log", "-o", options, "start")
        self.url = f"postgresql+psycopg2://spotter@127.0.0.1:{self.port}/postgres"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # pg_ctl hands its output to the server it starts: a pipe would never close.
        with (self._folder / f"{program}.out").open("w+", encoding="utf-8") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=60, check=False)
            output.seek(0)
            assert done.returncode == 0, f"{' '.join(command)}: {output.read()}"


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert found, f"Postgres is not installed; run: {INSTALL}"
    return found[-1]
