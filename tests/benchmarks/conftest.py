"""The scripts of benchmarks/ are no package: their folder goes on the path for these tests."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"

if str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))
