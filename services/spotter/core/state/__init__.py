"""Live state: the newest picture of what goes on, for the dashboard. Lossy by design; the store is the record."""

from spotter.core.state.api import CameraView, LiveState, PersonView, PostureSeconds, Snapshot, Snapshots
from spotter.core.state.memory import MemoryState

__all__ = ["CameraView", "LiveState", "MemoryState", "PersonView", "PostureSeconds", "Snapshot", "Snapshots"]
