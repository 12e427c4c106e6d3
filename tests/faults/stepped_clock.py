"""`spotter` with a wall clock that a fault may step: ahead or behind by the seconds in the file that CLOCK_FILE names.

Run as a program: `time.time` and `time.time_ns` are replaced before any module of ours is imported; the monotonic clock
goes on, as it does when a host's clock is set. (libfaketime steps more clocks, but breaks `time.sleep` of Python 3.11.)
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_NS = 1_000_000_000

_file = Path(os.environ["CLOCK_FILE"])
_true_ns = time.time_ns


def _time_ns() -> int:
    return _true_ns() + int(_file.read_text(encoding="utf-8") or "0") * _NS


time.time_ns = _time_ns
time.time = lambda: _time_ns() / _NS

if __name__ == "__main__":
    from spotter.cli import main

    sys.exit(main())
