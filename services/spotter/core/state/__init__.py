"""Live state: the newest picture of what goes on, for the dashboard. Lossy by design; the store is the record."""

from spotter.core.state.api import (
    CameraView,
    LiveState,
    PersonView,
    PostureSeconds,
    Snapshot,
    Snapshots,
    SnapshotsTakenError,
)
from spotter.core.state.memory import MemoryState
from spotter.core.state.memory_snapshots import MemorySnapshots

__all__ = [
    "CameraView",
    "LiveState",
    "MemorySnapshots",
    "MemoryState",
    "PersonView",
    "PostureSeconds",
    "Snapshot",
    "Snapshots",
    "SnapshotsTakenError",
]
