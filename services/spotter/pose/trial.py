"""Tries a model file out in a process of its own, with bounded memory and time: a graph of the user's is untrusted.

A file that takes all memory, never comes back or ends the process costs that process, and is told in one line.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from spotter.core.errors import ModelError

MOST_MEMORY = 8 * 1024**3
"""Address space of the trial, bytes: the largest models known need under half of it for one picture."""

MOST_SECONDS = 120.0

_REFUSED = 4


def try_out(name: str, file: Path, *, most_memory: int = MOST_MEMORY, most_seconds: float = MOST_SECONDS) -> None:
    """Load the model and pose an empty picture with it, on the CPU.

    Raises:
        ModelError: the file is refused, or does not work within these bounds.
    """
    command = [sys.executable, "-m", __name__, name, str(file), str(most_memory)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=most_seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _unfit(file, f"is not ready after {most_seconds:.0f} s") from None
    if done.returncode == _REFUSED:
        told = json.loads(done.stdout.splitlines()[-1])
        raise ModelError(told["message"], mend=told["mend"])
    if done.returncode < 0:
        raise _unfit(file, f"ends the process that tries it (signal {-done.returncode})")
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise _unfit(file, f"does not work: {last[0]}")


def _unfit(file: Path, what: str) -> ModelError:
    return ModelError(f"model file '{file}' {what}", mend="Give the ONNX file of a pose model")


def _main(name: str, file: str, most_memory: str) -> int:
    from spotter.pose.models import create_model

    limit = int(most_memory)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        create_model(name, device="cpu", threads=1, file=Path(file)).load()
    except ModelError as error:
        # A file in the place of a graph may print too; the answer is the last line.
        os.write(1, b"\n" + json.dumps({"message": error.message, "mend": error.mend}).encode() + b"\n")
        return _REFUSED
    except MemoryError:
        text = f"model file '{file}' needs more than {limit / 1024**3:.0f} GB of memory"
        os.write(1, b"\n" + json.dumps({"message": text, "mend": "Give a smaller model"}).encode() + b"\n")
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
