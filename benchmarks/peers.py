"""A comparison's other side, in a process of its own: orders and answers are JSON, one a line."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


class Peer:
    """`ultralytics_peer.py` (or another script) under the Python that has the peer; use it as a context manager.

    Args:
        python: of that environment.
        script: file beside this one.
        environment: more variables.
    """

    def __init__(self, python: Path, script: str = "ultralytics_peer.py", **environment: str) -> None:
        self._home = tempfile.TemporaryDirectory()
        quiet = {"YOLO_CONFIG_DIR": self._home.name, "YOLO_OFFLINE": "true"}
        quiet["PYTHONPATH"] = str(HERE.parent / "services")
        self._errors = Path(self._home.name) / "stderr"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [str(python), str(HERE / script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **quiet, **environment},
            )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._home.cleanup()

    def ask(self, order: str, **arguments: Any) -> Any:
        """Send an order and wait for its answer.

        Raises:
            RuntimeError: the peer has ended; with what it said last.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": order, **arguments}) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:  # libraries may print other lines
            if line.startswith('{"answer"'):
                return json.loads(line)["answer"]
        raise RuntimeError(f"the peer has ended:\n{self._errors.read_text()[-2000:]}")
