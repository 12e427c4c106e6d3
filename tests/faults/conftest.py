"""Servers and processes of the fault suite."""

from __future__ import annotations

import sys
from pathlib import Path

SERVERS = Path(__file__).resolve().parents[1] / "servers"

if str(SERVERS) not in sys.path:
    sys.path.insert(0, str(SERVERS))
