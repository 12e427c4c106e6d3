"""Debian's Alertmanager of Prometheus on a free loopback port, in a temporary folder, stopped by its process id."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

INSTALL = "apt-get install --yes prometheus-alertmanager"

CONFIG = """
route: {receiver: nobody, group_wait: 0s}
receivers: [{name: nobody}]
"""


class Alertmanager:
    """Started on entry, removed on exit."""

    def __init__(self) -> None:
        program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        assert program is not None, f"Alertmanager is not installed; run: {INSTALL}"
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="spotter-alertmanager-"))
        (self._folder / "config.yml").write_text(CONFIG, encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={self._folder}/config.yml",
                    f"--storage.path={self._folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                self._get("/-/ready")
                return self
            except OSError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that fire, as its API tells them."""
        found: list[dict[str, Any]] = json.loads(self._get("/api/v2/alerts"))
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            content: bytes = answer.read()
            return content
