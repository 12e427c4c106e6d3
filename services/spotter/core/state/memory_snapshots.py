"""Snapshots of one process: a hand-over between its own workers finds them, another process does not."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from spotter.core.state.api import Snapshot


class MemorySnapshots:
    """In-memory `Snapshots`; safe between threads."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[int, dict[str, Snapshot]]] = {}
        self._lock = threading.Lock()

    def save(self, part: int, offset: int, snapshots: Sequence[Snapshot]) -> None:
        with self._lock:
            _, kept = self._parts.get(part, (0, {}))
            self._parts[part] = offset, kept | {snapshot.camera_id: snapshot for snapshot in snapshots}

    def load(self, part: int) -> tuple[int | None, Sequence[Snapshot]]:
        with self._lock:
            if part not in self._parts:
                return None, ()
            offset, kept = self._parts[part]
            return offset, tuple(kept.values())

    def forget(self, part: int) -> None:
        with self._lock:
            self._parts.pop(part, None)
