"""Helpers of these tests are plain modules; those of other rooms are found here too."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

for folder in ("recordings", "servers", "ergonomics"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))
